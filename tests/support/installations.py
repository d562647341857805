"""A fresh place for services, in both forms: local log and SQLite, or Kafka and PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from services.registry.app import create_runtime
from services.registry.settings import RegistrySettings
from shared.bus.records import Record
from shared.bus.transport import Transport
from shared.events.topics import Topic, every_topic
from shared.runtime import Runtime, connect
from tests.support.ledger import create_ledger
from tests.support.servers import Servers

LOCAL, KAFKA = FORMS = ("local+sqlite", "kafka+postgresql")
OWN_WRITERS = ("aler-bcm", "comune-019036")
"""Organisations with a topic of their own."""
_TOPICS = (
    "owner-reports",
    *(f"owner-reports.{name}" for name in OWN_WRITERS),
    "units",
    "plan-decisions",
    "owner-reports-dlq",
    "units-dlq",
)


@dataclass
class Installation:
    """Where services run: what their settings have in common."""

    form: str
    environment: dict[str, Any] = field(default_factory=dict)

    def settings(self, **own: Any) -> RegistrySettings:
        return RegistrySettings(**{"replica": "first"} | self.environment | own)

    def registry(self, **own: Any) -> Runtime:
        """A replica of the registry, not yet started."""
        return create_runtime(self.settings(**own))

    def ledger(self, **own: Any) -> Runtime:
        """A small reader of `units` that writes down what it applied."""
        return create_ledger(self.settings(**own))

    def connect(self, **own: Any) -> Transport:
        """A connection to the bus."""
        return connect(self.settings(**own))


@asynccontextmanager
async def fresh_installation(home: Path, servers: Servers | None) -> AsyncIterator[Installation]:
    """Nobody else's topics, groups and databases; those of a server are gone afterwards."""
    if servers is None:
        made = Installation(LOCAL, {"home": home})
        await _apply_topics(made)
        yield made
        return
    name = f"t{secrets.token_hex(4)}"
    database_url = f"{servers.postgres_dsn.rpartition('/')[0]}/{name}"
    own = {"home": home, "bus": "kafka", "kafka_bootstrap_servers": servers.kafka_bootstrap, "kafka_prefix": f"{name}-"}
    made = Installation(KAFKA, own | {"database_url": database_url})
    await _execute(servers.postgres_dsn, f"CREATE DATABASE {name}")
    try:
        await _apply_topics(made)
        yield made
    finally:
        await _execute(servers.postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")
        await _delete_topics(servers.kafka_bootstrap, f"{name}-")


async def read_topic(transport: Transport, topic: str) -> list[Record]:
    """All that the topic holds now."""
    return [record async for batch in transport.replay([topic]) for record in batch]


def topics_of_tests() -> list[Topic]:
    return [topic for topic in every_topic(OWN_WRITERS) if topic.name in _TOPICS]


async def _apply_topics(made: Installation) -> None:
    transport = made.connect()
    try:
        await transport.apply(topics_of_tests())
    finally:
        await transport.stop()


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _delete_topics(bootstrap: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        mine: Sequence[str] = [name for name in await admin.list_topics() if name.startswith(prefix)]
        await admin.delete_topics(list(mine))
    finally:
        await admin.close()
