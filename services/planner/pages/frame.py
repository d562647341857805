"""What every public page has around its content: whose plan it is, the way to the others, headers."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.templating import Jinja2Templates

from services.planner.api.editions import AmbitoPath, PlanHead
from services.planner.pages.addresses import Addresses
from services.planner.pages.kept import keep, kept_page
from shared.forms import reader_of
from shared.pages import NavItem, Page, page_environment, say, spoken
from shared.problems import Problem, Text, of_status
from shared.territory import Ambito, UnknownAmbitoError, ambito
from shared.web import VERSION, settings_of

templates = Jinja2Templates(env=page_environment(Path(__file__).parents[1] / "templates"))
OPERATION = "plan_pages"


def known_ambito(ambito_code: AmbitoPath) -> Ambito:
    try:
        return ambito(ambito_code)
    except UnknownAmbitoError:
        raise not_found(f"L’ambito {ambito_code} non c’è.", f"There is no ambito {ambito_code}.") from None


Place = Annotated[Ambito, Depends(known_ambito)]
IfNoneMatch = Annotated[str, Header(max_length=1000)]


def page_of(place: Ambito, at: Addresses, title: str, stream: str | None = None, *, current: str = "") -> Page:
    """`stream` is the query of the page's stream of changes; `current` the address that the navigation marks."""
    entries = (
        (say("Piano", "Plan"), at.home),
        (say("Le sette parti", "The seven parts"), at.to("parti")),
        (say("Comuni", "Municipalities"), at.to("", "comuni")),
        (say("Emergenza abitativa", "Housing emergency"), at.to("emergenza")),
        (say("Chi ha trasmesso", "Who has sent data"), at.to("completezza")),
        (say("Scostamenti", "Drift"), at.to("scostamenti")),
        (say("Contestazioni", "Contests"), at.to("contestazioni")),
        (say("E se…", "What if…"), at.to("e-se")),
        (say("Verifica", "Scores"), at.to("verifica")),
        (say("Edizioni", "Editions"), Addresses(at.ambito).to("edizioni")),
    )
    nav = [NavItem(label, href, current=href == current) for label, href in entries]
    source = f"/ambiti/{place.code}/eventi?{stream}" if stream else None
    return Page(title, place.name, nav, at.home, live_source=source)


def around(
    place: Ambito, at: Addresses, head: PlanHead, title: str, current: str, *, live: bool = False
) -> dict[str, Any]:
    """What a page's template is given besides its own; `current` is a path of the navigation.

    A page that is `live` is asked for again when there is a new version, and its figures replaced where they stand.
    """
    stream = f"solo=versione&da={head.version}" if live and at.days.is_now else None
    page = page_of(place, at, title, stream, current=at.to(current) if current else "")
    return {"page": page, "at": at, "head": head}


def tag_of(request: Request, *made_of: str) -> str:
    """Changes with everything a page is made of: what it was given, the notice, the program, the reader."""
    parts = (*made_of, settings_of(request).notice, VERSION, *map(str, spoken()), reader_of(request))
    return f'"{sha256("/".join(parts).encode()).hexdigest()[:32]}"'


def answer(request: Request, template: str, content: dict[str, Any], tag: str) -> Response:
    response = templates.TemplateResponse(request, template, content, headers=_headers(tag))
    keep(request, response)
    return response


def at_hand(request: Request, tag: str, if_none_match: str = "") -> Response | None:
    """The answer that needs no writing: that the reader has the page already, or the page as it was written last."""
    if tag in if_none_match:
        return unchanged(tag)
    found = kept_page(request, tag)
    if found is not None:
        found.headers.update(_headers(tag))
    return found


def unchanged(tag: str) -> Response:
    return Response(status_code=304, headers={"ETag": tag})


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}


def not_found(italian: str, english: str) -> Problem:
    return Problem(404, "no-such-page", of_status(404).title, Text(italian, english))
