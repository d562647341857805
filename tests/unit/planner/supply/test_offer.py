"""Moments of an offer against the distributions they stand for, and bands against the whole convolution."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.supply.counts import beta_binomial, mixture, normalised, sum_of
from services.planner.domain.supply.occupancy import quarter_of
from services.planner.domain.supply.offer import (
    Disposals,
    Inventory,
    Origin,
    Supply,
    Term,
    forecast_supply,
    restorations,
)
from services.planner.domain.supply.outlook import outlooks_of, thinned_variance, unseen_variance
from services.planner.domain.supply.readiness import Readiness, ready_exits
from services.planner.domain.supply.refurbishment import Queue, completions
from services.planner.domain.supply.schedule import Median
from services.planner.domain.supply.turnover import Window, forecast_turnover, learn
from services.planner.forecasting.history import Cell

ON, SINCE = date(2026, 6, 1), date(2021, 1, 1)
YEARS = [
    Window(ON, date(2027, 1, 1)),
    Window(date(2027, 1, 1), date(2028, 1, 1)),
    Window(date(2028, 1, 1), date(2029, 1, 1)),
]
ENDS = tuple((year.ends_on - ON).days for year in YEARS)
PLACE = ("A", "ALER")
READINESS, QUEUE = Readiness(20, 30), Queue(18, 1096, 12)
SHARE = READINESS.rounded
HISTORY = {(*PLACE, 2, quarter_of(SINCE)): Cell(0, 120, 120 * SINCE.toordinal())}
HISTORY |= {(*PLACE, 2, quarter): Cell(1, 0, 0) for quarter in range(quarter_of(SINCE) + 1, quarter_of(ON))}
TERMS = {
    Term(*PLACE, "P1", False, ON - timedelta(days=100), ON + timedelta(days=300)): 5,
    Term(*PLACE, "P2", False, ON - timedelta(days=20), ON + timedelta(days=700)): 4,
}


def supply(**changes: object) -> Supply:
    given = {
        "holdings": {PLACE},
        "learned": learn(HISTORY, ON),
        "let": {(*PLACE, 2): 120},
        "free": {PLACE: 3},
        "unseen": {},
        "waiting": {PLACE: 12},
        "leaving": {},
        "works": TERMS,
        "readiness": {"ALER": SHARE},
        "queues": {"ALER": QUEUE},
        "disposals": {},
        "medians": (Median(1.0, 0.26, 0.4, 0.06),),
    }
    return forecast_supply(Inventory(**given | changes), ON, YEARS)  # type: ignore[arg-type]


def test_the_band_of_the_triennium_is_that_of_the_convolution() -> None:
    found = supply()
    offer, exits = found.offers[PLACE], found.turnover.municipalities["A"][-1]
    works = [
        term.done((Median(1.0, 0.26, 0.4, 0.06),), ON, ENDS)[-1].mean
        for term, homes in TERMS.items()
        for _ in range(homes)
    ]
    engaged = offer.means[Origin.RENOVATION][-1] / 1000
    inflow = exits.mean / 1000 * (1 - READINESS.share)
    parts = [
        ready_exits([(exits.mean, READINESS)], exits),
        completions(QUEUE, inflow, exits.relative_variance, ENDS[-1], engaged),
        *(normalised(0, [1 - chance, chance]) for chance in works),
    ]
    whole = sum_of(parts).plus(3)
    estimate = outlooks_of(found)[PLACE].assignable[-1]
    assert (estimate.low, estimate.high) == pytest.approx(whole.band(), abs=1)
    assert estimate.mean / 1000 == pytest.approx(whole.mean, abs=0.1)


def test_variances_are_those_of_the_distributions() -> None:
    assert unseen_variance(7, SHARE) == pytest.approx(beta_binomial(7, 24, 36).variance)
    assert Disposals(5, 2).variance(9) == pytest.approx(beta_binomial(9, 3, 6).variance)
    assert Disposals(5, 2).expected(9) == pytest.approx(1000 * beta_binomial(9, 3, 6).mean)
    count = completions(QUEUE, 6.0, 0.05, 1000)
    (_, restored) = restorations(QUEUE, [6.0], 0.05, [], (1000,))
    assert thinned_variance(restored, 1.0) == pytest.approx(count.variance)
    # Of n homes a share of Beta(9, 21), which is 0.3 as if thirty had been shared out, whatever n is.
    parts = [(mass, beta_binomial(count.first + n, 9, 21)) for n, mass in enumerate(count.masses)]
    assert thinned_variance(restored, 0.3) == pytest.approx(mixture(parts).variance)


def test_refurbishments_of_the_years_add_up_and_planned_works_take_from_them() -> None:
    *years, whole = restorations(QUEUE, [1.0, 2.0, 2.0], 0.05, [], ENDS)
    assert sum(year.mean for year in years) == pytest.approx(whole.mean)
    *_, busy = restorations(QUEUE, [1.0, 2.0, 2.0], 0.05, [4.0, 4.0, 4.0], ENDS)
    assert busy.mean < whole.mean


def test_homes_of_a_new_building_are_done_together() -> None:
    together = {term._replace(is_new_build=True): homes for term, homes in TERMS.items()}
    apart, alike = (outlooks_of(supply(works=works))[PLACE].assignable[-1] for works in (TERMS, together))
    assert alike.high - alike.low > apart.high - apart.low


def test_a_future_quarter_is_not_true_yet() -> None:
    later = {(*PLACE, 2, quarter_of(ON) + 1): Cell(9, -9, -9 * (ON.toordinal() + 200))}
    assert forecast_turnover(HISTORY | later, ON, YEARS) == forecast_turnover(HISTORY, ON, YEARS)


def test_a_share_of_ready_homes_is_told_in_whole_percent() -> None:
    # (4 + 143) / (10 + 353) = 40.496 %; 363 outcomes count by sixteens.
    assert Readiness(143, 210).rounded == (40, 368)
    assert Readiness(144, 210).rounded == (41, 368)
    assert Readiness().rounded == (40, 10)
    assert Readiness(0, 5000).rounded.percent == 1


@given(st.integers(0, 400), st.integers(0, 400))
def test_rounding_loses_less_than_the_data_can_tell(ready: int, needing_works: int) -> None:
    exact = Readiness(ready, needing_works)
    rounded, doubt = exact.rounded, exact.relative_variance**0.5 * exact.share
    assert abs(rounded.share - exact.share) <= max(doubt / 3, 0.0051)
    assert rounded.outcomes == pytest.approx(exact.outcomes, rel=1 / 32)
