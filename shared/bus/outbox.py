"""Outbox: what a transaction owes to the bus, and the relay that pays it in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.records import LARGEST, Outgoing, pack, size_of, unpack
from shared.bus.tables import OutboxRow
from shared.bus.transport import Publisher
from shared.db import Database, Sessions
from shared.events.base import Message
from shared.sql import delete_rows, insert_rows, oldest_rows

log = structlog.get_logger()
CHANNEL = "outbox"
LOCK = "relay"
"""Held by one replica of a running service at any time."""
PART = 500
"""Records that share an outbox row: one row is stored, read and removed in the time that a record would take."""
ROWS = 4
"""Outbox rows that the relay publishes at once."""
ROOM = 20_000
"""Bytes that a dead letter's reasons may add to a record."""


def put(session: AsyncSession, records: Sequence[Message | Outgoing]) -> None:
    """Owe messages, or raw records (dead letters keep their bytes), to the bus when the transaction commits.

    They go in this order. Refuses what no broker would take: once owed, it would hold up everything behind it.
    """
    for start in range(0, len(records), PART):
        part = records[start : start + PART]
        block = pack(part)
        if len(block) > LARGEST and max(map(size_of, unpack(block))) > LARGEST + ROOM:
            raise ValueError(f"one of {len(part)} records is larger than {LARGEST + ROOM} bytes")
        insert_rows(session, OutboxRow, [(block,)])
        Database.signal(session, CHANNEL)


class Relay:
    """Publishes outbox rows in the order of their numbers; one active relay for each service's schema.

    Rows are removed when the broker has acknowledged them: a crash in between publishes them again, and the readers'
    inbox makes that harmless. Rows are selected by being there, never by "number greater than the last seen", so a
    transaction that commits late is not skipped. All happens on the connection that holds the lock: who has lost it
    fails.
    """

    def __init__(self, db: Database, publisher: Publisher, *, poll_seconds: float = 1.0) -> None:
        self._db, self._publisher, self._poll = db, publisher, poll_seconds
        self.active = False

    async def run(self) -> None:
        """Relay until cancelled; an outage of database or broker is waited out."""
        pause = 0.05
        while True:
            try:
                async with self._db.locked(LOCK) as sessions:
                    with self._db.waiting(CHANNEL) as woken, self._db.only_here(CHANNEL):
                        self.active = True
                        while True:
                            woken.clear()
                            while await self._pass_on(sessions):
                                pass
                            pause = 0.05
                            await _wait(woken, self._poll)
            except Exception as error:
                log.warning("relay-waits", schema=self._db.schema, error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)
            finally:
                self.active = False

    async def _pass_on(self, sessions: Sessions) -> bool:
        """Publish the oldest rows; returns whether there may be more."""
        async with sessions() as session:
            rows = await oldest_rows(session, OutboxRow, ROWS)
        if rows:
            await self._publisher.publish([record for _, block in rows for record in unpack(block)])
            async with sessions() as session:
                await delete_rows(session, OutboxRow, [number for number, _ in rows])
        return len(rows) == ROWS


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
