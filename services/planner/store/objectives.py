"""The book of the plan's objectives: every step of each. Nothing here commits."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables import ObjectiveRow
from shared.db import have_alone


async def open_book(session: AsyncSession, ambito: str) -> None:
    """Have the ambito's objectives for oneself until the end of the transaction."""
    await have_alone(session, f"objectives/{ambito}")


async def latest_step(session: AsyncSession, ambito: str, objective: UUID) -> ObjectiveRow | None:
    """The last step taken; None of an objective that nobody has set."""
    query = select(ObjectiveRow).where(col(ObjectiveRow.ambito) == ambito, col(ObjectiveRow.id) == objective)
    return (await session.execute(query.order_by(col(ObjectiveRow.revision).desc()).limit(1))).scalar_one_or_none()
