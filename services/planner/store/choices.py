"""The book of choices between what was declared and what is forecast. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables import ChoiceRow
from shared.events import SOURCE, AdoptionChosen, Envelope, Message, derived


async def number_choice(session: AsyncSession, row: ChoiceRow) -> None:
    """Write the choice with the next number of its cell; of two at once the second waits for the first."""
    if session.get_bind().dialect.name == "postgresql":
        # On SQLite the transaction is the only one that writes.
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        await session.execute(lock, {"key": f"choices/{row.ambito}"})
    here = [
        col(getattr(ChoiceRow, name)) == getattr(row, name)
        for name in ("ambito", "municipality", "owner", "year", "quantity")
    ]
    last = (await session.execute(select(func.max(col(ChoiceRow.revision))).where(*here))).scalar_one()
    row.revision = (last or 0) + 1
    session.add(row)
    await session.flush()


def announced(row: ChoiceRow, event: AdoptionChosen, traceparent: str | None) -> Message:
    """The event in its envelope; a choice has one identifier, whoever announces it."""
    identifier = derived(f"planner/{event.TYPE}/{row.id}")
    envelope = Envelope(
        *(identifier, SOURCE + "planner", row.chosen_at, str(row.id), row.ambito, identifier),
        organisation=row.organisation,
        traceparent=traceparent,
    )
    return Message(envelope, event)
