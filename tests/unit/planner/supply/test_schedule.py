"""Homes in works, one by one: against the exact slippage of projects, and sums against every outcome enumerated."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from math import fsum

import pytest

from services.planner.domain.supply.elementary import normal_cdf
from services.planner.domain.supply.schedule import (
    Done,
    Median,
    done_in,
    medians_of,
    near_normal_cdf,
    tenths_of,
    whole_variance,
)
from services.planner.domain.supply.turnover import Window
from services.planner.domain.supply.works import Works, learn_slippage

ON = date(2026, 6, 1)
ENDS = (213, 578, 944)


@pytest.mark.parametrize(("begun", "end_on"), [(date(2026, 1, 1), date(2026, 12, 1)), (date(2024, 3, 1), ON)])
def test_a_home_is_done_as_a_project_of_one_home_is(begun: date, end_on: date) -> None:
    past = [Works(str(n), "A", "O", 1, begun, end_on, 1, ON - timedelta(days=n)) for n in range(9)]
    slippage = learn_slippage(past, ON)
    works = Works("P", "A", "O", 1, begun, end_on)
    exact = [
        slippage.completion_probability(works, ON, Window(ON + timedelta(days=since), ON + timedelta(days=until)))
        for since, until in ((0, ENDS[0]), (ENDS[0], ENDS[1]), (ENDS[1], ENDS[2]), (0, ENDS[2]))
    ]
    found = done_in(medians_of(slippage), (ON - begun).days, (end_on - begun).days, ENDS)
    # Spreads and cancelled shares of one median are averaged before, not after.
    assert [done.mean for done in found] == pytest.approx(exact, abs=0.02)
    assert fsum(done.mean for done in found[:-1]) == pytest.approx(found[-1].mean, abs=1e-9)


def test_the_variance_of_a_sum_is_that_of_every_outcome() -> None:
    medians = (Median(0.25, 0.1, 0.4, 0.05), Median(0.75, 0.3, 0.4, 0.05))
    homes = [done_in(medians, gone, declared, ENDS)[1] for gone, declared in ((10, 300), (200, 400), (500, 700))]
    mean = square = 0.0
    for place, median in enumerate(medians):
        for outcome in product((0, 1), repeat=3):
            chance = median.probability
            for done, home in zip(outcome, homes, strict=True):
                chance *= home.means[place] if done else 1 - home.means[place]
            mean += chance * sum(outcome)
            square += chance * sum(outcome) ** 2
    parts = [Done(home.means, home.variance) for home in homes]
    assert whole_variance(parts, medians) == pytest.approx(square - mean * mean, abs=1e-12)
    assert fsum(home.mean for home in homes) == pytest.approx(mean, abs=1e-12)


def test_the_tabulated_normal_distribution_is_near() -> None:
    assert max(abs(near_normal_cdf(z / 97) - normal_cdf(z / 97)) for z in range(-900, 900)) < 1e-5


def test_time_gone_by_is_told_apart_by_tenths() -> None:
    # ln(130 / 100) = 0.262; ln 1 = 0; a day of a year: ln(1 / 365) = -5.9.
    assert [tenths_of(130, 100), tenths_of(100, 100), tenths_of(0, 365)] == [3, 0, -59]
