"""Routes of the public pages: whole without JavaScript, alive with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.planner.api.editions import IstatPath
from services.planner.pages import (
    completeness,
    discussion,
    drift,
    editions,
    emergency,
    figures,
    lifecycle,
    owners,
    parts,
    printable,
    scores,
    texts,
    verification,
    views,
    what_if,
)
from services.planner.pages.addresses import Addresses, AskedDays
from services.planner.pages.contested import OpenContests
from services.planner.pages.desk import At, front_of_days
from services.planner.pages.frame import (
    OPERATION,
    IfNoneMatch,
    Place,
    answer,
    at_hand,
    not_found,
    page_of,
    tag_of,
    templates,
)
from services.planner.pages.headlines import place_of, supply_chart
from services.planner.pages.stream import STREAMS, follow
from services.planner.pages.views import Front, View
from services.planner.pages.voted import since_the_vote
from services.planner.pages.words import MAPS, MapChoice
from shared.pages import carried, say, speak, spoken
from shared.sign_in import Visitor
from shared.web import Db, runtime_of, settings_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
SECTIONS: Final = (
    *(parts, figures, emergency, completeness, drift, what_if, scores, owners, editions, lifecycle),
    *(printable, verification, texts, discussion),
)
for pages in SECTIONS:
    router.include_router(pages.router)
NEWS_SHOWN: Final = 10
WEEK: Final = timedelta(days=7)


@router.get("/", operation_id=OPERATION)
async def home(request: Request) -> Response:
    return RedirectResponse(carried(f"/ambiti/{settings_of(request).ambito}"), 303)


@router.get("/ambiti/{ambito_code}", operation_id=OPERATION)
async def plan_page(
    request: Request,
    db: Db,
    place: Place,
    days: AskedDays,
    at: At,
    contested: OpenContests,
    mappa: MapChoice = "assegnabili",
    if_none_match: IfNoneMatch = "",
) -> Response:
    front = await front_of_days(request, db, place, days)
    title = say("Piano triennale", "Three-year plan")
    if front is None:
        return templates.TemplateResponse(request, "no_plan.html", {"page": page_of(place, at, title)})
    in_force = editions.in_force(await editions.editions_of(request, db, place))
    others = (in_force.last.document_hash if in_force else "", contested.mark)
    tag = tag_of(request, front.hash, str(front.version), mappa, str(days), *others)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    stream = f"mappa={mappa}&da={front.version}" if days.is_now else None
    content = {
        "page": page_of(place, at, title, stream, current=at.home),
        "place": place,
        "in_force": in_force,
        "contested": contested.steps,
        "flags": contested.flags,
        "choices": [
            (at.to("", "comuni", mappa=slug), choice.choice.read_in(spoken().language), slug == mappa)
            for slug, choice in MAPS.items()
        ],
        "map": _map(front, mappa, None, at),
        "week": at.to("scostamenti", da=(front.plan.reference_on - WEEK).isoformat()),
        "chart": supply_chart(front.plan, front.version),
    }
    return answer(request, "plan.html", content | _shared(front, views.ambito_view(front, at), at), tag)


@router.get("/ambiti/{ambito_code}/comuni/{istat}", operation_id=OPERATION)
async def municipality_page(
    request: Request,
    db: Db,
    place: Place,
    istat: IstatPath,
    days: AskedDays,
    at: At,
    contested: OpenContests,
    visitor: Visitor,
    if_none_match: IfNoneMatch = "",
) -> Response:
    front = await front_of_days(request, db, place, days)
    if front is None or istat not in front.plan.names:
        raise not_found(f"Nel piano non c’è il comune {istat}.", f"There is no municipality {istat} in the plan.")
    voted = await since_the_vote(db, front.plan, front.version, istat, visitor, at) if days.is_now else None
    others = (f"{voted.edition.number}.{voted.edition.last.step}" if voted else "", contested.mark)
    tag = tag_of(request, front.hash, str(front.version), istat, str(days), *others)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    municipality = place.municipality(istat)
    stream = f"comune={istat}&da={front.version}" if days.is_now else None
    content = {
        "page": page_of(place, at, municipality.name, stream),
        "municipality": municipality,
        "contested": contested.of(istat),
        "flags": contested.flags,
        "map": _map(front, "assegnabili", istat, at),
        "voted": voted,
    }
    view = views.municipality_view(front, istat, at)
    content["tells_need"] = any(tile.figure == place_of(istat, None, "need_3y", None) for tile in view.tiles)
    return answer(request, "municipality.html", content | _shared(front, view, at), tag)


@router.get(
    "/ambiti/{ambito_code}/eventi",
    operation_id=OPERATION,
    response_class=EventSourceResponse,
    dependencies=[Depends(STREAMS)],
)
async def events(
    request: Request,
    place: Place,
    mappa: MapChoice = "assegnabili",
    comune: Annotated[str | None, Query(pattern=r"^[0-9]{6}$")] = None,
    solo: Literal["versione"] | None = None,
    da: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Versions after the last one heard, or after the one the page was made of (`da`); or `solo` that there are."""
    seen = da if last_event_id is None else last_event_id
    async for event in follow(runtime_of(request), place.code, mappa, comune, seen, is_bare=solo is not None):
        yield event


def _map(front: Front, mappa: MapChoice, selected: str | None, at: Addresses) -> str:
    choice = MAPS[mappa]
    return views.draw(front.plan.ambito, choice, views.map_values(front.plan, choice), selected, at, spoken())


def _shared(front: Front, view: View, at: Addresses) -> dict[str, Any]:
    years = front.plan.triennium.years
    return {
        "title": f"{say('Piano triennale', 'Three-year plan')} {years[0]}–{years[-1]}",
        "at": at,
        "view": view,
        "news": view.news[:NEWS_SHOWN],
        "rules_on": front.plan.rules_on,
    }
