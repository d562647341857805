"""Works that slip, the queue of refurbishments, and homes that come back ready."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, log
from random import Random

import pytest

from services.planner.domain.supply.counts import Distribution, gamma_poisson
from services.planner.domain.supply.readiness import Readiness, ready_exits
from services.planner.domain.supply.refurbishment import Queue, completions, lesser
from services.planner.domain.supply.turnover import Expectation, Window
from services.planner.domain.supply.works import Works, learn_slippage

ON = date(2023, 1, 1)
TRIENNIUM = Window(ON, date(2026, 1, 1))
YEARS = [Window(date(year, 1, 1), date(year + 1, 1, 1)) for year in (2023, 2024, 2025)]


def works(name: str, planned_on: date, declared_days: int, homes: int = 4, ended_on: date | None = None) -> Works:
    declared_on = planned_on + timedelta(days=declared_days)
    return Works(name, "M", "ALER", homes, planned_on, declared_on, homes if ended_on else 0, ended_on)


def history(count: int, late: float, spread: float, cancelled: float, seed: int) -> list[Works]:
    """Works of the last eight years whose durations are `late` times the declared, log-normally."""
    random = Random(seed)
    found = []
    for number in range(count):
        planned_on = date(2015, 1, 1) + timedelta(days=random.randrange(2900))
        declared = random.randint(300, 900)
        ended_on = planned_on + timedelta(days=round(declared * late * exp(random.gauss(0, spread))))
        done = ended_on < ON and random.random() >= cancelled
        found.append(works(f"P{number}", planned_on, declared, ended_on=ended_on if done else None))
    return found


def test_without_experience_works_take_a_third_longer_and_one_in_sixteen_is_cancelled() -> None:
    slippage = learn_slippage([], ON)
    median = sum(account.probability * account.log_median for account in slippage.accounts)
    assert exp(median) == pytest.approx(1.3, rel=0.005)
    # Beta(1, 15) has mean 1/16; its four parts, each by its median, 0.0579.
    cancelled = sum(account.probability * account.cancelled_share for account in slippage.accounts)
    assert cancelled == pytest.approx(1 / 16, abs=0.006)
    begun_today = works("P", ON - timedelta(days=1), 365)
    # ln(1 / 1.3) / 0.4 = -0.66: Phi = 0.26 within the declared year, times 0.94 not cancelled.
    assert slippage.completion_probability(begun_today, ON, YEARS[0]) == pytest.approx(0.26 * 0.94, abs=0.03)


@pytest.mark.parametrize(("late", "spread"), [(1.0, 0.2), (1.3, 0.4), (1.7, 0.3)])
def test_the_median_is_learnt(late: float, spread: float) -> None:
    slippage = learn_slippage(history(150, late, spread, 0.05, seed=5), ON)
    median = sum(account.probability * account.log_median for account in slippage.accounts)
    assert median == pytest.approx(log(late), abs=0.08)


def test_open_works_say_how_long_they_last_at_least() -> None:
    overdue = [works(f"P{number}", ON - timedelta(days=700), 365) for number in range(12)]
    fresh = [works(f"P{number}", ON - timedelta(days=30), 365) for number in range(12)]
    medians = [
        sum(account.probability * account.log_median for account in learn_slippage(known, ON).accounts)
        for known in (fresh, overdue)
    ]
    assert medians[0] == pytest.approx(log(1.3), abs=0.02)
    assert medians[1] > medians[0] + 0.1


def test_homes_completed_are_within_a_tenth_where_declared_dates_are_a_fifth_too_many() -> None:
    expected = declared = completed = 0.0
    for seed in range(60):
        random = Random(seed)
        past, ahead = [], 0
        late, spread = random.uniform(1.1, 1.5), random.uniform(0.25, 0.5)
        for number in range(24):
            planned_on = date(2016, 1, 1) + timedelta(days=random.randrange(2557))
            days, homes = random.randint(365, 900), random.randint(1, 12)
            ended_on = planned_on + timedelta(days=round(days * late * exp(random.gauss(0, spread))))
            cancelled = random.random() < 0.06
            is_done = ended_on < ON and not cancelled
            past.append(works(f"P{number}", planned_on, days, homes, ended_on if is_done else None))
            if not is_done:
                ahead += homes * (not cancelled and TRIENNIUM.begins_on <= ended_on < TRIENNIUM.ends_on)
                declared += homes * (past[-1].declared_on < TRIENNIUM.ends_on)
        completed += ahead
        expected += learn_slippage(past, ON).homes(past, ON, TRIENNIUM).mean
    assert expected / completed == pytest.approx(1, abs=0.1)
    assert declared / completed > 1.15


def test_homes_of_one_works_come_together_or_not_at_all() -> None:
    open_works = [works("P", date(2022, 1, 1), 365, homes=6)]
    slippage = learn_slippage(open_works, ON)
    homes = slippage.homes(open_works, ON, TRIENNIUM)
    chance = slippage.completion_probability(open_works[0], ON, TRIENNIUM)
    assert homes.from_zero() == pytest.approx((1 - chance, 0, 0, 0, 0, 0, chance))
    assert slippage.homes([works("P", date(2021, 1, 1), 300, ended_on=date(2022, 1, 1))], ON, TRIENNIUM).mean == 0


def test_years_add_up_to_the_triennium() -> None:
    open_works = works("P", date(2022, 1, 1), 500)
    slippage = learn_slippage([open_works], ON)
    parts = [slippage.completion_probability(open_works, ON, year) for year in YEARS]
    assert sum(parts) == pytest.approx(slippage.completion_probability(open_works, ON, TRIENNIUM))


def test_works_not_planned_yet_follow_those_that_were() -> None:
    # One a month of 300 days declared, four homes: of those planned in three years, those begun before the last
    # 1.3 x 300 days are done: (1096 - 390) / 30.4 = 23 works, 93 homes, less the cancelled.
    past = [
        works(f"P{n}", date(2018, 1, 15) + timedelta(days=30 * n), 300, ended_on=date(2022, 12, 31)) for n in range(40)
    ]
    past = [one._replace(completed_on=min(one.planned_on + timedelta(days=390), ON)) for one in past]
    slippage = learn_slippage(past, ON)
    found = slippage.upcoming_homes(past, date(2018, 1, 1), ON, TRIENNIUM)
    expected = 40 / ((ON - date(2018, 1, 1)).days) * (1096 - 390) * 4
    assert found.mean == pytest.approx(expected, rel=0.1)
    assert slippage.upcoming_homes([], date(2018, 1, 1), ON, TRIENNIUM).mean == 0


def test_the_lesser_of_two_counts() -> None:
    one, other = Distribution(1, (0.5, 0.5)), Distribution(0, (0.25, 0.25, 0.5))
    # min(1 or 2, 0, 1 or 2): 0 with 1/4; 2 with 1/2 x 1/2 = 1/4; 1 with the rest.
    assert lesser(one, other).from_zero() == pytest.approx((0.25, 0.5, 0.25))


def test_the_queue_is_limited_by_capacity_or_by_what_waits() -> None:
    busy = Queue(completed=75, days=1096, backlog=400)
    assert completions(busy, 80.0, 0.01, 1096).mean == pytest.approx(75.5, rel=0.02)
    idle = Queue(completed=75, days=1096, backlog=3)
    assert completions(idle, 10.0, 0.01, 1096).mean == pytest.approx(13, rel=0.02)
    assert completions(Queue(0, 0, 0), 0.0, 0.0, 1096).mean == 0
    assert completions(busy, 80.0, 0.01, 0).mean == 0


def test_an_owner_without_experience_restores_half_of_what_comes_in() -> None:
    assert completions(Queue(0, 0, 400), 60.0, 0.01, 1096).mean == pytest.approx(30, rel=0.05)


def test_exits_that_are_ready_are_exits_thinned() -> None:
    whole = Expectation(mean=100_000, relative_variance=0.01, cap=3000)
    certain = Readiness(ready=4_000_000, needing_works=6_000_000)
    found = ready_exits([(100_000, certain)], whole)
    assert found.quantiles() == gamma_poisson(40.0, 0.01).quantiles()
    # No outcome seen: 4 of 10, sd of Beta(4, 6) = sqrt(.24 / 11) = 0.148.
    assert ready_exits([(100_000, Readiness())], whole).mean == pytest.approx(40, abs=0.01)
    assert Readiness().relative_variance == pytest.approx((0.148 / 0.4) ** 2, rel=0.01)
    assert ready_exits([], whole).mean == 0
