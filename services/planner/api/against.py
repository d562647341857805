"""The plan of an edition as it was frozen, for what stands beside it."""

from __future__ import annotations

from typing import NamedTuple

from services.planner.domain.plan import Plan, read
from services.planner.store import editions
from shared.db import Database
from shared.territory import names_of


class Frozen(NamedTuple):
    """The plan of an edition as it was proposed, and of which version it was."""

    plan: Plan
    version: int


async def frozen_plan(db: Database, ambito: str, first_year: int, edition: int) -> Frozen | None:
    """None where there is no such edition."""
    async with db.reading() as session:
        steps = await editions.steps_of(session, ambito, first_year, edition)
        held = await editions.frozen_of(session, steps) if steps else None
    return None if held is None else Frozen(read(held.content, names_of(ambito)), steps[-1].version)
