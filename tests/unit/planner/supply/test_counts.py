"""Distributions of counts against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.supply.counts import (
    LEVELS,
    NOTHING,
    Distribution,
    beta_binomial,
    gamma_poisson,
    gamma_poisson_band,
    mixture,
    normalised,
    sum_of,
)

weights = st.lists(st.integers(1, 9), min_size=1, max_size=6)
distributions = st.builds(lambda first, found: normalised(first, list(map(float, found))), st.integers(0, 5), weights)


def exact(distribution: Distribution) -> dict[int, Fraction]:
    return {distribution.first + place: Fraction(mass) for place, mass in enumerate(distribution.masses)}


@given(distributions, distributions)
def test_a_sum_is_a_convolution(one: Distribution, other: Distribution) -> None:
    expected: dict[int, Fraction] = {}
    for a, p in exact(one).items():
        for b, q in exact(other).items():
            expected[a + b] = expected.get(a + b, Fraction(0)) + p * q
    found = exact(sum_of([one, other]))
    assert found.keys() == expected.keys()
    assert [float(found[n]) for n in found] == pytest.approx([float(expected[n]) for n in found], abs=1e-15)


@given(distributions, distributions)
def test_what_is_left_is_never_below_nothing(one: Distribution, other: Distribution) -> None:
    expected: dict[int, Fraction] = {}
    for a, p in exact(one).items():
        for b, q in exact(other).items():
            left = max(a - b, 0)
            expected[left] = expected.get(left, Fraction(0)) + p * q
    found = exact(one.minus(other))
    assert {n: float(p) for n, p in found.items() if p} == pytest.approx({n: float(p) for n, p in expected.items()})


@given(distributions, st.integers(0, 12))
def test_a_cap_keeps_all_probability(one: Distribution, cap: int) -> None:
    capped = one.at_most(cap)
    assert sum(capped.masses) == pytest.approx(1)
    assert capped.first + len(capped.masses) - 1 <= max(cap, 0)
    # Masses that add up to a level exactly may round to either side of it.
    if all(abs(total - level) > 1e-9 for total in accumulate(one.masses) for level in LEVELS):
        assert capped.quantiles() == tuple(min(quantile, cap) for quantile in one.quantiles())


@given(distributions)
def test_quantiles_are_monotone_and_those_of_the_masses(one: Distribution) -> None:
    found = one.quantiles()
    assert list(found) == sorted(found)
    cumulative = list(accumulate(one.masses))
    for level, quantile in zip(LEVELS, found, strict=True):
        assert cumulative[quantile - one.first] >= level - 1e-12
        assert quantile == one.first or cumulative[quantile - one.first - 1] < level + 1e-12


@settings(max_examples=200, deadline=None)
@given(st.floats(0.001, 200), st.floats(0, 2))
def test_the_short_way_to_a_band_is_the_band(mean: float, relative_variance: float) -> None:
    assert gamma_poisson_band(mean, relative_variance) == gamma_poisson(mean, relative_variance).band()


@given(st.floats(0.01, 400), st.floats(0.001, 0.5))
def test_moments(mean: float, relative_variance: float) -> None:
    found = gamma_poisson(mean, relative_variance)
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.variance == pytest.approx(mean + mean * mean * relative_variance, rel=1e-4)


def test_a_certain_mean_is_poisson() -> None:
    # Poisson(2): e^-2, 2 e^-2, 2 e^-2 = 0.135335, 0.270671, 0.270671.
    assert gamma_poisson(2.0, 0.0).masses[:3] == pytest.approx((0.135335, 0.270671, 0.270671), abs=1e-6)


def test_no_homes_are_certain() -> None:
    assert gamma_poisson(0.0, 0.3) == NOTHING
    assert gamma_poisson_band(0.0, 0.3) == (0, 0)
    assert NOTHING.quantiles() == (0,) * len(LEVELS)


def test_sales_by_the_uniform_prior_are_equally_likely() -> None:
    assert beta_binomial(4, 1, 1).masses == pytest.approx((0.2,) * 5)


def test_sales_by_experience() -> None:
    # Beta(3, 2), two homes: C(2,k) B(3+k, 4-k) / B(3, 2) = 6/30, 12/30, 12/30 for k = 0, 1, 2.
    assert beta_binomial(2, 3, 2).masses == pytest.approx((6 / 30, 12 / 30, 12 / 30))
    assert sum(beta_binomial(30, 5, 7).masses) == pytest.approx(1)


def test_a_mixture_weighs_its_parts() -> None:
    found = mixture([(0.25, Distribution(0, (1.0,))), (0.75, Distribution(3, (0.5, 0.5)))])
    assert (found.first, found.masses) == (0, pytest.approx((0.25, 0, 0, 0.375, 0.375)))
    assert found.from_zero() == found.masses
