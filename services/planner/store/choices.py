"""The book of choices between what was declared and what is forecast. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables import ChoiceRow
from shared.db import have_alone


async def number_choice(session: AsyncSession, row: ChoiceRow) -> None:
    """Write the choice with the next number of its cell; of two at once the second waits for the first."""
    await have_alone(session, f"choices/{row.ambito}")
    here = [
        col(getattr(ChoiceRow, name)) == getattr(row, name)
        for name in ("ambito", "municipality", "owner", "year", "quantity")
    ]
    last = (await session.execute(select(func.max(col(ChoiceRow.revision))).where(*here))).scalar_one()
    row.revision = (last or 0) + 1
    session.add(row)
    await session.flush()
