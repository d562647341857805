"""Turnover (colonna e, comunicazione regionale 45 del 2 aprile 2019): homes that will be given back, by municipality,
owner and size class; two-level Gamma-Poisson.

An exit rate of each owner and size class, times a factor common to the ambito, times a multiplier of each municipality.
What the municipalities share makes their errors alike, so the ambito's band is wider than independent parts would give:
it comes from the same model, not from the municipalities' bands. Means are whole thousandths of a home rounded once,
cell by cell and window by window, and everything larger is their sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum
from typing import Generic, NamedTuple

from services.planner.domain.supply.common_factor import CommonFactor, common_factor
from services.planner.domain.supply.counts import Distribution, gamma_poisson, gamma_poisson_band
from services.planner.domain.supply.multipliers import Multiplier, multipliers
from services.planner.domain.supply.occupancy import (
    MILLION,
    Kind,
    Occupancy,
    Past,
    Place,
    PlaceQuarter,
    SizeT,
    by_quarter,
    pasts,
    pooled,
    quarter_of,
    weighted_home_days,
)

DAYS_A_YEAR = 365.25
DAYS_A_QUARTER = DAYS_A_YEAR / 4
PRIOR_EXITS, PRIOR_HOME_DAYS = 1, 10_436
"""As if one exit had been seen in 10,436 occupied home-days, 3.5 % a year: the mean where there is no history."""
KIND_EXITS = 8
"""Each owner and size class begins as if it had seen this many exits at the ambito's rate."""
SHARE_EXITS = 30
"""Within a municipality, owner and size class begin as if this many exits had fallen to them in proportion."""
DRIFT = 0.0016
"""0.04^2: a municipality's own slow drift over a year."""


class Window(NamedTuple):
    """A time ahead: [begins_on, ends_on)."""

    begins_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return max((self.ends_on - self.begins_on).days, 0)


class Expectation(NamedTuple):
    """A mean in thousandths of a home, the squared coefficient of variation of the Poisson's mean, and a cap."""

    mean: int
    relative_variance: float
    cap: int

    def distribution(self) -> Distribution:
        return gamma_poisson(self.mean / 1000, self.relative_variance).at_most(self.cap)

    def band(self) -> tuple[int, int]:
        low, high = gamma_poisson_band(self.mean / 1000, self.relative_variance)
        return min(low, self.cap), min(high, self.cap)


@dataclass(frozen=True, slots=True)
class Turnover(Generic[SizeT]):
    """Turnover atteso: one expectation for each window asked for, by cell, by municipality and for the ambito."""

    cells: Mapping[Place[SizeT], tuple[Expectation, ...]]
    municipalities: Mapping[str, tuple[Expectation, ...]]
    ambito: tuple[Expectation, ...]


class TownExits(NamedTuple):
    """A municipality: exits seen, exits its homes would have had at multiplier one, and its multiplier."""

    exits: int
    expected: float
    multiplier: Multiplier


class CellRate(NamedTuple):
    """Thousandths of an exit a day from the homes now occupied, and the relative variance of the cell's share."""

    municipality: str
    daily: float
    relative_variance: float
    homes: int


def forecast_turnover(
    history: Mapping[PlaceQuarter[SizeT], Occupancy], on: date, windows: Sequence[Window]
) -> Turnover[SizeT]:
    """Exits in each window, from everything true before `on`; keys are (municipality, owner, size class, quarter).

    The homes occupied on the reference date stay so: who leaves is followed by somebody else.
    """
    history = {key: cell for key, cell in history.items() if key[3] <= quarter_of(on)}
    places = pasts(history, on)
    rates = kind_rates(pooled(places))
    factor, weights = ambito_factor(history, rates, on)
    seen = weighted_home_days(history, weights, on)
    expected = {place: seen[place] * rates[place[1], place[2]] / MILLION for place in places}
    standings = municipalities(places, expected)
    cells_of: dict[str, list[Place[SizeT]]] = defaultdict(list)
    for place in places:
        cells_of[place[0]].append(place)
    cells = {
        place: rate
        for municipality, own in cells_of.items()
        for place, rate in cell_rates(own, places, expected, rates, standings[municipality], factor.mean).items()
    }
    division = divide(standings, cells.values())
    forecasts = [forecast_window(window, on, factor, division, cells) for window in windows]
    return Turnover(
        {place: tuple([found[place] for found, _, _ in forecasts]) for place in places},
        {municipality: tuple([found[municipality] for _, found, _ in forecasts]) for municipality in cells_of},
        tuple([total for _, _, total in forecasts]),
    )


def kind_rates(kinds: Mapping[Kind[SizeT], Past]) -> dict[Kind[SizeT], float]:
    """Exits per occupied home-day of each owner and size class, drawn towards the ambito's."""
    exits = PRIOR_EXITS + sum(past.exits for past in kinds.values())
    home_days = PRIOR_HOME_DAYS + sum(max(past.home_days, 0) for past in kinds.values())
    return {
        kind: (past.exits + KIND_EXITS) * exits / (max(past.home_days, 0) * exits + KIND_EXITS * home_days)
        for kind, past in kinds.items()
    }


