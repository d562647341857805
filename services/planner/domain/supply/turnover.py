"""Turnover (colonna e, comunicazione regionale 45 del 2 aprile 2019): homes that will be given back, by municipality,
owner and size class; two-level Gamma-Poisson.

An exit rate of each owner and size class, times a factor common to the ambito, times a multiplier of each municipality.
What the municipalities share makes their errors alike, so the ambito's band is wider than independent parts would give:
it comes from the same model, not from the municipalities' bands. Means are whole thousandths of a home rounded once,
cell by cell and window by window, and everything larger is their sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import fsum
from typing import Generic, NamedTuple

from services.planner.domain.supply.common_factor import CommonFactor, common_factor
from services.planner.domain.supply.counts import Distribution, gamma_poisson, gamma_poisson_band
from services.planner.domain.supply.multipliers import Multiplier, multiplier, weigh
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
KEPT = 4096


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


class PlaceExits(NamedTuple):
    """A cell: exits seen, and exits its homes would have had at its municipality's multiplier one."""

    exits: int
    expected: float


class TownExits(NamedTuple):
    """A municipality: the same of all its cells, and its multiplier."""

    exits: int
    expected: float
    multiplier: Multiplier


class Share(NamedTuple):
    """A municipality's part in the ambito's exits: its weight, and the relative variance of its multiplier.

    The common factor's own uncertainty is that of the sum of all exits; what is left to the multipliers is how that
    sum is divided, so their errors, weighted by the exits seen, add up to nothing: `own_variance` is what then remains.
    """

    weight: float
    variance: float
    own_variance: float


