"""Dead letters: records set aside with their bytes and the reason, to be looked at and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.bus import outbox
from shared.bus.records import (
    LARGEST,
    REDRIVE,
    Malformed,
    Outgoing,
    Record,
    decode,
    dump_headers,
    load_headers,
    size_of,
)
from shared.bus.tables import DeadLetterRow, InboxRow, SequenceRow
from shared.db import StaleWriter
from shared.events.base import derived
from shared.events.topics import DEAD_LETTERS, base_name
from shared.sql import among, insert_rows, upsert_rows


def identify(consumer: str, record: Record) -> UUID:
    """The identifier of the record's letter, the same at each delivery."""
    place = f"{consumer}/{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    return derived(place)


def letter(consumer: str, record: Record, subject: str | None, kind: str, code: str, detail: str) -> DeadLetterRow:
    now = datetime.now(UTC)
    return DeadLetterRow(
        id=identify(consumer, record),
        consumer=consumer,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=dump_headers(record.headers),
        subject=subject,
        kind=kind,
        code=code,
        detail=_storable(detail),
        attempts=1,
        first_failed_at=now,
        last_failed_at=now,
        resolved_at=None,
        resolution=None,
    )


def _storable(detail: str) -> str:
    return detail.replace("\0", "\N{REPLACEMENT CHARACTER}")[:2000]


def record_of(row: DeadLetterRow) -> Record:
    """The record as it was read."""
    headers = load_headers(row.headers)
    return Record(row.topic, row.partition, row.offset, row.timestamp, row.key, row.value, headers)


def add(session: AsyncSession, rows: Sequence[DeadLetterRow]) -> None:
    """Keep the letters; a redelivered record changes nothing."""
    names = list(DeadLetterRow.model_fields)
    insert_rows(session, DeadLetterRow, [[getattr(row, name) for name in names] for row in rows], skip=True)


def announcements(rows: Sequence[DeadLetterRow]) -> list[Outgoing]:
    """What the topics' dead-letter topics are told; who merely waits is not announced."""
    return [_announcement(row) for row in rows if row.kind in ("failed", "refused")]


def _announcement(row: DeadLetterRow) -> Outgoing:
    """The original bytes and headers, and why, where, how often."""
    facts: dict[str, Any] = {
        "pv-consumer": row.consumer,
        "pv-kind": row.kind,
        "pv-code": row.code,
        "pv-detail": row.detail,
        "pv-topic": row.topic,
        "pv-partition": row.partition,
        "pv-offset": row.offset,
        "pv-attempts": row.attempts,
    }
    record = record_of(row)
    if size_of(record) > LARGEST:  # the letter keeps it whole
        facts["pv-bytes"], record = size_of(record), record._replace(key=b"", value=b"", headers=())
    headers = record.headers + tuple((name, str(value).encode()) for name, value in facts.items())
    return Outgoing(base_name(row.topic) + DEAD_LETTERS, record.key or b"", record.value or b"", headers)


async def pending(
    session: AsyncSession, consumer: str, topic: str, partition: int, subjects: Sequence[str]
) -> list[DeadLetterRow]:
    """Unresolved letters of these subjects that block or wait, in the order of the partition.

    Only a partition has an order to keep: what one organisation's own topic garbles holds up nobody else.
    """
    query = (
        select(DeadLetterRow)
        .where(col(DeadLetterRow.consumer) == consumer, col(DeadLetterRow.resolved_at).is_(None))
        .where(col(DeadLetterRow.topic) == topic, col(DeadLetterRow.partition) == partition)
        .where(col(DeadLetterRow.kind) != "refused", among(session, DeadLetterRow.subject, subjects))
        .order_by(col(DeadLetterRow.offset))
    )
    return list((await session.execute(query)).scalars())


def next_to_return(rows: Sequence[DeadLetterRow], last: int) -> DeadLetterRow | None:
    """Which of a subject's pending letters may take effect: the first if it is parked, or the number after `last`."""
    if rows and rows[0].kind == "parked":
        return rows[0]
    return next((row for row in rows if row.kind == "gap" and sequence_of(row) == last + 1), None)


