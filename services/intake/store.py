"""What the intake asks its database, and the way between rows and events. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, literal, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.intake.domain.duties import RowKey
from services.intake.tables import (
    ContestedCellRow,
    EmergencyCaseRow,
    OwnedHomesRow,
    SubmissionDefaultRow,
    SubmissionRow,
    UnitReportRow,
)
from shared.db import Instant, have_alone
from shared.events import (
    EmergencyCaseClosed,
    EmergencyCaseUpdated,
    Message,
    Report,
    SubmissionDefaulted,
    SubmissionReceived,
)
from shared.sql import among, insert_rows, table_of, upsert_rows

R = TypeVar("R", UnitReportRow, SubmissionRow)
Place = tuple[datetime, UUID]
"""Where a listing, newest first, goes on: the last row shown."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the registry decided about a report, and what its decision tells of the report."""

    report_id: UUID
    ambito: str
    organisation: str
    report: str
    unit_id: str
    at: datetime
    state: str
    sequence: int | None = None
    rule: str | None = None
    reason_it: str | None = None
    reason_en: str | None = None


class ReferenceTaken(Exception):
    """The ambito has an emergency case of that reference; the transaction cannot go on."""


class AlreadyRecorded(Exception):
    """The owner is in default for that row already; the transaction cannot go on."""


def add_reports(session: AsyncSession, messages: Sequence[Message]) -> list[UnitReportRow]:
    rows = [_report_row(message) for message in messages]
    insert_rows(session, UnitReportRow, [tuple(row.model_dump().values()) for row in rows])
    return rows


def _report_row(message: Message) -> UnitReportRow:
    report, envelope = message.event, message.envelope
    assert isinstance(report, Report)
    return UnitReportRow(
        id=envelope.id,
        ambito=envelope.ambito,
        organisation=envelope.organisation or "",
        channel="http",
        report=report.name(),
        unit_id=report.unit_id,
        effective_on=report.effective_on,
        received_at=envelope.time,
        body=report.write().decode(),
        state="received",
    )


async def known_reports(session: AsyncSession, report_ids: Sequence[UUID]) -> set[UUID]:
    rows = await session.execute(select(col(UnitReportRow.id)).where(among(session, UnitReportRow.id, report_ids)))
    return set(rows.scalars())