class Rate(NamedTuple):
    """Thousandths of an exit a day from each occupied home, and the relative variance of the cell's share."""

    daily: float
    relative_variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Learned(Generic[SizeT]):
    """Tassi di uscita appresi: what everything true before `on` says of the exits of any homes.

    `rates` are exits per occupied home-day of each owner and size class, `rate` that of one never seen; a municipality
    never seen has the `newcomer`'s multiplier. `cells` are the rates of the cells with a past.
    """

    on: date
    rate: float
    rates: Mapping[Kind[SizeT], float]
    factor: CommonFactor
    towns: Mapping[str, TownExits]
    division: Mapping[str, Share]
    newcomer: Multiplier
    cells: Mapping[Place[SizeT], Rate]

    def town(self, municipality: str) -> TownExits:
        return self.towns.get(municipality) or TownExits(0, 0.0, self.newcomer)

    def share(self, municipality: str) -> Share:
        alone = self.newcomer.relative_variance
        return self.division.get(municipality) or Share(0.0, alone, alone)

    def rate_of(self, place: Place[SizeT]) -> Rate:
        if (known := self.cells.get(place)) is not None:
            return known
        rate = self.rates.get(place[1:], self.rate)
        return cell_rate(self.factor.mean * rate, self.town(place[0]), PlaceExits(0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class TownAhead(Generic[SizeT]):
    """Uscite attese di un comune, by window: each cell's, and all together."""

    cells: Mapping[Place[SizeT], tuple[Expectation, ...]]
    whole: tuple[Expectation, ...]


def forecast_turnover(
    history: Mapping[PlaceQuarter[SizeT], Occupancy], on: date, windows: Sequence[Window]
) -> Turnover[SizeT]:
    """Exits in each window, from everything true before `on`; keys are (municipality, owner, size class, quarter)."""
    history = {key: cell for key, cell in history.items() if key[3] <= quarter_of(on)}
    places = pasts(history, on)
    learned, homes = learn(history, on), {place: past.occupied for place, past in places.items()}
    return joined(learned, towns_ahead(learned, homes, tuple(windows)), windows)


def learn(history: Mapping[PlaceQuarter[SizeT], Occupancy], on: date) -> Learned[SizeT]:
    """From everything true before `on`; no key is of a later quarter."""
    pasts_of = pasts(history, on)
    kinds = pooled(pasts_of)
    rates = kind_rates(kinds)
    factor, weights = ambito_factor(history, rates, on)
    seen = weighted_home_days(history, weights, on)
    places = {
        place: PlaceExits(past.exits, max(seen[place] * rates[place[1], place[2]] / MILLION, 0.0))
        for place, past in pasts_of.items()
    }
    towns, newcomer = towns_of(places)
    level = factor.mean
    cells = {
        place: cell_rate(level * rates[place[1], place[2]], towns[place[0]], here) for place, here in places.items()
    }
    ahead: dict[str, list[float]] = defaultdict(list)
    for place, past in pasts_of.items():
        ahead[place[0]].append(cells[place].daily * max(past.occupied, 0))
    division = divide(towns, {name: fsum(daily) for name, daily in ahead.items()})
    return Learned(on, pooled_rate(kinds), rates, factor, towns, division, newcomer, cells)


def cell_rate(rate: float, town: TownExits, here: PlaceExits) -> Rate:
    """The cells of a municipality share its exits by a Dirichlet that begins at the expected proportions."""
    daily = 1000 * rate * town.multiplier.mean
    share = here.expected / town.expected if town.expected > 0 else 0.0
    if share <= 0:
        return Rate(daily, 1 / SHARE_EXITS)
    pseudo = SHARE_EXITS + town.exits
    posterior = (SHARE_EXITS * share + here.exits) / pseudo
    return Rate(daily * posterior / share, max(1 - posterior, 0.0) / (posterior * (pseudo + 1)))


def pooled_rate(kinds: Mapping[Kind[SizeT], Past]) -> float:
    """Exits per occupied home-day of the ambito."""
    exits, home_days = _seen(kinds)
    return exits / home_days


def _seen(kinds: Mapping[Kind[SizeT], Past]) -> tuple[int, int]:
    exits = PRIOR_EXITS + sum(past.exits for past in kinds.values())
    return exits, PRIOR_HOME_DAYS + sum(max(past.home_days, 0) for past in kinds.values())


def kind_rates(kinds: Mapping[Kind[SizeT], Past]) -> dict[Kind[SizeT], float]:
    """Exits per occupied home-day of each owner and size class, drawn towards the ambito's."""
    exits, home_days = _seen(kinds)
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


def towns_of(places: Mapping[Place[SizeT], PlaceExits]) -> tuple[dict[str, TownExits], Multiplier]:
    """Of every municipality; and the multiplier of one that has no past."""
    cells: dict[str, list[PlaceExits]] = defaultdict(list)
    for (municipality, _, _), found in places.items():
        cells[municipality].append(found)
    names = sorted(cells)
    exits = [sum(cell.exits for cell in cells[name]) for name in names]
    expected = [fsum([cell.expected for cell in cells[name]]) for name in names]
    likenesses = weigh(exits, expected)
    towns = {
        name: TownExits(count, exposure, multiplier(likenesses, count, exposure))
        for name, count, exposure in zip(names, exits, expected, strict=True)
    }
    return towns, multiplier(likenesses, 0, 0.0)


def towns_ahead(
    learned: Learned[SizeT],
    homes: Mapping[Place[SizeT], int],
    windows: tuple[Window, ...],
    whole: Window | None = None,
) -> dict[str, TownAhead[SizeT]]:
    """Exits of each municipality's homes now let, in each window, and in the `whole`, whose mean is their sum.

    The homes let on the day stay so: who leaves is followed by somebody else.
    """
    by_town: dict[str, list[tuple[Place[SizeT], int]]] = defaultdict(list)
    for place, let in homes.items():
        by_town[place[0]].append((place, max(let, 0)))
    return {name: town_ahead(learned, name, tuple(sorted(let)), windows, whole) for name, let in by_town.items()}


@lru_cache(maxsize=KEPT)
def town_ahead(
    learned: Learned[SizeT],
    name: str,
    homes: tuple[tuple[Place[SizeT], int], ...],
    windows: tuple[Window, ...],
    whole: Window | None,
) -> TownAhead[SizeT]:
    """Of one municipality; most of them are as they were when the last event came."""
    own = learned.share(name).own_variance
    spans = windows if whole is None else (*windows, whole)
    spreads = [(1 + own + drift) * shared for shared, drift in doubts(learned, spans)]
    days = [window.days for window in windows]
    lives = [-(-window.days // 366) for window in spans]
    cells = {}
    for place, let in homes:
        rate = learned.rate_of(place)
        means = [int(rate.daily * let * ahead + 0.5) for ahead in days]
        if whole is not None:
            means.append(sum(means))
        variances = [(1 + rate.relative_variance) * spread - 1 for spread in spreads]
        cells[place] = tuple(map(Expectation, means, variances, [let * years for years in lives]))
    total = sum(let for _, let in homes)
    sums = [sum(cell.mean for cell in cells) for cells in zip(*cells.values(), strict=True)]
    return TownAhead(cells, tuple(map(Expectation, sums, [s - 1 for s in spreads], [total * years for years in lives])))


@lru_cache(maxsize=64)
def doubts(learned: Learned[SizeT], windows: tuple[Window, ...]) -> tuple[tuple[float, float], ...]:
    """Of each window: what all municipalities share, and how far each has drifted by itself since the past."""
    found = []
    for window in windows:
        years, wait = window.days / DAYS_A_YEAR, max((window.begins_on - learned.on).days, 0) / DAYS_A_QUARTER
        shared = 1 + learned.factor.relative_variance(wait, window.days / DAYS_A_QUARTER)
        found.append((shared, DRIFT * (years / 3 + 0.5 + wait / 4)))
    return tuple(found)


def joined(
    learned: Learned[SizeT], towns: Mapping[str, TownAhead[SizeT]], windows: Sequence[Window]
) -> Turnover[SizeT]:
    """The municipalities together, and the ambito, whose spread is its own."""
    cells: dict[Place[SizeT], tuple[Expectation, ...]] = {}
    for town in towns.values():
        cells.update(town.cells)
    ambito = [
        whole_of(learned, {name: town.whole[place] for name, town in towns.items()}, *doubt)
        for place, doubt in enumerate(doubts(learned, tuple(windows)))
    ]
    return Turnover(cells, {name: town.whole for name, town in towns.items()}, tuple(ambito))


def whole_of(learned: Learned[SizeT], towns: Mapping[str, Expectation], shared: float, drift: float) -> Expectation:
    """The ambito's exits in one window."""
    total = sum([town.mean for town in towns.values()])
    apart = total_variance(learned, towns) + drift * sum([town.mean * town.mean for town in towns.values()])
    variance = (1 + (apart / (total * total) if total else 0.0)) * shared - 1
    return Expectation(total, variance, sum([town.cap for town in towns.values()]))


def divide(towns: Mapping[str, TownExits], ahead: Mapping[str, float]) -> dict[str, Share]:
    """Weights: the exits that multipliers explain and, as one exit more, those `ahead`, which decide without a past."""
    whole = fsum(ahead.values()) or 1.0
    weights = {
        name: town.expected * town.multiplier.mean + PRIOR_EXITS * ahead[name] / whole for name, town in towns.items()
    }
    variances = {name: town.multiplier.relative_variance for name, town in towns.items()}
    bound = fsum(weights[name] * weights[name] * variances[name] for name in weights) or 1.0
    return {
        name: Share(weight, variances[name], variances[name] * (1 - weight * weight * variances[name] / bound))
        for name, weight in weights.items()
    }


def total_variance(learned: Learned[SizeT], towns: Mapping[str, Expectation]) -> float:
    """Variance of the sum of means that differ from the past's only by how the multipliers divide it."""
    shares = [(town.mean, learned.share(name)) for name, town in towns.items()]
    bound = fsum([share.weight * share.weight * share.variance for share in learned.division.values()])
    free = fsum([mean * mean * share.variance for mean, share in shares])
    along = fsum([mean * share.weight * share.variance for mean, share in shares])
    return max(free - (along * along / bound if bound else 0.0), 0.0)
