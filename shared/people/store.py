"""What the people's database is asked. Nothing here commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.db import have_alone
from shared.log_chain import BEGINNING, OPEN, link_after
from shared.people.tables import AccountRow, AttemptRow, HappeningRow, SessionRow

WINDOW: Final = timedelta(minutes=15)


async def account_of(session: AsyncSession, name: str) -> AccountRow | None:
    """The account of that name, closed ones too."""
    return await session.get(AccountRow, name)


async def accounts(session: AsyncSession) -> Sequence[AccountRow]:
    return (await session.execute(select(AccountRow).order_by(col(AccountRow.name)))).scalars().all()


async def open_session(session: AsyncSession, session_id: bytes, now: datetime) -> SessionRow | None:
    row = await session.get(SessionRow, session_id)
    return row if row is not None and now < row.ends_at else None


async def sessions_of(session: AsyncSession, person: str, now: datetime) -> int:
    """How many sessions the person has open."""
    query = select(func.count()).where(col(SessionRow.person) == person, col(SessionRow.ends_at) > now)
    return (await session.execute(query)).scalar_one()


async def end_session(session: AsyncSession, session_id: bytes) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.id) == session_id))


async def end_sessions_of(session: AsyncSession, person: str) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.person) == person))


async def end_provider_sessions(
    session: AsyncSession, person: str | None, provider_session: str | None, until: datetime
) -> Sequence[SessionRow]:
    """End, and give, those that began up to an instant; of a person, of one of the provider's sessions, or of both."""
    asked = [col(SessionRow.method) == "provider", col(SessionRow.began_at) <= until]
    if person is not None:
        asked.append(col(SessionRow.person) == person)
    if provider_session is not None:
        asked.append(col(SessionRow.provider_session) == provider_session)
    found = (await session.execute(select(SessionRow).where(*asked))).scalars().all()
    await session.execute(delete(SessionRow).where(*asked))
    return found


async def forget_ended_sessions(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.ends_at) <= now))


async def seconds_to_wait(session: AsyncSession, limits: dict[str, int], now: datetime) -> int:
    """Until one more attempt may be made under each of these; 0 when it may be made, and has been counted.

    Whoever counts the same does so one after the other: many attempts at once are as many as in a row.
    """
    for what in sorted(limits):
        await have_alone(session, f"attempt {what}")
    await session.execute(delete(AttemptRow).where(col(AttemptRow.at) <= now - WINDOW))
    for what, limit in limits.items():
        query = select(col(AttemptRow.at)).where(col(AttemptRow.what) == what).order_by(col(AttemptRow.at))
        made = (await session.execute(query)).scalars().all()
        if len(made) >= limit:
            return int((made[-limit] + WINDOW - now).total_seconds()) + 1
    session.add_all(AttemptRow(what=what, at=now) for what in limits)
    return 0


async def forget_attempts(session: AsyncSession, what: str) -> None:
    await session.execute(delete(AttemptRow).where(col(AttemptRow.what) == what))


async def write_happening(session: AsyncSession, row: HappeningRow) -> None:
    """Seal the line and add it; whoever writes one too waits until this transaction ends."""
    await have_alone(session, "audit")
    row.link = link_after(await last_link(session), row.entry, OPEN)
    session.add(row)
    await session.flush()


async def last_link(session: AsyncSession) -> str:
    query = select(col(HappeningRow.link)).order_by(col(HappeningRow.id).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none() or BEGINNING


async def every_happening(session: AsyncSession) -> AsyncIterator[HappeningRow]:
    """All lines in order."""
    rows = await session.stream_scalars(select(HappeningRow).order_by(col(HappeningRow.id)))
    async for row in rows:
        yield row


async def happenings(session: AsyncSession, count: int) -> Sequence[HappeningRow]:
    """The latest, from the oldest of them."""
    query = select(HappeningRow).order_by(col(HappeningRow.id).desc()).limit(count)
    return list(reversed((await session.execute(query)).scalars().all()))