def ambito_factor(
    history: Mapping[PlaceQuarter[SizeT], Occupancy], rates: Mapping[Kind[SizeT], float], on: date
) -> tuple[CommonFactor, dict[int, int]]:
    """The common factor, and its value in each past quarter in millionths."""
    quarters = by_quarter(history, on)
    expected = {
        quarter: fsum([home_days * rates[kind] for kind, home_days in kinds.items()])
        for quarter, (_, kinds) in quarters.items()
    }
    seen = [quarter for quarter in sorted(quarters) if expected[quarter] > 0]
    factor = common_factor(
        tuple([quarters[quarter][0] for quarter in seen]),
        tuple([expected[quarter] for quarter in seen]),
    )
    return factor, dict.fromkeys(quarters, MILLION) | {
        quarter: int(value * MILLION + 0.5) for quarter, value in zip(seen, factor.by_quarter, strict=True)
    }


def municipalities(places: Mapping[Place[SizeT], Past], expected: Mapping[Place[SizeT], float]) -> dict[str, TownExits]:
    exits: dict[str, int] = defaultdict(int)
    awaited: dict[str, list[float]] = defaultdict(list)
    for place, past in places.items():
        exits[place[0]] += past.exits
        awaited[place[0]].append(max(expected[place], 0.0))
    names = sorted(awaited)
    sums = [fsum(awaited[name]) for name in names]
    found = multipliers([exits[name] for name in names], sums)
    return {
        name: TownExits(exits[name], total, multiplier)
        for name, total, multiplier in zip(names, sums, found, strict=True)
    }


def cell_rates(
    own: Sequence[Place[SizeT]],
    places: Mapping[Place[SizeT], Past],
    expected: Mapping[Place[SizeT], float],
    rates: Mapping[Kind[SizeT], float],
    standing: TownExits,
    factor: float,
) -> dict[Place[SizeT], CellRate]:
    """The cells of a municipality share its exits by a Dirichlet that begins at the expected proportions."""
    found = {}
    pseudo = SHARE_EXITS + standing.exits
    for place in own:
        share = max(expected[place], 0.0) / standing.expected if standing.expected > 0 else 0.0
        homes = max(places[place].occupied, 0)
        daily = 1000 * factor * standing.multiplier.mean * rates[place[1], place[2]] * homes
        spread = 1 / SHARE_EXITS
        if share > 0:
            posterior = (SHARE_EXITS * share + places[place].exits) / pseudo
            spread = max(1 - posterior, 0.0) / (posterior * (pseudo + 1))
            daily *= posterior / share
        found[place] = CellRate(place[0], daily, spread, homes)
    return found


def forecast_window(
    window: Window,
    on: date,
    factor: CommonFactor,
    division: Mapping[str, Share],
    rates: Mapping[Place[SizeT], CellRate],
) -> tuple[dict[Place[SizeT], Expectation], dict[str, Expectation], Expectation]:
    """Cells, municipalities and ambito in one window."""
    days = window.days
    wait = max((window.begins_on - on).days, 0) / DAYS_A_QUARTER
    shared = 1 + factor.relative_variance(wait, days / DAYS_A_QUARTER)
    drift = DRIFT * (days / DAYS_A_YEAR / 3 + 0.5 + wait / 4)
    spreads = {name: (1 + share.own_variance + drift) * shared for name, share in division.items()}
    lives = -(-days // 366)
    cells, means, homes = {}, dict.fromkeys(division, 0), dict.fromkeys(division, 0)
    for place, (municipality, daily, spread, occupied) in rates.items():
        mean = int(daily * days + 0.5)
        cells[place] = Expectation(mean, (1 + spread) * spreads[municipality] - 1, occupied * lives)
        means[municipality] += mean
        homes[municipality] += occupied
    towns = {name: Expectation(means[name], spread - 1, homes[name] * lives) for name, spread in spreads.items()}
    total = sum(means.values())
    apart = total_variance(division, means) + drift * sum(mean * mean for mean in means.values())
    variance = (1 + (apart / (total * total) if total else 0.0)) * shared - 1
    return cells, towns, Expectation(total, variance, sum(homes.values()) * lives)


class Share(NamedTuple):
    """A municipality's part in the ambito's exits: its weight, and the relative variance of its multiplier.

    The common factor's own uncertainty is that of the sum of all exits; what is left to the multipliers is how that
    sum is divided, so their errors, weighted by the exits seen, add up to nothing: `own_variance` is what then remains.
    """

    weight: float
    variance: float
    own_variance: float


def divide(standings: Mapping[str, TownExits], rates: Iterable[CellRate]) -> dict[str, Share]:
    """Weights: the exits that multipliers explain and, as one exit more, those ahead, which decide without a past."""
    ahead: dict[str, list[float]] = defaultdict(list)
    for rate in rates:
        ahead[rate.municipality].append(rate.daily)
    sums = {name: fsum(daily) for name, daily in ahead.items()}
    whole = fsum(sums.values()) or 1.0
    weights = {
        name: standing.expected * standing.multiplier.mean + PRIOR_EXITS * sums[name] / whole
        for name, standing in standings.items()
    }
    variances = {name: standing.multiplier.relative_variance for name, standing in standings.items()}
    bound = fsum(weights[name] * weights[name] * variances[name] for name in weights) or 1.0
    return {
        name: Share(weight, variances[name], variances[name] * (1 - weight * weight * variances[name] / bound))
        for name, weight in weights.items()
    }


def total_variance(division: Mapping[str, Share], means: Mapping[str, int]) -> float:
    """Variance of the sum of means that differ from the past's only by how the multipliers divide it."""
    bound = fsum(share.weight * share.weight * share.variance for share in division.values())
    free = fsum(means[name] * means[name] * share.variance for name, share in division.items())
    along = fsum(means[name] * share.weight * share.variance for name, share in division.items())
    return max(free - (along * along / bound if bound else 0.0), 0.0)
