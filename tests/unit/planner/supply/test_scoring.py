"""Scores against hand calculations and simulation."""

from __future__ import annotations

from random import Random

import pytest

from services.planner.domain.supply.counts import BAND, LEVELS, Distribution, gamma_poisson
from services.planner.domain.supply.scoring import outcome, pinball_loss, reliability, score, skill

COIN = Distribution(0, (0.5, 0.5))


def test_the_transform_is_spread_over_its_step() -> None:
    # Nothing seen: the transform lies in [0, 0.5], of which [0.1, 0.5] is in the band.
    assert outcome(COIN, 0).held_share(BAND) == pytest.approx(0.8)
    assert outcome(COIN, 1).held_share(BAND) == pytest.approx(0.8)
    assert outcome(COIN, 2).held_share(BAND) == 0
    assert outcome(gamma_poisson(100.0, 0.0), 100).held_share(BAND) == 1


def test_pinball_loss_by_hand() -> None:
    # All quantiles 2, actual 5: three homes short at every level: 3 x the mean level, 4.5 / 9.
    assert sum(LEVELS) == pytest.approx(4.5)
    assert pinball_loss((2,) * 9, 5) == pytest.approx(1.5)
    assert pinball_loss((5,) * 9, 2) == pytest.approx(1.5)
    assert pinball_loss((5,) * 9, 5) == 0
    assert skill(0.75, 1.5) == 0.5
    assert skill(1.0, 0.0) == 0


def test_a_true_forecast_is_calibrated_and_a_narrow_one_is_not() -> None:
    random, true, narrow = Random(1), [], []
    for _ in range(3000):
        mean = random.uniform(0.2, 12)
        rate = mean * random.gammavariate(4, 1 / 4)
        count, at = 0, random.expovariate(1)
        while at < rate:
            count, at = count + 1, at + random.expovariate(1)
        true.append(outcome(gamma_poisson(mean, 0.25), count))
        narrow.append(outcome(gamma_poisson(mean, 0.0), count))
    # Standard error of a share of 0.8 among 3,000: 0.007.
    found = score(true)
    assert (found.coverage, found.wide_coverage) == pytest.approx((0.8, 0.95), abs=0.02)
    assert reliability(true) == pytest.approx([0.1] * 10, abs=0.02)
    assert abs(found.bias) < 0.03
    assert score(narrow).coverage < 0.7
    assert score(narrow).loss > found.loss


def test_there_must_be_something_to_score() -> None:
    with pytest.raises(ValueError, match="no forecasts"):
        score([])
