"""Every event a plan was made of, as it arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.store.plans import Edition
from services.planner.tables import JournalRow
from shared.events import Event, Message
from shared.events.base import Envelope
from shared.sql import insert_rows

READ = ("event_id", "known_at", "type", "subject", "organisation", "event")


def add_entries(session: AsyncSession, ambito: str, written: Edition, messages: Sequence[Message]) -> None:
    """The batch that this writing of the plan took in; what the journal has already stays as it is."""
    rows = []
    for place, (envelope, event, body) in enumerate(messages):
        arrival = written.revision, place, written.version, envelope.time
        text = (body or event.write()).decode()
        rows.append((ambito, envelope.id, *arrival, event.TYPE, envelope.subject, envelope.organisation, text))
    insert_rows(session, JournalRow, rows, skip=True)


async def messages_of(session: AsyncSession, ambito: str, *, until_version: int | None = None) -> list[Message]:
    """The events of the ambito in order of arrival; those that its versions up to one were made of."""
    query = select(*(col(getattr(JournalRow, name)) for name in READ)).where(col(JournalRow.ambito) == ambito)
    if until_version is not None:
        query = query.where(col(JournalRow.version) <= until_version)
    rows = (await session.execute(query.order_by(col(JournalRow.revision), col(JournalRow.place)))).all()
    # Thousands of events: the event loop, which answers the broker too, does not wait while they are read.
    return await asyncio.to_thread(lambda: [_message(ambito, *row) for row in rows])


def _message(
    ambito: str, event_id: UUID, known_at: datetime, kind: str, subject: str, organisation: str | None, text: str
) -> Message:
    envelope = Envelope(event_id, "", known_at, subject, ambito, event_id, organisation=organisation)
    return Message(envelope, Event.REGISTRY[kind].read(text.encode()))
