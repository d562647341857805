"""Outbox: what a transaction owes to the bus, and the relay that pays it in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.records import LARGEST, Headers, Outgoing, encode, size_of
from shared.bus.tables import OutboxRow
from shared.bus.transport import Publisher
from shared.db import Database, Sessions
from shared.events.base import Message
from shared.sql import delete_rows, insert_rows, oldest_rows

log = structlog.get_logger()
CHANNEL = "outbox"
LOCK = "relay"
"""Held by one replica of a running service at any time."""
CHUNK = 2000
ROOM = 20_000
"""Bytes that a dead letter's reasons may add to a record."""


def put(session: AsyncSession, messages: Sequence[Message]) -> None:
    """Owe `messages` to the bus, in this order, when the transaction commits."""
    put_records(session, [encode(message) for message in messages])


def put_records(session: AsyncSession, records: Sequence[Outgoing]) -> None:
    """Owe raw records (dead letters and their redrive keep the original bytes).

    Refuses what no broker would take: once owed, it would hold up everything behind it.
    """
    if not records:
        return
    if max(map(size_of, records)) > LARGEST + ROOM:
        raise ValueError(f"a record for {records[0].topic} is larger than {LARGEST + ROOM} bytes")
    insert_rows(session, OutboxRow, [(r.topic, r.key, r.value, dump_headers(r.headers)) for r in records])
    Database.signal(session, CHANNEL)


def dump_headers(headers: Headers) -> bytes:
    """Names and values in turn: a name may be there twice, a value may be any bytes or none."""
    texts: list[str | None] = []
    for name, value in headers:
        texts += name, None if value is None else value.decode("latin-1")
    return orjson.dumps(texts)


def load_headers(raw: bytes) -> Headers:
    texts = orjson.loads(raw)
    values = [None if text is None else text.encode("latin-1") for text in texts[1::2]]
    return tuple(zip(texts[::2], values, strict=True))


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
            rows = await oldest_rows(session, OutboxRow, CHUNK)
        if rows:
            await self._publisher.publish(
                [Outgoing(topic, key, value, load_headers(headers)) for _, topic, key, value, headers in rows]
            )
            async with sessions() as session:
                await delete_rows(session, OutboxRow, [row[0] for row in rows])
        return len(rows) == CHUNK


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
