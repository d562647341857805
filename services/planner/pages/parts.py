"""The seven parts of the plan as pages: the document's own text, tables and lists, every number a way to its page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from markupsafe import Markup

from services.planner.domain.parts import PARTS
from services.planner.domain.parts.reading import OF_HOUSEHOLDS
from services.planner.domain.texts.catalogue import sections_of
from services.planner.pages.addresses import Addresses
from services.planner.pages.blocks import written_part
from services.planner.pages.contested import Contested, OpenContests
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import (
    OPERATION,
    IfNoneMatch,
    Place,
    answer,
    around,
    at_hand,
    tag_of,
    templates,
)
from services.planner.pages.maps import DrawnMap, map_of_part
from services.planner.pages.texts import may_write, written_sections
from shared.pages import say, spoken
from shared.problems import Text

router = APIRouter()
TITLES: Final = (
    Text("Quadro conoscitivo", "What is known of the territory"),
    Text("Quadro ricognitivo e programmatorio", "Population and services"),
    Text("Fabbisogno abitativo primario", "Primary housing need"),
    Text("Consistenza del patrimonio e offerta del triennio", "Stock of homes, and supply of the three years"),
    Text("Strategie, obiettivi e alienazioni", "Strategies, objectives and disposals"),
    Text("Linee d’azione per l’emergenza abitativa", "Lines of action in housing emergencies"),
    Text("Linee d’azione per l’accesso e la permanenza", "Lines of action for getting and keeping a home"),
)
PartNumber = Annotated[int, Path(ge=1, le=len(PARTS))]


@router.get("/ambiti/{ambito_code}/parti", operation_id=OPERATION)
async def parts_page(request: Request, place: Place, plan: Plan, at: At, if_none_match: IfNoneMatch = "") -> Response:
    head = plan.asked.head
    tag = tag_of(request, head.hash, str(head.version), "parti", str(at.days))
    if ready := at_hand(request, tag, if_none_match):
        return ready
    content = {
        **around(place, at, head, say("Le sette parti del piano", "The seven parts of the plan"), "parti", live=True),
        "parts": [(at.part(number), title_of(number)) for number in range(1, len(PARTS) + 1)],
    }
    return answer(request, "parts_page.html", content, tag)


@router.get("/ambiti/{ambito_code}/parti/{number}", operation_id=OPERATION)
async def part_page(
    request: Request,
    place: Place,
    plan: Plan,
    at: At,
    number: PartNumber,
    contested: OpenContests,
    if_none_match: IfNoneMatch = "",
) -> Response:
    head = plan.asked.head
    tag = tag_of(request, head.hash, str(head.version), f"parti/{number}", str(at.days), contested.mark)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    title = f"{number}. {title_of(number)}"
    content = {
        **around(place, at, head, title, "parti", live=True),
        "title": title,
        "parts": [(at.part(one), f"{one}. {title_of(one)}", one == number) for one in range(1, len(PARTS) + 1)],
        "sections": [one.title for one in (await asyncio.to_thread(plan.part, number)).sections if one.title],
        "map": await asyncio.to_thread(_map, plan, number, at),
        "body": await asyncio.to_thread(_body, plan, number, at, contested, may_write(request)),
        "texts": written_sections(plan, number, at),
    }
    return answer(request, "part.html", content, tag)


def written_map(drawn: DrawnMap | None) -> Markup:
    return Markup(templates.get_template("map.html").render(drawn=drawn)) if drawn else Markup()


def title_of(number: int) -> str:
    return TITLES[number - 1].read_in(spoken().language)


def _body(plan: Shown, number: int, at: Addresses, contested: Contested, is_writer: bool) -> Markup:
    """A writer of its texts also learns where they are written."""
    edit = {one.title.it: at.text(one.code) for one in sections_of(number)} if is_writer and plan.is_now else {}
    return plan.once(
        f"parti/{number}/{bool(edit)}/{contested.mark}",
        lambda: written_part(plan.part(number), plan.figures(number), at, contested.flags, edit),
    )


def _map(plan: Shown, number: int, at: Addresses) -> Markup:
    material = plan.for_all if number in OF_HOUSEHOLDS else plan.material
    return plan.once(f"mappe/{number}", lambda: written_map(map_of_part(number, material, at)))
