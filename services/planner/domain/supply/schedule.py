"""Lavori in programma, alloggio per alloggio (colonne c e d): how many of the homes in works are done by a day.

Each home has the term of its own works; that all of them may slip more or less than usual makes them alike. The
declared day is never taken as it is. Counts are kept by their first two moments, so that they add up over homes,
owners and municipalities.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from math import fsum, sqrt
from typing import NamedTuple

from services.planner.domain.supply.elementary import log, normal_cdf
from services.planner.domain.supply.works import SHORTEST, Evidence, Slippage, slippage_after

STEPS = 64
"""The normal distribution is tabulated in steps of 1/64 and interpolated between them, to 1e-5."""
REACH = 8
UNLIKELY = 0.001
"""Medians of less probability are left out of the sums: there are homes by the hundred."""
TENTH = 10
"""Logarithms of the time gone by are told apart by tenths: a tenth is far less than works differ."""
KEPT = 8192


class Median(NamedTuple):
    """One median slip, its probability, and the spread and the share of cancelled works that go with it."""

    probability: float
    log_median: float
    spread: float
    cancelled_share: float

    def done_by(self, log_ratio: float) -> float:
        """Share of the works that are not cancelled that took no longer."""
        return near_normal_cdf((log_ratio - self.log_median) / self.spread)

    def done_after(self, gone: float, done: float) -> float:
        """Chance that works open when the share `gone` is done are completed by when `done` is."""
        going = 1 - self.cancelled_share
        still = self.cancelled_share + going * (1 - gone)
        return going * max(done - gone, 0.0) / still if still > 0 else 0.0


Medians = tuple[Median, ...]


@lru_cache(maxsize=16)
def medians_after(completed: int, slips: int, squares: int, waiting: tuple[tuple[int, int], ...]) -> Medians:
    """What slips, in thousandths, and works that still wait, in tenths of a log ratio, say about those to come."""
    opened = tuple([(tenths / TENTH, count) for tenths, count in waiting])
    return medians_of(slippage_after(Evidence(completed, slips / 1000, squares / 1_000_000, opened)))


def medians_of(slippage: Slippage) -> Medians:
    """The posterior by its medians alone; spreads by the mean of their squares."""
    found = []
    for median, alike in groupby(slippage.accounts, key=lambda account: account.log_median):
        accounts = list(alike)
        weight = fsum(account.probability for account in accounts)
        square = fsum(account.probability * account.spread * account.spread for account in accounts) / weight
        share = fsum(account.probability * account.cancelled_share for account in accounts) / weight
        found.append(Median(weight, median, sqrt(square), share))
    likely = [median for median in found if median.probability > UNLIKELY]
    total = fsum(median.probability for median in likely)
    return tuple([median._replace(probability=median.probability / total) for median in likely])


@lru_cache(maxsize=KEPT)
def tenths_of(gone: int, declared: int) -> int:
    """Logarithm of the days gone by to the days declared, in whole tenths."""
    return round(TENTH * log(max(gone, 1) / max(declared, SHORTEST)))


class Done(NamedTuple):
    """Homes done in a window: their means given each median slip, and the variance that the median does not decide."""

    means: tuple[float, ...]
    variance: float


class DoneHome(NamedTuple):
    """The same of one home, with its chance whatever the median."""

    means: tuple[float, ...]
    variance: float
    mean: float


def whole_variance(parts: Sequence[Done], medians: Medians) -> float:
    """Of the homes of these parts together: all slip by the same median."""
    if not parts:
        return 0.0
    means = [fsum(given) for given in zip(*[part.means for part in parts], strict=True)]
    mean = fsum(median.probability * given for median, given in zip(medians, means, strict=True))
    shared = [
        median.probability * (given - mean) * (given - mean) for median, given in zip(medians, means, strict=True)
    ]
    return fsum([*shared, *(part.variance for part in parts)])


@lru_cache(maxsize=KEPT)
def done_in(medians: Medians, gone: int, declared: int, ends: tuple[int, ...]) -> tuple[DoneHome, ...]:
    """A home whose works began `gone` days ago, for `declared` days: done in each window, and in all of them.

    Windows follow each other from now on and end in so many days; what is still possible of the distribution counts.
    """
    term = max(declared, SHORTEST)
    now, *then = [log(max(gone + days, 1) / term) for days in (0, *ends)]
    by_now = [median.done_by(now) for median in medians]
    reached = [(0.0,) * len(medians), *(_done_after(medians, by_now, ratio) for ratio in then)]
    spans = [(before, after) for before, after in pairwise(reached)] + [(reached[0], reached[-1])]
    return tuple([_one_home(medians, before, after) for before, after in spans])


def _done_after(medians: Medians, by_now: Sequence[float], log_ratio: float) -> tuple[float, ...]:
    found = zip(medians, by_now, strict=True)
    return tuple([median.done_after(gone, median.done_by(log_ratio)) for median, gone in found])


def _one_home(medians: Medians, before: Sequence[float], after: Sequence[float]) -> DoneHome:
    chances = tuple([later - earlier for earlier, later in zip(before, after, strict=True)])
    weighed = [(median.probability, chance) for median, chance in zip(medians, chances, strict=True)]
    mean = fsum(weight * chance for weight, chance in weighed)
    return DoneHome(chances, fsum(weight * chance * (1 - chance) for weight, chance in weighed), mean)


def near_normal_cdf(z: float) -> float:
    """Distribution function of the standard normal, to 1e-5."""
    place = (z + REACH) * STEPS
    if place <= 0 or place >= 2 * REACH * STEPS:
        return 0.0 if place <= 0 else 1.0
    below = int(place)
    table = _table()
    return table[below] + (place - below) * (table[below + 1] - table[below])


@lru_cache(maxsize=1)
def _table() -> tuple[float, ...]:
    return tuple([normal_cdf(step / STEPS - REACH) for step in range(2 * REACH * STEPS + 1)])
