"""Copertura del fabbisogno: the supply of three years over the need of three years (planner.md §3)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from services.planner.domain.need.amounts import HouseholdBand

PLACES = Decimal("0.0001")
"""Shares are rounded to a hundredth of a percent, halves up."""


class Coverage(NamedTuple):
    """Copertura del fabbisogno: shares, above one where supply exceeds need; None where there is no need to cover."""

    low: Decimal | None
    central: Decimal | None
    high: Decimal | None


def coverage(supply: HouseholdBand, need: HouseholdBand) -> Coverage:
    """The least supply over the greatest need, mean over mean, the greatest supply over the least need.

    Ends are whole homes and households, centres thousandths of them.
    """
    return Coverage(share(supply.low, need.high), share(supply.central, need.central), share(supply.high, need.low))


def share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(PLACES, rounding=ROUND_HALF_UP) if whole else None
