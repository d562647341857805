"""Indice di pressione abitativa: where the need presses more than elsewhere, and how sure the order is (planner.md §3).

Each indicator is a ratio to the ambito's level: the multiplier of a two-level Gamma-Poisson, so that a village with two
applications does not lead the list by chance. The index is the mean of the ratios with equal weights. Its interval is
that of a Gamma variable with the index's mean and variance, at 10 and 90 %. Municipalities whose intervals overlap are
not told apart: a rank is from one more than those surely above to all but those surely below (an interval order:
Fishburn, *Interval Orders and Interval Graphs*, 1985). Nothing is drawn at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import fsum, sqrt
from typing import NamedTuple

from services.planner.domain.need.amounts import BAND_WIDTH
from services.planner.domain.need.declared import DeclaredNeed
from services.planner.domain.need.evidence import NOTHING_DECLARED
from services.planner.domain.need.rates import HALF_A_HOUSEHOLD
from services.planner.domain.supply.multipliers import Multiplier, multipliers

TENTH = Decimal(1) / 10
NEGLIGIBLE = 1e-12


class Indicator(StrEnum):
    """Indicatore di pressione abitativa."""

    APPLICATIONS = "APPLICATIONS"
    INDIGENT_APPLICANTS = "INDIGENT_APPLICANTS"
    EVICTIONS = "EVICTIONS"
    AGED_75_PLUS = "AGED_75_PLUS"


class Inhabitants(NamedTuple):
    """A municipality's households (estimated), residents, and those aged 75 and more."""

    households: int
    population: int
    aged_75_plus: int


class Ratio(NamedTuple):
    """One indicator of one municipality: what was counted of how many (None: not declared), and the ratio's estimate.

    `value` is per thousand: applications and evictions of households, the others of applicants and of residents.
    """

    indicator: Indicator
    counted: int | None
    of: int
    value: Decimal | None
    estimate: Multiplier


class Pressure(NamedTuple):
    """Indice di pressione abitativa in thousandths: 1000 is the ambito's level; rank 1 is where it presses most."""

    low: int
    value: int
    high: int
    first_rank: int
    last_rank: int
    ratios: tuple[Ratio, ...]

    @property
    def is_estimated(self) -> bool:
        return any(ratio.counted is None for ratio in self.ratios)


def rank_pressure(declared: Mapping[str, DeclaredNeed], inhabitants: Mapping[str, Inhabitants]) -> dict[str, Pressure]:
    """The index and rank interval of every municipality; indicators that nobody declared are left out.

    Empty when that leaves none. Evictions are eviction orders (*provvedimenti di rilascio*): executions follow the
    bailiffs' calendar.
    """
    names = sorted(inhabitants)
    needs = [declared.get(name, NOTHING_DECLARED) for name in names]
    people = [inhabitants[name] for name in names]
    households = [place.households for place in people]
    columns = [
        compared(Indicator.APPLICATIONS, [need.applications_submitted for need in needs], households),
        compared(
            Indicator.INDIGENT_APPLICANTS,
            [need.indigent_applicants if need.applications_submitted else None for need in needs],
            [need.applications_submitted or 0 for need in needs],
        ),
        compared(Indicator.EVICTIONS, [need.eviction_orders for need in needs], households),
        shares_of_known([place.aged_75_plus for place in people], [place.population for place in people]),
    ]
    known = [column for column in columns if column]
    if not known:
        return {}
    indices = [interval(row) for row in zip(*known, strict=True)]
    return {
        name: Pressure(low, index, high, *rank_of(low, high, indices), row)
        for name, (low, index, high, row) in zip(names, indices, strict=True)
    }


def compared(indicator: Indicator, counts: Sequence[int | None], of: Sequence[int]) -> list[Ratio]:
    """Each municipality's ratio to the pooled rate; empty when nobody declared anything."""
    exposures = [0 if count is None else whole for count, whole in zip(counts, of, strict=True)]
    if not sum(exposures):
        return []
    rate = (sum(count for count in counts if count is not None) + HALF_A_HOUSEHOLD) / sum(exposures)
    estimates = multipliers([count or 0 for count in counts], [rate * exposure for exposure in exposures])
    return [
        Ratio(indicator, count, whole, per_thousand(count, whole), estimate)
        for count, whole, estimate in zip(counts, of, estimates, strict=True)
    ]


def shares_of_known(aged: Sequence[int], population: Sequence[int]) -> list[Ratio]:
    """Residents are counted, not sampled: their ratio to the ambito's has no error."""
    if not sum(aged):
        return []
    share = sum(aged) / sum(population)
    return [
        Ratio(
            *(Indicator.AGED_75_PLUS, old, all_ages, per_thousand(old, all_ages)),
            Multiplier(old / all_ages / share if all_ages else 0.0, 0.0),
        )
        for old, all_ages in zip(aged, population, strict=True)
    ]


def per_thousand(count: int | None, of: int) -> Decimal | None:
    """To a tenth, halves up."""
    return (Decimal(1000 * count) / of).quantize(TENTH, rounding=ROUND_HALF_UP) if count is not None and of else None


def interval(row: tuple[Ratio, ...]) -> tuple[int, int, int, tuple[Ratio, ...]]:
    """Low end, index and high end in thousandths: the mean of the ratios, whose errors are independent."""
    mean = fsum(ratio.estimate.mean for ratio in row) / len(row)
    variance = fsum(ratio.estimate.mean**2 * ratio.estimate.relative_variance for ratio in row) / len(row) ** 2
    relative = variance / (mean * mean) if mean > 0 else 0.0
    low, index, high = (int(1000 * gamma_quantile(mean, relative, z) + 0.5) for z in (-BAND_WIDTH, None, BAND_WIDTH))
    return min(low, index), index, max(high, index), row


def gamma_quantile(mean: float, relative_variance: float, z: float | None) -> float:
    """Where a Gamma variable of this mean has the normal's level z below it (Wilson and Hilferty, *PNAS* 17, 1931)."""
    if z is None or relative_variance < NEGLIGIBLE:
        return mean
    root = 1 - relative_variance / 9 + z * sqrt(relative_variance) / 3
    return mean * root * root * root if root > 0 else 0.0


def rank_of(low: int, high: int, indices: Sequence[tuple[int, int, int, tuple[Ratio, ...]]]) -> tuple[int, int]:
    """First and last rank that the intervals leave open."""
    above = sum(1 for other_low, _, _, _ in indices if other_low > high)
    below = sum(1 for _, _, other_high, _ in indices if other_high < low)
    return 1 + above, len(indices) - below
