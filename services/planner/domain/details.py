"""Dettagli dell'offerta: figures that nobody keeps, computed from the plan's own state when somebody asks.

They divide what the plan publishes, by size class and service type or into the columns of the annual plan, and add up
to it exactly; keeping them would cost every event what only a reader needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum

from services.planner.domain.annual_columns import annual_columns
from services.planner.domain.forecast import by_kind
from services.planner.domain.labels import COLUMN_LABELS, KIND_LABELS
from services.planner.domain.plan import FORECAST, FigureKey, Plan
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState


class Detail(StrEnum):
    """Dettaglio dell'offerta: by size class and service type, or columns a-k of the annual plan."""

    KINDS = "KINDS"
    COLUMNS = "COLUMNS"


def detail_of(figure: str) -> Detail | None:
    """Which detail a figure belongs to; None: it is kept with the plan, or there is none of that name."""
    if figure in KIND_LABELS:
        return Detail.KINDS
    return Detail.COLUMNS if figure in COLUMN_LABELS else None


def details_of(detail: Detail, state: PlanState, plan: Plan, rules: Rules) -> Mapping[FigureKey, int | None]:
    """The figures of a detail of every municipality and owner, of each municipality and of the ambito."""
    return kind_figures(state, plan) if detail is Detail.KINDS else annual_columns(state, plan, rules)


def kind_figures(state: PlanState, plan: Plan) -> dict[FigureKey, int | None]:
    """Exits and assignable homes by size class and service type, by year and in the triennium: thousandths."""
    found: dict[FigureKey, int] = defaultdict(int)
    for (municipality, owner, size, service), part in by_kind(state, plan.triennium, plan.reference_on).items():
        for what, means in zip(FORECAST, part, strict=True):
            for year, mean in zip(plan.years, means, strict=True):
                for place, whose in ((municipality, owner), (municipality, None), (None, None)):
                    found[FigureKey(place, whose, kind_figure(what, size, service), year)] += mean
    return {**found}


def kind_figure(what: str, size_class: int, service: str) -> str:
    """`turnover_size_4_sap`."""
    return f"{what}_size_{size_class}_{service.lower()}"