async def decide_reports(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Write down what became of known reports."""
    if not outcomes:
        return
    table = table_of(UnitReportRow)
    decided = ("state", "sequence", "rule", "reason_it", "reason_en")
    statement = update(table).where(table.c.id == bindparam("report_id"))
    statement = statement.values({name: bindparam(f"new_{name}") for name in decided})
    connection = await session.connection()
    await connection.execute(
        statement,
        [{"report_id": o.report_id, **{f"new_{name}": getattr(o, name) for name in decided}} for o in outcomes],
    )


def add_decided_reports(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Reports that came by an owner's own topic: their content stays there, their outcome can be read here."""
    rows = [
        (
            *(o.report_id, o.ambito, o.organisation, "kafka", o.report, o.unit_id, None, o.at, None),
            *(o.state, o.sequence, o.rule, o.reason_it, o.reason_en),
        )
        for o in outcomes
    ]
    insert_rows(session, UnitReportRow, rows)


async def report_of(session: AsyncSession, ambito: str, report_id: UUID) -> UnitReportRow | None:
    row = await session.get(UnitReportRow, report_id)
    return row if row and row.ambito == ambito else None


async def reports_before(
    session: AsyncSession, ambito: str, organisation: str | None, state: str | None, place: Place | None, limit: int
) -> list[UnitReportRow]:
    """Reports of the ambito (of one organisation), newest first."""
    row = UnitReportRow
    query = select(row).where(col(row.ambito) == ambito, *_equal((row.organisation, organisation), (row.state, state)))
    return list((await session.execute(_page(query, row, place, limit))).scalars())


async def latest_submission(session: AsyncSession, event: SubmissionReceived) -> SubmissionRow | None:
    """The current revision under the key of `event`, held until the end of the transaction."""
    key = (event.ambito, event.cycle_year, event.owner, event.municipality)
    await have_alone(session, "submission/" + "/".join(map(str, key)))  # there may be no row yet to lock
    row = SubmissionRow
    columns = (row.ambito, row.cycle_year, row.owner, row.municipality)
    query = select(row).where(*_equal(*zip(columns, key, strict=True))).order_by(col(row.revision).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def add_submission(
    session: AsyncSession, event: SubmissionReceived, supersedes: UUID | None, received_at: datetime
) -> SubmissionRow:
    row = SubmissionRow(
        id=event.submission_id,
        ambito=event.ambito,
        cycle_year=event.cycle_year,
        owner=event.owner,
        municipality=event.municipality,
        revision=event.revision,
        supersedes=supersedes,
        received_at=received_at,
        body=event.write().decode(),
    )
    session.add(row)
    await session.flush()
    return row


async def submission_of(session: AsyncSession, ambito: str, submission_id: UUID) -> SubmissionRow | None:
    row = await session.get(SubmissionRow, submission_id)
    return row if row and row.ambito == ambito else None


async def submissions_before(
    session: AsyncSession,
    ambito: str,
    owner: str | None,
    cycle_year: int | None,
    municipality: str | None,
    place: Place | None,
    limit: int,
) -> list[SubmissionRow]:
    """Revisions received in the ambito, newest first."""
    row = SubmissionRow
    asked = _equal((row.owner, owner), (row.cycle_year, cycle_year), (row.municipality, municipality))
    query = select(row).where(col(row.ambito) == ambito, *asked)
    return list((await session.execute(_page(query, row, place, limit))).scalars())


async def revisions_of_year(
    session: AsyncSession, ambito: str, cycle_year: int, owner: str | None
) -> list[SubmissionReceived]:
    """Every declaration of the ambito (of one owner) for that year."""
    row = SubmissionRow
    query = select(col(row.body)).where(*_equal((row.ambito, ambito), (row.cycle_year, cycle_year), (row.owner, owner)))
    return [SubmissionReceived.read(body.encode()) for body in (await session.execute(query)).scalars()]


async def revisions_of_row(session: AsyncSession, ambito: str, cycle_year: int, key: RowKey) -> list[SubmissionRow]:
    """Newest first."""
    row = SubmissionRow
    wanted = _equal((row.ambito, ambito), (row.cycle_year, cycle_year), (row.owner, key.owner))
    query = select(row).where(*wanted, col(row.municipality) == key.municipality).order_by(col(row.revision).desc())
    return list((await session.execute(query)).scalars())


async def cycle_years(session: AsyncSession, ambito: str, owner: str | None) -> set[int]:
    """Years of which anything was declared, in the ambito or by one owner."""
    row = SubmissionRow
    query = select(col(row.cycle_year)).where(*_equal((row.ambito, ambito), (row.owner, owner))).distinct()
    return set((await session.execute(query)).scalars())


async def has_submission(session: AsyncSession, ambito: str, cycle_year: int, key: RowKey) -> bool:
    row = SubmissionRow
    wanted = _equal((row.ambito, ambito), (row.cycle_year, cycle_year), (row.owner, key.owner))
    query = select(col(row.id)).where(*wanted, col(row.municipality) == key.municipality).limit(1)
    return (await session.execute(query)).first() is not None


async def homes_by_owner(session: AsyncSession, ambito: str, owner: str | None = None) -> dict[RowKey, int]:
    """How many homes each owner has in each municipality of the ambito, as the registry says."""
    row = OwnedHomesRow
    query = select(col(row.owner), col(row.municipality), col(row.homes)).where(
        *_equal((row.ambito, ambito), (row.owner, owner))
    )
    return {RowKey(owner, municipality): homes for owner, municipality, homes in await session.execute(query)}


async def add_homes(session: AsyncSession, changes: Mapping[tuple[str, RowKey], int]) -> None:
    if not changes:
        return
    statement = text(
        "INSERT INTO owned_homes (ambito, owner, municipality, homes) VALUES (:ambito, :owner, :municipality, :change)"
        " ON CONFLICT (ambito, owner, municipality) DO UPDATE SET homes = owned_homes.homes + excluded.homes"
    )
    # Sorted, so that replicas lock in one order.
    rows = [{"ambito": ambito, **key._asdict(), "change": changes[ambito, key]} for ambito, key in sorted(changes)]
    await (await session.connection()).execute(statement, rows)


async def keep_contested_cells(session: AsyncSession, rows: Sequence[ContestedCellRow]) -> None:
    """The highest revision of a contest is right, whatever the order."""
    if not rows:
        return
    table = table_of(ContestedCellRow)
    ours = among(session, ContestedCellRow.contest_id, sorted({row.contest_id for row in rows}))
    named = await session.execute(select(table.c.contest_id, table.c.revision).where(ours))
    known = {row.contest_id: row.revision for row in named}
    newer = {row.contest_id: row for row in sorted(rows, key=lambda row: row.revision)}.values()
    upsert_rows(
        session,
        ContestedCellRow,
        [tuple(row.model_dump().values()) for row in newer if row.revision > known.get(row.contest_id, 0)],
    )


async def open_cells(
    session: AsyncSession, ambito: str, cycle_year: int, owner: str | None = None, municipality: str | None = None
) -> list[ContestedCellRow]:
    """Cells of the year's declarations that can be corrected now, those to be answered soonest first."""
    row = ContestedCellRow
    asked = _equal(
        (row.ambito, ambito), (row.cycle_year, cycle_year), (row.owner, owner), (row.municipality, municipality)
    )
    query = select(row).where(*asked, col(row.is_open)).order_by(col(row.deadline_on), col(row.path))
    return list((await session.execute(query)).scalars())


async def contested_cell(session: AsyncSession, ambito: str, contest_id: UUID) -> ContestedCellRow | None:
    row = await session.get(ContestedCellRow, contest_id)
    return row if row and row.ambito == ambito else None


async def add_default(session: AsyncSession, event: SubmissionDefaulted, at: datetime) -> SubmissionDefaultRow:
    """Raises `AlreadyRecorded`."""
    row = SubmissionDefaultRow(
        id=event.default_id,
        ambito=event.ambito,
        cycle_year=event.cycle_year,
        owner=event.owner,
        municipality=event.municipality,
        recorded_at=at,
        body=event.write().decode(),
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise AlreadyRecorded(event.owner, event.municipality) from None
    return row


async def default_of(session: AsyncSession, ambito: str, default_id: UUID) -> SubmissionDefaultRow | None:
    row = await session.get(SubmissionDefaultRow, default_id)
    return row if row and row.ambito == ambito else None


async def defaults_of_year(
    session: AsyncSession, ambito: str, cycle_year: int, owner: str | None
) -> list[SubmissionDefaulted]:
    row = SubmissionDefaultRow
    query = select(col(row.body)).where(*_equal((row.ambito, ambito), (row.cycle_year, cycle_year), (row.owner, owner)))
    return [SubmissionDefaulted.read(body.encode()) for body in (await session.execute(query)).scalars()]


async def add_case(
    session: AsyncSession, ambito: str, organisation: str, case: EmergencyCaseUpdated, at: datetime
) -> EmergencyCaseRow:
    """Raises `ReferenceTaken`."""
    row = EmergencyCaseRow(
        ambito=ambito,
        case_ref=case.case_ref,
        organisation=organisation,
        revision=1,
        changed_at=at,
        body=case.write().decode(),
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise ReferenceTaken(case.case_ref) from None
    return row


async def case_of(
    session: AsyncSession, ambito: str, case_ref: str, *, for_change: bool = False
) -> EmergencyCaseRow | None:
    return await session.get(EmergencyCaseRow, (ambito, case_ref), with_for_update=for_change or None)


async def change_case(
    session: AsyncSession, row: EmergencyCaseRow, change: EmergencyCaseUpdated | EmergencyCaseClosed, at: datetime
) -> None:
    if isinstance(change, EmergencyCaseClosed):
        row.closure = change.write().decode()
    else:
        row.body = change.write().decode()
    row.revision += 1
    row.changed_at = at
    await session.flush()


def _equal(*asked: tuple[object, object]) -> list[ColumnElement[bool]]:
    return [col(column) == value for column, value in asked if value is not None]


def _page(query: Select[R], row: type[R], place: Place | None, limit: int) -> Select[R]:
    order = (col(row.received_at), col(row.id))
    if place is not None:
        query = query.where(tuple_(*order) < tuple_(literal(place[0], Instant), literal(place[1], Uuid)))
    return query.order_by(*(column.desc() for column in order)).limit(limit)
