"""`pianovivo rebuild`: derive a service's projections again from its topics."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from deploy.obstacles import Obstacle, existing_installation
from deploy.services import service
from deploy.standalone import sole_user_of
from deploy.topics import require_topics
from shared import log, settings
from shared.bus.outbox import LOCK
from shared.migrate import migrate
from shared.rebuild import projection_hash
from shared.rebuild import rebuild as derive_again
from shared.runtime import Runtime

Rebuildable = Literal["intake", "registry", "planner"]
"""The services that have projections; what the notifier holds no topic would give again."""


def rebuild(
    name: Annotated[Rebuildable, typer.Argument(metavar="SERVICE", help="intake, registry or planner")],
) -> None:
    """Drop a service's projections and derive them again from its topics (stop all its replicas first)."""
    existing_installation()
    one = service(name)
    configured = settings.load(one.settings)
    log.configure(configured)
    with sole_user_of(configured.home):  # no `up` may begin meanwhile
        before, after, count = asyncio.run(_rebuilt(one.create_runtime(configured)))
    typer.echo(f"{name}: {count} records replayed\nbefore {before}\nafter  {after}")
    if before != after:
        typer.echo("the projections differ from what the topics say; they now follow the topics", err=True)


async def _rebuilt(runtime: Runtime) -> tuple[str, str, int]:
    try:
        async with runtime.db.locked(LOCK, wait=False):
            await migrate(runtime.db, runtime.migrations)
            await require_topics(runtime.settings, runtime.topics)
            held = sum(place.end for place in await runtime.transport.positions("", runtime.topics))
            if not held:  # what is dropped would not come back
                raise Obstacle(
                    f"there is no record in {', '.join(runtime.topics)} to derive the {runtime.name} from: "
                    "nothing is dropped; see that the settings name the right bus"
                )
            before = await projection_hash(runtime)
            count = await _replayed(runtime, held)
            return before, await projection_hash(runtime), count
    finally:
        await runtime.transport.stop()
        await runtime.db.close()


async def _replayed(runtime: Runtime, held: int) -> int:
    with Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("replay", total=held)
        try:
            return await derive_again(runtime, lambda done: bar.update(task, completed=done))
        except BaseException:
            typer.echo(
                f"the tables of the {runtime.name} are incomplete: "
                f"do `pianovivo rebuild {runtime.name}` again before you start it",
                err=True,
            )
            raise
