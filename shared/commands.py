"""The commands every service has: `serve`, `migrate`, `rebuild`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import typer
import uvloop
from fastapi import FastAPI
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared import log, settings, web
from shared.bus.outbox import LOCK
from shared.db import Occupied
from shared.migrate import migrate
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime

S = TypeVar("S", bound=settings.Settings)


def service_commands(
    name: str,
    settings_class: type[S],
    create_app: Callable[[S], FastAPI],
    create_runtime: Callable[[S], Runtime],
    port: str,
) -> typer.Typer:
    """`pianovivo <name> serve|migrate|rebuild`; `port` is the field of the settings with the HTTP port."""
    commands = typer.Typer(help=f"The {name} service.", no_args_is_help=True)

    def configured() -> S:
        loaded = settings.load(settings_class)
        log.configure(loaded)
        return loaded

    @commands.command("serve")
    def serve() -> None:
        """Run this service until SIGTERM."""
        loaded = configured()
        uvloop.run(web.serve((create_app(loaded), loaded.host, getattr(loaded, port))))

    @commands.command("migrate")
    def run_migrations() -> None:
        """Bring this service's database to its newest tables and end."""
        runtime = create_runtime(configured())
        asyncio.run(_migrated(runtime))
        typer.echo(f"{name}: tables are up to date")

    @commands.command("rebuild")
    def rebuild_projections() -> None:
        """Drop this service's projections and derive them again from its topics (stop its replicas first)."""
        run_rebuild(create_runtime(configured()))

    return commands


def run_rebuild(runtime: Runtime) -> None:
    """Rebuild and tell the hash of the projections before and after."""
    name = runtime.name
    if not runtime.projections:
        typer.echo(f"{name} holds nothing that its topics alone would give again: there is nothing to rebuild")
        return
    try:
        before, after, count = asyncio.run(_rebuilt(runtime))
    except Occupied as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{name}: {count} records replayed\nbefore {before}\nafter  {after}")
    if before != after:
        typer.echo("the projections differ from what the topics say; they now follow the topics", err=True)


async def _migrated(runtime: Runtime) -> None:
    await migrate(runtime.db, runtime.migrations)
    await runtime.db.close()


async def _rebuilt(runtime: Runtime) -> tuple[str, str, int]:
    async with runtime.db.locked(LOCK, wait=False):
        await migrate(runtime.db, runtime.migrations)
        before = await projection_hash(runtime)
        with Progress(SpinnerColumn(), TextColumn("{task.completed} records"), TimeElapsedColumn()) as bar:
            task = bar.add_task("replay", total=None)
            count = await rebuild(runtime, lambda done: bar.update(task, completed=done))
        after = await projection_hash(runtime)
    await runtime.transport.stop()
    await runtime.db.close()
    return before, after, count
