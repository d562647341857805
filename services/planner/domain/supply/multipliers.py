"""How much more or less often than its homes' kinds suggest a municipality's homes are vacated: r ~ Gamma(k, k / mu).

Municipalities lend each other strength as far as they are alike (empirical Bayes, Clayton and Kaldor, *Biometrics* 43,
1987). How alike they are, k, is tried on a fixed grid; given k, the common mean mu has a closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, repeat
from math import fsum
from operator import mul
from typing import NamedTuple

from services.planner.domain.supply.elementary import exp, log, log_gamma

ALIKENESS = tuple(accumulate(repeat(1.5, 16), mul, initial=0.7))
"""Grid of k: from municipalities that have little in common (k = 0.7) to practically equal ones (k = 460)."""
PRIOR_EXITS = 4.0
"""The common mean is one, as if four exits had been seen where four were expected."""
MOST_UNLIKE = 0.5
"""Prior scale of 1 / sqrt(k): municipalities that differ by more than half are not expected."""
NEGLIGIBLE = 1e-4


class Multiplier(NamedTuple):
    """Posterior mean and squared coefficient of variation."""

    mean: float
    relative_variance: float


class Likeness(NamedTuple):
    """One k with its posterior probability, and the municipalities' common mean with its variance."""

    shape: float
    mean: float
    variance: float
    probability: float


def multipliers(exits: Sequence[int], expected: Sequence[float]) -> list[Multiplier]:
    """Of each municipality, from its exits and those expected of its homes under the common factor."""
    likenesses = weigh(exits, expected)
    return [multiplier(likenesses, count, exposure) for count, exposure in zip(exits, expected, strict=True)]


def multiplier(likenesses: Sequence[Likeness], count: int, exposure: float) -> Multiplier:
    """Of a municipality with so many exits, where so many were expected."""
    mean = square = 0.0
    for shape, common, variance, probability in likenesses:
        pseudo = shape / common
        parts = pseudo + exposure
        rate = (shape + count) / parts
        slope = rate * pseudo / (parts * common)
        mean += probability * rate
        square += probability * (rate * rate * (1 + 1 / (shape + count)) + slope * slope * variance)
    return Multiplier(mean, square / (mean * mean) - 1)


def weigh(exits: Sequence[int], expected: Sequence[float]) -> list[Likeness]:
    """Every k that the exits do not rule out."""
    candidates = []
    for shape in ALIKENESS:
        shrunk = [1 / (1 + exposure / shape) for exposure in expected]
        seen = PRIOR_EXITS + fsum(map(mul, exits, shrunk))
        awaited = PRIOR_EXITS + fsum(map(mul, expected, shrunk))
        mean = seen / awaited
        likelihood = log_marginal(shape, shape / mean, exits, expected) - 1 / (2 * MOST_UNLIKE * MOST_UNLIKE * shape)
        candidates.append((likelihood, shape, mean, mean / awaited))
    best = max(candidate[0] for candidate in candidates)
    kept = [(exp(likelihood - best), *rest) for likelihood, *rest in candidates]
    kept = [candidate for candidate in kept if candidate[0] > NEGLIGIBLE]
    total = fsum(candidate[0] for candidate in kept)
    return [Likeness(shape, mean, variance, weight / total) for weight, shape, mean, variance in kept]


def log_marginal(shape: float, rate: float, exits: Sequence[int], expected: Sequence[float]) -> float:
    """Negative binomial log-likelihood, up to what does not depend on k and mu."""
    base, log_rate = log_gamma(shape), log(rate)
    constant = {count: log_gamma(shape + count) - base - count * log_rate for count in set(exits)}
    return fsum(
        constant[count] - (shape + count) * log(1 + exposure / rate)
        for count, exposure in zip(exits, expected, strict=True)
    )
