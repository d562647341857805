"""Contested numbers for everybody; comments, and what is asked and answered, for those who have signed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.planner.api.comments import is_shown, resolve_thread, write_comment
from services.planner.api.contests import (
    Act,
    answer_contest,
    confirm_contest,
    contest_figure,
    withdraw_contest,
)
from services.planner.api.editions import Asked, plan_asked, planner_settings
from services.planner.document.contested import STATUSES, after
from services.planner.domain.annual import COLUMNS
from services.planner.domain.contests import (
    OPEN,
    ROW_COLUMNS,
    ContestStep,
    OwnersCell,
    answer_of,
    cells_behind,
    is_contestable,
    owners_of,
    status_of,
)
from services.planner.domain.plan import key_of
from services.planner.handlers import method_of
from services.planner.pages.addresses import Addresses, page_id
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, tag_of, unchanged
from services.planner.pages.views import Table, owner_name
from services.planner.store import comments, contests
from services.planner.store.comments import Thread
from shared.arrivals import Arrival, arriving, once
from shared.auth import Principal
from shared.db import Database
from shared.events import Measure
from shared.forms import Fields
from shared.pages import Cell, Column, carried, say, spoken
from shared.pages.elsewhere import PageElsewhere, declaration_page
from shared.roles import Reach, reach_of
from shared.sign_in import Visitor, Who
from shared.territory import municipality_organisation
from shared.web import Db, settings_of
from shared.wording import amount

router = APIRouter(include_in_schema=False)
Sent = Annotated[Arrival, Depends(arriving(None))]
"""A form: what it asks is put into the arrival by the page's handler."""
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Talk:
    """Discussione di un numero: its contests, who may read them the threads, and what may be contested in it."""

    figure: str
    contests: Sequence[ContestStep]
    threads: Sequence[Thread]
    cells: Sequence[OwnersCell]
    owners: Sequence[str]
    may_contest: bool
    mark: str

    @property
    def is_contested(self) -> bool:
        return any(status_of(step) in OPEN for step in self.contests)


@router.get("/ambiti/{ambito_code}/contestazioni", operation_id=OPERATION)
async def contests_page(
    request: Request, db: Db, place: Place, plan: Plan, at: At, who: Visitor, if_none_match: IfNoneMatch = ""
) -> Response:
    head, title = plan.asked.head, say("Numeri contestati", "Contested numbers")
    async with db.reading() as session:
        steps = await contests.latest_steps(session, place.code)
    known = ",".join(f"{step.contest_id}/{step.revision}" for step in steps)
    if (tag := tag_of(request, head.hash, "contestazioni", known, str(at.days))) in if_none_match:
        return unchanged(tag)
    content = {
        **around(place, at, head, title, "contestazioni"),
        "open_count": sum(status_of(step) in OPEN for step in steps),
        "table": contests_table(steps, plan.asked.plan.names, at),
        "steps": steps if who else [],
        "doors": doors_of(who),
        **_words(plan, at, who),
    }
    return answer(request, "contests.html", content, tag)


@router.get("/ambiti/{ambito_code}/commenti", operation_id="comment_list")
async def comments_page(request: Request, db: Db, place: Place, plan: Plan, at: At, who: Who) -> Response:
    head, title = plan.asked.head, say("Commenti aperti", "Open comments")
    asked = await _asked(request, db, who)
    async with db.reading() as session:
        threads = await comments.threads_of(session, place.code)
    shown = [one for one in threads if not one[-1].resolved and is_shown(asked, one[0].place)]
    content = {**around(place, at, head, title, ""), "found_threads": shown, **_words(plan, at, who)}
    return answer(request, "comments.html", content, tag_of(request, head.hash, "commenti", mark_of((), shown)))


@router.post("/ambiti/{ambito_code}/commenti", operation_id="comment_write")
async def comment(request: Request, db: Db, place: Place, at: At, fields: Fields, sent: Sent) -> Response:
    asked = {name: value for name in ("place", "text", "thread") if (value := fields.get(name, "").strip())}
    act = partial(write_comment, await _asked(request, db, sent.who))
    return await _done(db, sent, asked, act, _back(at, asked.get("place", ""), "discussione"))


