"""Why one plan differs from another, and what one would be if something happened that has not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, model_validator

from services.planner.api.editions import (
    Asked,
    PlanHead,
    Plans,
    Sha256,
    ShortText,
    Whole,
    as_known,
    nothing_yet,
)
from services.planner.api.readers import is_reason_shown
from services.planner.domain.drift import Difference, Drift, Reason, drift, steps_between
from services.planner.domain.labels import label_it
from services.planner.domain.moves import place_in_report
from services.planner.domain.plan import Plan, read
from services.planner.domain.what_if import Cases, Hypothesis, Impossible, Vacancies, WorksMoved, steps_of
from services.planner.domain.withholding import plan_hash
from services.planner.law import rules_on
from services.planner.store import editions, journal
from shared.arrivals import Arrival, PageLinks, Shape, arriving, not_found, read_value
from shared.auth import Principal
from shared.events import Measure, Message
from shared.events.base import IstatCode, OrganisationId, Reference, UnitId
from shared.events.decisions import FIGURE_ID
from shared.events.units import InspectionOutcome, UnitStatus
from shared.openapi import SCHEMAS, Json, body, problems
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.territory import names_of

router = APIRouter(prefix="/plans", tags=["figures"], responses=problems(404))
Thousand = Annotated[int, Field(ge=1, le=1000)]
OUTCOMES = {
    InspectionOutcome.ASSIGNABLE: UnitStatus.FREE_ASSIGNABLE,
    InspectionOutcome.STATE_OF_FACT: UnitStatus.FREE_STATE_OF_FACT,
    InspectionOutcome.UNINHABITABLE: UnitStatus.UNINHABITABLE,
}


class NewVacancies(Shape):
    """Alloggi che si liberano: so many of an owner in a municipality, in that state."""

    municipality: IstatCode
    owner: OrganisationId
    count: Thousand
    outcome: InspectionOutcome = InspectionOutcome.ASSIGNABLE


class MovedWorks(Shape):
    """Lavori spostati: those of a programme, or of one home, end on another day."""

    programme: Reference | None = None
    unit_id: UnitId | None = None
    expected_end_on: date

    @model_validator(mode="after")
    def names_one(self) -> MovedWorks:
        if (self.programme is None) == (self.unit_id is None):
            raise ValueError("give either a programme or a home")
        return self


class NewCases(Shape):
    """Nuovi casi di emergenza: so many alike."""

    municipality: IstatCode
    count: Thousand = 1
    household_size: Annotated[int, Field(ge=1, le=20)]
    urgency_class: Annotated[int, Field(ge=1, le=9)] = 1
    accessible: bool = False


class Hypotheses(Shape):
    """E se…: what to suppose; the law of another day, if `rules_on` is given, comes last."""

    vacancies: Annotated[list[NewVacancies], Field(max_length=50)] = []
    works: Annotated[list[MovedWorks], Field(max_length=50)] = []
    cases: Annotated[list[NewCases], Field(max_length=20)] = []
    rules_on: date | None = None


class ReasonItem(Shape):
    """Why figures moved: events of one kind; `time` is that days have passed, `rules` that the law is another.

    `program` is that the same events no longer give what was frozen.
    """

    kind: ShortText
    municipality: ShortText | None
    event_count: Whole
    events: list[UUID] = Field(max_length=20)


class Amount(Shape):
    """What one reason, by its place in the list, moved the figure by."""

    reason: Whole
    amount: Whole


class DifferenceItem(Shape):
    """One figure in both plans: `after` less `before` is exactly the sum of the amounts."""

    id: str = Field(pattern=FIGURE_ID, max_length=150)
    label_it: ShortText
    measure: Measure
    before: Whole
    after: Whole
    amounts: list[Amount] = Field(max_length=100)


class DriftAnswer(PlanHead):
    """Scostamento: the plan asked for, the one it is compared with, and every figure that differs."""

    before_hash: Sha256
    before_reference_on: date
    reasons: list[ReasonItem] = Field(max_length=100)
    items: list[DifferenceItem] = Field(max_length=1000)
    item_count: Whole
    links: PageLinks = Field(alias="_links")


def schemas() -> dict[str, Json]:
    """The components of the body that is read strictly."""
    schema = Hypotheses.model_json_schema(ref_template=SCHEMAS + "{model}")
    return {**schema.pop("$defs"), "Hypotheses": schema}


Cursor = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Place = Annotated[str | None, Query(pattern=r"^(-|[0-9]{6})$", max_length=6)]


@router.get(
    "/{ambito}/drift",
    operation_id="plan_drift",
    summary="Perché il piano è cambiato",
    description="Il piano chiesto a confronto con una versione, con un giorno precedente o con un'edizione congelata: "
    "ogni causa con quanto ha spostato di ogni numero; la somma è esatta.",
)
async def show_drift(
    plans: Plans,
    from_version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    from_on: date | None = None,
    from_edition: Annotated[int | None, Query(ge=1, le=1000)] = None,
    municipality: Place = None,
    cursor: Cursor = 0,
    limit: Limit = 200,
) -> DriftAnswer:
    after = await plans.messages()
    frozen = None if from_edition is None else await _frozen(plans, from_edition)
    before = await _earlier(plans, from_version, from_on, frozen)
    found = await asyncio.to_thread(
        lambda: drift(
            plans.plan.ambito,
            before,
            steps_between(before, after),
            plans.method,
            reference_on=plans.plan.reference_on,
            frozen=frozen.plan if frozen else None,
        )
    )
    query = {
        "from_version": from_version,
        "from_on": from_on,
        "from_edition": from_edition,
        "municipality": municipality,
    }
    return _answer(plans, found, municipality, cursor, limit, query)


@router.post(
    "/{ambito}/what-if",
    operation_id="plan_what_if",
    summary="E se…",
    description="Che cosa cambierebbe nel piano se si liberassero alloggi, si spostassero lavori, si aprissero casi o "
    "valessero le regole di un altro giorno. Nulla viene scritto.",
    openapi_extra=body(
        "Hypotheses",
        "Che cosa supporre",
        slip={"works": [{"programme": "PR-2026-01", "expected_end_on": "2027-06-30"}]},
        vacancies={"vacancies": [{"municipality": "019036", "owner": "aler-bcm", "count": 5}]},
    ),
)
async def what_if(
    plans: Plans,
    arrival: Annotated[Arrival, Depends(arriving(65_536))],
    municipality: Place = None,
    cursor: Cursor = 0,
    limit: Limit = 200,
) -> DriftAnswer:
    wanted = read_value(Hypotheses, arrival.document)
    messages = await plans.messages()
    found = await asyncio.to_thread(partial(_suppose, plans, messages, wanted))
    return _answer(plans, found, municipality, cursor, limit, None)


def _suppose(plans: Asked, messages: Sequence[Message], wanted: Hypotheses) -> Drift:
    ambito, on = plans.plan.ambito, plans.plan.reference_on
    pointers, hypotheses = zip(*_hypotheses(wanted), strict=True) if _hypotheses(wanted) else ((), ())
    last = max(messages, key=lambda message: message.envelope.time)
    try:
        steps = steps_of(ambito, messages, hypotheses, on, last)
    except Impossible as why:
        rule = Text(why.italian, why.english)
        remedy = Text("Correggere l'ipotesi.", "Correct the hypothesis.")
        raise invalid([FieldError(pointers[why.place], None, rule, remedy)]) from None
    by = replace(plans.method, law=lambda _: rules_on(wanted.rules_on)) if wanted.rules_on else None
    return drift(ambito, messages, steps, plans.method, reference_on=on, by=by)


def _hypotheses(wanted: Hypotheses) -> list[tuple[str, Hypothesis]]:
    """Each with the pointer to it in the body."""
    found: list[tuple[str, Hypothesis]] = []
    for place, one in enumerate(wanted.vacancies):
        found.append((f"/vacancies/{place}", Vacancies(one.municipality, one.owner, one.count, OUTCOMES[one.outcome])))
    for place, moved in enumerate(wanted.works):
        found.append((f"/works/{place}", WorksMoved(moved.programme, moved.unit_id, moved.expected_end_on)))
    for place, case in enumerate(wanted.cases):
        alike = Cases(case.municipality, case.count, case.household_size, case.urgency_class, case.accessible)
        found.append((f"/cases/{place}", alike))
    return found


class Frozen(NamedTuple):
    """The plan of an edition as it was proposed, and of which version it was."""

    plan: Plan
    version: int


async def _frozen(plans: Asked, edition: int) -> Frozen:
    ambito, first_year = plans.plan.ambito, plans.plan.triennium.first_year
    async with plans.db.reading() as session:
        steps = await editions.steps_of(session, ambito, first_year, edition)
        held = await editions.frozen_of(session, steps) if steps else None
    if held is None:
        raise not_found(f"/plans/{ambito}/editions/{edition}")
    return Frozen(read(held.content, names_of(ambito)), steps[-1].version)


async def _earlier(plans: Asked, version: int | None, on: date | None, frozen: Frozen | None) -> list[Message]:
    if [version, on, frozen].count(None) != 2:
        raise Problem(
            400,
            "nothing-to-compare",
            of_status(400).title,
            Text(
                "Indicare from_version, from_on oppure from_edition.",
                "Give either from_version, from_on or from_edition.",
            ),
        )
    version = frozen.version if frozen else version
    async with plans.db.reading() as session:
        every = await journal.messages_of(session, plans.plan.ambito, until_version=version)
    found = as_known(every, on, on)
    if not found and on is not None:
        raise nothing_yet(plans.plan.ambito, on, on)
    return found


def _answer(
    plans: Asked, found: Drift, municipality: str | None, cursor: int, limit: int, query: dict[str, Any] | None
) -> DriftAnswer:
    wanted = None if municipality == "-" else municipality
    items = [
        one
        for one in found.differences
        if (municipality is None or one.key.municipality == wanted) and plans.opens(one.key)
    ]
    items.sort(key=lambda one: place_in_report(one.key))
    links = plans.links("drift", cursor + limit, limit, len(items), **query) if query else PageLinks()
    moving = {place for one in items for place in one.amounts}
    shown = [at for at, reason in enumerate(found.reasons) if at in moving or is_reason_shown(plans.who, reason)]
    head = plans.head.model_dump() | {"hash": plan_hash(found.after), "reference_on": found.after.reference_on}
    return DriftAnswer(
        **head,
        before_hash=plan_hash(found.before),
        before_reference_on=found.before.reference_on,
        reasons=[_reason(plans.who, found.reasons[place]) for place in shown],
        items=[_item(one, shown) for one in items[cursor : cursor + limit]],
        item_count=len(items),
        _links=links,
    )


def _reason(who: Principal, reason: Reason) -> ReasonItem:
    """Of another's emergency cases, where they moved a number of the reader's own, only that."""
    if not is_reason_shown(who, reason):
        return ReasonItem(kind="emergency", municipality=None, event_count=0, events=[])
    return ReasonItem(
        kind=reason.kind,
        municipality=reason.municipality,
        event_count=len(reason.events),
        events=list(reason.events[:20]),
    )


def _item(one: Difference, shown: Sequence[int]) -> DifferenceItem:
    """`shown` are the places of the reasons that are told, which are counted anew."""
    return DifferenceItem(
        id=one.key.id,
        label_it=label_it(one.key.figure, one.key.year),
        measure=one.key.measure,
        before=one.before,
        after=one.after,
        amounts=[Amount(reason=shown.index(place), amount=amount) for place, amount in sorted(one.amounts.items())],
    )
