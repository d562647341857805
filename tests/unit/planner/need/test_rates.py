"""What is estimated of the others, and flows ahead: plain oracles, and worlds whose truth is known."""

from __future__ import annotations

import math
from random import Random

import pytest

from services.planner.domain.need.amounts import UncertainCount, spread, total
from services.planner.domain.need.rates import estimate_missing, forecast_flow, yearly_factor

YEARS = range(2018, 2023)


def test_estimates_are_per_household() -> None:
    # 10 + 20 + 30 of 1,000 + 2,000 + 3,000 households: 10 per 1,000, so 5 of 500 (half a household more in the rate)
    declared = {"a": 10, "b": 20, "c": 30}
    found = estimate_missing(declared, {"a": 1000, "b": 2000, "c": 3000, "d": 500, "e": 1000})
    assert found.keys() == {"d", "e"}
    assert found["d"].mean == pytest.approx(5000, rel=0.05)
    assert found["e"].mean == pytest.approx(2 * found["d"].mean, abs=1)
    # chance alone would give a variance of 5; that municipalities differ adds to it
    assert found["d"].variance > 5


def test_municipalities_that_differ_tell_less_of_the_missing_one() -> None:
    homes = dict.fromkeys("abcdefgh", 2000)
    alike = estimate_missing(dict(zip("abcdefg", [20] * 7, strict=True)), homes)["h"]
    apart = estimate_missing(dict(zip("abcdefg", [0, 60, 5, 45, 2, 27, 1], strict=True)), homes)["h"]
    assert alike.mean == pytest.approx(apart.mean, rel=0.05)
    assert apart.own_variance > 4 * alike.own_variance


def test_zero_everywhere_is_rare_and_not_impossible() -> None:
    found = estimate_missing({"a": 0, "b": 0}, {"a": 1000, "b": 1000, "c": 1000})["c"]
    assert 0 < found.mean < 500
    assert found.band().low == 0
    assert found.band().high == 1


def test_of_nothing_nothing_is_learnt() -> None:
    assert estimate_missing({}, {"a": 1000}) == {}
    assert estimate_missing({"a": 3}, {"a": 0, "b": 5}) == {}
    assert forecast_flow({}, {"a": 1000}) == {}
    assert forecast_flow({"a": {}}, {"a": 1000}) == {}


def test_a_village_without_arrivals_is_expected_to_have_fewer_the_longer_it_had_none() -> None:
    big = dict.fromkeys(YEARS, 40)
    means = []
    for length in (0, 1, 3, 5):
        none = dict.fromkeys(list(YEARS)[:length], 0)
        means.append(forecast_flow({"big": big, "village": none}, {"big": 4000, "village": 400})["village"].mean)
    assert means == sorted(means, reverse=True)
    assert len(set(means)) == len(means)
    assert means[-1] > 0


def test_a_factor_common_to_all_is_followed_as_far_as_it_is_no_chance() -> None:
    steady = yearly_factor([1000] * 5, [1000.0] * 5)
    rising = yearly_factor([600, 800, 1000, 1200, 1400], [1000.0] * 5)
    assert steady.ahead == pytest.approx(1, abs=0.02)
    assert 1.15 < rising.ahead < 1.45
    assert rising.relative_variance > steady.relative_variance


def test_own_errors_add_in_variance_and_shared_ones_in_deviation() -> None:
    # own 9 + 16 = 25; shared 2 + 3 = 5, squared 25; together 50, of which the band is 1.2816 x 7.0711 = 9.0623 wide
    found = total([UncertainCount(10_000, 9.0, 2.0), UncertainCount(20_000, 16.0, 3.0)])
    assert found == (30_000, 25.0, 5.0)
    assert spread(found.variance) == 9063
    assert found.band() == (20, 30_000, 40)


def gamma_multiplier(rng: Random, alikeness: float) -> float:
    return rng.gammavariate(alikeness, 1 / alikeness)


def poisson(rng: Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count += 1
        left += rng.expovariate(1.0)
    return count


def test_bands_hold_as_often_as_they_say_in_worlds_whose_truth_is_known() -> None:
    """120 worlds of 16 municipalities: rates that differ by 40 %, a walk of 10 % a year that all share."""
    rng = Random(4)
    towns = hits = ambiti = 0
    for _ in range(120):
        homes = {f"{place:02}": int(math.exp(rng.uniform(5, 9))) for place in range(16)}
        rates = {name: 0.006 * gamma_multiplier(rng, 6) for name in homes}
        level, factors = 0.0, []
        for _ in range(8):
            level += rng.gauss(0, 0.10)
            factors.append(math.exp(level))
        counts = {name: [poisson(rng, homes[name] * rates[name] * f) for f in factors] for name in homes}
        history = {name: dict(zip(YEARS, counts[name], strict=False)) for name in homes}
        found = forecast_flow(history, homes)
        for name, flow in found.items():
            truth, half = sum(counts[name][5:]) / 3, spread(flow.variance) / 1000
            towns += abs(truth - flow.mean / 1000) <= half
        whole = total(found.values())
        truth, half = sum(sum(own[5:]) for own in counts.values()) / 3, spread(whole.variance) / 1000
        ambiti += abs(truth - whole.mean / 1000) <= half
        hits += len(homes)
    assert 0.78 <= towns / hits <= 0.90
    assert 0.72 <= ambiti / 120 <= 0.92
