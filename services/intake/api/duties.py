"""Dati attesi (R.R. 4/2017, art. 5): which rows of a cycle year came, and who is on record as in default."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api.arrivals import Arrived, message, refuse
from services.intake.domain.access import owner_kind
from services.intake.domain.duties import DueRow, RowKey, RowState, default_faults, due_keys, due_rows
from services.intake.domain.parameters import CycleRules
from services.intake.tables import SubmissionDefaultRow
from shared.arrivals import Arrival, Shape, answer, not_found, once, read_value
from shared.auth import Principal
from shared.bus import outbox
from shared.civil_time import today_in_italy
from shared.events import SubmissionDefaulted
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import Problem, Text, of_status
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import members_of, names_of
from shared.web import Db

router = APIRouter(tags=["submissions"])
_EXAMPLE: Final = {
    "cycle_year": 2025,
    "owner": "comune-019026",
    "municipality": "019026",
    "reason": "Nessuna risposta a due solleciti",
}
MAX_ROWS: Final = 10_000


class RowCounts(Shape):
    """Each row is in one of the first four; late ones are counted besides."""

    submitted: int = Field(ge=0, le=MAX_ROWS)
    nil: int = Field(ge=0, le=MAX_ROWS)
    missing: int = Field(ge=0, le=MAX_ROWS)
    in_default: int = Field(ge=0, le=MAX_ROWS)
    late: int = Field(ge=0, le=MAX_ROWS)

    @classmethod
    def of(cls, rows: list[DueRow]) -> RowCounts:
        states = [row.state for row in rows]
        counted = {state.lower(): states.count(state) for state in RowState}
        return cls(**counted, late=sum(row.late for row in rows))


class NamedRow(Shape):
    """A due row, and the municipality's name."""

    name: str | None = Field(max_length=200)
    row: DueRow


class SubmissionStatus(Shape):
    """Stato della trasmissione of a cycle year: what is due, came, is missing, is in default."""

    cycle_year: int = Field(ge=2017, le=2100)
    deadline_on: date
    counts: RowCounts
    rows: list[NamedRow] = Field(max_length=MAX_ROWS)


class SubmissionDefault(Shape):
    """Inadempienza as it was put on record."""

    id: UUID
    recorded_at: datetime
    default: SubmissionDefaulted

    @classmethod
    def of(cls, row: SubmissionDefaultRow) -> SubmissionDefault:
        default = SubmissionDefaulted.read(row.body.encode())
        return cls(id=row.id, recorded_at=row.recorded_at, default=default)


@router.get(
    "/submissions/status",
    operation_id="submissions_status",
    summary="Quali righe di un anno sono arrivate, mancano o sono in ritardo",
    description="Attese sono le righe degli enti dove hanno alloggi in anagrafe, e ogni Comune per sé, anche senza "
    "alloggi. Chi coordina l’ambito le vede tutte, gli altri le proprie.",
)
async def status(
    db: Db, who: Who, reach: Granted, cycle_year: Annotated[int, Query(ge=2017, le=2100)]
) -> SubmissionStatus:
    rules = CycleRules.of(cycle_year)
    async with db.reading() as session:
        rows = await rows_of_year(session, who, reach, cycle_year, rules)
    names = names_of(who.ambito)
    named = [NamedRow(name=names.get(row.municipality), row=row) for row in rows]
    return SubmissionStatus(cycle_year=cycle_year, deadline_on=rules.deadline_on, counts=RowCounts.of(rows), rows=named)


async def rows_of_year(
    session: AsyncSession, who: Principal, reach: Reach, cycle_year: int, rules: CycleRules
) -> list[DueRow]:
    """Every due row that the organisation may see."""
    owner = None if reach is Reach.ALL else who.organisation
    rows = due_rows(
        await store.homes_by_owner(session, who.ambito, owner),
        members_of(who.ambito),
        await store.revisions_of_year(session, who.ambito, cycle_year, owner),
        await store.defaults_of_year(session, who.ambito, cycle_year, owner),
        rules,
        today_in_italy(),
    )
    return [row for row in rows if owner in (None, row.owner)]


@router.post(
    "/submission-defaults",
    status_code=201,
    operation_id="submission_default_record",
    summary="Mettere agli atti che un ente non ha trasmesso i dati",
    description="Solo il Comune capofila, dopo il termine e con il motivo. I dati che arrivano dopo la superano.",
    responses=responses({201: (SubmissionDefault, "Agli atti")}, 409),
    openapi_extra=body("SubmissionDefaultInput", "Quale riga, e perché", inadempienza=_EXAMPLE),
    response_class=Response,
)
async def record_default(db: Db, arrival: Arrived) -> Response:
    return await once(db, arrival, put_on_record)


async def put_on_record(arrival: Arrival, session: AsyncSession) -> Answer:
    """Raises `Problem` 422 or 409."""
    event = await _defaulted(arrival, session)
    try:
        row = await store.add_default(session, event, arrival.at)
    except store.AlreadyRecorded:
        raise _already_recorded(event) from None
    subject = f"{event.municipality}/{event.owner}/{event.cycle_year}"
    outbox.put(session, [message(arrival, event, subject, event.default_id)])
    return answer(201, SubmissionDefault.of(row), Location=f"/submission-defaults/{row.id}")


async def _defaulted(arrival: Arrival, session: AsyncSession) -> SubmissionDefaulted:
    """The event that the request asks for; raises `Problem` 422."""
    told, who = arrival.document, arrival.who
    owner = told.get("owner") if isinstance(told, dict) else None
    known = {
        "default_id": str(arrival.new_id()),
        "ambito": who.ambito,
        "owner_kind": owner_kind(str(owner)),
        "recorded_on": arrival.on.isoformat(),
    }
    event = read_value(SubmissionDefaulted, told, known=known)
    key, rules = RowKey(event.owner, event.municipality), CycleRules.of(event.cycle_year)
    is_due = key in due_keys(await store.homes_by_owner(session, who.ambito, event.owner), members_of(who.ambito))
    is_received = await store.has_submission(session, who.ambito, event.cycle_year, key)
    refuse(default_faults(key, is_due, is_received, rules, arrival.on))
    return event


@router.get(
    "/submission-defaults/{default_id}",
    operation_id="submission_default_show",
    summary="Un’inadempienza agli atti",
    description="La riga che non è arrivata entro il termine, e il motivo scritto dal Comune capofila.",
    responses=problems(404),
)
async def one(db: Db, who: Who, reach: Granted, default_id: UUID) -> SubmissionDefault:
    async with db.reading() as session:
        row = await store.default_of(session, who.ambito, default_id)
    if row is None or not (reach is Reach.ALL or row.owner == who.organisation):
        raise not_found(f"/submission-defaults/{default_id}")
    return SubmissionDefault.of(row)


def _already_recorded(event: SubmissionDefaulted) -> Problem:
    return Problem(
        409,
        "default-already-recorded",
        of_status(409).title,
        Text(
            f"Per il {event.cycle_year} l’inadempienza di {event.owner} per il Comune {event.municipality} è già agli "
            "atti.",
            f"For {event.cycle_year} the default of {event.owner} for municipality {event.municipality} is on record "
            "already.",
        ),
    )
