"""Prenotazioni di alloggi per casi di emergenza: the municipality of the case decides, or the lead municipality."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import AmbitoPath, planner_settings
from services.planner.api.hold_refusals import (
    case_for,
    check_cap,
    check_free,
    check_still_there,
    decided,
    home_for,
    may_decide,
)
from services.planner.domain.holds import HoldStatus, WrongStep, check_step, is_overdue
from services.planner.handlers import expire_overdue, method_of
from services.planner.settings import PlannerSettings
from services.planner.store import holds as store
from services.planner.store.decisions import announced
from services.planner.store.plans import reference_of
from services.planner.tables import HoldRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, not_found, once, read_value
from shared.auth import Principal
from shared.bus import outbox
from shared.events import (
    DeclineReason,
    Event,
    HoldAccepted,
    HoldDeclined,
    HoldPlaced,
    HoldReturned,
    Reference,
    UnitId,
)
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["holds"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(16_384))]
ArrivedBare = Annotated[Arrival, Depends(arriving(None))]
Name = Annotated[str, Field(max_length=64)]
Cursor = Annotated[str, Query(pattern=r"^([0-9]{1,16}-[0-9a-f]{32})?$", max_length=49)]
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class NewHold(Shape):
    """Which home, for which case."""

    unit_id: UnitId
    case_ref: Reference


class HoldRefusal(Shape):
    """Why the home is not taken."""

    reason: DeclineReason


class Hold(Shape):
    """Prenotazione di un alloggio; after `expires_at` one that nobody has decided is expired."""

    id: UUID
    unit_id: Name
    case_ref: Name
    municipality: Name
    owner: Name
    organisation: Name
    status: HoldStatus
    placed_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    reason: DeclineReason | None

    @classmethod
    def of(cls, row: HoldRow, at: datetime) -> Hold:
        told = {name: getattr(row, name) for name in cls.model_fields}
        if is_overdue(HoldStatus(row.status), row.expires_at, at):
            told |= {"status": HoldStatus.EXPIRED, "decided_at": row.expires_at}
        return cls.model_validate(told)


class HoldPage(Shape):
    """Holds from the newest."""

    items: list[Hold] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


BODIES: Final = (NewHold, HoldRefusal)
"""Read strictly."""


@router.post(
    "/{ambito}/holds",
    status_code=201,
    operation_id="hold_place",
    summary="Prenotare un alloggio per un caso di emergenza",
    description="Vale fino alla scadenza; intanto nessun altro può averlo. Solo il Comune del caso o il capofila.",
    responses=responses({201: (Hold, "Prenotato")}, 409),
    openapi_extra=body("NewHold", "L’alloggio e il caso", prenotazione={"unit_id": "CR-000123", "case_ref": "CR-7"}),
    response_class=Response,
)
async def place(request: Request, db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    settings = planner_settings(request)
    return await once(db, arrival, partial(_place, ambito, settings))


async def _place(ambito: str, settings: PlannerSettings, arrival: Arrival, session: AsyncSession) -> Answer:
    wanted = read_value(NewHold, arrival.document)
    _own(arrival.who, ambito)
    await _open_book(session, arrival)
    rules = method_of(settings).law(await reference_of(session, ambito) or arrival.on)
    case = await case_for(session, arrival, wanted.case_ref)
    home = await home_for(session, case, wanted.unit_id, rules)
    await check_free(session, ambito, wanted.unit_id, wanted.case_ref)
    await check_cap(session, home, rules)
    row = HoldRow(
        id=arrival.new_id(),
        ambito=ambito,
        unit_id=wanted.unit_id,
        case_ref=wanted.case_ref,
        municipality=case.municipality,
        owner=home.owner or "",
        organisation=arrival.who.organisation,
        status=HoldStatus.HELD,
        placed_at=arrival.at,
        expires_at=arrival.at + timedelta(hours=settings.planner_hold_hours),
    )
    await _step(session, arrival, row, HoldStatus.HELD, HoldPlaced)
    return answer(201, Hold.of(row, arrival.at), Location=_path(row))


@router.post(
    "/{ambito}/holds/{hold_id}/accept",
    operation_id="hold_accept",
    summary="Confermare la prenotazione: il nucleo accetta l’alloggio",
    description="L’alloggio è del nucleo e non si propone più a nessuno.",
    responses=responses({200: (Hold, "Accettata")}, 409),
    response_class=Response,
)
async def accept(db: Db, ambito: AmbitoPath, hold_id: UUID, arrival: ArrivedBare) -> Response:
    return await once(db, arrival, partial(_decide, ambito, hold_id, HoldStatus.ACCEPTED, HoldAccepted))


@router.post(
    "/{ambito}/holds/{hold_id}/decline",
    operation_id="hold_decline",
    summary="Rinunciare alla prenotazione",
    description="Con il motivo, scelto da un elenco: di nessuno si scrive nulla. L’alloggio torna disponibile.",
    responses=responses({200: (Hold, "Non accettata")}, 409),
    openapi_extra=body("HoldRefusal", "Il motivo", rinuncia={"reason": "HOME_UNSUITABLE"}),
    response_class=Response,
)
async def decline(db: Db, ambito: AmbitoPath, hold_id: UUID, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(_decide, ambito, hold_id, HoldStatus.DECLINED, HoldDeclined))


@router.post(
    "/{ambito}/holds/{hold_id}/return",
    operation_id="hold_return",
    summary="Restituire un alloggio accettato",
    description="La sistemazione è finita: l’alloggio si può di nuovo proporre.",
    responses=responses({200: (Hold, "Restituito")}, 409),
    response_class=Response,
)
async def give_back(db: Db, ambito: AmbitoPath, hold_id: UUID, arrival: ArrivedBare) -> Response:
    return await once(db, arrival, partial(_decide, ambito, hold_id, HoldStatus.RETURNED, HoldReturned))


async def _decide(
    ambito: str, hold_id: UUID, status: HoldStatus, event: Callable[..., Event], arrival: Arrival, session: AsyncSession
) -> Answer:
    more: dict[str, Any] = {}
    if status is HoldStatus.DECLINED:
        more["reason"] = read_value(HoldRefusal, arrival.document).reason
    _own(arrival.who, ambito)
    await _open_book(session, arrival)
    row = await store.hold_of(session, ambito, hold_id)
    if row is None or not may_decide(arrival, row.municipality):
        raise not_found(f"/plans/{ambito}/holds/{hold_id}")
    try:
        check_step(HoldStatus(row.status), status)
    except WrongStep as wrong:
        raise decided(wrong.status) from None
    if status is HoldStatus.ACCEPTED:
        await check_still_there(session, row)
    row.reason = more.get("reason")
    await _step(session, arrival, row, status, event, **more)
    return answer(200, Hold.of(row, arrival.at))


@router.get(
    "/{ambito}/holds",
    operation_id="holds_list",
    summary="Elenco delle prenotazioni, dalla più recente",
    description="Quelle per i propri casi e sui propri alloggi; chi coordina l’ambito le vede tutte.",
)
async def listing(
    db: Db,
    who: Who,
    reach: Granted,
    ambito: AmbitoPath,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> HoldPage:
    _own(who, ambito)
    async with db.reading() as session:
        found = await store.holds_before(session, ambito, *_of_whom(who, reach), _place_of(cursor), limit + 1)
    now = datetime.now(UTC)
    links = _following(ambito, found[limit - 1], limit) if len(found) > limit else PageLinks()
    return HoldPage(items=[Hold.of(row, now) for row in found[:limit]], _links=links)


@router.get(
    "/{ambito}/holds/{hold_id}",
    operation_id="hold_show",
    summary="Una prenotazione",
    description="La prenotazione e il suo stato, adesso.",
)
async def one(db: Db, who: Who, reach: Granted, ambito: AmbitoPath, hold_id: UUID) -> Hold:
    _own(who, ambito)
    async with db.reading() as session:
        row = await store.hold_of(session, ambito, hold_id)
    municipality, owner = _of_whom(who, reach)
    is_visible = reach is Reach.ALL or (row and (row.municipality == municipality or row.owner == owner))
    if row is None or not is_visible:
        raise not_found(f"/plans/{ambito}/holds/{hold_id}")
    return Hold.of(row, datetime.now(UTC))


async def _open_book(session: AsyncSession, arrival: Arrival) -> None:
    """From here on nobody else changes the ambito's holds, and those that have run out are written down as such."""
    await store.open_book(session, arrival.who.ambito)
    outbox.put(session, await expire_overdue(session, arrival.who.ambito, arrival.at))


