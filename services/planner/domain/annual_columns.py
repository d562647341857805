"""Colonne a-k del piano annuale (comunicazione regionale 45 del 2 aprile 2019): what the plan knows, what was declared.

Of every municipality and owner the plan counts a, j and k, forecasts c, d, e and their sum g, and takes the least share
h from the law; b, f and i only the owner can tell (domain.md, 2). Beside each stands what the owner declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from services.planner.domain.adopted import assignable
from services.planner.domain.annual import SHARES, SOURCES, SUMMANDS, ColumnSource
from services.planner.domain.declared_years import three_years
from services.planner.domain.forecast import supply_of
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.rules import Rules
from services.planner.domain.sheets import figures_of
from services.planner.domain.state import PlanState
from services.planner.domain.sums import add
from services.planner.domain.supply.columns import annual_supply
from shared.events.planning import YearForecast
from shared.events.submissions import AnnualColumns
from shared.events.units import UnitStatus

TOTAL, ASSIGNED, SET_ASIDE = "assignable_total", "assigned_previous_year", "sat_units"
PRESENT = ("stock_sap", "stock_sas", "stock_sat", SET_ASIDE)
"""Counted as they are now: of no year."""
YEARS_SINCE = 2
"""Column k of a plan's year: owners submit in the year before, and the last year that was over then is counted."""
SAT = frozenset({UnitStatus.RESERVED_SAT, UnitStatus.OCCUPIED_SAT})
Columns = dict[FigureKey, int | None]
"""Homes, thousandths of a home or of a share; None: not known, or not declared."""


def annual_columns(state: PlanState, plan: Plan, rules: Rules) -> Columns:
    """Every column of every municipality and owner and, but for the shares, of each municipality and the ambito.

    Columns b to g are also of the triennium; a and j are counted now, and of no year.
    """
    counts = column_counts(state)
    known = counts | forecast_columns(state, plan)
    found: Columns = {}
    for municipality, owner in sorted({(key.municipality or "", key.owner or "") for key in known}):
        for name in SOURCES:
            for year in years_of(name, plan):
                key = FigureKey(municipality, owner, f"column_{name}", year)
                found[key] = own(name, known.get(key, 0), year, plan.reference_on, rules)
            for year in plan.triennium.years:
                key = FigureKey(municipality, owner, f"column_{name}_declared", year)
                found[key] = counts.get(key)
    return found | totals_of(found)


def column_of(figure: str) -> tuple[str, bool]:
    """The column that a figure is of, and whether it is what was declared."""
    return figure.removeprefix("column_").removesuffix("_declared"), figure.endswith("_declared")


def years_of(name: str, plan: Plan) -> tuple[int | None, ...]:
    if name in PRESENT:
        return (None,)
    return plan.years if name in (*SUMMANDS, TOTAL) else plan.triennium.years


def own(name: str, known: int, year: int | None, on: date, rules: Rules) -> int | None:
    """What the plan itself knows; None where only the owner can tell, or what is counted is still to come."""
    match SOURCES[name]:
        case ColumnSource.DECLARED_ONLY:
            return None
        case ColumnSource.LAW:
            return whole(rules.quotas.indigence_share)
        case _ if name == ASSIGNED and year is not None and year - YEARS_SINCE > on.year:
            return None
        case _:
            return known


def column_counts(state: PlanState) -> dict[FigureKey, int]:
    """What is counted of homes and declarations, each of which counts for itself."""
    found: dict[FigureKey, int] = {}
    for (municipality, owner, _, service, status), homes in state.makeup.items():
        if "stock_total" in figures_of(status):
            add(found, FigureKey(municipality, owner, f"column_stock_{service.lower()}", None), homes)
        if status in SAT:
            add(found, FigureKey(municipality, owner, f"column_{SET_ASIDE}", None), homes)
    for (municipality, owner, _, quarter), cell in state.cells.items():
        add(found, FigureKey(municipality, owner, f"column_{ASSIGNED}", quarter // 4 + YEARS_SINCE), cell.assigned)
    return found | {key: whole(value) for key, value in declared_columns(state).items()}


def declared_columns(state: PlanState) -> dict[FigureKey, int | Decimal]:
    """What owners declared of each year: its annual columns or, until they come, the latest three-year row of it."""
    found: dict[FigureKey, int | Decimal] = {}
    ordered = sorted(state.declarations.items())
    for (_, owner, municipality), declaration in ordered:
        for row in three_years(declaration.told).forecast or ():
            for name, homes in of_row(row):
                found[FigureKey(municipality, owner, f"column_{name}_declared", row.year)] = homes
    for (cycle_year, owner, municipality), declaration in ordered:
        told = columns_told(declaration.columns)
        for name in SOURCES:
            key = FigureKey(municipality, owner, f"column_{name}_declared", cycle_year + 1)
            found.pop(key, None)
            if (value := getattr(told, name)) is not None:
                found[key] = value
    return found


@lru_cache(maxsize=4096)
def columns_told(written: str) -> AnnualColumns:
    """The columns of a declaration; nothing to declare is all zero."""
    return AnnualColumns.model_validate_json(written, extra="ignore") if written else AnnualColumns()


def of_row(row: YearForecast) -> Iterator[tuple[str, int]]:
    """The columns that a three-year row tells."""
    yield "as_is_assignable", row.as_is_assignable
    yield "under_renovation_assignable", row.works_assignable
    yield "new_build_assignable", row.new_build_assignable
    yield "turnover_expected", row.turnover_expected
    yield "conferred_by_private", row.conferred_by_private
    yield TOTAL, assignable(row)


def forecast_columns(state: PlanState, plan: Plan) -> dict[FigureKey, int]:
    """Columns c, d and e, and their sum g, in thousandths of a home."""
    found = {}
    supply = supply_of(state, plan.triennium, plan.reference_on)
    for (municipality, owner), windows in annual_supply(supply).items():
        for year, window in zip(plan.years, windows, strict=True):
            found[FigureKey(municipality, owner, f"column_{TOTAL}", year)] = window.total
            for channel, homes in window.channels.items():
                found[FigureKey(municipality, owner, f"column_{channel}", year)] = homes
    return found


def totals_of(columns: Columns) -> Columns:
    """Of each municipality and of the ambito; None where no part is known. What is chosen is not summed."""
    parts: dict[FigureKey, list[int]] = defaultdict(list)
    for key, value in columns.items():
        if column_of(key.figure)[0] not in SHARES:
            for place in (key.municipality, None):
                parts[key._replace(municipality=place, owner=None)] += [] if value is None else [value]
    return {key: sum(known) if known else None for key, known in parts.items()}


def whole(value: int | Decimal) -> int:
    """A share in thousandths, halves away from zero; a count as it is."""
    return value if isinstance(value, int) else int((1000 * value).to_integral_value(ROUND_HALF_UP))