@router.post("/ambiti/{ambito_code}/commenti/{thread}/chiusura", operation_id="comment_resolve")
async def resolve(db: Db, place: Place, at: At, thread: UUID, fields: Fields, sent: Sent) -> Response:
    act = partial(resolve_thread, place.code, thread)
    back = _back(at, fields.get("place", ""), "discussione")
    return await _done(db, sent, {"text": fields.get("text", "").strip()}, act, back)


@router.post("/ambiti/{ambito_code}/contestazioni", operation_id="contest_open")
async def contest(request: Request, db: Db, place: Place, at: At, fields: Fields, sent: Sent) -> Response:
    names = ("figure", "reason", "cell", "owner")
    asked: dict[str, Any] = {name: value for name in names if (value := fields.get(name, "").strip())}
    if homes := fields.get("expected", "").strip():
        figure = key_of(asked["figure"]) if asked.get("figure", "").count(":") == 3 else None
        unit = 1000 if figure and is_contestable(figure.figure) and figure.measure is Measure.THOUSANDTHS else 1
        asked["expected"] = int(homes) * unit if homes.isdecimal() and len(homes) < 7 else homes
    act = partial(contest_figure, settings_of(request), place.code)
    return await _done(db, sent, asked, act, at.to("contestazioni"))


def _step(path: str, operation: str, act: Callable[..., Any]) -> None:
    """The form of an open contest whose only field is a reason."""

    async def taken(db: Db, place: Place, at: At, contest_id: UUID, fields: Fields, sent: Sent) -> Response:
        asked = {"reason": fields.get("reason", "").strip()}
        return await _done(db, sent, asked, partial(act, place.code, contest_id), at.to("contestazioni"))

    taken.__name__ = operation
    router.post(f"/ambiti/{{ambito_code}}/contestazioni/{{contest_id}}/{path}", operation_id=operation)(taken)


_step("risposta", "contest_answer", answer_contest)
_step("conferma", "contest_confirm", confirm_contest)
_step("ritiro", "contest_withdraw", withdraw_contest)


async def _done(db: Database, sent: Arrival, asked: Mapping[str, Any], act: Act, back: str) -> Response:
    """Do what the API does, and go on; a `Problem` shows its page."""
    await once(db, replace(sent, document=asked), act)
    return RedirectResponse(back, 303)


async def talk_about(request: Request, db: Database, plan: Shown, name: str, who: Principal | None) -> Talk:
    """What is said of a figure of the plan; of a figure of its texts, nothing."""
    if name.count(":") != 3:
        return Talk(name, (), (), (), (), False, "")
    ambito, key = plan.asked.plan.ambito, key_of(name)
    async with db.reading() as session:
        steps = [step for step in await contests.latest_steps(session, ambito) if page_id(step.figure) == name]
        threads = await comments.threads_of(session, ambito, name) if _may("comment_list", who) else []
    if who and threads:
        asked = await _asked(request, db, who)
        threads = [thread for thread in threads if is_shown(asked, name)]
    may_contest = (
        _may("contest_open", who)
        and who is not None
        and plan.is_now
        and key.municipality is not None
        and is_contestable(key.figure)
        and who.organisation in (municipality_organisation(key.municipality), key.owner)
    )
    cells = cells_behind(plan.material.state, plan.material.plan, key) if may_contest else ()
    owners = owners_of(plan.material.state, key) if may_contest and not cells else ()
    return Talk(name, steps, threads, cells, owners, may_contest, mark_of(steps, threads))


def mark_of(steps: Sequence[ContestStep], threads: Sequence[Thread] = ()) -> str:
    """Changes with everything that was said."""
    said = [f"{step.contest_id}/{step.revision}" for step in steps]
    said += [f"{thread[-1].thread}/{thread[-1].number}" for thread in threads]
    return sha256(",".join(said).encode()).hexdigest()[:16]


