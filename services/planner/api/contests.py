"""Numeri contestati: one cell of one owner is open to be corrected until a deadline, and how it ended is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api import contest_refusals as refused
from services.planner.api.editions import AmbitoPath, ShortText, Whole, own, plan_in_force
from services.planner.api.listings import OfDiscussion, address
from services.planner.contesting import figure_value, settled, told
from services.planner.domain.contests import (
    OPEN,
    ContestStatus,
    ContestStep,
    Ending,
    OwnersCell,
    answer_of,
    cells_behind,
    is_contestable,
    owners_of,
    status_of,
)
from services.planner.domain.labels import label_it
from services.planner.domain.plan import FigureKey, Plan, key_of
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import contests as store
from services.planner.store import plans
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, not_found, once, read_value
from shared.auth import Principal
from shared.bus import outbox
from shared.events import ContestAnswered, ContestedCell, ContestOutcome, FigureContested, Measure, OrganisationId
from shared.events.base import LongText
from shared.events.contests import CELL_PATH
from shared.events.decisions import FIGURE_ID, FigureId, FigureValue
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.roles import Reach
from shared.sign_in import Who
from shared.territory import municipality_organisation
from shared.web import Db, settings_of

router = APIRouter(prefix="/plans", tags=["contests"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(16_384))]
Act = Callable[[Arrival, AsyncSession], Awaitable[Answer]]
CellName = Annotated[
    str, StringConstraints(pattern=f"^[a-z0-9][a-z0-9-]{{0,63}}:[0-9]{{4}}:{CELL_PATH[1:]}", max_length=140)
]
"""`aler-bcm:2025:columns/free_now`: whose, of which cycle year, and where in the declaration."""


class NewContest(Shape):
    """Which number, and why it is wrong; of a figure that rests on several declared cells, `cell` says which one.

    Of homes that several have, `owner` is who has to answer. `expected` is in the figure's own integers.
    """

    figure: FigureId
    reason: LongText
    expected: FigureValue | None = None
    cell: CellName | None = None
    owner: OrganisationId | None = None


class ContestReply(Shape):
    """What is answered to the contest, or why it ends so."""

    reason: LongText


class Contest(Shape):
    """Contestazione as its last step tells it: `value` and `cell` as they were contested, `new_value` as corrected."""

    id: UUID
    revision: Whole
    status: ContestStatus
    figure: Annotated[str, Field(pattern=FIGURE_ID, max_length=150)]
    label_it: ShortText
    measure: Measure
    municipality: Annotated[str, Field(pattern=r"^[0-9]{6}$", max_length=6)]
    value: Whole
    expected: Whole | None
    owner: ShortText
    cell: ContestedCell | None
    reason: Annotated[str, Field(max_length=2000)]
    contester: ShortText
    contested_on: date
    deadline_on: date
    answer: Annotated[str, Field(max_length=2000)] | None
    new_value: Whole | None
    new_cell_value: Whole | None
    on: date
    organisation: ShortText | None

    @classmethod
    def of(cls, step: ContestStep) -> Contest:
        own_words = {
            "id": step.contest_id,
            "status": status_of(step),
            "answer": answer_of(step),
        }
        told = {name: getattr(step, name, None) for name in cls.model_fields if name not in own_words}
        return cls(**own_words, **told)


class ContestSteps(Shape):
    """A contest and its steps, the first one first."""

    item: Contest
    steps: list[Contest] = Field(max_length=1000)


class ContestPage(Shape):
    """Contests of the plan, the newest first."""

    items: list[Contest] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


BODIES: Final = (NewContest, ContestReply)
"""Read strictly."""


@router.get(
    "/{ambito}/contests",
    operation_id="contest_list",
    summary="I numeri contestati",
    description="Ogni contestazione com’è ora, dalla più recente, con i valori prima e dopo la correzione.",
)
async def listing(
    db: Db,
    who: Who,
    ambito: AmbitoPath,
    window: OfDiscussion,
    status: ContestStatus | None = None,
) -> ContestPage:
    own(who, ambito)
    async with db.reading() as session:
        steps = await store.latest_steps(session, ambito)
    found = [step for step in steps if status in (None, status_of(step))]
    shown, links = window.cut(partial(address, f"/plans/{ambito}/contests"), found, status=status)
    return ContestPage(items=[Contest.of(step) for step in shown], _links=links)


@router.get(
    "/{ambito}/contests/{contest_id}",
    operation_id="contest_show",
    summary="Una contestazione",
    description="Com’è ora, e tutti i suoi passi: chi ha contestato che cosa, chi ha risposto, com’è finita.",
)
async def one(db: Db, who: Who, ambito: AmbitoPath, contest_id: UUID) -> ContestSteps:
    own(who, ambito)
    async with db.reading() as session:
        steps = await store.steps_of(session, ambito, contest_id)
    if not steps:
        raise not_found(f"/plans/{ambito}/contests/{contest_id}")
    return ContestSteps(item=Contest.of(steps[-1]), steps=[Contest.of(step) for step in steps])


@router.post(
    "/{ambito}/contests",
    status_code=201,
    operation_id="contest_open",
    summary="Contestare un numero del piano",
    description="Il Comune contesta i numeri del proprio territorio, un ente i propri. Se il numero poggia su dati "
    "dichiarati, da quel momento e fino al termine l’ente può correggere quel dato e nessun altro; se conta alloggi "
    "dell’anagrafe, lo corregge una segnalazione sull’alloggio.",
    responses=responses({201: (Contest, "Contestazione aperta")}, 409),
    openapi_extra=body(
        "NewContest",
        "Quale numero, e perché",
        liberi={
            "figure": "019036:aler-bcm:column_free_now_declared:2026",
            "reason": "il Comune ne ha visti quattro",
            "expected": 4,
        },
    ),
    response_class=Response,
)
async def open_one(request: Request, db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(contest_figure, settings_of(request), ambito))


def _closing(path: str, operation: str, summary: str, description: str, act: Callable[..., Awaitable[Answer]]) -> None:
    """A door of an open contest: its body is a reason."""

    async def taken(db: Db, ambito: AmbitoPath, contest_id: UUID, arrival: Arrived) -> Response:
        return await once(db, arrival, partial(act, ambito, contest_id))

    taken.__name__ = operation
    router.post(
        f"/{{ambito}}/contests/{{contest_id}}/{path}",
        operation_id=operation,
        summary=summary,
        description=description,
        responses=responses({200: (Contest, "La contestazione com’è ora")}, 409),
        openapi_extra=body("ContestReply", "Il motivo", motivo={"reason": "verificato con un sopralluogo"}),
        response_class=Response,
    )(taken)


async def contest_figure(settings: Any, ambito: str, arrival: Arrival, session: AsyncSession) -> Answer:
    """Open a contest of the figure's one cell, or of the homes it counts; raises `Problem`."""
    own(arrival.who, ambito)
    wanted = read_value(NewContest, arrival.document)
    await store.open_book(session, ambito)
    plan, state, rules = await _plan(cast(PlannerSettings, settings), session, ambito)
    key, value = _contested(plan, state, rules, wanted, arrival.who)
    owner, cell = _cell_or_owner(plan, state, key, wanted)
    refused.if_open_already(await store.latest_steps(session, ambito, only_open=True), wanted.figure, owner, cell)
    event = FigureContested(
        contest_id=arrival.new_id(),
        ambito=ambito,
        municipality=key.municipality or "",
        revision=1,
        figure=wanted.figure,
        label_it=label_it(key.figure, key.year),
        measure=key.measure,
        value=value,
        expected=wanted.expected,
        owner=owner,
        cell=cell.cell if cell else None,
        reason=wanted.reason,
        contester=arrival.who.organisation,
        contested_on=arrival.on,
        deadline_on=arrival.on + timedelta(days=settings.planner_contest_days),
        on=arrival.on,
        organisation=arrival.who.organisation,
    )
    return _taken(session, arrival, event, 201)


