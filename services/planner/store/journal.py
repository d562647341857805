"""Every event a plan was made of, as it arrived."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.store.plans import Edition
from services.planner.tables import JournalRow, LogKeyRow
from shared.events import Event, Message
from shared.events.base import Envelope
from shared.log_chain import BEGINNING, links
from shared.sql import insert_rows

Entry = tuple[UUID, datetime, str, str, str | None, str]
READ = ("event_id", "known_at", "type", "subject", "organisation", "event")


def add_entries(session: AsyncSession, ambito: str, written: Edition, messages: Sequence[Message]) -> None:
    """The batch that this writing of the plan took in; what the journal has already stays as it is."""
    rows = []
    for place, (envelope, event, body) in enumerate(messages):
        arrival = written.revision, place, written.version, envelope.time
        text = (body or event.write()).decode()
        rows.append((ambito, envelope.id, *arrival, event.TYPE, envelope.subject, envelope.organisation, text))
    insert_rows(session, JournalRow, rows, skip=True)


class Log(NamedTuple):
    """What was heard, in order of arrival, and the link of the chain that seals all of it."""

    messages: list[Message]
    head: str


async def messages_of(
    session: AsyncSession, ambito: str, *, until_version: int | None = None, of: Collection[type[Event]] = ()
) -> list[Message]:
    """The events of the ambito in order of arrival; those that its versions up to one were made of; of some kinds."""
    rows = await _entries(session, ambito, until_version, [kind.TYPE for kind in of])
    # Thousands of events: the event loop, which answers the broker too, does not wait while they are read.
    return await asyncio.to_thread(lambda: [_message(ambito, *row) for row in rows])


async def log_of(session: AsyncSession, ambito: str, *, until_version: int | None = None) -> Log:
    """The same, sealed."""
    rows, key = await _entries(session, ambito, until_version), await _key(session)

    def read() -> Log:
        head = deque(links(map(_sealed, rows), key), maxlen=1)
        return Log([_message(ambito, *row) for row in rows], head[0] if head else BEGINNING)

    return await asyncio.to_thread(read)


async def links_of(session: AsyncSession, ambito: str) -> list[str]:
    """Every link of the ambito's log, as it reads today."""
    rows, key = await _entries(session, ambito, None), await _key(session)
    return await asyncio.to_thread(lambda: list(links(map(_sealed, rows), key)))


async def _key(session: AsyncSession) -> bytes:
    """The installation's secret, which is as old as its tables."""
    return bytes.fromhex((await session.execute(select(col(LogKeyRow.key)))).scalar_one())


async def place_of_link(session: AsyncSession, ambito: str, head: str) -> int | None:
    """After how many entries the log as it reads today has the link; None: nowhere."""
    found = [BEGINNING, *await links_of(session, ambito)]
    return found.index(head) if head in found else None


async def _entries(
    session: AsyncSession, ambito: str, until_version: int | None, types: Collection[str] = ()
) -> Sequence[Entry]:
    query = select(*(col(getattr(JournalRow, name)) for name in READ)).where(col(JournalRow.ambito) == ambito)
    if until_version is not None:
        query = query.where(col(JournalRow.version) <= until_version)
    if types:
        query = query.where(col(JournalRow.type).in_(types))
    found = await session.execute(query.order_by(col(JournalRow.revision), col(JournalRow.place)))
    return cast(Sequence[Entry], found.all())


def _sealed(entry: Entry) -> tuple[str | None, ...]:
    event_id, known_at, *rest = entry
    return (str(event_id), known_at.isoformat(), *rest)


def _message(
    ambito: str, event_id: UUID, known_at: datetime, kind: str, subject: str, organisation: str | None, text: str
) -> Message:
    envelope = Envelope(event_id, "", known_at, subject, ambito, event_id, organisation=organisation)
    return Message(envelope, Event.REGISTRY[kind].read(text.encode()))
