"""A service at work: its database, its place on the bus, and the tasks that keep both going."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import text
from sqlmodel import SQLModel

from shared.bus import progress as watchdog
from shared.bus.consumer import Consumer, Handlers
from shared.bus.kafka import KafkaTransport
from shared.bus.local import LocalTransport
from shared.bus.outbox import Relay
from shared.bus.progress import Progress
from shared.bus.transport import Subscription, Transport
from shared.db import Database
from shared.events.topics import every_topic, read_by
from shared.migrate import migrate
from shared.settings import Settings

log = structlog.get_logger()
Task = Callable[[], Awaitable[None]]


def connect(settings: Settings) -> Transport:
    """The transport that the settings name."""
    if settings.bus == "kafka":
        assert settings.kafka_bootstrap_servers is not None
        return KafkaTransport(
            settings.kafka_bootstrap_servers,
            replica=settings.replica,
            batch=settings.batch,
            prefix=settings.kafka_prefix,
        )
    return LocalTransport(settings.home / "log.db", batch=settings.batch)


class Runtime:
    """Starts and stops what a service needs. `handlers` is what it does with events, `tasks` runs beside them.

    `projections` are the tables that hold nothing but what the topics say: a rebuild derives them again.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        migrations: Path,
        handlers: Handlers[Any] | None = None,
        projections: Sequence[type[SQLModel]] = (),
        transport: Transport | None = None,
        tasks: Sequence[Task] = (),
    ) -> None:
        self.name, self.settings, self.migrations = name, settings, migrations
        self.handlers, self.projections = handlers, projections
        self.db = Database(settings.url_for(name), name, application=f"pianovivo-{name}-{settings.replica}")
        self.transport = transport or connect(settings)
        self._owns_transport = transport is None
        self.progress = Progress(name)
        self.consumer = Consumer(name, self.db, handlers, self.progress) if handlers else None
        self.relay = Relay(self.db, self.transport)
        self.tasks = list(tasks)
        self._running: list[asyncio.Task[None]] = []
        self.starting = "not started"
        self.is_draining = False

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics this service reads."""
        return read_by(self.name, self.settings.own_topic_organisations)

    async def start(self) -> None:
        """Migrate, check the bus, then consume, relay and watch."""
        self.starting = "the database's tables are being brought up to date"
        await migrate(self.db, self.migrations)
        self.starting = "topics and settings of the bus are being checked"
        if isinstance(self.transport, LocalTransport):
            await self.transport.apply(every_topic(self.settings.own_topic_organisations))
        subscription = Subscription(self.name, self.topics, self.consumer.consume) if self.consumer else None
        await self.transport.start(subscription)
        self._running = [asyncio.create_task(self.relay.run(), name=f"{self.name}-relay")]
        self._running += [asyncio.create_task(_forever(task), name=f"{self.name}-task") for task in self.tasks]
        if self.consumer:
            watching = watchdog.watch(self.progress, self._positions, self.settings.watchdog_seconds)
            self._running.append(asyncio.create_task(watching, name=f"{self.name}-watchdog"))
        self.starting = ""
        log.info("started", service=self.name, bus=self.settings.bus, topics=self.topics)

    def drain(self) -> None:
        """The process is told to end: answers that never end by themselves (streams) end now."""
        self.is_draining = True
        self.db.wake()

    async def stop(self) -> None:
        """Finish the batch in hand, commit, leave the group; what is still owed is relayed at the next start."""
        self.starting = "stopping"
        self.drain()
        if self._owns_transport:
            await self.transport.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.db.close()
        log.info("stopped", service=self.name)

    async def why_not_ready(self) -> str | None:
        """What keeps the service from its work, in one sentence; None when it is ready."""
        if self.starting:
            return self.starting
        for task in self._running:
            if task.done():
                return (
                    f"the task {task.get_name()} has ended: {task.exception() if not task.cancelled() else 'cancelled'}"
                )
        try:
            async with asyncio.timeout(3), self.db.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    @contextlib.asynccontextmanager
    async def running(self, _app: object = None) -> AsyncIterator[None]:
        """Lifespan of the service's application."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def _positions(self) -> list[Any]:
        return await self.transport.positions(self.name, self.topics)


async def _forever(task: Task) -> None:
    """A background task outlives what goes wrong in one round of it."""
    while True:
        try:
            await task()
        except Exception as error:
            log.warning("task-failed", error=repr(error))
            await asyncio.sleep(1)
