"""Quantiles of Gamma-Poisson counts that are the same on every processor.

The weights follow from each other by their ratio, outwards from the mode, and are never normalised by a gamma
function: only the four operations that IEEE 754 rounds correctly are used, and no count is too large to start from.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

LOW, HIGH = 0.1, 0.9
"""The 80 % band."""
NEGLIGIBLE = 1e-11
"""Weights below this share of the mode's are left out: together they are far less than what could move a decile."""


def weights(shape: float, mean: float) -> tuple[int, list[float]]:
    """The first count of any weight, and the weights of it and of those that follow, the mode's being 1."""
    ratio = mean / (shape + mean)
    start = shape * ratio
    mode = max(int((shape - 1) * mean / shape), 0)
    found, weight, count = [], 1.0, mode
    while count and weight >= NEGLIGIBLE:
        weight *= count / (start + (count - 1) * ratio)
        found.append(weight)
        count -= 1
    found.reverse()
    weight, count = 1.0, mode
    while weight >= NEGLIGIBLE:
        found.append(weight)
        weight *= (start + count * ratio) / (count + 1)
        count += 1
    return count - len(found), found


def band(shape: float, mean: float) -> tuple[int, int]:
    """The 10th and 90th percentile of a Poisson count whose mean is Gamma(shape) about `mean`."""
    if mean <= 0:
        return 0, 0
    first, masses = weights(shape, mean)
    cumulative = list(accumulate(masses))
    total = cumulative[-1]
    return first + bisect_left(cumulative, LOW * total), first + bisect_left(cumulative, HIGH * total)
