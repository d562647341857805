"""One service's own database: sessions, transactions, signals. The only place that commits.

PostgreSQL: one schema for each service (`search_path`). SQLite: one file for each service, one writer at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from sqlalchemy import DateTime, Dialect, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.types import TypeDecorator

from shared.sql import write_rows

log = structlog.get_logger()

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,  # a connection that the server ended amid an answer
)
"""What a driver raises where the database cannot be reached, or goes."""
_TRANSIENT = (
    *AWAY,
    PoolTimeout,
    OperationalError,
    InterfaceError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidTransactionStateError,  # also a standby that takes no writes yet, a transaction left idle too long
    asyncpg.SyntaxOrAccessError,  # a table or right that is missing is never a record's fault
)


Sessions = Callable[[], contextlib.AbstractAsyncContextManager[AsyncSession]]
_Lock = tuple[Callable[[], Awaitable[bool]], Sessions]


class Occupied(Exception):
    """A lock that must be free is held by somebody else."""


class StaleWriter(Exception):
    """Somebody else wrote this state since we read it: roll back, read again."""


def is_transient(error: BaseException) -> bool:
    """Whether waiting may mend it: the database is away, busy, or another replica was first."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, _TRANSIENT) or is_transient_driver(error.orig)
    return isinstance(error, (StaleWriter, *_TRANSIENT))


def is_conflict(error: BaseException) -> bool:
    """Whether a constraint broke, as it does where another replica wrote the same rows since we read them."""
    return isinstance(error, (IntegrityError, asyncpg.IntegrityConstraintViolationError))


