"""Routes of the public pages: whole without JavaScript, alive with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.templating import Jinja2Templates

from services.planner.api.editions import AmbitoPath, IstatPath
from services.planner.pages import views
from services.planner.pages.stream import STREAMS, follow, front_of
from services.planner.pages.views import Front, View
from services.planner.pages.words import MAPS, MapChoice
from services.planner.settings import PlannerSettings
from shared.forms import reader_of
from shared.pages import NavItem, Page, carried, page_environment, say, speak, spoken
from shared.problems import Problem, Text, of_status
from shared.territory import Ambito, UnknownAmbitoError, ambito
from shared.web import VERSION, Db, runtime_of, settings_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
templates = Jinja2Templates(env=page_environment(Path(__file__).parents[1] / "templates"))
NEWS_SHOWN: Final = 10


def known_ambito(ambito_code: AmbitoPath) -> Ambito:
    try:
        return ambito(ambito_code)
    except UnknownAmbitoError:
        raise _not_found(f"L'ambito {ambito_code} non c'è.", f"There is no ambito {ambito_code}.") from None


Place = Annotated[Ambito, Depends(known_ambito)]
IfNoneMatch = Annotated[str, Header(max_length=1000)]


@router.get("/", operation_id="plan_pages")
async def home(request: Request) -> Response:
    return RedirectResponse(carried(f"/ambiti/{settings_of(request).ambito}"), 303)


@router.get("/ambiti/{ambito_code}", operation_id="plan_pages")
async def plan_page(
    request: Request, db: Db, place: Place, mappa: MapChoice = "assegnabili", if_none_match: IfNoneMatch = ""
) -> Response:
    front = await front_of(db, place.code)
    if front is None:
        content = {"page": _page(place, say("Piano triennale", "Three-year plan")), "notice": _notice(request)}
        return templates.TemplateResponse(request, "no_plan.html", content)
    if (tag := _tag(request, front, mappa)) in if_none_match:
        return Response(status_code=304, headers={"ETag": tag})
    content = {
        "page": _page(
            place, say("Piano triennale", "Three-year plan"), f"mappa={mappa}&da={front.version}", current=True
        ),
        "place": place,
        "choices": [(slug, choice.choice.read_in(spoken().language), slug == mappa) for slug, choice in MAPS.items()],
        "map": _map(front, mappa, None),
    }
    return _answer(request, "plan.html", content | _shared(request, front, views.ambito_view(front)), tag)


@router.get("/ambiti/{ambito_code}/comuni/{istat}", operation_id="plan_pages")
async def municipality_page(
    request: Request, db: Db, place: Place, istat: IstatPath, if_none_match: IfNoneMatch = ""
) -> Response:
    front = await front_of(db, place.code)
    if front is None or istat not in front.plan.names:
        raise _not_found(f"Nel piano non c'è il comune {istat}.", f"There is no municipality {istat} in the plan.")
    if (tag := _tag(request, front, istat)) in if_none_match:
        return Response(status_code=304, headers={"ETag": tag})
    municipality = place.municipality(istat)
    content = {
        "page": _page(place, municipality.name, f"comune={istat}&da={front.version}"),
        "municipality": municipality,
        "map": _map(front, "assegnabili", istat),
    }
    return _answer(
        request, "municipality.html", content | _shared(request, front, views.municipality_view(front, istat)), tag
    )


@router.get(
    "/ambiti/{ambito_code}/eventi",
    operation_id="plan_pages",
    response_class=EventSourceResponse,
    dependencies=[Depends(STREAMS)],
)
async def events(
    request: Request,
    place: Place,
    mappa: MapChoice = "assegnabili",
    comune: Annotated[str | None, Query(pattern=r"^[0-9]{6}$")] = None,
    da: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Versions after the last one heard, or after the one the page was made of (`da`)."""
    seen = da if last_event_id is None else last_event_id
    async for event in follow(runtime_of(request), place.code, mappa, comune, seen):
        yield event


def _map(front: Front, mappa: MapChoice, selected: str | None) -> str:
    choice = MAPS[mappa]
    return views.draw(front.plan.ambito, choice, views.map_values(front.plan, choice), selected, spoken())


def _shared(request: Request, front: Front, view: View) -> dict[str, Any]:
    years = front.plan.triennium.years
    return {
        "notice": _notice(request),
        "title": f"{say('Piano triennale', 'Three-year plan')} {years[0]}–{years[-1]}",
        "home": carried(f"/ambiti/{front.plan.ambito}"),
        "view": view,
        "news": view.news[:NEWS_SHOWN],
        "rules_on": front.plan.rules_on,
    }


def _page(place: Ambito, title: str, stream: str | None = None, *, current: bool = False) -> Page:
    home = f"/ambiti/{place.code}"
    nav = [
        NavItem(say("Piano", "Plan"), home, current=current),
        NavItem(say("Comuni", "Municipalities"), f"{home}#comuni"),
        NavItem(say("Ultime variazioni", "Latest changes"), f"{home}#variazioni"),
        NavItem(say("Emergenza abitativa", "Housing emergency"), f"{home}#emergenza"),
    ]
    return Page(title, place.name, nav, home, live_source=f"{home}/eventi?{stream}" if stream else None)


def _notice(request: Request) -> str:
    return cast(PlannerSettings, settings_of(request)).planner_notice


def _tag(request: Request, front: Front, what: str) -> str:
    """Changes with everything a page is made of: the plan, what is asked of it, the notice, the program, the reader."""
    parts = (front.hash, str(front.version), what, _notice(request), VERSION, *map(str, spoken()), reader_of(request))
    return f'"{sha256("/".join(parts).encode()).hexdigest()[:32]}"'


def _answer(request: Request, template: str, content: dict[str, Any], tag: str) -> Response:
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
    return templates.TemplateResponse(request, template, content, headers=headers)


def _not_found(italian: str, english: str) -> Problem:
    return Problem(404, "no-such-page", of_status(404).title, Text(italian, english))
