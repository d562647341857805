"""Division among household sizes: to the last thousandth, with the variance of a Dirichlet-multinomial count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.need.amounts import UncertainCount
from services.planner.domain.need.sizes import apportion, divide, pooled, shares


def test_largest_remainders_by_hand() -> None:
    # 10 by 1 : 1 : 1 is 3.33 each, the first gets the rest; by 5 : 3 : 1 it is 5.56, 3.33, 1.11
    assert apportion(10, (1, 1, 1)) == [4, 3, 3]
    assert apportion(10, (5, 3, 1)) == [6, 3, 1]
    assert apportion(7, (0, 0)) == [0, 0]


@given(st.integers(0, 10**7), st.lists(st.integers(0, 5000), min_size=1, max_size=6).filter(any))
def test_parts_add_up_and_are_within_one_of_their_share(whole: int, weights: list[int]) -> None:
    found = apportion(whole, weights)
    assert sum(found) == whole
    assert all(abs(part * sum(weights) - whole * own) < sum(weights) for part, own in zip(found, weights, strict=True))


def test_a_municipality_s_shares_are_drawn_towards_the_ambito_s() -> None:
    pool = pooled([(30, 10), (10, 50)])
    assert pool == (40, 60)
    # 30 pooled households at 40 % are 12, and 20 own ones: 32 of 30 + 20 = 64 %; without own ones 40 %
    small, large = shares((20, 0), pool)
    assert small / (small + large) == pytest.approx(0.64)
    small, large = shares((), pool)
    assert small / (small + large) == pytest.approx(0.40)
    assert pooled([]) == pooled([(0, 0)]) == ()


def test_a_known_total_divided_by_unsure_shares() -> None:
    # Dirichlet-multinomial: n p (1 - p) (n + k) / (1 + k) = 10 x 1/4 x 3/4 x 49 / 40 = 2.296875
    first, second = divide(UncertainCount(10_000), (1, 3), seen=39)
    assert (first.mean, second.mean) == (2_500, 7_500)
    assert first.own_variance == pytest.approx(2.296875)
    assert second.own_variance == pytest.approx(2.296875)


def test_a_part_of_a_poisson_count_is_poisson() -> None:
    # variance of 10 and share 1/4, as good as known: 2.5; shared errors are divided like the count
    first, _ = divide(UncertainCount(10_000, 10.0, 2.0), (1, 3), seen=10**9)
    assert first.own_variance == pytest.approx(2.5)
    assert first.shared_deviation == pytest.approx(0.5)


def test_what_was_divided_exactly_stays_exact() -> None:
    assert [part.variance for part in divide(UncertainCount(10_000), (1, 3), seen=None)] == [0.0, 0.0]
