"""Emergency cases that get no home now, and why: which cases compete for which homes."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.planner.api.editions import PlanHead, Plans, ShortText, Whole
from services.planner.api.listings import Cursor, Municipality, Window
from services.planner.api.material import material_of
from services.planner.api.readers import sees_households
from services.planner.domain.emergency.actions import ActionKind
from services.planner.domain.emergency.allowances import SatAllowance
from services.planner.domain.emergency.refusals import Competitor, Unplaced
from services.planner.domain.parts.emergency import ORDER_ARTICLE, unplaced_in
from shared.arrivals import PageLinks, Shape
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["plans"], responses=problems(404))


class CompetingCase(Shape):
    """Caso che precede, e l'alloggio che ha."""

    case_ref: ShortText
    municipality: ShortText
    urgency_class: Whole
    waiting_since: date
    unit_id: ShortText
    unit_municipality: ShortText
    unit_owner: ShortText


class ReservationLimit(Shape):
    """Limite di riserva di un ente (L.R. 16/2016, art. 23 c. 13): it has other suitable homes, but none left to it."""

    owner: ShortText
    baseline: Whole
    cap: Whole
    set_aside: Whole
    promised: Whole


class CaseRefusal(Shape):
    """Caso senza alloggio: the homes that could be freed for it go to as many `competing` cases before it.

    Without any no home suits it. `asked_unit_id` is a home that its owner is asked to make ready for it.
    """

    case_ref: ShortText
    municipality: ShortText
    household_size: Whole
    accessible: bool
    urgency_class: Whole
    waiting_since: date
    deadline_on: date | None
    why_it: str = Field(max_length=4000)
    competing: list[CompetingCase] = Field(max_length=10_000)
    capped: list[ReservationLimit] = Field(max_length=1000)
    asked_unit_id: ShortText | None
    proposed: ActionKind
    sources: list[UUID] = Field(max_length=20_000)


class RefusalPage(PlanHead):
    """Cases without a home in the statutory order, which `order_article` lays down."""

    order_article: ShortText
    item_count: Whole
    items: list[CaseRefusal] = Field(max_length=1000)
    links: PageLinks = Field(alias="_links")


@router.get(
    "/{ambito}/refusals",
    operation_id="refusal_list",
    summary="I casi che restano senza alloggio, e perché",
    description="In ordine di precedenza: quali casi hanno gli alloggi adatti prima di loro, quali enti hanno "
    "raggiunto il limite di riserva, che cosa si propone in cambio. Un Comune vede i propri casi.",
)
async def refusals(
    plans: Plans,
    municipality: Municipality = None,
    cursor: Cursor = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RefusalPage:
    material = material_of(plans, await plans.state())
    every = await asyncio.to_thread(unplaced_in, material, municipality)
    found = [one for one in every if sees_households(plans.who, one.case.municipality)]
    asked = partial(plans.path, "refusals")
    shown, links = Window(cursor, limit).cut(asked, found, municipality=municipality)
    return RefusalPage(
        **plans.head.model_dump(),
        order_article=ORDER_ARTICLE,
        item_count=len(found),
        items=[_refusal(one) for one in shown],
        _links=links,
    )


def _refusal(one: Unplaced) -> CaseRefusal:
    case = one.case
    return CaseRefusal(
        case_ref=one.case_ref,
        municipality=case.municipality,
        household_size=case.household_size,
        accessible=case.accessible,
        urgency_class=case.urgency_class,
        waiting_since=case.waiting_since,
        deadline_on=case.deadline_on,
        why_it=one.why_it,
        competing=[_competing(other) for other in one.competitors],
        capped=[_limit(owner, allowance) for owner, allowance in one.capped],
        asked_unit_id=one.asked_unit_id or None,
        proposed=ActionKind.ASK_OWNER_FOR_HOME if one.asked_unit_id else ActionKind.ACTIVATE_LEASE,
        sources=[UUID(source) for source in one.sources],
    )


def _competing(other: Competitor) -> CompetingCase:
    return CompetingCase(
        case_ref=other.case_ref,
        municipality=other.case.municipality,
        urgency_class=other.case.urgency_class,
        waiting_since=other.case.waiting_since,
        unit_id=other.unit_id,
        unit_municipality=other.home.municipality,
        unit_owner=other.home.owner,
    )


def _limit(owner: str, allowance: SatAllowance) -> ReservationLimit:
    return ReservationLimit(owner=owner, **allowance._asdict())
