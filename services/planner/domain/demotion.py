"""Retrocessione della previsione (planner.md, 7): where "same as last year" has done better, it is adopted instead.

The rule: over all closed years, two at least, the model's loss is above that of "same as last year" by a tenth of a
home a year or more. What is published is shown to a tenth, so that less is a tie, and a tie keeps the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from services.planner.domain.rounding import half_up
from services.planner.domain.scores import QUARTERS, History, Record, Scores
from services.planner.domain.supply.adoption import Adopted, AdoptionKey, Basis, Quantity
from services.planner.domain.supply.assignable import Holding
from services.planner.domain.supply.counts import gamma_poisson_band
from services.planner.domain.supply.outlook import Estimate
from services.planner.domain.supply.turnover import Window

FEWEST_YEARS = 2
LEAST_DIFFERENCE = 100
"""Thousandths of a home a year: a smaller difference of losses is none (planner.md, 1)."""


class Settled(NamedTuple):
    """Valore adottato dopo la verifica: thousandths of a home, with its 80 % band in homes.

    `is_last_year` marks one that repeats the last closed year because the municipality's forecast is demoted.
    """

    adopted: int
    low: int
    high: int
    is_last_year: bool


def demotions(scores: Scores) -> frozenset[str | None]:
    """Comuni la cui previsione è retrocessa; None is the ambito's total."""
    return frozenset(scope for scope, record in scores.records.items() if is_demoted(record))


def is_demoted(record: Record) -> bool:
    worse = record.loss - record.last_year_loss
    return record.forecasts >= FEWEST_YEARS and worse >= LEAST_DIFFERENCE * record.forecasts


def same_as_last_year(exits: int, window: Window) -> Estimate:
    """As many exits a year as in the last closed one: a Poisson count; part of a year by its share of the days."""
    years = max(years_until(window.ends_on) - years_until(window.begins_on), Fraction(0))
    mean = half_up(1000 * exits * years.numerator, years.denominator)
    return Estimate(mean, *gamma_poisson_band(mean / 1000, 0.0))


def years_until(day: date) -> Fraction:
    begins_on = date(day.year, 1, 1)
    return day.year + Fraction((day - begins_on).days, (date(day.year + 1, 1, 1) - begins_on).days)


def fallbacks(
    history: History, demoted: Set[str | None], years: Sequence[int], windows: Sequence[Window], on: date
) -> dict[AdoptionKey, Estimate]:
    """What takes the model's place: the turnover of each municipality that is demoted, by owner and year.

    `windows` are those of the plan's `years`, as seen from the reference date.
    """
    exits: Counter[Holding] = Counter()
    for (municipality, owner, _, quarter), cell in history.items():
        if municipality in demoted:
            exits[municipality, owner] += cell.exits if quarter // QUARTERS == on.year - 1 else 0
    return {
        (*holding, year, Quantity.TURNOVER): same_as_last_year(count, window)
        for holding, count in exits.items()
        for year, window in zip(years, windows, strict=True)
    }


def settle(
    adopted: Mapping[AdoptionKey, Adopted], last_year: Mapping[AdoptionKey, Estimate]
) -> dict[AdoptionKey, Settled]:
    """What the plan uses: a declaration or somebody's choice stays, the model gives way where it is demoted."""
    return {key: _settled(cell, last_year.get(key)) for key, cell in adopted.items()}


def _settled(cell: Adopted, last_year: Estimate | None) -> Settled:
    is_by_rule = cell.basis is Basis.MODEL and not cell.reason
    if last_year is None or not is_by_rule:
        return Settled(cell.adopted, cell.low, cell.high, is_last_year=False)
    return Settled(*last_year, is_last_year=True)
