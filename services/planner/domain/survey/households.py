"""Stima delle famiglie: residents over an assumed mean household size; no municipal count of households is at hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from services.planner.domain.rounding import half_up


class AverageHousehold(NamedTuple):
    """Numero medio di componenti per famiglia: a working assumption, shown as such, never presented as counted."""

    small: Decimal
    central: Decimal
    large: Decimal
    status: str
    reason: str


ASSUMED = AverageHousehold(
    Decimal("2.1"),
    Decimal("2.2"),
    Decimal("2.3"),
    "assumed",
    "Lombardia 2,3 al censimento 2011 (ISTAT, 8mila Census), in calo da decenni; ipotesi del piano",
)


class HouseholdEstimate(NamedTuple):
    """Famiglie stimate: whole households, fewest where they are large; a fraction is rounded half up."""

    low: int
    central: int
    high: int


def estimate_households(residents: int, size: AverageHousehold) -> HouseholdEstimate:
    """Residents over the mean size; those in institutions are not told apart.

    Raises:
        ValueError: sizes that are not ordered, or below one person.
    """
    if not 1 <= size.small <= size.central <= size.large:
        raise ValueError(f"mean household sizes must be ordered and at least 1: {size[:3]}")
    return HouseholdEstimate(*(quotient(residents, people) for people in (size.large, size.central, size.small)))


def quotient(residents: int, people: Decimal) -> int:
    numerator, denominator = people.as_integer_ratio()
    return half_up(residents * denominator, numerator)


def together(estimates: Iterable[HouseholdEstimate]) -> HouseholdEstimate:
    """Sums, also of the ends: if the assumed size errs, it errs everywhere alike."""
    return HouseholdEstimate(*(sum(column) for column in zip(*estimates, strict=True)))
