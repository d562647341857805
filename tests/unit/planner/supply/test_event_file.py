"""The file of events: any delivery of one history reads the same, and a bad line is named."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.supply.refurbishment import Queue
from services.planner.domain.supply.works import Works
from services.planner.forecasting.event_file import HEADER, EventFileError, read_events
from services.planner.forecasting.history import Cell, History, fold
from services.planner.forecasting.prediction import months_after
from tests.support.housing_worlds import Setting, World
from tests.unit.planner.supply.deliveries import delivered_badly

HEAD = ",".join(HEADER)
GOOD = "0,e0,2020-01-01,unit_registered,7,M1,ALER,S,occupied"


def folded(*rows: str, on: date = date(2021, 1, 1)) -> History:
    """Rows without sequence and identifier."""
    lines = [f"{number},e{number},{row}" for number, row in enumerate(rows)]
    return fold(read_events([HEAD, *lines]).events, on)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (GOOD.replace("2020-01-01", "2020-02-30"), "date '2020-02-30' is no day"),
        (GOOD.replace("2020-01-01", "20200101"), "date '20200101' is no day"),
        (GOOD.replace("unit_registered", "unit_lost"), "kind 'unit_lost' is none of"),
        (GOOD.replace("occupied", "empty"), "ref 'empty' must be occupied or vacant"),
        (GOOD.replace(",S,", ",,"), "size is empty"),
        (GOOD.replace(",7,", ",-7,"), "unit '-7' names no home"),
        (GOOD.replace("M1", ""), "municipality is empty"),
        (GOOD.replace("ALER", ""), "owner is empty"),
        (GOOD.replace("e0", ""), "event_id is empty"),
        ("x" + GOOD, "seq 'x0' is not a whole number"),
        (GOOD + ",more", "10 columns instead of 9"),
        ("0,e0,2020-01-01,works_planned,7,M1,ALER,,P:3:2021-01-01", "unit '7' must be -1"),
        ("0,e0,2020-01-01,works_planned,-1,M1,ALER,,P:0:2021-01-01", "is not project:units:declared-date"),
        ("0,e0,2020-01-01,works_planned,-1,M1,ALER,,P:3:soon", "is not project:units:declared-date"),
        ("0,e0,2020-01-01,works_planned,-1,M1,ALER,,P", "is not project:units:declared-date"),
        ("0,e0,2020-01-01,works_completed,7,M1,ALER,S,", "must name the project"),
        ("0,e0,2020-01-01,event_retracted,7,M1,ALER,S,", "must name the retracted event"),
        ('0,"e0,2020-01-01', "no CSV"),
    ],
)
def test_a_bad_line_is_named(line: str, problem: str) -> None:
    with pytest.raises(EventFileError, match=problem) as raised:
        read_events([HEAD + "\n", GOOD.replace("e0", "e9") + "\n", line + "\n"])
    assert raised.value.line == 3


def test_one_identifier_is_one_event() -> None:
    read_events([HEAD, GOOD, GOOD.replace("0,e0", "5,e0")])
    with pytest.raises(EventFileError, match=r"line 3: event_id 'e0' is that of line 2, whose event differs"):
        read_events([HEAD, GOOD, GOOD.replace("M1", "M2")])


@pytest.mark.parametrize("lines", [[], ["a,b,c"], [GOOD]])
def test_a_file_without_its_header_is_refused(lines: list[str]) -> None:
    with pytest.raises(EventFileError, match="line 1: the header must be seq,event_id"):
        read_events(lines)


def test_a_byte_order_mark_and_empty_lines_do_no_harm() -> None:
    assert len(read_events(["\ufeff" + HEAD + "\n", "\n", GOOD + "\n"]).events) == 1


@given(st.integers(0, 10_000))
def test_any_delivery_of_a_history_reads_the_same(seed: int) -> None:
    random = Random(seed)
    assert read_events(delivered_badly(SMALL, random)).events == read_events(SMALL).events


SMALL = list(World(1, Setting.SMALL, months_before=6, months_ahead=3).lines())


def test_home_days_and_exits_of_one_home() -> None:
    history = folded(
        "2020-01-01,unit_registered,7,M1,ALER,S,occupied",
        "2020-03-31,unit_vacated,7,M1,ALER,S,",
        "2020-05-01,unit_let,7,M1,ALER,S,",
    )
    first, may = date(2020, 1, 1).toordinal(), date(2020, 5, 1).toordinal()
    assert history.cells == {
        ("M1", "ALER", "S", 8080): Cell(1, 0, first - date(2020, 3, 31).toordinal()),
        ("M1", "ALER", "S", 8081): Cell(0, 1, may),
    }
    # 90 days to 31 March, 245 from 1 May to the end of 2020.
    assert sum(cell.openings * history.on.toordinal() - cell.offsets for cell in history.cells.values()) == 90 + 245


def test_the_day_of_the_forecast_is_not_its_past() -> None:
    rows = ["2020-01-01,unit_registered,7,M1,ALER,S,occupied", "2020-06-01,unit_vacated,7,M1,ALER,S,"]
    before, after = (folded(*rows, on=date(2020, 6, day)) for day in (1, 2))
    assert [sum(cell.exits for cell in history.cells.values()) for history in (before, after)] == [0, 1]


def test_a_home_that_is_sold_is_no_exit() -> None:
    history = folded(
        "2020-01-01,unit_registered,7,M1,ALER,S,occupied",
        "2020-02-01,unit_alienated,7,M1,ALER,S,",
        "2020-01-01,unit_registered,8,M1,ALER,S,vacant",
        "2020-02-01,unit_alienated,8,M1,ALER,S,",
    )
    assert [(cell.exits, cell.openings) for cell in history.cells.values()] == [(0, 0)]


def test_how_homes_came_back() -> None:
    def home(unit: int, *later: str) -> list[str]:
        return [
            f"2020-01-01,unit_registered,{unit},M1,ALER,S,occupied",
            *(f"2020-{day},{kind},{unit},M1,ALER,S," for day, kind in (one.split() for one in later)),
        ]

    history = folded(
        *home(1, "03-05 unit_vacated", "03-09 unit_assignable"),
        *home(2, "03-05 unit_assignable", "03-20 unit_vacated"),
        *home(3, "03-05 unit_vacated", "06-01 refurb_started", "08-01 refurb_completed", "09-01 unit_let"),
        *home(4, "03-05 unit_vacated"),
        *home(5, "12-05 unit_vacated"),
        *home(6, "03-05 unit_vacated", "09-01 unit_let"),
        *home(7, "03-05 unit_vacated", "06-01 refurb_started"),
    )
    # Ready: 1, 2 (dated the wrong way round) and 6. Works: 3, 4 (nothing heard for months) and 7. Open: 5.
    assert tuple(history.readiness["ALER"]) == (3, 3)
    # Waiting or in works: 4, 5, 7. The one completion is where the time of observation begins.
    assert history.queues()["ALER"] == Queue(0, (date(2021, 1, 1) - date(2020, 8, 1)).days, 3)


def test_works_and_what_was_completed_of_them() -> None:
    history = folded(
        "2020-01-05,works_planned,-1,M1,ALER,,P-1:2:2020-09-01",
        "2020-10-03,works_completed,90,M1,ALER,S,P-1",
        "2020-10-01,works_completed,91,M1,ALER,S,P-1",
        "2021-02-01,works_planned,-1,M1,ALER,,P-2:2:2022-09-01",
    )
    planned, declared, done = date(2020, 1, 5), date(2020, 9, 1), date(2020, 10, 3)
    assert history.works == (Works("P-1", "M1", "ALER", 2, planned, declared, 2, done),)


@pytest.mark.parametrize(
    ("on", "months", "end"),
    [
        (date(2023, 1, 1), 36, date(2026, 1, 1)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2023, 5, 15), 12, date(2024, 5, 15)),
    ],
)
def test_months_after(on: date, months: int, end: date) -> None:
    assert months_after(on, months) == end