async def _step(
    session: AsyncSession, arrival: Arrival, row: HoldRow, status: HoldStatus, event: Callable[..., Event], **more: Any
) -> None:
    revision = await store.take_step(session, row, status, arrival.at)
    said = event(**store.terms_of(row, revision, arrival.at), organisation=arrival.who.organisation, **more)
    outbox.put(session, [announced(row.id, row.ambito, said, arrival.at, arrival.traceparent)])


def _own(who: Principal, ambito: str) -> None:
    if who.ambito != ambito:
        raise not_found(f"/plans/{ambito}/holds")


def _of_whom(who: Principal, reach: Reach) -> tuple[str | None, str | None]:
    """The municipality whose cases, and the owner whose homes, are told to `who`: None and None for all."""
    return (None, None) if reach is Reach.ALL else (who.istat_code, who.organisation)


def _place_of(cursor: str) -> store.Place | None:
    if not cursor:
        return None
    microseconds, _, row_id = cursor.partition("-")
    return _START + int(microseconds) * _MICROSECOND, UUID(row_id)


def _following(ambito: str, last: HoldRow, limit: int) -> PageLinks:
    cursor = f"{(last.placed_at - _START) // _MICROSECOND}-{last.id.hex}"
    return PageLinks(next=f"/plans/{ambito}/holds?{urlencode({'cursor': cursor, 'limit': limit})}")


def _path(row: HoldRow) -> str:
    return f"/plans/{row.ambito}/holds/{row.id}"
