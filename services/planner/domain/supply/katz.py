"""Counts known by their mean and variance (Katz, 1965); masses and quantiles are the same on every processor.

Each mass follows from the one before by (start + ratio x count) / (count + 1). A variance above the mean gives the
negative binomial, of a Gamma-Poisson count; the same, the Poisson; a smaller one, the binomial. Masses follow outwards
from the mode and are never normalised by a gamma function: only the four operations that IEEE 754 rounds correctly are
used, and no count is too large to start from.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from math import ceil

LOW, HIGH = 0.1, 0.9
"""The 80 % band."""
NEGLIGIBLE = 1e-11
"""Weights below this share of the mode's are left out."""
NEGLIGIBLE_IN_A_BAND = 1e-6
"""The same of a band: together they are far less than what could move a decile."""
DIGITS = 1000
"""Bands are those of moments rounded to three digits: most stay the same from event to event."""
KEPT = 32_768


def weights(shape: float, mean: float) -> tuple[int, list[float]]:
    """Of a Poisson count whose mean is Gamma(shape) about `mean`, as `weights_from` gives them."""
    ratio = mean / (shape + mean)
    return weights_from(shape * ratio, ratio)


def weights_from(start: float, ratio: float, negligible: float = NEGLIGIBLE) -> tuple[int, list[float]]:
    """The first count of any weight, and the weights of it and of those that follow, the mode's being 1."""
    mode = max(int((start - ratio) / (1 - ratio)), 0)
    found, weight, count = [], 1.0, mode
    while count and weight >= negligible:
        weight *= count / (start + (count - 1) * ratio)
        found.append(weight)
        count -= 1
    found.reverse()
    weight, count = 1.0, mode
    while weight >= negligible:
        found.append(weight)
        weight *= max(start + count * ratio, 0.0) / (count + 1)
        count += 1
    return count - len(found), found


def band(mean: float, variance: float) -> tuple[int, int]:
    """The 10th and 90th percentile of a count of this mean and variance; binomial ones have whole trials."""
    if mean <= 0:
        return 0, 0
    if variance >= mean:
        first, masses = weights_from(mean * mean / variance, 1 - mean / variance, NEGLIGIBLE_IN_A_BAND)
    else:
        trials = max(ceil(mean), int(mean * mean / (mean - variance) + 0.5))
        if trials <= mean:
            return trials, trials
        odds = mean / (trials - mean)
        first, masses = weights_from(trials * odds, -odds, NEGLIGIBLE_IN_A_BAND)
    cumulative = list(accumulate(masses))
    total = cumulative[-1]
    return first + bisect_left(cumulative, LOW * total), first + bisect_left(cumulative, HIGH * total)


def near_band(thousandths: int, variance: float) -> tuple[int, int]:
    """The band of a mean in thousandths, by moments rounded so that it is often known already."""
    return _known_band(significant(thousandths), significant(int(1000 * variance + 0.5)))


@lru_cache(maxsize=KEPT)
def _known_band(thousandths: int, thousandths_of_variance: int) -> tuple[int, int]:
    return band(thousandths / 1000, thousandths_of_variance / 1000)


def significant(whole: int, digits: int = DIGITS) -> int:
    """A whole number rounded by a power of two, to one part in so many or better."""
    unit = 1
    while whole >= 2 * digits * unit:
        unit *= 2
    return (whole + unit // 2) // unit * unit
