"""Elementary functions against `decimal`, which rounds correctly, and tables."""

from __future__ import annotations

from decimal import Decimal
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.supply.elementary import exp, log, log_gamma, normal_cdf


@given(st.floats(1e-300, 1e300))
def test_log(x: float) -> None:
    assert log(x) == pytest.approx(float(Decimal(x).ln()), rel=1e-15, abs=2e-16)


@given(st.floats(-700, 700))
def test_exp(x: float) -> None:
    assert exp(x) == pytest.approx(float(Decimal(x).exp()), rel=4e-16)


def test_exp_far_below_is_nothing() -> None:
    assert exp(-1e6) == 0.0


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 20, 100])
def test_log_gamma_of_whole_numbers_is_that_of_factorials(n: int) -> None:
    assert log_gamma(n) == pytest.approx(float(Decimal(factorial(n - 1)).ln()), rel=1e-12, abs=1e-12)


@given(st.floats(0.05, 1e5))
def test_log_gamma_recurs(x: float) -> None:
    assert log_gamma(x + 1) - log_gamma(x) == pytest.approx(log(x), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    # Abramowitz and Stegun, table 26.1.
    ("z", "probability"),
    [
        (0.0, 0.5),
        (1.0, 0.841344746068543),
        (2.0, 0.977249868051821),
        (3.0, 0.998650101968370),
        (-1.0, 0.158655253931457),
    ],
)
def test_normal_distribution(z: float, probability: float) -> None:
    assert normal_cdf(z) == pytest.approx(probability, abs=1e-14)


def test_normal_distribution_ends() -> None:
    assert (normal_cdf(-50.0), normal_cdf(50.0)) == (0.0, 1.0)
