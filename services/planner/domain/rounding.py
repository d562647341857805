"""The one rounding rule of everything that is published."""

from __future__ import annotations


def half_up(numerator: int, denominator: int) -> int:
    """The nearest integer to an exact fraction, halves away from zero; `denominator` is positive."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def tenths(thousandths: int) -> int:
    """A figure in thousandths as it is published: in tenths."""
    return half_up(thousandths, 100)