def is_transient_driver(error: BaseException | None) -> bool:
    cause = getattr(error, "__cause__", None)
    return isinstance(error, _TRANSIENT) or isinstance(cause, _TRANSIENT)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both database systems (SQLite keeps no time zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Database:
    """The engine of one service, its write lock (SQLite), and wake-up signals after a commit."""

    def __init__(self, url: str, schema: str, *, application: str = "pianovivo", pool_size: int = 12) -> None:
        self.schema = schema
        self.is_postgresql = url.startswith("postgresql")
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._local_only: set[str] = set()
        self._listener: asyncio.Task[None] | None = None
        self._write_lock = asyncio.Lock()
        self.url = url
        if self.is_postgresql:
            self.engine = create_async_engine(
                url,
                pool_size=pool_size,
                pool_recycle=1800,
                connect_args={
                    "timeout": 5,
                    "server_settings": {
                        "search_path": schema,
                        "application_name": application,
                        "idle_in_transaction_session_timeout": "60000",
                        "plan_cache_mode": "force_custom_plan",
                    },
                },
            )
        else:
            Path(url.partition(":///")[2]).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_async_engine(url, pool_size=pool_size)
            _prepare_sqlite(self.engine)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One read-write transaction; commits when the block ends well, then wakes who waits for its signals."""
        async with contextlib.AsyncExitStack() as stack:
            if not self.is_postgresql:
                await stack.enter_async_context(self._write_lock)
            connection = await stack.enter_async_context(self.engine.connect())
            session = await self._session(connection)
            try:
                yield session
                channels = session.info.get("signals", set())
                told = sorted(channels - self._local_only) if self.is_postgresql else []
                await _to_its_end(_commit(session, (self.schema, told) if told else None))
            except BaseException:
                with contextlib.suppress(Exception):  # of a connection that is gone: the first error says more
                    await _to_its_end(session.rollback())
                raise
        for call in session.info.get("afterwards", ()):
            call()
        for channel in channels:
            self._set(channel)

    async def _session(self, connection: AsyncConnection) -> AsyncSession:
        """A session for writing; on PostgreSQL with the driver's own connection at hand, see `shared.sql`."""
        session = AsyncSession(connection, expire_on_commit=False)
        if not self.is_postgresql:
            await connection.execution_options(pianovivo_write=True)
            return session
        raw = await connection.get_raw_connection()
        if raw.driver_connection.is_closed():  # type: ignore[union-attr]
            await connection.invalidate()
            raw = await connection.get_raw_connection()
        session.info.update(driver=raw.driver_connection, begin=raw.dbapi_connection._start_transaction)  # type: ignore[union-attr]
        return session

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries only: one snapshot, never committed."""
        async with self.engine.connect() as connection:
            if self.is_postgresql:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            async with AsyncSession(connection, expire_on_commit=False) as session:
                yield session

    @staticmethod
    def signal(session: AsyncSession, channel: str) -> None:
        """Wake the waiters of `channel`, in every replica, after this transaction has committed."""
        session.info.setdefault("signals", set()).add(channel)

    @staticmethod
    def afterwards(session: AsyncSession, call: Callable[[], object]) -> None:
        """Call when this transaction has committed."""
        session.info.setdefault("afterwards", []).append(call)

    @contextlib.contextmanager
    def only_here(self, channel: str) -> Iterator[None]:
        """While the block runs nobody in another process needs `channel`, so no NOTIFY is sent for it."""
        self._local_only.add(channel)
        try:
            yield
        finally:
            self._local_only.discard(channel)

    @contextlib.contextmanager
    def waiting(self, channel: str) -> Iterator[asyncio.Event]:
        """An event set after each commit that signalled `channel`; clear it before reading."""
        if self.is_postgresql and self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        flag = asyncio.Event()
        self._waiters.setdefault(channel, set()).add(flag)
        try:
            yield flag
        finally:
            self._waiters[channel].discard(flag)

    def wake(self) -> None:
        """Wake every waiter of this process, without any news."""
        for channel in self._waiters:
            self._set(channel)

    def _set(self, channel: str) -> None:
        for flag in self._waiters.get(channel, ()):
            flag.set()

    async def _listen(self) -> None:
        """Keep one connection listening; whoever waits also polls slowly, so a gap only costs time."""
        while True:
            try:
                async with self.engine.connect() as connection:
                    driver = (await connection.get_raw_connection()).driver_connection
                    assert driver is not None
                    lost = asyncio.Event()
                    driver.add_termination_listener(lambda _, lost=lost: lost.set())
                    await driver.add_listener(self.schema, self._heard)
                    await lost.wait()
            except Exception as error:  # the database is away: try again until it is back
                if not is_transient(error):
                    raise
            await asyncio.sleep(0.5)

    def _heard(self, _connection: object, _pid: int, _schema: str, channel: str) -> None:
        self._set(channel)

    @contextlib.asynccontextmanager
    async def locked(self, name: str, *, wait: bool = True) -> AsyncIterator[Sessions]:
        """Hold the lock `name` of this database; yields sessions that end in an error once the lock has been lost.

        PostgreSQL: an advisory lock, lost only with its connection, on which the sessions are; each of their statements
        is a transaction of its own. SQLite: a lock file. Without `wait` raises `Occupied`.
        """
        hold = self._advisory_lock if self.is_postgresql else self._file_lock
        pause = 0.01  # who was killed leaves its lock in a moment, who works keeps it for days
        async with hold(name) as (try_lock, sessions):
            while not await try_lock():
                if not wait:
                    raise Occupied(f"a {self.schema} service is running on this database: stop all its replicas first")
                await asyncio.sleep(pause)
                pause = min(0.2, pause * 2)
            yield sessions

    @contextlib.asynccontextmanager
    async def _advisory_lock(self, name: str) -> AsyncIterator[_Lock]:
        key = f"{self.schema}.{name}"
        async with self.engine.connect() as connection:
            session = await self._session(connection)
            driver = session.info["driver"]

            @contextlib.asynccontextmanager
            async def sessions() -> AsyncIterator[AsyncSession]:
                yield session

            async def try_lock() -> bool:
                return bool(await driver.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key))

            try:
                yield try_lock, sessions
            finally:
                await connection.invalidate()  # the lock ends with its connection, whatever state that is in

    @contextlib.asynccontextmanager
    async def _file_lock(self, name: str) -> AsyncIterator[_Lock]:
        with Path(f"{self.url.partition(':///')[2]}.{name}.lock").open("w") as file:

            async def try_lock() -> bool:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            yield try_lock, self.transaction

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self.engine.dispose()


async def _commit(session: AsyncSession, notify: tuple[str, Sequence[str]] | None) -> None:
    await write_rows(session, notify)
    if session.in_transaction():
        await session.commit()


async def have_alone(session: AsyncSession, what: str) -> None:
    """Have what the name stands for to oneself until the transaction ends; who wants it too waits.

    On SQLite a transaction that writes is the only one.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Let `work` end though we are cancelled: half a commit would leave the connection inside a transaction."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        cursor = connection.cursor()
        # Without recursive triggers a REPLACE deletes rows of tables that are only added to.
        triggers = "recursive_triggers=ON"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", triggers):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        write = connection.get_execution_options().get("pianovivo_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
