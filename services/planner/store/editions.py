"""The book of the plan's editions: every step of each, and what was frozen. Nothing here commits."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.domain.lifecycle.transitions import EditionStanding
from services.planner.tables.editions import EditionStepRow, FrozenPlanRow
from shared.db import have_alone
from shared.events import PlanStatusChanged


class FrozenPlan(NamedTuple):
    """What was proposed: the plan's canonical content, and its rule set as canonical JSON."""

    content: bytes
    rules: bytes


async def open_book(session: AsyncSession, ambito: str) -> None:
    """Have the ambito's editions for oneself until the end of the transaction: of two clerks one is first."""
    await have_alone(session, f"editions/{ambito}")


async def steps_of(
    session: AsyncSession, ambito: str, first_year: int, edition: int | None = None
) -> list[PlanStatusChanged]:
    """Every step of a triennium's editions, or of one of them, in order."""
    here = col(EditionStepRow.ambito) == ambito, col(EditionStepRow.first_year) == first_year
    query = select(EditionStepRow).where(*here).order_by(col(EditionStepRow.edition), col(EditionStepRow.step))
    if edition is not None:
        query = query.where(col(EditionStepRow.edition) == edition)
    return [_read(row) for row in (await session.execute(query)).scalars()]


async def with_document(session: AsyncSession, digest: str) -> list[PlanStatusChanged]:
    """Every step of the edition that has a document with this hash, in order; none if no edition has."""
    step = select(EditionStepRow).where(col(EditionStepRow.document_hash) == digest).limit(1)
    row = (await session.execute(step)).scalar_one_or_none()
    return [] if row is None else await steps_of(session, row.ambito, row.first_year, row.edition)


async def every_step_of(session: AsyncSession, ambito: str) -> list[PlanStatusChanged]:
    """Every step of the ambito's editions, of all its triennia, in order."""
    order = (EditionStepRow.first_year, EditionStepRow.edition, EditionStepRow.step)
    query = select(EditionStepRow).where(col(EditionStepRow.ambito) == ambito).order_by(*map(col, order))
    return [_read(row) for row in (await session.execute(query)).scalars()]


async def frozen_of(session: AsyncSession, steps: Sequence[PlanStatusChanged]) -> FrozenPlan | None:
    """What the last proposal among an edition's steps was made of."""
    last = steps[-1]
    here = (col(getattr(FrozenPlanRow, name)) == getattr(last, name) for name in ("ambito", "first_year", "edition"))
    query = select(FrozenPlanRow).where(*here, col(FrozenPlanRow.step) <= last.step)
    row = (await session.execute(query.order_by(col(FrozenPlanRow.step).desc()).limit(1))).scalar_one_or_none()
    return None if row is None else FrozenPlan(zlib.decompress(row.content), zlib.decompress(row.rules))


async def write_step(session: AsyncSession, step: PlanStatusChanged, at: datetime) -> None:
    """Write the next step of an edition, with the book open."""
    told = step.model_dump() | {"acts": orjson.dumps([act.model_dump(mode="json") for act in step.acts]).decode()}
    session.add(EditionStepRow(**told, recorded_at=at))
    await session.flush()


async def freeze(session: AsyncSession, step: PlanStatusChanged, frozen: FrozenPlan) -> None:
    """Keep what the step proposes, as it is now and for ever."""
    key = step.model_dump(include={"ambito", "first_year", "edition", "step"})
    session.add(FrozenPlanRow(**key, content=zlib.compress(frozen.content), rules=zlib.compress(frozen.rules)))
    await session.flush()


def standing_of(steps: Sequence[PlanStatusChanged]) -> EditionStanding | None:
    """How the edition of the last of these steps stands; None before the first."""
    return EditionStanding(steps[-1].edition, steps[-1].kind, steps[-1].status, steps[-1].on) if steps else None


def _read(row: EditionStepRow) -> PlanStatusChanged:
    told = row.model_dump(exclude={"recorded_at"}) | {"acts": orjson.loads(row.acts)}
    return PlanStatusChanged.model_validate_json(orjson.dumps(told))