def contests_table(steps: Sequence[ContestStep], names: Mapping[str, str], at: Addresses) -> Table:
    """Every contest, for everybody: without what was said about it."""
    columns = [
        Column(say("Numero", "Figure")),
        Column(say("Comune", "Municipality")),
        Column(say("Contestato da", "Contested by")),
        Column(say("Dal", "Since"), "day"),
        Column(say("Entro il", "Until"), "day"),
        Column(say("Prima", "Before"), "shown"),
        Column(say("Dopo", "After"), "shown"),
        Column(say("Stato", "State")),
    ]
    rows = [_row(step, names, at) for step in steps]
    return Table(say("Contestazioni", "Contests"), columns, rows)


def _row(step: ContestStep, names: Mapping[str, str], at: Addresses) -> list[Cell]:
    owner = key_of(step.figure).owner
    return [
        Cell(step.label_it, href=at.figure(step.figure), note=owner_name(owner, names) if owner else None),
        Cell(names.get(step.municipality, step.municipality), href=at.municipality(step.municipality)),
        Cell(owner_name(step.contester, names)),
        Cell(step.contested_on),
        Cell(step.deadline_on),
        Cell(amount(step.measure, step.value)),
        Cell(cast(str | None, after(step).value), instead=""),
        Cell(STATUSES[status_of(step)].read_in(spoken().language)),
    ]


def doors_of(who: Principal | None) -> Callable[[ContestStep], Mapping[str, bool]]:
    """Which steps who reads may take of a contest."""

    def doors(step: ContestStep) -> Mapping[str, bool]:
        own = who.organisation if who else None
        answers = reach_of("contest_answer", who.role if who else None)
        if status_of(step) not in OPEN:
            return dict.fromkeys(("risposta", "conferma", "ritiro"), False)
        return {
            "risposta": answers is Reach.ALL or (answers is Reach.OWN and own == step.owner),
            "conferma": _may("contest_confirm", who),
            "ritiro": _may("contest_withdraw", who) and own == step.contester,
        }

    return doors


def cell_name(cycle_year: int, path: str) -> str:
    """`dichiarazione 2025, già liberi (colonna e)`, as the annual plan calls it."""
    part, _, name = path.rpartition("/")
    columns = {ROW_COLUMNS.get(column, column): known for column, known in COLUMNS.items()}
    found = COLUMNS.get(name) or columns[name]
    year = "" if part == "columns" else say("anno ", "year ") + part.removeprefix("forecast/") + ", "
    declared = say("dichiarazione", "declaration")
    column = f"{found.label.read_in(spoken().language)} ({say('colonna', 'column')} {found.letter})"
    return f"{declared} {cycle_year}, {year}{column}"


def cell_page(request: Request, step: ContestStep) -> PageElsewhere | None:
    """Where its owner corrects the contested value."""
    if step.cell is None:
        return None
    return declaration_page(settings_of(request), step.cell.cycle_year, step.municipality, step.owner)


def _words(plan: Shown, at: Addresses, who: Principal | None) -> dict[str, Any]:
    """What the templates of threads ask for."""
    closes = reach_of("comment_resolve", who.role if who else None)

    def may_close(thread: Thread) -> bool:
        is_own = who is not None and thread[0].organisation == who.organisation
        return closes is Reach.ALL or (closes is Reach.OWN and is_own)

    return {
        "may_close": may_close,
        "organisation_of": partial(owner_name, names=plan.asked.plan.names),
        "longest": LONGEST,
        "amount": amount,
        "answer_of": answer_of,
        "cell_name": cell_name,
        "cell_page": cell_page,
        "visitor_reads": who is not None,
        "place_href": partial(_back, at, fragment="discussione"),
    }


def figure_words(plan: Shown, at: Addresses, who: Principal | None, talk: Talk) -> dict[str, Any]:
    """What the page of a figure is given for its discussion."""
    table = contests_table(talk.contests, plan.asked.plan.names, at)
    return {"talk": talk, "talk_table": table, **_words(plan, at, who)}


async def _asked(request: Request, db: Database, who: Principal) -> Asked:
    return await plan_asked(db, method_of(planner_settings(request)), who)


def _back(at: Addresses, place: str, fragment: str) -> str:
    """The page where the comment stands."""
    if place.count(":") == 3:
        return at.to(f"numeri/{place}", fragment)
    return carried(at.to("commenti"))


def _may(operation: str, who: Principal | None) -> bool:
    return reach_of(operation, who.role if who else None) is not Reach.NONE
