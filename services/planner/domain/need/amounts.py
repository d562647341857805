"""Households that are not known exactly: how much chance, and how much it is the same for all municipalities.

Errors of a municipality's own add in variance, errors that all share add in standard deviation; so the ambito's band is
narrower than the sum of the municipalities' bands, and wider than if they had nothing in common.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, sqrt
from typing import NamedTuple

BAND_WIDTH = 1.2816
"""Standard deviations from the mean to the ends of an 80 % band."""


class HouseholdBand(NamedTuple):
    """Minimo, valore centrale, massimo: whole households rounded outwards, `central` in thousandths of a household."""

    low: int
    central: int
    high: int


class UncertainCount(NamedTuple):
    """A mean in thousandths of a household, an own variance and a shared standard deviation, in households."""

    mean: int
    own_variance: float = 0.0
    shared_deviation: float = 0.0

    @property
    def variance(self) -> float:
        return self.own_variance + self.shared_deviation * self.shared_deviation

    def band(self) -> HouseholdBand:
        chance = spread(self.variance)
        return outwards(max(self.mean - chance, 0), self.mean, self.mean + chance)


NONE = UncertainCount(0)


def total(counts: Iterable[UncertainCount]) -> UncertainCount:
    """Of municipalities, or of components that have no error in common."""
    parts = tuple(counts)
    return UncertainCount(
        sum(part.mean for part in parts),
        fsum(part.own_variance for part in parts),
        fsum(part.shared_deviation for part in parts),
    )


def spread(variance: float) -> int:
    """Thousandths of a household from the mean to the end of the band, rounded up."""
    return int(1000 * BAND_WIDTH * sqrt(variance)) + 1 if variance > 0 else 0


def outwards(low: int, central: int, high: int, parts: int = 1) -> HouseholdBand:
    """Ends in thousandths, of so many equal `parts` one, as whole households; `central` is between them."""
    return HouseholdBand(
        min(low // (1000 * parts), central // 1000), central, max(-(-high // (1000 * parts)), -(-central // 1000))
    )
