"""Segnalazioni sugli alloggi: what happened to a home, as claims; the registry decides, the answer is read here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api.arrivals import ArrivedInBulk, message, refuse
from services.intake.api.bodies import MAX_ITEMS
from services.intake.api.paging import Cursor, Limit, cut, place_of
from services.intake.domain.reports import report_faults
from services.intake.tables import UnitReportRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, not_found, once, read_value
from shared.auth import Principal
from shared.bus import outbox
from shared.db import Database
from shared.events import REPORTS, Message
from shared.idempotency import Answer
from shared.openapi import SCHEMAS, body, problems, responses
from shared.problems import FieldError, Language, Problem, Text, field_errors, invalid, language_of, shown
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import members_of
from shared.web import Db

State = Literal["received", "applied", "refused"]
router = APIRouter(tags=["unit-reports"])


_EXAMPLE: Final = {"report": "unit-vacated", "unit_id": "CR-0123", "effective_on": "2026-01-15"}


class ReportLinks(Shape):
    self: str = Field(max_length=60)
    status: str = Field(max_length=60)


class UnitReport(Shape):
    """Segnalazione: `rule` and `reason` say why it was refused, `sequence` which change of the home it made."""

    id: UUID
    state: State
    channel: Literal["http", "kafka"]
    organisation: str = Field(max_length=64)
    report: str = Field(max_length=64)
    unit_id: str = Field(max_length=64)
    effective_on: date | None
    received_at: datetime
    sequence: int | None = Field(ge=1, le=2**31 - 1)
    rule: str | None = Field(max_length=200)
    reason: str | None = Field(max_length=2000)
    links: ReportLinks = Field(alias="_links")

    @classmethod
    def of(cls, row: UnitReportRow, language: Language) -> UnitReport:
        here = f"/unit-reports/{row.id}"
        return cls(
            id=row.id,
            state=cast(State, row.state),
            channel=cast(Literal["http", "kafka"], row.channel),
            organisation=row.organisation,
            report=row.report,
            unit_id=row.unit_id,
            effective_on=row.effective_on,
            received_at=row.received_at,
            sequence=row.sequence,
            rule=row.rule,
            reason=row.reason_en if language == "en" else row.reason_it,
            _links=ReportLinks(self=here, status=f"{here}/status"),
        )


class ReportPage(Shape):
    """Reports, newest first."""

    items: list[UnitReport] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


class ReportStatus(Shape):
    """The registry has not decided yet."""

    id: UUID
    status: Literal["running"] = "running"


class Accepted(Shape):
    index: int = Field(ge=0, lt=MAX_ITEMS)
    accepted: Literal[True] = True
    id: UUID
    location: str = Field(max_length=60)


class NotAccepted(Shape):
    """`problem` is the problem document (RFC 9457) this item would have been answered alone."""

    index: int = Field(ge=0, lt=MAX_ITEMS)
    accepted: Literal[False] = False
    problem: Annotated[dict[str, object], WithJsonSchema({"allOf": [{"$ref": SCHEMAS + "Problem"}]})]


class BulkResult(Shape):
    """One result for each item, in the order they were sent."""

    accepted_count: int = Field(ge=0, le=MAX_ITEMS)
    items: list[Accepted | NotAccepted] = Field(max_length=MAX_ITEMS)


class _Named(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    report: str


class _Bulk(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[object] = Field(min_length=1, max_length=MAX_ITEMS)


@router.post(
    "/unit-reports",
    status_code=202,
    operation_id="unit_reports_send",
    summary="Segnalare uno o più fatti su alloggi",
    description="Una da sola, o molte insieme: ognuna è ricevuta o rifiutata per sé. L’anagrafe decide dopo.",
    responses=responses(
        {202: (UnitReport, "Ricevuta; l’esito si legge in Location"), 200: (BulkResult, "Esito di ogni elemento")}
    ),
    openapi_extra=body(
        "UnitReportsInput",
        "Una segnalazione, oppure fino a 1.000 in «items»",
        una=_EXAMPLE,
        molte={"items": [_EXAMPLE, _EXAMPLE | {"unit_id": "CR-0124"}]},
    ),
    response_class=Response,
)
async def send(db: Db, arrival: ArrivedInBulk) -> Response:
    is_bulk = isinstance(arrival.document, dict) and "items" in arrival.document
    return await once(db, arrival, _receive_many if is_bulk else _receive)


async def _receive(arrival: Arrival, session: AsyncSession) -> Answer:
    [row] = await _pass_on(session, [_message(arrival, arrival.document)])
    return answer(202, UnitReport.of(row, arrival.language), Location=f"/unit-reports/{row.id}")


async def _receive_many(arrival: Arrival, session: AsyncSession) -> Answer:
    try:
        items = _Bulk.model_validate(arrival.document).items
    except ValidationError as error:
        raise invalid(field_errors(error, arrival.document)) from None
    messages: list[Message] = []
    results: list[Accepted | NotAccepted] = []
    for index, item in enumerate(items):
        try:
            accepted = _message(arrival, item, f"/items/{index}")
        except Problem as problem:
            results.append(NotAccepted(index=index, problem=problem.document(arrival.language)))
        else:
            messages.append(accepted)
            report_id = accepted.envelope.id
            results.append(Accepted(index=index, id=report_id, location=f"/unit-reports/{report_id}"))
    await _pass_on(session, messages)
    result = BulkResult(accepted_count=len(messages), items=results)
    return answer(200, result, Content_Language=arrival.language, Vary="Accept-Language")


async def _pass_on(session: AsyncSession, messages: list[Message]) -> list[UnitReportRow]:
    rows = store.add_reports(session, messages)
    outbox.put(session, messages)
    return rows


def _message(arrival: Arrival, item: object, prefix: str = "") -> Message:
    """The report `item` says, in its envelope; raises `Problem` 422."""
    try:
        name = _Named.model_validate(item).report
    except ValidationError as error:
        raise invalid(field_errors(error, item, prefix)) from None
    cls = REPORTS.get(name)
    if cls is None:
        raise invalid([_unknown_name(f"{prefix}/report", name)])
    fields = {key: value for key, value in cast(dict[str, object], item).items() if key != "report"}
    report = read_value(cls, fields, prefix=prefix)
    who = arrival.who
    refuse(report_faults(report, who.organisation, who.ambito, members_of(who.ambito), arrival.on), prefix)
    return message(arrival, report, report.unit_id, arrival.new_id(prefix))


def _unknown_name(field: str, name: str) -> FieldError:
    known = ", ".join(REPORTS)
    return FieldError(
        field,
        shown(field, name),
        Text("Questa segnalazione non esiste.", "There is no such report."),
        Text(f"Scegliere tra: {known}.", f"Choose one of: {known}."),
    )


@router.get(
    "/unit-reports",
    operation_id="unit_reports_list",
    summary="Elenco delle segnalazioni, dalla più recente",
    description="Le proprie; chi coordina l’ambito le vede tutte.",
)
async def listing(
    request: Request,
    db: Db,
    who: Who,
    reach: Granted,
    cursor: Cursor = "",
    state: State | None = None,
    limit: Limit = 100,
) -> ReportPage:
    organisation = None if reach is Reach.ALL else who.organisation
    async with db.reading() as session:
        found = await store.reports_before(session, who.ambito, organisation, state, place_of(cursor), limit + 1)
    rows, links = cut("/unit-reports", found, limit, state=state)
    return ReportPage(items=[UnitReport.of(row, language_of(request)) for row in rows], _links=links)


@router.get(
    "/unit-reports/{report_id}",
    operation_id="unit_report_show",
    summary="Una segnalazione e il suo esito",
    description="La segnalazione e, appena l’anagrafe ha deciso, il suo esito con il motivo.",
    responses=problems(404),
)
async def one(request: Request, db: Db, who: Who, reach: Granted, report_id: UUID) -> UnitReport:
    return UnitReport.of(await _readable(db, who, reach, report_id), language_of(request))


@router.get(
    "/unit-reports/{report_id}/status",
    operation_id="unit_report_status",
    summary="Stato di una segnalazione (ModI, non bloccante)",
    description="200 finché l’anagrafe non ha deciso, poi 303 verso la segnalazione.",
    responses=responses({200: (ReportStatus, "In lavorazione"), 303: (None, "Decisa: si legge in Location")}, 404),
    response_model=None,
)
async def status(db: Db, who: Who, reach: Granted, report_id: UUID) -> ReportStatus | Response:
    row = await _readable(db, who, reach, report_id)
    if row.state == "received":
        return ReportStatus(id=report_id)
    return Response(status_code=303, headers={"Location": f"/unit-reports/{report_id}"})


async def _readable(db: Database, who: Principal, reach: Reach, report_id: UUID) -> UnitReportRow:
    async with db.reading() as session:
        row = await store.report_of(session, who.ambito, report_id)
    if row is None or not (reach is Reach.ALL or row.organisation == who.organisation):
        raise not_found(f"/unit-reports/{report_id}")
    return row
