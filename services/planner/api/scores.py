"""The forecast's own record over HTTP: every closed year forecast again, and what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from services.planner.api.editions import Asked, PlanHead, Plans, ShortText, Whole, Year
from services.planner.api.figures import Formula
from services.planner.domain.declared_years import expected_turnover
from services.planner.domain.demotion import FEWEST_YEARS, LEAST_DIFFERENCE, is_demoted
from services.planner.domain.scores import FORMULAS, Record, Scores, YearScore, scores_of
from services.planner.domain.state import PlanState
from shared.arrivals import Shape
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["figures"], responses=problems(404))
Thousandths = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, description="Millesimi")]


class ScoredYear(Shape):
    """Un anno chiuso: the exits that came, and what three forecasts had said; losses are thousandths of a home."""

    year: Year
    exits: Whole
    mean: Thousandths
    low: Whole
    high: Whole
    held: Thousandths
    loss: Thousandths
    last_year: Whole
    last_year_loss: Thousandths
    declared: Whole | None
    declared_loss: Thousandths | None


class Balance(Shape):
    """Bilancio: sums of losses over so many forecasts; `held_mean` 800 is right, `skill` above 0 beats last year."""

    forecasts: Whole
    held_mean: Thousandths | None
    width: Whole
    loss: Thousandths
    last_year_loss: Thousandths
    skill: Thousandths | None
    declared: Whole
    declared_loss: Thousandths
    loss_beside_declared: Thousandths


class ScopeRecord(Shape):
    """The record of a municipality, or of the ambito; `demoted`: it has done worse than "same as last year"."""

    municipality: ShortText | None
    name: ShortText | None
    demoted: bool
    balance: Balance
    years: list[ScoredYear] = Field(max_length=500)


class DemotionRule(Shape):
    """La regola: after so many closed years, the model worse by so many thousandths of a home a year is demoted."""

    fewest_years: Whole
    least_difference: Thousandths


class ScoresAnswer(PlanHead):
    """Quanto c'era da fidarsi: the ambito first, then its municipalities; `one_by_one` is the sum over these."""

    rule: DemotionRule
    formulas: dict[str, Formula] = Field(max_length=10)
    one_by_one: Balance
    items: list[ScopeRecord] = Field(max_length=2000)


@router.get(
    "/{ambito}/scores",
    operation_id="plan_scores",
    summary="Quanto ha avuto ragione la previsione",
    description="Per ogni anno chiuso, le uscite previste prima che cominciasse e quelle avvenute, a confronto con "
    "«come l’anno prima» e con il dichiarato; dove la previsione fa peggio dell’anno prima, è retrocessa.",
)
async def scores(
    plans: Plans,
    municipality: Annotated[str | None, Query(pattern=r"^(-|[0-9]{6})$", max_length=6)] = None,
) -> ScoresAnswer:
    found = await asyncio.to_thread(_scores, plans, await plans.state())
    wanted = None if municipality == "-" else municipality
    return ScoresAnswer(
        **plans.head.model_dump(),
        rule=DemotionRule(fewest_years=FEWEST_YEARS, least_difference=LEAST_DIFFERENCE),
        formulas={
            name: Formula(name=one.name, text_it=one.text_it, source=one.source) for name, one in FORMULAS.items()
        },
        one_by_one=_balance(found.one_by_one),
        items=[item for item in _items(plans, found) if municipality is None or item.municipality == wanted],
    )


def _scores(plans: Asked, state: PlanState) -> Scores:
    return scores_of(state.cells, expected_turnover(state), plans.plan.reference_on)


def _items(plans: Asked, scores: Scores) -> list[ScopeRecord]:
    years: dict[str | None, list[ScoredYear]] = defaultdict(list)
    for score in scores.years:
        years[score.municipality].append(_year(score))
    return [
        ScopeRecord(
            municipality=scope,
            name=plans.plan.names.get(scope, scope) if scope else None,
            demoted=is_demoted(record),
            balance=_balance(record),
            years=years[scope],
        )
        for scope, record in sorted(scores.records.items(), key=lambda item: item[0] or "")
    ]


def _year(score: YearScore) -> ScoredYear:
    return ScoredYear(**{name: getattr(score, name) for name in ScoredYear.model_fields})


def _balance(record: Record) -> Balance:
    return Balance(**{name: getattr(record, name) for name in Balance.model_fields})
