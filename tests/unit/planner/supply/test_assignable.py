"""Homes that become assignable: parts add up, bands do not, and every source counts where it belongs."""

from __future__ import annotations

from datetime import date

import pytest

from services.planner.domain.supply.assignable import AssignableOutlook, Experience, forecast_assignable
from services.planner.domain.supply.occupancy import quarter_of
from services.planner.domain.supply.readiness import Readiness
from services.planner.domain.supply.refurbishment import Queue
from services.planner.domain.supply.turnover import Window, forecast_turnover
from services.planner.domain.supply.works import Works, learn_slippage
from services.planner.forecasting.history import Cell

ON = date(2023, 1, 1)
SINCE = date(2018, 1, 1)
TRIENNIUM = Window(ON, date(2026, 1, 1))
HOMES = {("A", "ALER"): 1500, ("A", "COMUNE"): 300, ("B", "ALER"): 60, ("C", "COMUNE"): 8}
WORKS = (
    Works("P1", "A", "ALER", 12, date(2022, 1, 1), date(2023, 9, 1)),
    Works("P2", "D", "COMUNE", 3, date(2022, 6, 1), date(2024, 6, 1)),
)
EXPERIENCE = Experience(
    readiness={"ALER": Readiness(80, 120), "COMUNE": Readiness(30, 10)},
    queues={"ALER": Queue(60, 1096, 200), "COMUNE": Queue(9, 1096, 20)},
    backlogs={("A", "ALER"): 150, ("B", "ALER"): 50, ("A", "COMUNE"): 20},
    works=WORKS,
    works_since=SINCE,
)


def outlook(experience: Experience = EXPERIENCE) -> AssignableOutlook:
    history: dict[tuple[str, str, str, int], Cell] = {}
    for (municipality, owner), homes in HOMES.items():
        history[municipality, owner, "M", quarter_of(SINCE)] = Cell(0, homes, homes * SINCE.toordinal())
        for quarter in range(quarter_of(SINCE) + 1, quarter_of(ON)):
            history[municipality, owner, "M", quarter] = Cell(round(homes * 0.035 / 4), 0, 0)
    slippage = learn_slippage(experience.works, ON)
    turnover = forecast_turnover(history, ON, [TRIENNIUM])
    return forecast_assignable(turnover, 0, TRIENNIUM, ON, experience, slippage)


def test_means_add_up_to_the_ambito() -> None:
    found = outlook()
    assert found.ambito.mean == found.not_planned_yet.mean + sum(part.mean for part in found.holdings.values())
    assert found.ambito.mean / 1000 == pytest.approx(found.ambito.homes.mean, rel=0.01)
    assert all(part.mean == part.total.mean for part in found.holdings.values())


def test_every_source_counts_where_it_belongs() -> None:
    found = outlook().holdings
    assert set(found) == {*HOMES, ("D", "COMUNE")}
    # An owner's capacity, 60 in as many days, is divided as its homes wait: 150 to 50.
    assert found["A", "ALER"].restored.mean == pytest.approx(45_000, rel=0.01)
    assert found["B", "ALER"].restored.mean == pytest.approx(15_000, rel=0.01)
    assert found["C", "COMUNE"].restored.mean == 0
    assert found["D", "COMUNE"].ready.mean == 0
    assert 1500 < found["D", "COMUNE"].completed_works.mean < 3000
    assert found["A", "COMUNE"].completed_works.mean == 0
    # Readiness by owner: 84 of 210, 34 of 50.
    shares = {owner: found["A", owner].ready.mean for owner in ("ALER", "COMUNE")}
    assert shares["ALER"] / shares["COMUNE"] == pytest.approx(5 * (84 / 210) / (34 / 50), rel=0.25)


def test_the_ambitos_band_is_no_sum_of_bands() -> None:
    found = outlook()
    low, high = found.ambito.band()
    parts = [part.total.band() for part in found.holdings.values()]
    assert sum(part[0] for part in parts) < low < high < sum(part[1] for part in parts)


def test_where_nothing_waits_refurbishments_follow_the_exits() -> None:
    found = outlook(EXPERIENCE._replace(backlogs={}, queues={"ALER": Queue(60, 1096, 0), "COMUNE": Queue(0, 1096, 0)}))
    restored = {holding: part.restored.mean for holding, part in found.holdings.items()}
    assert restored["A", "ALER"] / restored["B", "ALER"] == pytest.approx(1500 / 60, rel=0.25)


def test_an_ambito_without_anything_expects_nothing() -> None:
    nothing = Experience({}, {}, {}, (), SINCE)
    found = forecast_assignable(
        forecast_turnover({}, ON, [TRIENNIUM]), 0, TRIENNIUM, ON, nothing, learn_slippage((), ON)
    )
    assert (found.holdings, found.ambito.mean, found.ambito.band()) == ({}, 0, (0, 0))
