"""The local transport: one append-only log in one SQLite file, with the records, keys and partitions of Kafka.

It serves one process. Appending is one durable transaction; each consumer group keeps one cursor per partition.
Readers wake by signal; a slow poll picks up what another process (an operator's command) appended.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from aiokafka.partitioner import murmur2

from shared.bus.records import Outgoing, Record, dump_headers, load_headers
from shared.bus.transport import Position, Subscription
from shared.db import Occupied
from shared.events.topics import Topic

log = structlog.get_logger()
T = TypeVar("T")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  key BLOB, value BLOB, headers BLOB NOT NULL, PRIMARY KEY (topic, partition, "offset")) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (
  consumer TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (consumer, topic, partition)) WITHOUT ROWID;
"""
_READ = """SELECT topic, partition, "offset", timestamp, key, value, headers FROM record
WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?"""
# One partition at a time, since only so the last record is looked up instead of all being read.
_END = """SELECT coalesce(max("offset") + 1, 0) FROM record WHERE topic = ? AND partition = ?"""


def partition_of(key: bytes, partitions: int) -> int:
    """The partition Kafka's default partitioner gives `key`."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class LocalTransport:
    """All groups of one process over one log file."""

    def __init__(self, path: Path, *, batch: int = 1000, poll_seconds: float = 1.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._batch, self._poll = batch, poll_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="local-log")
        self._connection = self._thread.submit(_open, path).result()
        self._partitions = dict(self._connection.execute("SELECT name, partitions FROM topic"))
        self._appended: set[asyncio.Event] = set()
        self._groups: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self._lock = path.with_suffix(".lock").open("w")

    async def start(self, subscription: Subscription | None) -> None:
        if subscription is None:
            return
        missing = [name for name in subscription.topics if name not in self._partitions]
        if missing:
            raise LookupError(f"topics {', '.join(missing)} are missing in the local log: run `pianovivo topics apply`")
        self._alone()
        leaving = asyncio.Event()
        delivering = asyncio.create_task(self._deliver(subscription, leaving), name=f"deliver-{subscription.group}")
        self._groups[subscription.group] = leaving, delivering

    async def leave(self, group: str) -> None:
        if group in self._groups:
            leaving, delivering = self._groups.pop(group)
            leaving.set()
            for flag in self._appended:
                flag.set()
            await asyncio.gather(delivering, return_exceptions=True)

    async def stop(self) -> None:
        for group in list(self._groups):
            await self.leave(group)
        await self._in_thread(self._connection.close)
        self._thread.shutdown()
        self._lock.close()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self._in_thread(lambda: self._append(records))
        for flag in self._appended:
            flag.set()

    async def positions(self, group: str, topics: Sequence[str]) -> list[Position]:
        return await self._in_thread(lambda: self._positions(group, topics))

    async def replay(self, topics: Sequence[str]) -> AsyncIterator[list[Record]]:
        for place in await self.positions("", topics):
            at = 0
            while at < place.end:
                found = await self._in_thread(lambda p=place, at=at: self._read(p.topic, p.partition, at))  # type: ignore[misc]
                yield found
                at = found[-1].offset + 1

    async def apply(self, topics: Sequence[Topic]) -> list[str]:
        new = [topic for topic in topics if topic.name not in self._partitions]

        def insert() -> None:
            with self._connection:
                rows = [(topic.name, topic.partitions) for topic in new]
                self._connection.executemany("INSERT OR IGNORE INTO topic VALUES (?, ?)", rows)

        await self._in_thread(insert)
        self._partitions |= {topic.name: topic.partitions for topic in new}
        return [topic.name for topic in new]

    def _alone(self) -> None:
        """A group's cursors belong to one process: refuse a second one on the same log."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = Path(self._lock.name).parent
            raise Occupied(f"another process already serves {where}: stop it, or set PIANOVIVO_HOME") from None

    async def _deliver(self, subscription: Subscription, leaving: asyncio.Event) -> None:
        """Hand the group its next records, each partition its own batch, until it leaves."""
        flag = asyncio.Event()
        self._appended.add(flag)
        while not leaving.is_set():
            flag.clear()
            try:
                places = await self.positions(subscription.group, subscription.topics)
                busy = [place for place in places if place.lag]
                await asyncio.gather(*(self._lane(subscription, place) for place in busy))
            except sqlite3.OperationalError as error:  # another process holds the log, or the disk is full
                log.warning("log-waits", group=subscription.group, error=repr(error))
                busy = []
            if not busy:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await flag.wait()

    async def _lane(self, subscription: Subscription, place: Position) -> None:
        """One batch of one partition: the cursor moves only when its effect is committed."""
        records = await self._in_thread(lambda: self._read(place.topic, place.partition, place.position))
        try:
            await subscription.consume(records)
        except Exception as error:  # stays where it is; delivered again
            log.debug("batch-again", group=subscription.group, error=repr(error))
            return
        after = records[-1].offset + 1
        await self._in_thread(lambda: self._move(subscription.group, place.topic, place.partition, after))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _append(self, records: Sequence[Outgoing]) -> None:
        now = time.time_ns() // 1_000_000
        rows: dict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        for record in records:
            if record.topic not in self._partitions:
                raise LookupError(f"topic {record.topic} is missing in the local log: run `pianovivo topics apply`")
            rows[record.topic, partition_of(record.key, self._partitions[record.topic])].append(record)
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for (topic, partition), group in rows.items():
                end = self._end(topic, partition)
                self._connection.executemany(
                    "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [
                        (topic, partition, end + n, now, r.key, r.value, dump_headers(r.headers))
                        for n, r in enumerate(group)
                    ],
                )

    def _read(self, topic: str, partition: int, position: int) -> list[Record]:
        rows = self._connection.execute(_READ, (topic, partition, position, self._batch))
        return [Record(t, p, o, at, key, value, load_headers(headers)) for t, p, o, at, key, value, headers in rows]

    def _move(self, group: str, topic: str, partition: int, position: int) -> None:
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)", (group, topic, partition, position)
            )

    def _positions(self, group: str, topics: Sequence[str]) -> list[Position]:
        found = self._connection.execute("SELECT topic, partition, position FROM cursor WHERE consumer = ?", (group,))
        cursors = {(topic, partition): position for topic, partition, position in found}
        return [
            Position(topic, partition, cursors.get((topic, partition), 0), end)
            for topic in topics
            for partition in range(self._partitions.get(topic, 0))
            if (end := self._end(topic, partition))
        ]

    def _end(self, topic: str, partition: int) -> int:
        return int(self._connection.execute(_END, (topic, partition)).fetchone()[0])


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_SCHEMA)
    return connection
