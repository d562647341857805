"""The plan, its state and its versions, and the way between rows and domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from services.planner.domain.rows import Delta, restore, touched_rows
from services.planner.domain.rules import AreaBands
from services.planner.domain.state import PlanState
from services.planner.tables import (
    CaseRow,
    CellRow,
    DeclarationRow,
    HomeRow,
    MakeupRow,
    OutcomeRow,
    PlanChoiceRow,
    PlanHoldRow,
    PlanObjectiveRow,
    PlanRow,
    ReferenceRow,
    StockRow,
    VersionRow,
)
from services.planner.tables.discussion import PlanContestRow
from services.planner.tables.texts import PlanTextRow
from shared.db import StaleWriter
from shared.events import DayBegan, PlanRecomputed
from shared.sql import matching, table_of, upsert_rows

PLAN = table_of(PlanRow)
REPLACE = PLAN.update().where(
    PLAN.c.ambito == bindparam("of_ambito"),
    PLAN.c.revision == bindparam("read_revision"),
    PLAN.c.writer == bindparam("read_writer"),
)

QUIET_DAY = f'%"kind":"{DayBegan.name()}"%"changes":[]}}'
"""A version's event ends with its changes."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Which writing of a plan this is; a writer may only replace the edition it has read."""

    revision: int
    writer: UUID
    version: int
    hash: str


async def editions_of(session: AsyncSession, ambiti: Sequence[str]) -> dict[str, Edition]:
    """The present edition of each plan. Nothing is locked: who replaces one names the edition it has read."""
    wanted = ("ambito", "revision", "writer", "version", "hash")
    rows = await matching(session, PlanRow, wanted, ambito=list(ambiti))
    return {ambito: Edition(*edition) for ambito, *edition in rows}


async def planned_ambiti(session: AsyncSession) -> list[str]:
    """The ambiti that have a plan, by code."""
    return list((await session.execute(select(col(PlanRow.ambito)).order_by(col(PlanRow.ambito)))).scalars())


async def plan_content(session: AsyncSession, ambito: str) -> PlanRow | None:
    """The plan as it stands, its canonical content included."""
    return await session.get(PlanRow, ambito)


async def plan_version(session: AsyncSession, ambito: str) -> int:
    """Number of the plan's present version; 0 before the first."""
    found = await session.execute(select(col(PlanRow.version)).where(col(PlanRow.ambito) == ambito))
    return found.scalar_one_or_none() or 0


async def reference_of(session: AsyncSession, ambito: str) -> date | None:
    """The plan's reference date: the latest day its facts speak of; None while there are none."""
    row = await session.get(ReferenceRow, ambito)
    return row.reference_on if row else None


async def state_of(session: AsyncSession, ambito: str, bands: AreaBands) -> PlanState:
    return restore(
        ambito,
        bands,
        await reference_of(session, ambito),
        cells=await _rows(session, CellRow, ambito),
        stock=await _rows(session, StockRow, ambito),
        makeup=await _rows(session, MakeupRow, ambito),
        outcomes=await _rows(session, OutcomeRow, ambito),
        homes=await _rows(session, HomeRow, ambito),
        cases=await _rows(session, CaseRow, ambito),
        declarations=await _rows(session, DeclarationRow, ambito),
        holds=await _rows(session, PlanHoldRow, ambito),
        choices=await _rows(session, PlanChoiceRow, ambito),
        objectives=await _rows(session, PlanObjectiveRow, ambito),
        texts=await _rows(session, PlanTextRow, ambito),
        contests=await _rows(session, PlanContestRow, ambito),
    )


