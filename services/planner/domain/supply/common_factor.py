"""The factor that all municipalities of an ambito share: more or fewer exits everywhere than the pooled rates say.

Its logarithm is a random walk over quarters (a local level model: Durbin and Koopman, *Time Series Analysis by State
Space Methods*, ch. 2), observed through Poisson counts by the working response of generalised linear models (there, ch.
10). How fast it walks is not known: every speed of a fixed grid is tried, and each counts by how well it explains the
past, so that no optimiser decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import cycle
from math import fsum
from operator import mul
from typing import NamedTuple

from services.planner.domain.supply.elementary import exp, log

SPEEDS = tuple(step / 40 for step in range(11))
"""Standard deviations of the walk over a year: 0 to 0.25."""
PRIOR_SPEED = 0.12
PRIOR_VARIANCE = 0.1276
"""Of the log factor before any history: ((ln 5 % - ln 2 %) / (2 x 1.2816))^2, so that the prior rate's 80 % band is as
wide as that from 2 to 5 % a year."""
QUARTER_NOISES = ((0.0025, 0.8), (0.01, 0.12), (0.04, 0.08))
"""What moves a single quarter beyond chance and has passed by the next, seasons among it: variances of 0.05^2, 0.1^2
and 0.2^2, and their prior probabilities."""
LEAST_PRODUCT = 1e-200
"""Logarithms are taken of products, until these are as small as this or as large: one is as dear as a whole step."""
PASSES = 3
"""Of the linearisation; the first begins at a constant factor, and a fourth changes nothing that is published."""


class CommonFactor(NamedTuple):
    """`by_quarter`: the factor of each past quarter, smoothed; then mean and variance of its logarithm at the end."""

    by_quarter: tuple[float, ...]
    log_mean: float
    log_variance: float
    walk_variance: float

    @property
    def mean(self) -> float:
        return exp(self.log_mean + self.log_variance / 2)

    def relative_variance(self, begins_after: float, quarters: float) -> float:
        """Of the factor's mean over a window that begins so many quarters after the last one seen."""
        steps = max(quarters, 1.0)
        walked = begins_after + (steps + 1) * (2 * steps + 1) / (6 * steps)
        return exp(self.log_variance + self.walk_variance / 4 * walked) - 1


class Walk(NamedTuple):
    """One speed's account of the past; `levels` are smoothed."""

    log_likelihood: float
    levels: list[float]
    last: float
    variance: float


@lru_cache(maxsize=16)
def common_factor(exits: tuple[int, ...], expected: tuple[float, ...]) -> CommonFactor:
    """From the ambito's exits and the exits its pooled rates would give, quarter by quarter, none of them zero."""
    if not exits:
        return CommonFactor((), -PRIOR_VARIANCE / 2, PRIOR_VARIANCE, PRIOR_SPEED * PRIOR_SPEED)
    levels = [0.0] * len(exits)
    for _ in range(PASSES):
        means = [count * exp(level) for count, level in zip(expected, levels, strict=True)]
        seen = [
            (level + (count - mean) / mean, 1 / mean) for level, count, mean in zip(levels, exits, means, strict=True)
        ]
        walks = [walk(speed * speed / 4, noise, seen) for noise, _ in QUARTER_NOISES for speed in SPEEDS]
        shares = plausibilities(walks)
        levels = [fsum(map(mul, shares, column)) for column in zip(*(w.levels for w in walks), strict=True)]
    last = fsum(share * w.last for share, w in zip(shares, walks, strict=True))
    spread = fsum(
        share * (w.variance + (w.last - last) * (w.last - last)) for share, w in zip(shares, walks, strict=True)
    )
    pace = fsum(share * speed * speed for share, speed in zip(shares, cycle(SPEEDS), strict=False))
    return CommonFactor(tuple([exp(level) for level in levels]), last, spread, pace)


def plausibilities(walks: Sequence[Walk]) -> list[float]:
    """Posterior probability of each noise and speed; the prior of the speed is half-normal."""
    priors = [
        log(probability) - speed * speed / (2 * PRIOR_SPEED * PRIOR_SPEED)
        for _, probability in QUARTER_NOISES
        for speed in SPEEDS
    ]
    scores = [found.log_likelihood + prior for found, prior in zip(walks, priors, strict=True)]
    best = max(scores)
    shares = [exp(score - best) for score in scores]
    total = fsum(shares)
    return [share / total for share in shares]


def walk(step_variance: float, noise: float, seen: Sequence[tuple[float, float]]) -> Walk:
    """Kalman filter and smoother of a level that walks by `step_variance` between observations (value, variance).

    Each observation's variance is its own and the `noise`.
    """
    mean, variance, log_likelihood, totals = -PRIOR_VARIANCE / 2, PRIOR_VARIANCE, 0.0, 1.0
    filtered = []
    for value, chance in seen:
        total = variance + chance + noise
        surprise, gain = value - mean, variance / total
        log_likelihood -= surprise * surprise / total / 2
        totals *= total
        if not LEAST_PRODUCT < totals < 1 / LEAST_PRODUCT:
            log_likelihood -= log(totals) / 2
            totals = 1.0
        mean += gain * surprise
        variance *= 1 - gain
        filtered.append((mean, variance))
        variance += step_variance
    log_likelihood -= log(totals) / 2
    last, last_variance = filtered[-1]
    levels = [last]
    for mean, variance in reversed(filtered[:-1]):
        levels.append(mean + variance / (variance + step_variance) * (levels[-1] - mean))
    levels.reverse()
    return Walk(log_likelihood, levels, last, last_variance)
