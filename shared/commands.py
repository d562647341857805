"""The commands every service has: `serve` and `migrate`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer
import uvloop

from shared import log, settings
from shared.migrate import migrate
from shared.runtime import Runtime
from shared.serving import Served, serve

if TYPE_CHECKING:
    from fastapi import FastAPI

S = TypeVar("S", bound=settings.Settings)


def service_commands(
    name: str,
    settings_class: type[S],
    create_runtime: Callable[[S], Runtime],
    create_http: Callable[[Runtime], FastAPI],
    port: str,
) -> typer.Typer:
    """`pianovivo <name> serve|migrate`; `port` is the field of the settings with the HTTP port."""
    commands = typer.Typer(help=f"The {name} service.", no_args_is_help=True)

    def configured() -> S:
        loaded = settings.load(settings_class)
        log.configure(loaded)
        return loaded

    @commands.command("serve")
    def run_service() -> None:
        """Run this service until SIGTERM."""
        loaded = configured()
        uvloop.run(serve(Served(create_runtime(loaded), create_http, loaded.host, getattr(loaded, port))))

    @commands.command("migrate")
    def run_migrations() -> None:
        """Bring this service's database to its newest tables and end."""
        runtime = create_runtime(configured())
        asyncio.run(_migrated(runtime))
        typer.echo(f"{name}: tables are up to date")

    return commands


async def _migrated(runtime: Runtime) -> None:
    await migrate(runtime.db, runtime.migrations)
    await runtime.db.close()
