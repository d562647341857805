"""Dead letters: records set aside with their bytes and the reason, to be looked at and sent again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus import outbox
from shared.bus.records import REDRIVE, Malformed, Outgoing, Record, decode
from shared.bus.tables import DeadLetterRow, InboxRow
from shared.events.base import NAMESPACE
from shared.events.topics import DEAD_LETTERS, base_name
from shared.sql import among, insert_rows, upsert_rows


def letter(consumer: str, record: Record, subject: str | None, kind: str, code: str, detail: str) -> DeadLetterRow:
    now = datetime.now(UTC)
    place = f"{consumer}/{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    return DeadLetterRow(
        id=uuid5(NAMESPACE, place),
        consumer=consumer,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=outbox.dump_headers(record.headers),
        subject=subject,
        kind=kind,
        code=code,
        detail=detail[:2000],
        attempts=1,
        first_failed_at=now,
        last_failed_at=now,
        resolved_at=None,
        resolution=None,
    )


def record_of(row: DeadLetterRow) -> Record:
    """The record as it was read."""
    headers = outbox.load_headers(row.headers)
    return Record(row.topic, row.partition, row.offset, row.timestamp, row.key, row.value, headers)


async def add(session: AsyncSession, rows: Sequence[DeadLetterRow]) -> None:
    """Keep the letters; a redelivered record changes nothing."""
    names = list(DeadLetterRow.model_fields)
    await insert_rows(session, DeadLetterRow, [[getattr(row, name) for name in names] for row in rows], skip=True)


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
    headers = record_of(row).headers + tuple((name, str(value).encode()) for name, value in facts.items())
    return Outgoing(base_name(row.topic) + DEAD_LETTERS, row.key or b"", row.value or b"", headers)


async def pending(session: AsyncSession, consumer: str, subjects: Sequence[str]) -> list[DeadLetterRow]:
    """Unresolved letters of these subjects that block or wait, oldest first."""
    query = (
        select(DeadLetterRow)
        .where(col(DeadLetterRow.consumer) == consumer, col(DeadLetterRow.resolved_at).is_(None))
        .where(col(DeadLetterRow.kind) != "refused", among(session, DeadLetterRow.subject, subjects))
        .order_by(col(DeadLetterRow.first_failed_at), col(DeadLetterRow.topic), col(DeadLetterRow.offset))
    )
    return list((await session.execute(query)).scalars())


async def failed_again(session: AsyncSession, letter_id: UUID, kind: str, code: str, detail: str) -> None:
    """One more attempt in vain, and its latest reason."""
    row = await session.get(DeadLetterRow, letter_id)
    if row is not None and row.resolved_at is None:
        row.kind, row.code, row.detail = kind, code, detail[:2000]
        row.attempts, row.last_failed_at = row.attempts + 1, datetime.now(UTC)


async def resolve(session: AsyncSession, letter_ids: Sequence[UUID], resolution: str) -> None:
    changes = {"resolved_at": datetime.now(UTC), "resolution": resolution}
    still = among(session, DeadLetterRow.id, letter_ids) & col(DeadLetterRow.resolved_at).is_(None)
    await session.execute(update(DeadLetterRow).where(still).values(changes))


async def unresolved(session: AsyncSession, consumer: str) -> list[DeadLetterRow]:
    query = select(DeadLetterRow).where(
        col(DeadLetterRow.consumer) == consumer, col(DeadLetterRow.resolved_at).is_(None)
    )
    return list(
        (await session.execute(query.order_by(col(DeadLetterRow.first_failed_at), col(DeadLetterRow.offset)))).scalars()
    )


def sequence_of(row: DeadLetterRow) -> int | None:
    """The gapless number of the letter's event."""
    return decode(record_of(row)).envelope.sequence


async def redrive(session: AsyncSession, rows: Sequence[DeadLetterRow]) -> None:
    """Send the records again through their own topics; the inbox makes a second redrive harmless."""
    again = []
    for row in rows:
        record = record_of(row)
        kept = tuple(header for header in record.headers if header[0] != REDRIVE)
        headers = (*kept, (REDRIVE, str(row.id).encode()))
        again.append(Outgoing(record.topic, record.key or b"", record.value or b"", headers))
    await outbox.put_records(session, again)


async def discard(session: AsyncSession, row: DeadLetterRow, reason: str) -> None:
    """Give a record up for good, and send on what waited behind it."""
    await resolve(session, [row.id], f"discarded: {reason}")
    with contextlib.suppress(Malformed):
        event_id = decode(record_of(row)).envelope.id
        await upsert_rows(session, InboxRow, [(row.consumer, event_id, "discarded")])
    if row.subject is not None:
        waiting = await pending(session, row.consumer, [row.subject])
        await redrive(session, [other for other in waiting[:1] if other.kind == "parked"])
