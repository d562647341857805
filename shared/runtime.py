"""A service at work: its database, its place on the bus, and the tasks that keep both going."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
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
from shared.problem_texts import Text
from shared.settings import Settings

log = structlog.get_logger()
Task = Callable[[], Awaitable[None]]
NOT_STARTED = Text("l’avvio", "its start")


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

    `closing` is done when it has stopped, by whoever opened something for as long as the service runs.

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
        self.closing: list[Task] = []
        self._running: list[asyncio.Task[None]] = []
        self.waits_for: Text | None = NOT_STARTED
        self.is_draining = False
        self.failure: str | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics this service reads."""
        return read_by(self.name, self.settings.own_topic_organisations)

    async def start(self) -> None:
        """Migrate, check the bus, then consume, relay and watch."""
        self.waits_for = Text("la base dati", "the database")
        await migrate(self.db, self.migrations)
        self.waits_for = Text("il bus degli eventi", "the event bus")
        if isinstance(self.transport, LocalTransport):
            await self.transport.apply(every_topic(self.settings.own_topic_organisations))
        _collect_rarely()
        subscription = Subscription(self.name, self.topics, self.consumer.consume) if self.consumer else None
        await self.transport.start(subscription)
        self._running = [asyncio.create_task(self.relay.run(), name=f"{self.name}-relay")]
        self._running += [asyncio.create_task(_forever(task), name=f"{self.name}-task") for task in self.tasks]
        if self.consumer:
            watching = watchdog.watch(self.progress, self._positions, self.settings.watchdog_seconds)
            self._running.append(asyncio.create_task(watching, name=f"{self.name}-watchdog"))
        self.waits_for = None
        log.info("started", service=self.name, bus=self.settings.bus, topics=self.topics)

    def drain(self) -> None:
        """The process is told to end: answers that never end by themselves (streams) end now."""
        self.is_draining = True
        self.db.wake()

    async def stop(self) -> None:
        """Finish the batch in hand, commit, leave the group; what is still owed is relayed at the next start."""
        self.waits_for = Text("la fine: si sta fermando", "its end: it is stopping")
        self.drain()
        await self.transport.leave(self.name)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._owns_transport:
            await self.transport.stop()
        await self.db.close()
        for close in self.closing:
            await close()
        log.info("stopped", service=self.name)

    async def why_not_ready(self) -> Text | None:
        """What keeps the service from its work; None when it is ready."""
        if self.waits_for is not None:
            return Text(f"aspetta {self.waits_for.it}", f"it waits for {self.waits_for.en}")
        for task in self._running:
            if task.done():
                why = "cancelled" if task.cancelled() else repr(task.exception())
                name = task.get_name()
                return Text(f"l’attività {name} è finita: {why}", f"the task {name} has ended: {why}")
        try:
            async with asyncio.timeout(3), self.db.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            kind = type(error).__name__
            return Text(f"la base dati non risponde ({kind})", f"the database does not answer ({kind})")
        return None

    @contextlib.asynccontextmanager
    async def running(self, _app: object = None) -> AsyncIterator[None]:
        """At work inside the block."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.Task[None]]:
        """At work inside the block as soon as database and bus let it; the task ends when it has started."""
        starting = asyncio.create_task(self._start_or_end())
        try:
            yield starting
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self.stop()

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Of the application where it is served alone."""
        async with self.serving():
            yield

    async def _start_or_end(self) -> None:
        try:
            await self.start()
        except Exception as error:
            self.failure = f"{self.name} cannot start: {error}"
            log.critical("cannot-start", service=self.name, message=str(error), error=type(error).__name__)
            signal.raise_signal(signal.SIGTERM)

    async def _positions(self) -> list[Any]:
        return await self.transport.positions(self.name, self.topics)


def _collect_rarely() -> None:
    """A batch makes hundreds of thousands of objects that live until its commit.

    Looked through every 700 allocations, as is Python's way, they cost more time than the work they are made for.
    """
    gc.freeze()
    gc.set_threshold(400_000, 20, 100)


async def _forever(task: Task) -> None:
    """A background task outlives what goes wrong in one round of it."""
    while True:
        try:
            await task()
        except Exception as error:
            log.warning("task-failed", error=repr(error))
            await asyncio.sleep(1)
