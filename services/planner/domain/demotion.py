"""Retrocessione della previsione (planner.md, 7): where "same as last year" has done better, it is adopted instead.

The rule: over all closed years, two at least, the model's loss is above that of "same as last year" by a tenth of a
home a year or more. What is published is shown to a tenth, so that less is a tie, and a tie keeps the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from datetime import date
from fractions import Fraction
from functools import lru_cache

from services.planner.domain.rounding import half_up
from services.planner.domain.scores import QUARTERS, History, Record, Scores, scores_of
from services.planner.domain.supply.adoption import AdoptionKey, Quantity
from services.planner.domain.supply.assignable import Holding
from services.planner.domain.supply.counts import gamma_poisson_band
from services.planner.domain.supply.occupancy import Occupancy, PlaceQuarter
from services.planner.domain.supply.outlook import Estimate
from services.planner.domain.supply.turnover import Window

FEWEST_YEARS = 2
LEAST_DIFFERENCE = 100
"""Thousandths of a home a year: a smaller difference of losses is none (planner.md, 1)."""


def demotions(scores: Scores) -> frozenset[str | None]:
    """Comuni la cui previsione è retrocessa; None is the ambito's total."""
    return frozenset(scope for scope, record in scores.records.items() if is_demoted(record))


def demoted(history: History, on: date) -> frozenset[str | None]:
    """The same, from the cells; asked at every event, it is worked out when the past of a closed year has changed."""
    closed = [(key, cell) for key, cell in history.items() if key[3] < QUARTERS * on.year]
    return _demoted(frozenset(closed), on.year)


@lru_cache(maxsize=16)
def _demoted(cells: frozenset[tuple[PlaceQuarter[int], Occupancy]], year: int) -> frozenset[str | None]:
    return demotions(scores_of(dict(cells), {}, date(year, 1, 1)))


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
    history: History, whose: Set[str | None], years: Sequence[int], windows: Sequence[Window], on: date
) -> dict[AdoptionKey, Estimate]:
    """What takes the model's place: the turnover of each of these municipalities, by owner and year.

    `windows` are those of the plan's `years`, as seen from the reference date.
    """
    exits: Counter[Holding] = Counter()
    for (municipality, owner, _, quarter), cell in history.items():
        if municipality in whose:
            exits[municipality, owner] += cell.exits if quarter // QUARTERS == on.year - 1 else 0
    return {
        (*holding, year, Quantity.TURNOVER): same_as_last_year(count, window)
        for holding, count in exits.items()
        for year, window in zip(years, windows, strict=True)
    }
