"""Rebuild of a service's projections from its topics, and their canonical hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson
from sqlalchemy import delete, select, text
from sqlmodel import col

from shared.bus.consumer import Consumer
from shared.bus.progress import Progress
from shared.bus.tables import DeadLetterRow, InboxRow, SequenceRow
from shared.db import Database
from shared.runtime import Runtime
from shared.sql import table_of


async def projection_hash(runtime: Runtime) -> str:
    """SHA-256 of every row of the projections in canonical JSON, in the order of their keys."""
    digest = hashlib.sha256()
    async with runtime.db.reading() as session:
        for model in runtime.projections:
            table = table_of(model)
            rows = await session.stream(select(table).order_by(*table.primary_key.columns))
            digest.update(table.name.encode())
            async for row in rows:
                digest.update(
                    orjson.dumps(row._asdict(), option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=_plain)
                )
    return digest.hexdigest()


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


async def rebuild(runtime: Runtime, told: Callable[[int], None] = lambda _: None) -> int:
    """Drop the projections and what the bus knows of this consumer, then replay; returns the number of records.

    Nothing is said again: readers have heard it. Letters an operator gave up stay given up.
    """
    assert runtime.handlers is not None
    await _drop(runtime.db, runtime)
    consumer = Consumer(runtime.name, runtime.db, runtime.handlers, Progress(runtime.name), emit=False)
    count = 0
    async for batch in runtime.transport.replay(runtime.topics):
        await consumer.consume(batch)
        count += len(batch)
        told(count)
    return count


async def _drop(db: Database, runtime: Runtime) -> None:
    async with db.transaction() as session:
        for model in runtime.projections:
            # TRUNCATE, because tables that are only added to refuse DELETE.
            verb = "TRUNCATE" if db.is_postgresql else "DELETE FROM"
            await session.execute(text(f"{verb} {table_of(model).name}"))
        given_up = col(InboxRow.outcome) == "discarded"
        await session.execute(delete(InboxRow).where(col(InboxRow.consumer) == runtime.name, ~given_up))
        await session.execute(delete(SequenceRow).where(col(SequenceRow.consumer) == runtime.name))
        await session.execute(delete(DeadLetterRow).where(col(DeadLetterRow.consumer) == runtime.name))
