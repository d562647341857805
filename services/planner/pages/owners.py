"""One page per owner: its homes and their forecast in every municipality, each number a way to its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from services.planner.domain.labels import LABELS
from services.planner.domain.plan import FigureKey
from services.planner.domain.plan import Plan as ComputedPlan
from services.planner.pages.addresses import Addresses
from services.planner.pages.contested import OpenContests
from services.planner.pages.desk import At, Plan
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
from services.planner.pages.views import Table
from services.planner.pages.words import level, short
from shared.pages import Cell, Column, say
from shared.territory import organisation_name

router = APIRouter()
COUNTS: Final = ("stock_total", "occupied", "occupied_without_title", "free_assignable", "needing_works", "in_works")
FORECASTS: Final = ("turnover", "assignable")
OwnerName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


@router.get("/ambiti/{ambito_code}/enti/{owner}", operation_id=OPERATION)
async def owner_page(
    request: Request,
    place: Place,
    plan: Plan,
    at: At,
    owner: OwnerName,
    contested: OpenContests,
    if_none_match: IfNoneMatch = "",
) -> Response:
    head, computed = plan.asked.head, plan.asked.plan
    places = sorted({key.municipality for key in computed.figures if key.owner == owner and key.municipality})
    if not places:
        raise not_found(f"Nel piano non c’è l’ente {owner}.", f"There is no owner {owner} in the plan.")
    tag = tag_of(request, head.hash, str(head.version), owner, str(at.days), contested.mark)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    name = organisation_name(place.code, owner)
    content = {
        **around(place, at, head, name, "", live=True),
        "place_count": len(places),
        "tables": _tables(computed, owner, places, at),
        "flags": contested.flags,
    }
    return answer(request, "owner.html", content, tag)


def _tables(plan: ComputedPlan, owner: str, places: Sequence[str], at: Addresses) -> list[Table]:
    return [_counts(plan, owner, places, at), *(_forecast(plan, owner, places, what, at) for what in FORECASTS)]


def _counts(plan: ComputedPlan, owner: str, places: Sequence[str], at: Addresses) -> Table:
    columns = [Column(say("Comune", "Municipality")), *(Column(short(figure), "number") for figure in COUNTS)]
    keys = [[FigureKey(place, owner, figure, None) for figure in COUNTS] for place in _by_name(plan, places)]
    rows = [[_place(plan, row[0].municipality, at), *(_figure(plan, key, at) for key in row)] for row in keys]
    sums = [sum(plan.figures.get(row[column], 0) for row in keys) for column in range(len(COUNTS))]
    return Table(
        say("Alloggi per stato", "Homes by state"), columns, rows, [Cell(say("Somma", "Sum")), *map(Cell, sums)]
    )


def _forecast(plan: ComputedPlan, owner: str, places: Sequence[str], what: str, at: Addresses) -> Table:
    """Means add up; what they may lie between does not, and is told of each municipality only."""
    mean = f"{what}_mean"
    columns = [
        Column(say("Comune", "Municipality")),
        *(Column(say("Triennio", "Three years") if year is None else str(year), "thousandths") for year in plan.years),
        Column(say("Triennio, intervallo ", "Three years, interval ") + level(), "span"),
    ]
    keys = [[FigureKey(place, owner, mean, year) for year in plan.years] for place in _by_name(plan, places)]
    rows = []
    for row in keys:
        low, high = (plan.figures.get(row[0]._replace(figure=f"{what}_{end}", year=None), 0) for end in ("low", "high"))
        rows.append(
            [_place(plan, row[0].municipality, at), *(_figure(plan, key, at) for key in row), Cell((low, high))]
        )
    sums = [sum(plan.figures.get(row[column], 0) for row in keys) for column in range(len(plan.years))]
    total = [Cell(say("Somma", "Sum")), *map(Cell, sums), Cell(None, instead="–")]
    return Table(LABELS[mean].overall, columns, rows, total)


def _by_name(plan: ComputedPlan, places: Sequence[str]) -> list[str]:
    return sorted(places, key=lambda code: plan.names.get(code, code))


def _place(plan: ComputedPlan, code: str | None, at: Addresses) -> Cell:
    return Cell(plan.names.get(code or "", code), href=at.municipality(code or ""))


def _figure(plan: ComputedPlan, key: FigureKey, at: Addresses) -> Cell:
    """What is not in the plan is nothing of that kind, and has no page."""
    value = plan.figures.get(key)
    return Cell(value or 0, href=None if value is None else at.figure(key.id), figure=key.id)
