"""The book of the plan's texts: every revision of each section. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables.texts import SectionTextRow
from shared.db import have_alone


async def open_book(session: AsyncSession, ambito: str) -> None:
    """Have the ambito's texts for oneself until the end of the transaction."""
    await have_alone(session, f"texts/{ambito}")


async def revisions_of(session: AsyncSession, ambito: str, first_year: int, section: str) -> list[SectionTextRow]:
    """Every text that was written of the section, the newest first."""
    query = select(SectionTextRow).where(
        col(SectionTextRow.ambito) == ambito,
        col(SectionTextRow.first_year) == first_year,
        col(SectionTextRow.section) == section,
    )
    return list((await session.execute(query.order_by(col(SectionTextRow.revision).desc()))).scalars())
