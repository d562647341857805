"""The book of contested numbers: every step of each. Nothing here commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.domain.contests import OPEN, STEPS, ContestStep, newest_first, status_of
from services.planner.tables.discussion import ContestRow
from shared.db import have_alone


async def open_book(session: AsyncSession, ambito: str) -> None:
    """Have the ambito's contests for oneself until the end of the transaction."""
    await have_alone(session, f"contests/{ambito}")


def take_step(session: AsyncSession, step: ContestStep, at: datetime) -> None:
    row = ContestRow(
        ambito=step.ambito,
        id=step.contest_id,
        revision=step.revision,
        kind=step.name(),
        status=status_of(step),
        decided_at=at,
        body=step.write().decode(),
    )
    session.add(row)


async def steps_of(session: AsyncSession, ambito: str, contest: UUID) -> list[ContestStep]:
    """Every step of a contest, the first one first; none of one that nobody opened."""
    query = select(ContestRow).where(col(ContestRow.ambito) == ambito, col(ContestRow.id) == contest)
    rows = (await session.execute(query.order_by(col(ContestRow.revision)))).scalars()
    return [step_of(row) for row in rows]


async def latest_steps(session: AsyncSession, ambito: str, *, only_open: bool = False) -> list[ContestStep]:
    """The last step of every contest, or of every open one, the newest contest first."""
    last = select(col(ContestRow.id), func.max(col(ContestRow.revision))).where(col(ContestRow.ambito) == ambito)
    last = last.group_by(col(ContestRow.id))
    key = tuple_(col(ContestRow.id), col(ContestRow.revision))
    query = select(ContestRow).where(col(ContestRow.ambito) == ambito, key.in_(last))
    if only_open:
        query = query.where(col(ContestRow.status).in_(sorted(OPEN)))
    steps = [step_of(row) for row in (await session.execute(query)).scalars()]
    return newest_first(steps)


def step_of(row: ContestRow) -> ContestStep:
    return STEPS[row.kind].read(row.body.encode())