async def claimed(session: AsyncSession, letter_ids: Sequence[UUID]) -> dict[UUID, DeadLetterRow]:
    """The unresolved ones of these letters."""
    query = select(DeadLetterRow).where(among(session, DeadLetterRow.id, letter_ids))
    rows = (await session.execute(query.where(col(DeadLetterRow.resolved_at).is_(None)))).scalars()
    return {row.id: row for row in rows}


def holds(row: DeadLetterRow, record: Record) -> bool:
    """Whether the letter holds this very record: only that may come back as it."""
    return (row.topic, row.key or b"", row.value or b"") == (record.topic, record.key or b"", record.value or b"")


async def failed_again(session: AsyncSession, letter_id: UUID, kind: str, code: str, detail: str) -> None:
    """One more attempt in vain, and its latest reason."""
    row = await session.get(DeadLetterRow, letter_id)
    if row is not None and row.resolved_at is None:
        row.kind, row.code, row.detail = kind, code, _storable(detail)
        row.attempts, row.last_failed_at = row.attempts + 1, datetime.now(UTC)


async def resolve(session: AsyncSession, letter_ids: Sequence[UUID], resolution: str) -> None:
    """Close letters that are open; raises `StaleWriter` where another replica did so first."""
    changes = {"resolved_at": datetime.now(UTC), "resolution": resolution}
    still = among(session, DeadLetterRow.id, letter_ids) & col(DeadLetterRow.resolved_at).is_(None)
    closed = await session.execute(update(DeadLetterRow).where(still).values(changes).returning(col(DeadLetterRow.id)))
    if len(closed.all()) != len(letter_ids):
        raise StaleWriter("a dead letter was resolved by somebody else")


async def unresolved(session: AsyncSession, consumer: str) -> list[DeadLetterRow]:
    query = select(DeadLetterRow).where(
        col(DeadLetterRow.consumer) == consumer, col(DeadLetterRow.resolved_at).is_(None)
    )
    return list(
        (await session.execute(query.order_by(col(DeadLetterRow.first_failed_at), col(DeadLetterRow.offset)))).scalars()
    )


def sequence_of(row: DeadLetterRow) -> int | None:
    """The gapless number of the letter's event, if it has one."""
    try:
        return decode(record_of(row)).envelope.sequence
    except Malformed as failure:
        return failure.sequence


def redrive(session: AsyncSession, rows: Sequence[DeadLetterRow]) -> None:
    """Send the records again through their own topics; the inbox makes a second redrive harmless."""
    again = []
    for row in rows:
        record = record_of(row)
        kept = tuple(header for header in record.headers if header[0] != REDRIVE)
        headers = (*kept, (REDRIVE, str(row.id).encode()))
        again.append(Outgoing(record.topic, record.key or b"", record.value or b"", headers))
    outbox.put(session, again)


async def discard(session: AsyncSession, row: DeadLetterRow, reason: str) -> None:
    """Give a record up for good, and send on what waited behind it."""
    await resolve(session, [row.id], f"discarded: {reason}")
    upsert_rows(session, InboxRow, [(row.consumer, _event_id(row), "discarded")])
    if row.subject is None:
        return
    last = await _last_number(session, row.consumer, row.subject)
    if sequence_of(row) == last + 1:  # its number counts as dealt with, or the next one would wait for it for ever
        last += 1
        upsert_rows(session, SequenceRow, [(row.consumer, row.subject, last)])
    waiting = await pending(session, row.consumer, row.topic, row.partition, [row.subject])
    if following := next_to_return(waiting, last):
        redrive(session, [following])


def _event_id(row: DeadLetterRow) -> UUID:
    """What the inbox knows the letter's event by: its own identifier, or the letter's if it cannot be read."""
    try:
        return decode(record_of(row)).envelope.id
    except Malformed:
        return row.id


async def _last_number(session: AsyncSession, consumer: str, subject: str) -> int:
    table = SequenceRow
    query = select(col(table.sequence)).where(col(table.consumer) == consumer, col(table.subject) == subject)
    return (await session.execute(query)).scalar() or 0
