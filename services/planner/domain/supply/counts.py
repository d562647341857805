"""Distributions of whole numbers of homes: their quantiles, sums and mixtures, the same on every processor."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import fsum
from operator import mul
from typing import NamedTuple

from services.planner.domain.supply.elementary import exp, log
from services.planner.domain.supply.katz import weights

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
BAND = (0.1, 0.9)
"""The published 80 % band."""
SMALL = 30.0
"""Below this mean the quantiles of a band are found faster by counting up from zero."""
NEGLIGIBLE = 1e-12
"""Tails below this probability are cut off: a hundred sums of such distributions move no quantile."""
NEARLY_POISSON = 1e-9
"""A smaller relative variance of the mean than this is none: 1e9 homes would be needed to see it."""


class Distribution(NamedTuple):
    """Probabilities of `first`, `first` + 1, ..."""

    first: int
    masses: tuple[float, ...]

    @property
    def mean(self) -> float:
        return self.first + fsum(map(mul, range(len(self.masses)), self.masses))

    @property
    def variance(self) -> float:
        off = self.mean - self.first
        return fsum([(count - off) * (count - off) * mass for count, mass in enumerate(self.masses)])

    @property
    def excess(self) -> float:
        """Relative variance that the mean of a Gamma-Poisson count of this mean and variance has."""
        mean = self.mean
        return max(self.variance - mean, 0.0) / (mean * mean) if mean > 0 else 0.0

    def quantiles(self, levels: Sequence[float] = LEVELS) -> tuple[int, ...]:
        """The least count that is not exceeded with each of these probabilities."""
        cumulative = list(accumulate(self.masses))
        last = len(cumulative) - 1
        return tuple(self.first + min(bisect_left(cumulative, level * cumulative[-1]), last) for level in levels)

    def band(self) -> tuple[int, int]:
        low, high = self.quantiles(BAND)
        return low, high

    def at_most(self, cap: int) -> Distribution:
        """What lies above the cap is taken to be the cap."""
        if self.first + len(self.masses) - 1 <= cap:
            return self
        kept = max(cap - self.first, 0)
        return Distribution(min(self.first, cap), (*self.masses[:kept], fsum(self.masses[kept:])))

    def plus(self, homes: int) -> Distribution:
        return Distribution(self.first + homes, self.masses)

    def minus(self, other: Distribution) -> Distribution:
        """What is left when an independent count leaves, never below zero."""
        last = other.first + len(other.masses) - 1
        difference = _convolved(self, Distribution(-last, other.masses[::-1]))
        below = min(max(-difference.first, 0), len(difference.masses) - 1)
        if difference.first >= 0:
            return difference
        return normalised(0, [fsum(difference.masses[: below + 1]), *difference.masses[below + 1 :]])

    def from_zero(self) -> tuple[float, ...]:
        """Probabilities of 0, 1, 2, ..."""
        return (0.0,) * self.first + self.masses


NOTHING = Distribution(0, (1.0,))


def gamma_poisson(mean: float, relative_variance: float) -> Distribution:
    """A Poisson count whose own mean is Gamma distributed about `mean` with this squared coefficient of variation."""
    if mean <= 0:
        return NOTHING
    first, found = weights(1 / max(relative_variance, NEARLY_POISSON), mean)
    return normalised(first, found)


def gamma_poisson_band(mean: float, relative_variance: float) -> tuple[int, int]:
    """Its 80 % band, without its tails: a region has thousands of small cells."""
    if mean <= 0:
        return 0, 0
    if mean > SMALL:
        return gamma_poisson(mean, relative_variance).band()
    shape = 1 / max(relative_variance, NEARLY_POISSON)
    ratio = mean / (shape + mean)
    mass = cumulative = exp(-shape * log(1 + mean / shape))
    start, count, (low_level, high_level) = shape * ratio, 0, BAND
    while cumulative < low_level:
        mass *= (start + count * ratio) / (count + 1)
        count += 1
        cumulative += mass
    low = count
    while cumulative < high_level:
        mass *= (start + count * ratio) / (count + 1)
        count += 1
        cumulative += mass
    return low, count


def beta_binomial(trials: int, successes: int, failures: int) -> Distribution:
    """Successes among so many trials whose common chance is Beta(successes, failures): by the ratios of its masses."""
    found = [1.0]
    for count in range(trials):
        up = (trials - count) * (successes + count)
        found.append(found[-1] * up / ((count + 1) * (failures + trials - count - 1)))
    return normalised(0, found)


def normalised(first: int, found: Sequence[float]) -> Distribution:
    """Masses in proportion to these weights, negligible ends cut off."""
    total = fsum(found)
    least = NEGLIGIBLE * total
    begin, end = 0, len(found)
    while found[begin] < least:
        begin += 1
    while found[end - 1] < least:
        end -= 1
    return Distribution(first + begin, tuple([weight / total for weight in found[begin:end]]))


def sum_of(parts: Iterable[Distribution]) -> Distribution:
    """Distribution of the sum of independent counts: a convolution, never a sum of intervals."""
    total = NOTHING
    for part in parts:
        total = _convolved(total, part)
    return total


def _convolved(one: Distribution, other: Distribution) -> Distribution:
    first = one.first + other.first
    short, long = sorted((one.masses, other.masses), key=len)
    if len(short) == 1:
        return Distribution(first, long)
    padding = (0.0,) * (len(short) - 1)
    padded, backwards = padding + long + padding, short[::-1]
    found = [sum(map(mul, padded[at : at + len(short)], backwards)) for at in range(len(long) + len(short) - 1)]
    return normalised(first, found)


def mixture(parts: Sequence[tuple[float, Distribution]]) -> Distribution:
    """One of these distributions, each with its probability."""
    first = min(part.first for _, part in parts)
    end = max(part.first + len(part.masses) for _, part in parts)
    found = [0.0] * (end - first)
    for probability, part in parts:
        for count, mass in enumerate(part.masses, part.first - first):
            found[count] += probability * mass
    return normalised(first, found)
