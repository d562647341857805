"""`pianovivo topics apply` creates the declared topics; `pianovivo lag` tells how far each service is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import typer
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console
from rich.table import Table

from deploy.obstacles import Obstacle, existing_installation
from shared import settings
from shared.bus.transport import Position, Transport
from shared.events.topics import declared, every_topic, read_by
from shared.runtime import connect
from shared.settings import Settings

app = typer.Typer(help="Topics of the bus.", no_args_is_help=True)


@app.callback()
def topics() -> None:
    """Topics of the bus."""


@app.command("apply")
def apply() -> None:
    """Create the declared topics that are missing; existing ones are left as they are."""
    configured = settings.load(Settings)
    created = asyncio.run(_apply(connect(configured), configured))
    typer.echo("\n".join(f"created {name}" for name in created) or "nothing to create: all declared topics are there")


def lag() -> None:
    """Records each service has not handled yet, by topic."""
    configured = existing_installation()
    read = {name: read_by(name, configured.own_topic_organisations) for name in consumers()}
    found = asyncio.run(_positions(configured, read))
    table = Table("service", "topic", "records", "lag")
    for reader, positions in found.items():
        for topic in read[reader]:
            mine = [position for position in positions if position.topic == topic]
            table.add_row(reader, topic, str(sum(p.end for p in mine)), str(sum(p.lag for p in mine)))
    Console().print(table)


def consumers() -> list[str]:
    """The services that read topics."""
    return sorted({reader for topic in declared().values() for reader in topic.readers})


async def _apply(transport: Transport, configured: Settings) -> list[str]:
    try:
        return await transport.apply(every_topic(configured.own_topic_organisations))
    finally:
        await transport.stop()


async def _positions(configured: Settings, read: dict[str, tuple[str, ...]]) -> dict[str, list[Position]]:
    transport = connect(configured)
    try:
        await require_topics(configured, {topic for topics in read.values() for topic in topics})
        return {reader: await transport.positions(reader, topics) for reader, topics in read.items()}
    finally:
        await transport.stop()


async def require_topics(configured: Settings, topics: Iterable[str]) -> None:
    """Refuse a bus on which any of these is missing: it would pass for an empty one."""
    if configured.bus == "local":  # made at each start
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=configured.kafka_bootstrap_servers)
    await admin.start()
    try:
        there = set(await admin.list_topics())
    finally:
        await admin.close()
    if missing := sorted({configured.kafka_prefix + topic for topic in topics} - there):
        raise Obstacle(
            f"topics {', '.join(missing)} are missing at {configured.kafka_bootstrap_servers}: do "
            "`pianovivo topics apply`, or see that PIANOVIVO_KAFKA_PREFIX and PIANOVIVO_OWNER_TOPICS are right"
        )
