"""Iter del piano: where it stands, what is lacking, every step so far, and the next one's form for who may take it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.planner.api.edition_steps import OPERATIONS, NewStep, NewVote
from services.planner.api.editions import own, plan_asked, planner_settings
from services.planner.api.lifecycle import NewEdition
from services.planner.api.proposals import proposal_of
from services.planner.api.steps import EditionId, Proposed, propose, take
from services.planner.domain.lifecycle.cycle import Cycle, cycle_of
from services.planner.domain.lifecycle.transitions import StatusStep, next_steps
from services.planner.handlers import method_of
from services.planner.pages.addresses import Addresses, Days
from services.planner.pages.desk import Shown, shown
from services.planner.pages.edition_words import STATUSES, said
from services.planner.pages.editions import Edition, editions_of, framed, in_force
from services.planner.pages.frame import Place, templates
from services.planner.pages.step_forms import Refused, Slug, form_of, read_form
from services.planner.pages.views import owner_name
from services.planner.store.editions import standing_of
from shared.arrivals import Arrival, arriving, read_value
from shared.auth import Principal
from shared.civil_time import today_in_italy
from shared.events import PlanStatus, SubmissionDefaulted, SubmissionReceived
from shared.forms import SHOWN_AGAIN, Fields
from shared.lifecycle_wording import step_sentence
from shared.pages import Cell, Column, carried, say, spoken
from shared.pages.elsewhere import declaration_page
from shared.problems import Problem
from shared.roles import TITLES, Reach, reach_of, rules
from shared.sign_in import Who, audit_head
from shared.web import Db

router = APIRouter(include_in_schema=False)
Sent = Annotated[Arrival, Depends(arriving(None))]
Act = Callable[[], Awaitable[None]]


async def live_plan(request: Request, db: Db, place: Place) -> Shown:
    """The plan as it is now: the one that would be proposed."""
    return await shown(request, db, place, Days())


Live = Annotated[Shown, Depends(live_plan)]


@router.get("/ambiti/{ambito_code}/iter", operation_id="edition_list")
async def lifecycle_page(request: Request, db: Db, place: Place, plan: Live, who: Who) -> Response:
    own(who, place.code)
    return await _page(request, db, place, plan, who)


@router.get("/ambiti/{ambito_code}/iter/{step}", operation_id="edition_list")
async def back_to_lifecycle(place: Place, step: Slug, who: Who) -> Response:
    """Where a form was sent there is nothing to read: whoever loads it again, or in another language, reads the way."""
    own(who, place.code)
    return RedirectResponse(_here(place.code), 303)


@router.post("/ambiti/{ambito_code}/iter/proposta", operation_id="edition_propose")
async def propose_here(request: Request, db: Db, place: Place, plan: Live, sent: Sent, typed: Fields) -> Response:
    own(sent.who, place.code)
    settings = planner_settings(request)

    async def act() -> None:
        document, _ = read_form(PlanStatus.PROPOSED, typed)
        wanted = read_value(NewEdition, document)
        plans = await plan_asked(db, method_of(settings), sent.who)
        proposal, head = await proposal_of(plans, settings), await audit_head(request)
        async with db.transaction() as session:
            await propose(session, sent, plans, proposal, Proposed(**dict(wanted)), head)

    return await _recorded(request, db, place, plan, sent, PlanStatus.PROPOSED, typed, act)


@router.post("/ambiti/{ambito_code}/iter/sottoposizione", operation_id="edition_submit")
async def submit_here(request: Request, db: Db, place: Place, plan: Live, sent: Sent, typed: Fields) -> Response:
    return await _taken(request, db, place, plan, sent, PlanStatus.SUBMITTED_TO_ASSEMBLY, typed)


@router.post("/ambiti/{ambito_code}/iter/voto", operation_id="edition_vote")
async def vote_here(request: Request, db: Db, place: Place, plan: Live, sent: Sent, typed: Fields) -> Response:
    status = PlanStatus.RETURNED if typed.get("status") == PlanStatus.RETURNED else PlanStatus.APPROVED
    return await _taken(request, db, place, plan, sent, status, typed)


@router.post("/ambiti/{ambito_code}/iter/trasmissione", operation_id="edition_transmit")
async def transmit_here(request: Request, db: Db, place: Place, plan: Live, sent: Sent, typed: Fields) -> Response:
    return await _taken(request, db, place, plan, sent, PlanStatus.TRANSMITTED_TO_REGION, typed)


@router.post("/ambiti/{ambito_code}/iter/pubblicazione", operation_id="edition_publish")
async def publish_here(request: Request, db: Db, place: Place, plan: Live, sent: Sent, typed: Fields) -> Response:
    return await _taken(request, db, place, plan, sent, PlanStatus.PUBLISHED, typed)


async def _taken(
    request: Request, db: Db, place: Place, plan: Shown, sent: Arrival, status: PlanStatus, typed: Mapping[str, str]
) -> Response:
    own(sent.who, place.code)
    number = typed.get("edition", "")
    year = planner_settings(request).planner_first_year
    edition = EditionId(place.code, year, int(number) if number.isdecimal() and len(number) < 5 else 0)

    async def act() -> None:
        document, _ = read_form(status, typed)
        wanted = dict(read_value(NewVote if "status" in document else NewStep, document))
        head = await audit_head(request)
        async with db.transaction() as session:
            await take(session, sent, edition, StatusStep(**{"status": status} | wanted), head)

    return await _recorded(request, db, place, plan, sent, status, typed, act)


async def _recorded(
    request: Request,
    db: Db,
    place: Place,
    plan: Shown,
    sent: Arrival,
    status: PlanStatus,
    typed: Mapping[str, str],
    act: Act,
) -> Response:
    """The way as it is after the step, or the form with what is wrong beside each field."""
    try:
        await act()
    except Problem as problem:
        if problem.status not in SHOWN_AGAIN:
            raise
        refused = Refused(status, typed, problem, read_form(status, typed)[1])
        return await _page(request, db, place, plan, sent.who, refused)
    return RedirectResponse(_here(place.code), 303)


async def _page(
    request: Request, db: Db, place: Place, plan: Shown, who: Principal, refused: Refused | None = None
) -> Response:
    year = planner_settings(request).planner_first_year
    every = await editions_of(request, db, place)
    editions = [one for one in every if one.last.first_year == year]
    last = standing_of(editions[-1].steps) if editions else None
    following = next_steps(last)
    cycle = await _cycle(plan) if PlanStatus.PROPOSED in following else None
    today = today_in_italy()
    version = plan.asked.head.version
    mine = [status for status in following if reach_of(OPERATIONS.get(status, ""), who.role) is not Reach.NONE]
    content = {
        **framed(place, f"{say('L’iter del piano', 'The plan’s way')} {year}–{year + 2}", "edizioni"),
        "status": said(STATUSES, last.status if last else PlanStatus.COLLECTING),
        "last": last,
        "editions": [(one, _sentences(one)) for one in reversed(editions)],
        "in_force": in_force(every),
        "cycle": cycle,
        "lacking": _lacking(request, cycle, plan) if cycle else None,
        "forms": [
            form_of(status, last, version, today, refused) for status in mine if not (cycle and cycle.unexplained)
        ],
        "refused": refused,
        "whose": _whose(following),
        "head": plan.asked.head,
    }
    status = refused.problem.status if refused else 200
    return templates.TemplateResponse(request, "iter.html", content, status, {"Cache-Control": "no-store"})


async def _cycle(plan: Shown) -> Cycle:
    messages = await plan.declarations()
    filed = [message.event for message in messages if isinstance(message.event, SubmissionReceived)]
    defaulted = [message.event for message in messages if isinstance(message.event, SubmissionDefaulted)]
    return await asyncio.to_thread(cycle_of, plan.asked.plan, plan.material.state, filed, defaulted)


def _lacking(request: Request, cycle: Cycle, plan: Shown) -> dict[str, Any]:
    """Rows that nobody has sent and nobody has put on record: what keeps the plan from being proposed."""
    names, settings = plan.asked.plan.names, planner_settings(request)
    rows = []
    for place, owner in cycle.unexplained:
        page = declaration_page(settings, cycle.year, place, owner)
        rows.append([Cell(names.get(place, place)), Cell(owner_name(owner, names)), Cell(page.path, href=page.href)])
    columns = [Column(say("Comune", "Municipality")), Column(say("Ente", "Owner"))]
    return {"columns": [*columns, Column(say("Pagina nella raccolta dei dati", "Page at the intake"))], "rows": rows}


def _sentences(edition: Edition) -> list[tuple[Any, str]]:
    return [(step.on, step_sentence(step)) for step in reversed(edition.steps)]


def _whose(following: tuple[PlanStatus, ...]) -> str:
    """Who may take the next step, by the table of roles."""
    roles = {role for status in following if status in OPERATIONS for role in rules()[OPERATIONS[status]].all}
    return ", ".join(sorted(TITLES[role].read_in(spoken().language) for role in roles))


def _here(ambito: str) -> str:
    return carried(Addresses(ambito).to("iter"))
