"""Comments on the plan, by thread. Nothing here commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables.discussion import CommentRow
from shared.db import have_alone

Thread = Sequence[CommentRow]
"""A comment and what was replied, in order; never empty."""


async def open_thread(session: AsyncSession, ambito: str, thread: UUID) -> list[CommentRow]:
    """Its comments, for oneself until the end of the transaction; none of a thread that nobody began."""
    await have_alone(session, f"comments/{ambito}/{thread}")
    query = select(CommentRow).where(col(CommentRow.ambito) == ambito, col(CommentRow.thread) == thread)
    return list((await session.execute(query.order_by(col(CommentRow.number)))).scalars())


async def threads_of(session: AsyncSession, ambito: str, place: str | None = None) -> list[Thread]:
    """Every thread, or those of one place; the one that was written in last comes first."""
    query = select(CommentRow).where(col(CommentRow.ambito) == ambito)
    if place is not None:
        query = query.where(col(CommentRow.place) == place)
    found: dict[UUID, list[CommentRow]] = defaultdict(list)
    for row in (await session.execute(query.order_by(col(CommentRow.number)))).scalars():
        found[row.thread].append(row)
    return sorted(found.values(), key=lambda thread: (thread[-1].written_at, thread[-1].thread), reverse=True)
