"""What the registry asks its database, and the way between rows and domain. Nothing here commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.registry.domain.history import Entry
from services.registry.tables import HistoryRow, UnitRow
from shared.events import REPORTS, Unit
from shared.sql import among, insert_rows, matching, upsert_rows


class Home(NamedTuple):
    """A home as the registry knows it; `state` is its record as JSON, `latest_on` the latest day its reports name."""

    ambito: str
    unit: Unit
    state: bytes
    sequence: int
    latest_on: date


async def homes_of(session: AsyncSession, unit_ids: Sequence[str]) -> dict[str, Home]:
    """The known homes among `unit_ids`."""
    columns = ("unit_id", "ambito", "state", "sequence", "latest_on")
    rows = await matching(session, UnitRow, columns, unit_id=list(unit_ids))
    return {
        unit_id: Home(ambito, read_unit(state), state.encode(), sequence, on)
        for unit_id, ambito, state, sequence, on in rows
    }


async def history_of(session: AsyncSession, unit_ids: Sequence[str]) -> dict[str, list[Entry]]:
    """Every accepted report of these homes, in the order of arrival."""
    histories: dict[str, list[Entry]] = defaultdict(list)
    if unit_ids:
        query = select(HistoryRow).where(among(session, HistoryRow.unit_id, unit_ids))
        for row in (await session.execute(query.order_by(col(HistoryRow.sequence)))).scalars():
            report = REPORTS[row.report_type].read(row.report.encode())
            entry = Entry(row.sequence, row.recorded_at, row.report_id, row.organisation, report)
            histories[row.unit_id].append(entry)
    return histories


def save_homes(session: AsyncSession, homes: Iterable[Home]) -> None:
    rows = []
    for home in homes:
        unit = home.unit
        columns = (unit.municipality, unit.owner, unit.manager, unit.status)
        rows.append((unit.unit_id, home.ambito, *columns, home.sequence, home.latest_on, home.state.decode()))
    upsert_rows(session, UnitRow, sorted(rows))


def add_history(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Fails on a number that is there already: a writer that lost its partition cannot write."""
    rows = [
        (
            entry.report.unit_id,
            entry.sequence,
            entry.report.effective_on,
            entry.recorded_at,
            entry.report_id,
            entry.organisation,
            entry.report.name(),
            entry.report.write().decode(),
        )
        for entry in entries
    ]
    insert_rows(session, HistoryRow, rows)


async def list_units(
    session: AsyncSession, ambito: str, municipality: str | None, after: str, limit: int
) -> list[Unit]:
    """Homes by identifier, `limit` of them after `after`."""
    query = select(col(UnitRow.state)).where(col(UnitRow.ambito) == ambito, col(UnitRow.unit_id) > after)
    if municipality is not None:
        query = query.where(col(UnitRow.municipality) == municipality)
    rows = await session.execute(query.order_by(col(UnitRow.unit_id)).limit(limit))
    return [read_unit(row.state) for row in rows]


def read_unit(state: str) -> Unit:
    return Unit.__pydantic_validator__.validate_json(state)  # type: ignore[no-any-return]
