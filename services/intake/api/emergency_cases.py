"""Casi di emergenza abitativa: an opaque reference and what a home must have, never a person."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Path, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api.arrivals import Arrived, message, refuse
from services.intake.domain.access import municipality_faults
from services.intake.domain.cases import case_faults, closure_faults, personal_data_faults
from services.intake.tables import EmergencyCaseRow
from shared.arrivals import Arrival, Shape, answer, not_found, once, read_value
from shared.bus import outbox
from shared.events import EmergencyCaseClosed, EmergencyCaseOpened, EmergencyCaseUpdated
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import Problem, Text, of_status
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import members_of
from shared.web import Db

router = APIRouter(tags=["emergency-cases"])
CasePath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length=64)]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^(\*|"[0-9]{1,9}")$', max_length=11)]


_EXAMPLE: Final = {
    "municipality": "019036",
    "household_size": 4,
    "accessible": False,
    "urgency_class": 1,
    "waiting_since": "2026-01-10",
}
_CLOSURE: Final = {"closed_on": "2026-02-01", "reason": "Soluzione abitativa trovata"}


class EmergencyCase(Shape):
    """Caso di emergenza abitativa as it is now; `revision` counts its changes."""

    state: Literal["open", "closed"]
    revision: int = Field(ge=1, le=2**31 - 1)
    case: EmergencyCaseUpdated
    closure: EmergencyCaseClosed | None

    @classmethod
    def of(cls, row: EmergencyCaseRow) -> EmergencyCase:
        return cls(
            state="closed" if row.closure else "open",
            revision=row.revision,
            case=EmergencyCaseUpdated.read(row.body.encode()),
            closure=EmergencyCaseClosed.read(row.closure.encode()) if row.closure else None,
        )


@router.post(
    "/emergency-cases",
    status_code=201,
    operation_id="emergency_case_open",
    summary="Aprire un caso di emergenza abitativa",
    description="Un riferimento opaco e che cosa serve: nessun dato personale. Solo il Comune, per sé.",
    responses=responses({201: (EmergencyCase, "Aperto")}, 409),
    openapi_extra=body(
        "EmergencyCaseInput", "Il caso, senza dati personali", caso={"case_ref": "CR-2026-007", **_EXAMPLE}
    ),
    response_class=Response,
)
async def open_case(db: Db, arrival: Arrived) -> Response:
    return await once(db, arrival, _open)


async def _open(arrival: Arrival, session: AsyncSession) -> Answer:
    if isinstance(arrival.document, dict):
        # Before its form is checked: the answer to a wrong form repeats the value.
        refuse(personal_data_faults("/case_ref", arrival.document.get("case_ref")))
    event = read_value(EmergencyCaseOpened, arrival.document)
    _check(arrival, event)
    who, case = arrival.who, EmergencyCaseUpdated(**dict(event))
    try:
        row = await store.add_case(session, who.ambito, who.organisation, case, arrival.at)
    except store.ReferenceTaken:
        raise _reference_taken(event.case_ref) from None
    outbox.put(session, [message(arrival, event, event.case_ref, arrival.new_id())])
    return _answer(201, row, Location=f"/emergency-cases/{event.case_ref}")


@router.put(
    "/emergency-cases/{case_ref}",
    operation_id="emergency_case_update",
    summary="Aggiornare un caso: i dati interi, come sono ora",
    description="Sostituisce i dati del caso; con If-Match solo se nel frattempo non è cambiato.",
    responses=responses({200: (EmergencyCase, "Aggiornato")}, 404, 409, 412),
    openapi_extra=body("EmergencyCaseUpdateInput", "Il caso intero; il riferimento è nell’indirizzo", caso=_EXAMPLE),
    response_class=Response,
)
async def update_case(db: Db, arrival: Arrived, case_ref: CasePath, if_match: IfMatch = None) -> Response:
    return await once(db, arrival, partial(_update, case_ref, if_match))


async def _update(case_ref: str, if_match: str | None, arrival: Arrival, session: AsyncSession) -> Answer:
    row = await _open_case(session, arrival, case_ref, if_match)
    event = read_value(EmergencyCaseUpdated, arrival.document, known={"case_ref": case_ref})
    _check(arrival, event)
    await store.change_case(session, row, event, arrival.at)
    outbox.put(session, [message(arrival, event, case_ref, arrival.new_id())])
    return _answer(200, row)


@router.post(
    "/emergency-cases/{case_ref}/closure",
    operation_id="emergency_case_close",
    summary="Chiudere un caso",
    description="Un caso chiuso non si riapre: se ne apre un altro.",
    responses=responses({200: (EmergencyCase, "Chiuso")}, 404, 409, 412),
    openapi_extra=body("EmergencyCaseClosureInput", "Quando e perché", chiusura=_CLOSURE),
    response_class=Response,
)
async def close_case(db: Db, arrival: Arrived, case_ref: CasePath, if_match: IfMatch = None) -> Response:
    return await once(db, arrival, partial(_close, case_ref, if_match))


async def _close(case_ref: str, if_match: str | None, arrival: Arrival, session: AsyncSession) -> Answer:
    row = await _open_case(session, arrival, case_ref, if_match)
    case = EmergencyCaseUpdated.read(row.body.encode())
    known = {"case_ref": case_ref, "municipality": case.municipality}
    event = read_value(EmergencyCaseClosed, arrival.document, known=known)
    refuse([*personal_data_faults("/reason", event.reason), *closure_faults(event, case.waiting_since, arrival.on)])
    await store.change_case(session, row, event, arrival.at)
    outbox.put(session, [message(arrival, event, case_ref, arrival.new_id())])
    return _answer(200, row)


@router.get(
    "/emergency-cases/{case_ref}",
    operation_id="emergency_case_show",
    summary="Un caso di emergenza abitativa",
    description="Il caso com’è ora; il suo ETag serve a If-Match.",
    responses=problems(404),
)
async def one(db: Db, who: Who, reach: Granted, case_ref: CasePath, response: Response) -> EmergencyCase:
    async with db.reading() as session:
        row = await store.case_of(session, who.ambito, case_ref)
    if row is None or not (reach is Reach.ALL or row.organisation == who.organisation):
        raise not_found(f"/emergency-cases/{case_ref}")
    response.headers["ETag"] = _etag(row)
    return EmergencyCase.of(row)


def _check(arrival: Arrival, case: EmergencyCaseOpened | EmergencyCaseUpdated) -> None:
    who = arrival.who
    members = members_of(who.ambito)
    where = municipality_faults(who.organisation, who.ambito, members, case.municipality, "/municipality")
    refuse([*where, *case_faults(case, arrival.on)])


async def _open_case(session: AsyncSession, arrival: Arrival, case_ref: str, if_match: str | None) -> EmergencyCaseRow:
    """The organisation's own open case, held for a change; raises `Problem` 404, 409 or 412."""
    row = await store.case_of(session, arrival.who.ambito, case_ref, for_change=True)
    if row is None or row.organisation != arrival.who.organisation:
        raise not_found(f"/emergency-cases/{case_ref}")
    if if_match not in (None, "*", _etag(row)):
        raise of_status(412)
    if row.closure is not None:
        detail = Text(f"Il caso {case_ref} è chiuso.", f"Case {case_ref} is closed.")
        raise Problem(409, "case-closed", of_status(409).title, detail)
    return row


def _answer(status: int, row: EmergencyCaseRow, **headers: str) -> Answer:
    return answer(status, EmergencyCase.of(row), ETag=_etag(row), **headers)


def _etag(row: EmergencyCaseRow) -> str:
    return f'"{row.revision}"'


def _reference_taken(case_ref: str) -> Problem:
    return Problem(
        409,
        "case-reference-taken",
        of_status(409).title,
        Text(
            f"Nell’ambito esiste già un caso {case_ref}. Usare un altro riferimento, o aggiornare quello.",
            f"The ambito already has a case {case_ref}. Use another reference, or update that one.",
        ),
    )
