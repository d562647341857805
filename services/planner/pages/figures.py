"""A page per figure: its value with its band, the formula in words, what it is made of, what moved it lately."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.publication import because_of, is_of_households
from services.planner.pages.contested import OpenContests
from services.planner.pages.desk import At, Plan, Shown, compute
from services.planner.pages.discussion import figure_words, talk_about
from services.planner.pages.frame import (
    OPERATION,
    IfNoneMatch,
    Place,
    answer,
    around,
    at_hand,
    not_found,
    tag_of,
)
from services.planner.pages.made_of import VACANT
from services.planner.pages.opened import open_figure
from services.planner.pages.views import News
from services.planner.store import plans as store
from services.planner.tables import VersionRow
from shared.events import PlanRecomputed
from shared.events.decisions import FIGURE_ID
from shared.pages import Spoken, speaking, spoken
from shared.pages.formats import moment
from shared.sign_in import Visitor
from shared.web import Db
from shared.wording import moved

router = APIRouter()
VERSIONS_READ: Final = 60
MOVES_TOLD: Final = 8
PART_FIGURE: Final = "(ambito|[0-9]{6}):[a-z0-9_]{1,60}"
FigureName = Annotated[str, Path(pattern=f"({FIGURE_ID.removesuffix('$')}|^{PART_FIGURE})$", max_length=150)]


@router.get("/ambiti/{ambito_code}/numeri/{name}", operation_id=OPERATION)
async def figure_page(
    request: Request,
    db: Db,
    place: Place,
    plan: Plan,
    at: At,
    name: FigureName,
    who: Visitor,
    contested: OpenContests,
    if_none_match: IfNoneMatch = "",
) -> Response:
    head, talk = plan.asked.head, await talk_about(request, db, plan, name, who)
    tag = tag_of(request, head.hash, str(head.version), name, str(at.days), talk.mark, contested.mark)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    is_of_homes = name.count(":") == 3 and key_of(name).figure in VACANT
    work = partial(open_figure, plan, name, at, await plan.messages() if is_of_homes else ())
    kept = f"numeri/{name}/{spoken()}"
    opened = await (compute(db, plan, kept, work) if is_of_homes else asyncio.to_thread(work))
    if opened is None:
        raise not_found(
            f"Nel piano pubblicato non c’è il numero {name}: o non esiste, o conta poche famiglie e non si pubblica.",
            f"There is no figure {name} in the published plan: there is none, or it counts few households.",
        )
    content = {
        **around(place, at, head, opened.label, "", live=True),
        "opened": opened,
        "flags": contested.flags,
        "moves": await _moves(db, plan, name),
        **figure_words(plan, at, who, talk),
    }
    return answer(request, "figure.html", content, tag)


async def _moves(db: Db, plan: Shown, name: str) -> list[News]:
    """The versions that moved it, the newest first; none of figures that count households."""
    if name.count(":") != 3 or is_of_households(key_of(name).figure):
        return []
    head = plan.asked.head
    async with db.reading() as session:
        rows = await store.versions_before(session, head.ambito, head.version + 1, VERSIONS_READ)
    return await asyncio.to_thread(_told, rows, key_of(name), plan.asked.plan.names)


def _told(rows: Sequence[VersionRow], key: FigureKey, names: Mapping[str, str]) -> list[News]:
    told: list[News] = []
    with speaking(Spoken()):
        for row in rows:
            if f'"{key.figure}"' in row.event and len(told) < MOVES_TOLD:
                event = PlanRecomputed.read(row.event.encode())
                told += [News(row.version, moment(row.recorded_at), text) for text in moves_in(event, key, names)]
    return told[:MOVES_TOLD]


def moves_in(event: PlanRecomputed, key: FigureKey, names: Mapping[str, str]) -> list[str]:
    """`Soresina: da 5 a 6, perché …`: of the ambito's figure, what moved in its municipalities, the most first."""
    found: list[tuple[int, str]] = []
    for change in event.changes:
        why = because_of(change, names) if key.municipality in (None, change.municipality) else None
        for figure in change.figures if why else ():
            if (figure.owner, figure.figure, figure.year) == (key.owner, key.figure, key.year):
                size = abs((figure.after or 0) - (figure.before or 0))
                found.append((-size, f"{change.name}: {moved(figure)}, {why}."))
    return [text for _, text in sorted(found)]
