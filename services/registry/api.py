"""The registry over HTTP: homes as they are, and as they were on any day as known at any time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field

from services.registry import store
from services.registry.domain.access import concerns, readable_municipality
from services.registry.domain.history import state_at
from shared.arrivals import PageLinks, Shape, not_found
from shared.auth import Principal
from shared.events import Unit
from shared.openapi import Api, problems
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.web import Db

API = Api(
    "anagrafe",
    "Gli alloggi di un ambito, oggi e in ogni altro giorno, e la loro storia",
    {"units": "Alloggi, come sono e come erano", "health": "Stato del servizio"},
)
router = APIRouter(tags=["units"])
UnitPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length=64)]


class UnitPage(Shape):
    """Homes in the order of their identifiers."""

    items: list[Unit] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


class HistoryItem(Shape):
    """One accepted report."""

    sequence: int = Field(ge=1, le=2**31 - 1)
    report: str = Field(max_length=64)
    effective_on: date
    recorded_at: datetime
    report_id: UUID
    organisation: str = Field(max_length=64)


class History(Shape):
    """All reports of a home in the order of arrival."""

    unit_id: str = Field(max_length=64)
    items: list[HistoryItem] = Field(max_length=10_000)


@router.get(
    "/units",
    operation_id="units_list",
    summary="Elenco degli alloggi",
    description="Gli alloggi che l’organizzazione può vedere, in ordine di identificativo.",
)
async def units(
    db: Db,
    who: Who,
    reach: Granted,
    municipality: Annotated[str | None, Query(pattern=r"^[0-9]{6}$", max_length=6)] = None,
    cursor: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> UnitPage:
    scope = readable_municipality(who.istat_code, municipality)
    async with db.reading() as session:
        found = await store.list_units(session, who.ambito, scope, cursor, limit + 1)
    shown = [unit for unit in found[:limit] if _is_shown(unit, who, reach)]
    query = f"&municipality={municipality}" if municipality else ""
    following = f"/units?cursor={found[limit - 1].unit_id}&limit={limit}{query}" if len(found) > limit else None
    return UnitPage(items=shown, _links=PageLinks(next=following))


@router.get(
    "/units/{unit_id}",
    operation_id="unit_show",
    summary="Un alloggio, oggi o a una data",
    description="Com’è, com’era in un giorno (true_on), e come lo si conosceva in un istante (known_at).",
    responses=problems(404),
)
async def unit(
    db: Db, who: Who, reach: Granted, unit_id: UnitPath, true_on: date | None = None, known_at: datetime | None = None
) -> Unit:
    async with db.reading() as session:
        home = (await store.homes_of(session, [unit_id])).get(unit_id)
        found = home.unit if home else None
        if true_on is not None or known_at is not None:
            history = (await store.history_of(session, [unit_id])).get(unit_id, [])
            known = (known_at or datetime.max).replace(tzinfo=known_at.tzinfo if known_at and known_at.tzinfo else UTC)
            found = state_at(history, true_on or date.max, known)
    if home is None or found is None or home.ambito != who.ambito or not _is_shown(found, who, reach):
        raise not_found(f"/units/{unit_id}")
    return found


@router.get(
    "/units/{unit_id}/history",
    operation_id="unit_history",
    summary="Storia di un alloggio",
    description="Ogni segnalazione accolta, nell’ordine in cui è arrivata.",
    responses=problems(404),
)
async def history(db: Db, who: Who, reach: Granted, unit_id: UnitPath) -> History:
    async with db.reading() as session:
        home = (await store.homes_of(session, [unit_id])).get(unit_id)
        entries = (await store.history_of(session, [unit_id])).get(unit_id, [])
    if home is None or home.ambito != who.ambito or not _is_shown(home.unit, who, reach):
        raise not_found(f"/units/{unit_id}")
    items = [
        HistoryItem(
            sequence=entry.sequence,
            report=entry.report.name(),
            effective_on=entry.report.effective_on,
            recorded_at=entry.recorded_at,
            report_id=entry.report_id,
            organisation=entry.organisation,
        )
        for entry in entries
    ]
    return History(unit_id=unit_id, items=items)


def _is_shown(unit: Unit, who: Principal, reach: Reach) -> bool:
    return reach is Reach.ALL or concerns(unit, who.organisation, who.istat_code)
