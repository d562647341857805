"""What the plan would be if something happened that has not, or its rules were others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from services.planner.api.drift import DriftAnswer, Place, answered
from services.planner.api.editions import Asked, Plans, ShortText
from services.planner.api.listings import OfFigures
from services.planner.api.material import material_of
from services.planner.domain.parts import Material
from services.planner.domain.rehearsal import ParameterChange, Shift
from services.planner.domain.what_if import Cases, Hypothesis, Impossible, Vacancies, WhatIf, WorksMoved, suppose
from services.planner.domain.withholding import plan_hash
from services.planner.law.supposed import SupposedLaw, SupposedRule, fault_of
from services.planner.law.values import Value
from shared.arrivals import Arrival, Shape, arriving, read_value
from shared.events import Message
from shared.events.base import IstatCode, OrganisationId, Reference, UnitId
from shared.events.units import InspectionOutcome, UnitStatus
from shared.openapi import body, problems
from shared.problems import FieldError, Text, invalid

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


class OtherRule(Shape):
    """Regola cambiata: a parameter of the law and its number; a share is one of 1."""

    parameter: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$", max_length=60)]
    value: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", max_length=16)]


class Hypotheses(Shape):
    """E se…: what to suppose; the law of another day (`rules_on`) and other numbers in it (`rules`) come last."""

    vacancies: Annotated[list[NewVacancies], Field(max_length=50)] = []
    works: Annotated[list[MovedWorks], Field(max_length=50)] = []
    cases: Annotated[list[NewCases], Field(max_length=20)] = []
    rules_on: date | None = None
    rules: Annotated[list[OtherRule], Field(max_length=20)] = []


class ParameterItem(Shape):
    """A parameter that would be another; None: there is none. `status` tells law that was read from an assumption."""

    parameter: ShortText
    before: str | None = Field(max_length=500)
    after: str | None = Field(max_length=500)
    article: ShortText
    status: ShortText


class LimitItem(Shape):
    """Quota o limite: homes that the rules would grant or cap otherwise, and the articles that move them."""

    municipality: ShortText | None
    owner: ShortText | None
    limit: ShortText
    before: int
    after: int
    articles: list[ShortText] = Field(max_length=20)


class WhatIfAnswer(DriftAnswer):
    """E se…: the plan supposed beside the plan there is; of other rules also what they say, grant and cap."""

    parameters: list[ParameterItem] = Field(max_length=100)
    limits: list[LimitItem] = Field(max_length=5000)


BODIES: Final = (Hypotheses,)
"""Read strictly."""


@router.post(
    "/{ambito}/what-if",
    operation_id="plan_what_if",
    summary="E se…",
    description="Che cosa cambierebbe nel piano se si liberassero alloggi, si spostassero lavori, si aprissero casi o "
    "valessero altre regole: quelle di un altro giorno, o altri numeri. Delle regole si dicono anche le quote e i "
    "limiti che cambiano. Nulla viene scritto.",
    openapi_extra=body(
        "Hypotheses",
        "Che cosa supporre",
        slip={"works": [{"programme": "PR-2026-01", "expected_end_on": "2027-06-30"}]},
        rules={"rules_on": "2024-01-01", "rules": [{"parameter": "indigence_share", "value": "0.25"}]},
        vacancies={"vacancies": [{"municipality": "019036", "owner": "aler-bcm", "count": 5}]},
    ),
)
async def what_if(
    plans: Plans,
    arrival: Annotated[Arrival, Depends(arriving(65_536))],
    window: OfFigures,
    municipality: Place = None,
) -> WhatIfAnswer:
    wanted = read_value(Hypotheses, arrival.document)
    law = _law(wanted)
    material, messages = material_of(plans, await plans.state()), await plans.messages()
    found = await asyncio.to_thread(partial(_supposed, plans, material, messages, wanted, law))
    told = answered(plans, found.drift, municipality, window, None)
    if law:
        # Of need nobody is told under other rules, and against a hash anybody can check a guess.
        told["hash"] = plan_hash(replace(found.drift.after, needs={}))
    return WhatIfAnswer(
        **told,
        parameters=[_parameter(change) for change in found.parameters],
        limits=[_limit(shift) for shift in found.limits],
    )


def _law(wanted: Hypotheses) -> SupposedLaw:
    values = tuple(SupposedRule(rule.parameter, Decimal(rule.value)) for rule in wanted.rules)
    faults = [
        FieldError(f"/rules/{place}", f"{rule.parameter} = {rule.value}", fault, _REMEDY)
        for place, rule in enumerate(values)
        if (fault := fault_of(rule))
    ]
    if faults:
        raise invalid(faults)
    return SupposedLaw(wanted.rules_on, values)


def _supposed(
    plans: Asked, material: Material, messages: Sequence[Message], wanted: Hypotheses, law: SupposedLaw
) -> WhatIf:
    pointers, hypotheses = zip(*_hypotheses(wanted), strict=True) if _hypotheses(wanted) else ((), ())
    rules = law.rules(plans.plan.rules_on) if law else None
    try:
        return suppose(plans.plan, material.state, messages, plans.method, hypotheses, rules, material.inhabitants)
    except Impossible as why:
        rule = Text(why.italian, why.english)
        raise invalid([FieldError(pointers[why.place], None, rule, _REMEDY)]) from None


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


def _parameter(change: ParameterChange) -> ParameterItem:
    before, after = (_text(source.value) for source in (change.before, change.after))
    told = {"article": change.after.article, "status": change.after.status}
    return ParameterItem(parameter=change.parameter, before=before, after=after, **told)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str | None) else ", ".join(map(str, value))


def _limit(shift: Shift) -> LimitItem:
    told = {name: getattr(shift, name) for name in ("municipality", "owner", "before", "after")}
    return LimitItem(**told, limit=shift.what, articles=list(shift.articles))


_REMEDY = Text("Correggere l’ipotesi.", "Correct the hypothesis.")
