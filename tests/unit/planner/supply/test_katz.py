"""Bands of counts known by their moments against exact mass functions in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.supply.katz import DIGITS, band, near_band, significant


def deciles(masses: list[Fraction]) -> tuple[int, int]:
    cumulative, found = Fraction(0), []
    levels = [Fraction(1, 10), Fraction(9, 10)]
    for count, mass in enumerate(masses):
        cumulative += mass
        while levels and cumulative >= levels[0]:
            found.append(count)
            levels.pop(0)
    return found[0], found[1]


def negative_binomial(shape: int, mean: Fraction) -> list[Fraction]:
    ratio = mean / (shape + mean)
    masses = [(1 - ratio) ** shape]
    while sum(masses) < Fraction(19, 20):
        masses.append(masses[-1] * ratio * (shape + len(masses) - 1) / len(masses))
    return masses


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60_000))
def test_a_variance_above_the_mean_is_the_negative_binomial(shape: int, thousandths: int) -> None:
    mean = Fraction(thousandths, 1000)
    assert band(float(mean), float(mean + mean * mean / shape)) == deciles(negative_binomial(shape, mean))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 80), st.integers(1, 19))
def test_a_variance_below_the_mean_is_the_binomial(trials: int, twentieths: int) -> None:
    chance = Fraction(twentieths, 20)
    masses = [comb(trials, n) * chance**n * (1 - chance) ** (trials - n) for n in range(trials + 1)]
    exact = deciles(masses)
    # A decile that falls on a mass's very edge may go to either side of it.
    edges = {level for level in (0.1, 0.9) for n in range(trials) if abs(sum(masses[: n + 1]) - level) < 1e-9}
    if not edges:
        assert band(float(trials * chance), float(trials * chance * (1 - chance))) == exact


def test_bands_of_a_whole_region_do_not_underflow() -> None:
    # Poisson of mean 10,000 has sd 100; with a shape of a million the rate adds 10: 1.2816 x 100.5 = 129 either side.
    assert band(10_000.0, 10_000.0 + 100.0) == pytest.approx((9_871, 10_129), abs=1)


def test_what_is_certain_has_its_mean_for_a_band() -> None:
    assert (band(0.0, 0.0), band(7.0, 0.0), near_band(7000, 0.0)) == ((0, 0), (7, 7), (7, 7))


@given(st.integers(0, 10**9))
def test_rounding_keeps_three_digits(whole: int) -> None:
    assert abs(significant(whole) - whole) * 2 * DIGITS <= whole


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 500_000), st.integers(1, 40))
def test_a_near_band_is_off_by_no_more_than_its_rounding(thousandths: int, tenths: int) -> None:
    mean = thousandths / 1000
    variance = mean * tenths / 10
    for near, exact in zip(near_band(thousandths, variance), band(mean, variance), strict=True):
        assert abs(near - exact) <= 1 + mean / DIGITS
