"""Households per household: what a municipality did not declare, estimated from those that did, and yearly flows.

The same two-level Gamma-Poisson as the turnover's (planner.md §2.1) with households as exposure: a rate pooled over the
ambito, a multiplier of each municipality, and for flows a factor common to the ambito that walks from year to year. How
many households there are only matters in proportion: an assumed mean household size falls out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from math import fsum, sqrt
from operator import mul
from typing import NamedTuple

from services.planner.domain.need.amounts import UncertainCount
from services.planner.domain.supply.common_factor import (
    PASSES,
    QUARTER_NOISES,
    SPEEDS,
    Walk,
    plausibilities,
    walk,
)
from services.planner.domain.supply.elementary import exp
from services.planner.domain.supply.multipliers import Multiplier, multipliers
from services.planner.domain.supply.turnover import DRIFT

HALF_A_HOUSEHOLD = 0.5
"""Added to what was counted, so that zero everywhere is a small rate and not an impossibility (Jeffreys)."""
YEARS = 3


class PooledCount(NamedTuple):
    """What the ambito's rate was pooled from: households counted, and the households of whoever counted them.

    Of a flow each year counts for itself.
    """

    counted: int
    households: int


class YearlyFactor(NamedTuple):
    """The factor of each past year; its mean over the triennium ahead, and that mean's relative variance."""

    by_year: tuple[float, ...]
    ahead: float
    relative_variance: float


def estimate_missing(declared: Mapping[str, int], households: Mapping[str, int]) -> dict[str, UncertainCount]:
    """The count of every municipality that declared none; empty when nobody did: there is nothing to learn from."""
    pooled = basis(declared, households)
    if not pooled.households:
        return {}
    rate = (pooled.counted + HALF_A_HOUSEHOLD) / pooled.households
    names = sorted(households)
    found = multipliers(
        [declared.get(name, 0) for name in names],
        [rate * households[name] if name in declared else 0.0 for name in names],
    )
    missing = ((name, multiplier) for name, multiplier in zip(names, found, strict=True) if name not in declared)
    return {
        name: uncertain(rate * households[name] * multiplier.mean, multiplier.relative_variance)
        for name, multiplier in missing
    }


def forecast_flow(history: Mapping[str, Mapping[int, int]], households: Mapping[str, int]) -> dict[str, UncertainCount]:
    """Households a year, on average over the three years ahead, of every municipality, with or without a past.

    `history` is by municipality and year; a year that is not in it was not declared. Empty when nobody declared any.
    """
    counts, exposures = yearly(history, households)
    if not counts:
        return {}
    rate = (sum(counts.values()) + HALF_A_HOUSEHOLD) / sum(exposures.values())
    years = sorted(counts)
    factor = yearly_factor([counts[year] for year in years], [rate * exposures[year] for year in years])
    factors = dict(zip(years, factor.by_year, strict=True))
    names = sorted(households)
    past = {name: [year for year in sorted(history.get(name, ())) if year in factors] for name in names}
    found = multipliers(
        [sum(history[name][year] for year in past[name]) for name in names],
        [rate * households[name] * fsum(factors[year] for year in past[name]) for name in names],
    )
    return {
        name: ahead(rate * households[name], multiplier, factor) for name, multiplier in zip(names, found, strict=True)
    }


def basis(declared: Mapping[str, int], households: Mapping[str, int]) -> PooledCount:
    return PooledCount(sum(declared.values()), sum(households[name] for name in declared))


def flow_basis(history: Mapping[str, Mapping[int, int]], households: Mapping[str, int]) -> PooledCount:
    counts, exposures = yearly(history, households)
    return PooledCount(sum(counts.values()), sum(exposures.values()))


def yearly(
    history: Mapping[str, Mapping[int, int]], households: Mapping[str, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """By year: households counted, and households of the municipalities that counted them, none of them zero."""
    counts: dict[int, int] = {}
    exposures: dict[int, int] = {}
    for name, years in history.items():
        if households[name]:
            for year, count in years.items():
                counts[year] = counts.get(year, 0) + count
                exposures[year] = exposures.get(year, 0) + households[name]
    return counts, exposures


def ahead(yearly_mean: float, multiplier: Multiplier, factor: YearlyFactor) -> UncertainCount:
    """A third of the triennium's count, which is Poisson about a mean that is itself not known."""
    mean = YEARS * yearly_mean * multiplier.mean * factor.ahead
    own = (1 + multiplier.relative_variance) * (1 + DRIFT * (YEARS / 3 + 0.5)) - 1
    variance = mean + mean * mean * own * (1 + factor.relative_variance)
    return UncertainCount(
        int(1000 * mean / YEARS + 0.5),
        variance / (YEARS * YEARS),
        mean * sqrt(factor.relative_variance) / YEARS,
    )


def uncertain(mean: float, relative_variance: float) -> UncertainCount:
    return UncertainCount(int(1000 * mean + 0.5), mean + mean * mean * relative_variance)


def yearly_factor(counts: Sequence[int], expected: Sequence[float]) -> YearlyFactor:
    """The turnover's common factor with steps of a year; what moves a single year has passed by the next."""
    levels = [0.0] * len(counts)
    walks: list[Walk] = []
    for _ in range(PASSES):
        means = [count * exp(level) for count, level in zip(expected, levels, strict=True)]
        seen = [
            (level + (count - mean) / mean, 1 / mean) for level, count, mean in zip(levels, counts, means, strict=True)
        ]
        walks = [walk(speed * speed, noise, seen) for noise, _ in QUARTER_NOISES for speed in SPEEDS]
        shares = plausibilities(walks)
        levels = [fsum(map(mul, shares, column)) for column in zip(*(w.levels for w in walks), strict=True)]
    last = fsum(share * w.last for share, w in zip(shares, walks, strict=True))
    variance = fsum(
        share * (w.variance + (w.last - last) * (w.last - last)) for share, w in zip(shares, walks, strict=True)
    )
    pace = fsum(share * speed * speed for share, speed in zip(shares, cycle(SPEEDS), strict=False))
    noises = [noise for noise, _ in QUARTER_NOISES for _ in SPEEDS]
    passing = fsum(map(mul, shares, noises)) / YEARS
    walked = pace * (YEARS + 1) * (2 * YEARS + 1) / (6 * YEARS)
    return YearlyFactor(
        tuple([exp(level) for level in levels]), exp(last + variance / 2), exp(variance + walked + passing) - 1
    )
