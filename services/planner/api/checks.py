"""What the plan has to say of the data it was given: the checks that need the registry, each with how to mend it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from services.planner.api.editions import PlanHead, Plans, ShortText, Whole, Year
from services.planner.api.listings import Municipality, OfFigures
from services.planner.api.readers import sees_households
from services.planner.domain.checks.contributions import CODE as CONTRIBUTIONS
from services.planner.domain.checks.evidence import evidence_of
from services.planner.domain.checks.faults import Check, Severity
from services.planner.domain.checks.remarks import Remark, remarks_of
from shared.arrivals import PageLinks, Shape
from shared.auth import Principal
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["plans"], responses=problems(404))
Message = Annotated[str, Field(max_length=4000)]
UNITS_TOLD = 200
"""Homes that a remark names; the count says how many there are."""


class PlanRemark(Shape):
    """Rilievo: the broken rule and its field, both numbers, and how to mend it.

    Without a municipality it is of all the owner's homes. `confirmed`: the reason the owner gave for the value.
    """

    code: ShortText
    severity: Severity
    owner: ShortText
    municipality: ShortText | None
    year: Year
    field: ShortText
    value: ShortText
    rule_it: Message
    rule_en: Message
    remedy_it: Message
    remedy_en: Message
    parameters: list[ShortText] = Field(max_length=50)
    units: list[ShortText] = Field(max_length=UNITS_TOLD)
    unit_count: Whole
    confirmed: str | None = Field(max_length=2000)


class RemarkPage(PlanHead):
    """Remarks by owner, municipality and year; none of them changes a figure of the plan."""

    item_count: Whole
    items: list[PlanRemark] = Field(max_length=1000)
    links: PageLinks = Field(alias="_links")


@router.get(
    "/{ambito}/checks",
    operation_id="check_list",
    summary="I rilievi del piano sui dati trasmessi",
    description="Le verifiche che hanno bisogno dell’anagrafe o di altri dati: consistenza (V3), limite dei servizi "
    "transitori (V10), riserve (V11), lavori (V15), assegnazioni (V16), piano annuale e triennale (V17); con le regole "
    "del giorno del piano, quote (V7, V8) e contributi di solidarietà (V19), che contano famiglie e vede chi può.",
)
async def checks(
    plans: Plans,
    window: OfFigures,
    owner: Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", max_length=64)] = None,
    municipality: Municipality = None,
    code: Annotated[str | None, Query(pattern=r"^V[0-9]{1,2}$", max_length=3)] = None,
) -> RemarkPage:
    every = [one for one in await _remarks(plans) if _is_told(plans.who, one.check)]
    asked = {"owner": owner, "municipality": municipality, "code": code}
    found = [
        one for one in map(_told, every) if all(value in (None, getattr(one, key)) for key, value in asked.items())
    ]
    shown, links = window.cut(partial(plans.path, "checks"), found, **asked)
    return RemarkPage(**plans.head.model_dump(), item_count=len(found), items=list(shown), _links=links)


async def _remarks(plans: Plans) -> tuple[Remark, ...]:
    messages, plan = await plans.messages(), plans.plan
    rules = plans.method.law(plan.rules_on)
    return await asyncio.to_thread(
        lambda: remarks_of(evidence_of(messages), rules, plan.triennium.years, plan.reference_on)
    )


def _is_told(who: Principal, check: Check) -> bool:
    """A measure's households however few: for whoever may see them, and for who declared them."""
    whose, municipality, _ = check.row
    return check.code != CONTRIBUTIONS or sees_households(who, municipality) or who.organisation == whose


def _told(remark: Remark) -> PlanRemark:
    check = remark.check
    return PlanRemark(
        code=check.code,
        severity=check.severity,
        owner=check.row.owner,
        municipality=check.row.municipality,
        year=check.row.year,
        field=remark.field,
        value=check.value,
        rule_it=check.rule.it,
        rule_en=check.rule.en,
        remedy_it=check.remedy.it,
        remedy_en=check.remedy.en,
        parameters=list(check.parameters),
        units=list(check.units[:UNITS_TOLD]),
        unit_count=len(check.units),
        confirmed=remark.confirmed,
    )