async def save_state(session: AsyncSession, state: PlanState) -> None:
    """Write only what the events since the last settling have touched."""
    deltas = touched_rows(state)
    await _write(session, CellRow, state.ambito, deltas.cells)
    await _write(session, StockRow, state.ambito, deltas.stock)
    await _write(session, MakeupRow, state.ambito, deltas.makeup)
    await _write(session, OutcomeRow, state.ambito, deltas.outcomes)
    await _write(session, HomeRow, state.ambito, deltas.homes)
    await _write(session, CaseRow, state.ambito, deltas.cases)
    await _write(session, DeclarationRow, state.ambito, deltas.declarations)
    await _write(session, PlanHoldRow, state.ambito, deltas.holds)
    await _write(session, PlanChoiceRow, state.ambito, deltas.choices)
    await _write(session, PlanObjectiveRow, state.ambito, deltas.objectives)
    await _write(session, PlanTextRow, state.ambito, deltas.texts)
    await _write(session, PlanContestRow, state.ambito, deltas.contests)
    if state.touched.reference_on and state.reference_on is not None:
        upsert_rows(session, ReferenceRow, [(state.ambito, state.reference_on)])


async def replace_edition(
    session: AsyncSession, ambito: str, read: Edition | None, written: Edition, content: str | None
) -> None:
    """Put `written` in the place of `read`; without `content` the plan's content stays.

    Raises `StaleWriter` when another writer came between, so that the whole transaction is undone.
    """
    values: dict[str, Any] = {
        "revision": written.revision,
        "writer": written.writer,
        "version": written.version,
        "hash": written.hash,
    }
    if content is not None:
        values["content"] = content
    connection = await session.connection()
    if read is None:
        try:
            await connection.execute(PLAN.insert(), {"ambito": ambito, "content": "{}"} | values)
        except IntegrityError as error:
            raise StaleWriter(f"another writer created the plan of {ambito}") from error
        return
    which = {"of_ambito": ambito, "read_revision": read.revision, "read_writer": read.writer}
    result = await connection.execute(REPLACE, which | values)
    if result.rowcount != 1:
        raise StaleWriter(f"another writer changed the plan of {ambito}")


def add_version(session: AsyncSession, event: PlanRecomputed, recorded_at: datetime) -> None:
    row = (event.ambito, event.version, event.hash, event.reference_on, recorded_at, event.write().decode())
    upsert_rows(session, VersionRow, [row])


async def versions_before(
    session: AsyncSession, ambito: str, before: int | None, limit: int, *, quiet_days: bool = True
) -> list[VersionRow]:
    """Versions from the newest, those below `before`; without `quiet_days` none of a day that moved nothing."""
    query = select(VersionRow).where(col(VersionRow.ambito) == ambito)
    if before is not None:
        query = query.where(col(VersionRow.version) < before)
    if not quiet_days:
        query = query.where(col(VersionRow.event).not_like(QUIET_DAY))
    return list((await session.execute(query.order_by(col(VersionRow.version).desc()).limit(limit))).scalars())


async def hash_of_version(session: AsyncSession, ambito: str, version: int) -> str | None:
    """That of the plan's figures in one of its versions; None if there is no such version."""
    here = col(VersionRow.ambito) == ambito, col(VersionRow.version) == version
    return (await session.execute(select(col(VersionRow.hash)).where(*here))).scalar_one_or_none()


async def version_known_at(session: AsyncSession, ambito: str, at: datetime | None) -> int:
    """Number of the last version published until an instant, or at all; 0 before the first."""
    query = select(func.max(col(VersionRow.version))).where(col(VersionRow.ambito) == ambito)
    if at is not None:
        query = query.where(col(VersionRow.recorded_at) <= at)
    return (await session.execute(query)).scalar_one() or 0


async def _rows(session: AsyncSession, model: type[SQLModel], ambito: str) -> list[Any]:
    """All rows of the ambito without its code, as `restore` wants them."""
    columns = list(table_of(model).columns)
    found = await session.execute(select(*columns[1:]).where(columns[0] == ambito))
    return list(found)


async def _write(session: AsyncSession, model: type[SQLModel], ambito: str, delta: Delta) -> None:
    upsert_rows(session, model, [(ambito, *row) for row in delta.upserts])
    if delta.deletes:
        key = tuple_(*list(table_of(model).primary_key.columns)[1:])
        here = table_of(model).columns["ambito"] == ambito
        await session.execute(delete(model).where(here, key.in_(delta.deletes)))
