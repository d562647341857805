"""Why one plan differs from another: an earlier version, another day, an edition that was frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.planner.api.against import Frozen, frozen_plan
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
from services.planner.api.listings import OfFigures, Window
from services.planner.api.readers import is_reason_shown
from services.planner.domain.drift import Difference, Drift, Reason, drift, steps_between
from services.planner.domain.labels import label_it
from services.planner.domain.moves import place_in_report
from services.planner.domain.withholding import plan_hash
from services.planner.store import journal
from shared.arrivals import PageLinks, Shape, not_found
from shared.auth import Principal
from shared.events import Measure, Message
from shared.events.decisions import FIGURE_ID
from shared.openapi import problems
from shared.problems import Problem, Text, of_status

router = APIRouter(prefix="/plans", tags=["figures"], responses=problems(404))


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


Place = Annotated[str | None, Query(pattern=r"^(-|[0-9]{6})$", max_length=6)]


@router.get(
    "/{ambito}/drift",
    operation_id="plan_drift",
    summary="Perché il piano è cambiato",
    description="Il piano chiesto a confronto con una versione, con un giorno precedente o con un’edizione congelata: "
    "ogni causa con quanto ha spostato di ogni numero; la somma è esatta.",
)
async def show_drift(
    plans: Plans,
    window: OfFigures,
    from_version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    from_on: date | None = None,
    from_edition: Annotated[int | None, Query(ge=1, le=1000)] = None,
    municipality: Place = None,
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
    return DriftAnswer(**answered(plans, found, municipality, window, query))


async def _frozen(plans: Asked, edition: int) -> Frozen:
    ambito = plans.plan.ambito
    found = await frozen_plan(plans.db, ambito, plans.plan.triennium.first_year, edition)
    if found is None:
        raise not_found(f"/plans/{ambito}/editions/{edition}")
    return found


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


def answered(
    plans: Asked,
    found: Drift,
    municipality: str | None,
    window: Window,
    query: dict[str, Any] | None,
) -> dict[str, Any]:
    """What a `DriftAnswer` tells of the figures that open to who asks, of households only to who sees them as they are:
    the difference of two steps would tell more than either. Without a query nothing leads to the rest of the list.
    """
    wanted = None if municipality == "-" else municipality
    items = [
        one
        for one in found.differences
        if (municipality is None or one.key.municipality == wanted) and plans.opens(one.key)
    ]
    items.sort(key=lambda one: place_in_report(one.key))
    told, links = window.cut(partial(plans.path, "drift"), items, **query or {})
    moving = {place for one in items for place in one.amounts}
    shown = [at for at, reason in enumerate(found.reasons) if at in moving or is_reason_shown(plans.who, reason)]
    head = plans.head.model_dump() | {"hash": plan_hash(found.after), "reference_on": found.after.reference_on}
    return {
        **head,
        "before_hash": plan_hash(found.before),
        "before_reference_on": found.before.reference_on,
        "reasons": [_reason(plans.who, found.reasons[place]) for place in shown],
        "items": [_item(one, shown) for one in told],
        "item_count": len(items),
        "_links": links if query else PageLinks(),
    }


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
