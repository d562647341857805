"""Which day has begun for each plan. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables import DayRow, PlanRow
from shared.db import have_alone
from shared.events import SOURCE, DayBegan, Envelope, Message, derived
from shared.sql import upsert_rows


async def ambiti_before(session: AsyncSession, today: date) -> list[str]:
    """The ambiti that have a plan and for which today has not begun."""
    query = select(col(PlanRow.ambito)).outerjoin(DayRow, col(DayRow.ambito) == col(PlanRow.ambito))
    is_due = or_(col(DayRow.began_on).is_(None), col(DayRow.began_on) < today)
    return list((await session.execute(query.where(is_due).order_by(col(PlanRow.ambito)))).scalars())


async def open_calendar(session: AsyncSession) -> None:
    """Have the days for oneself until the end of the transaction: of many replicas one begins a day."""
    await have_alone(session, "days")


def add_days(session: AsyncSession, days: Sequence[DayBegan]) -> None:
    upsert_rows(session, DayRow, [(day.ambito, day.on) for day in days])


def begun(day: DayBegan, at: datetime) -> Message:
    """The event in its envelope; a day of an ambito has one identifier, whoever notices that it began."""
    identifier = derived(f"planner/{day.TYPE}/{day.ambito}/{day.on}")
    return Message(Envelope(identifier, SOURCE + "planner", at, day.ambito, day.ambito, identifier), day)