async def answer_contest(ambito: str, contest_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    """The owner, or who writes the plan, answers: the contest stays open."""

    def answers(step: ContestStep) -> str | None:
        return None if arrival.reach is Reach.ALL else step.owner

    last, wanted = await _open_contest(ambito, contest_id, arrival, session, answers)
    terms = {name: getattr(last, name) for name in FigureContested.model_fields}
    terms |= {"revision": last.revision + 1, "on": arrival.on, "organisation": arrival.who.organisation}
    return _taken(session, arrival, ContestAnswered(**terms, answer=wanted.reason))


async def confirm_contest(ambito: str, contest_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    """Who writes the plan says that the number is right."""
    last, wanted = await _open_contest(ambito, contest_id, arrival, session)
    ending = Ending(ContestOutcome.CONFIRMED, wanted.reason)
    return _taken(session, arrival, settled(last, ending, arrival.on, arrival.who.organisation))


async def withdraw_contest(ambito: str, contest_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    """Who contested takes it back."""
    last, wanted = await _open_contest(ambito, contest_id, arrival, session, lambda step: step.contester)
    ending = Ending(ContestOutcome.WITHDRAWN, wanted.reason)
    return _taken(session, arrival, settled(last, ending, arrival.on, arrival.who.organisation))


def _taken(session: AsyncSession, arrival: Arrival, event: ContestStep, status: int = 200) -> Answer:
    """Write the step into the book, and tell it."""
    store.take_step(session, event, arrival.at)
    outbox.put(session, [told(event, arrival.at, arrival.traceparent)])
    location = {"Location": f"/plans/{event.ambito}/contests/{event.contest_id}"} if status == 201 else {}
    return answer(status, Contest.of(event), **location)


async def _open_contest(
    ambito: str,
    contest_id: UUID,
    arrival: Arrival,
    session: AsyncSession,
    whose: Callable[[ContestStep], str | None] = lambda _: None,
) -> tuple[ContestStep, ContestReply]:
    """Its last step, with the book open, and what is asked; raises `Problem` 404, 409, or 422 if only `whose` may."""
    own(arrival.who, ambito)
    wanted = read_value(ContestReply, arrival.document)
    await store.open_book(session, ambito)
    steps = await store.steps_of(session, ambito, contest_id)
    if not steps:
        raise not_found(f"/plans/{ambito}/contests/{contest_id}")
    if (only := whose(steps[-1])) not in (None, arrival.who.organisation):
        raise refused.not_yours(str(only))
    if status_of(steps[-1]) not in OPEN:
        raise refused.is_closed(steps[-1])
    return steps[-1], wanted


async def _plan(settings: PlannerSettings, session: AsyncSession, ambito: str) -> tuple[Plan, PlanState, Rules]:
    method, plan = method_of(settings), await plan_in_force(session, ambito)
    return plan, await plans.state_of(session, ambito, method.bands), method.law(plan.reference_on)


def _contested(plan: Plan, state: PlanState, rules: Rules, wanted: NewContest, who: Principal) -> tuple[FigureKey, int]:
    """The figure's key and value; raises `Problem` 422 for one that is not there, or that who asks may not contest."""
    key = key_of(wanted.figure)
    if not is_contestable(key.figure) or key.municipality is None:
        raise refused.not_contestable(wanted.figure)
    value = figure_value(state, plan, rules, key)
    if value is None:
        raise refused.no_figure(wanted.figure)
    if who.organisation not in (municipality_organisation(key.municipality), key.owner):
        raise refused.not_your_figure(wanted.figure)
    return key, value


def _cell_or_owner(plan: Plan, state: PlanState, key: FigureKey, wanted: NewContest) -> tuple[str, OwnersCell | None]:
    """Who has to answer, and for which one of their declared cells; raises `Problem` 422 that names the choice."""
    cells = cells_behind(state, plan, key)
    if cells:
        named = [cell for cell in cells if wanted.cell in (None, cell.id)]
        if len(named) != 1:
            raise refused.several_cells(wanted.cell, cells)
        return named[0].owner, named[0]
    owners = owners_of(state, key) or ((key.owner,) if key.owner else ())
    named_owners = [owner for owner in owners if wanted.owner in (None, owner)]
    if wanted.cell is not None or len(named_owners) != 1:
        raise refused.homes_only(wanted.cell or wanted.owner, owners)
    return named_owners[0], None


_closing(
    "answer",
    "contest_answer",
    "Rispondere a una contestazione",
    "L’ente che deve rispondere, il capofila o il suo partner tecnico. La contestazione resta aperta.",
    answer_contest,
)
_closing(
    "confirm",
    "contest_confirm",
    "Confermare il numero contestato",
    "Il capofila o il suo partner tecnico chiudono la contestazione: il numero è giusto, per questo motivo.",
    confirm_contest,
)
_closing(
    "withdraw",
    "contest_withdraw",
    "Ritirare una contestazione",
    "Chi l’ha aperta la ritira, con il motivo.",
    withdraw_contest,
)
