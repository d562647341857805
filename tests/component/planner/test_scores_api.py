"""The forecast's record over HTTP: of the plan in force, and as it was true on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.scores import scores_of
from shared.auth import Role
from shared.events.base import Event, Message
from shared.events.submissions import AnnualColumns
from shared.events.units import UnitStatus
from tests.support.planner_room import Room, standing
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, CREMONA, RULES, TestRegistry, message, submission

SCORES = f"/plans/{AMBITO}/scores"
LAST = date(2025, 3, 31)


def past() -> list[Message]:
    """Homes let in 2021; three a year are given back in Cremona, one in 2023 in Castelverde, and let again."""
    registry = TestRegistry()
    for number in range(30):
        place = CREMONA if number < 20 else CASTELVERDE
        registry.register(f"U{number}", UnitStatus.OCCUPIED, date(2021, 1, 1), municipality=place)
    left = [(f"U{year % 4 + 4 * one}", year) for year in range(2021, 2025) for one in range(3)]
    for unit_id, year in sorted([*left, ("U25", 2023)], key=lambda one: one[1]):
        registry.report(unit_id, "unit-vacated", UnitStatus.FREE_ASSIGNABLE, date(year, 5, 2))
        registry.report(unit_id, "unit-assigned", UnitStatus.OCCUPIED, date(year, 9, 1))
    registry.register("last", UnitStatus.FREE_ASSIGNABLE, LAST)
    in_time, late = declaration(2023, 5, date(2023, 10, 20)), declaration(2022, 4, date(2024, 12, 1))
    return [*registry.sent, message(in_time, 900), message(late, 901)]


def declaration(cycle_year: int, turnover: int, received_on: date) -> Event:
    told = submission(1, 0, cycle_year, year=cycle_year).event
    columns = AnnualColumns(stock_sap=20, turnover_expected=turnover, assignable_total=turnover)
    return told.having({"columns": columns, "received_on": received_on})


@pytest.fixture(name="room")
async def opened_room(tmp_path: Path) -> AsyncIterator[Room]:
    async with standing(tmp_path, past()) as room:
        yield room


async def asked(room: Room, query: str = "", status: int = 200) -> dict[str, Any]:
    async with room.client() as client:
        answer = await client.get(SCORES + query)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_closed_year_has_its_scores(room: Room) -> None:
    answer = await asked(room)
    assert [item["municipality"] for item in answer["items"]] == [None, CASTELVERDE, CREMONA]
    ambito, village, town = answer["items"]
    assert [year["year"] for year in town["years"]] == [2022, 2023, 2024]
    assert [year["exits"] for year in town["years"]] == [3, 3, 3]
    assert [(year["exits"], year["last_year"]) for year in village["years"]] == [(0, 0), (1, 0), (0, 1)]
    assert [year["exits"] for year in ambito["years"]] == [3, 4, 3]
    # Each declaration is about the year after its cycle: one home too many, 4.5 / 9, and two.
    assert [year["declared_loss"] for year in town["years"]] == [None, 500, 1000]
    assert answer["one_by_one"]["forecasts"] == 6
    assert town["balance"]["loss"] == sum(year["loss"] for year in town["years"])
    assert answer["formulas"].keys() <= town["years"][0].keys()
    worse = [item["balance"]["loss"] - item["balance"]["last_year_loss"] for item in answer["items"]]
    assert [item["demoted"] for item in answer["items"]] == [
        excess >= answer["rule"]["least_difference"] * 3 for excess in worse
    ]


async def test_of_another_day_the_record_ends_with_the_year_before(room: Room) -> None:
    then = await asked(room, "?true_on=2024-06-30")
    state = state_as_of(AMBITO, RULES.bands, past(), date(2024, 6, 30))
    expected = scores_of(state.cells, {}, date(2024, 5, 2))
    assert then["reference_on"] == "2024-05-02"
    assert {item["municipality"]: [year["loss"] for year in item["years"]] for item in then["items"]} == {
        place: [score.loss for score in expected.years if score.municipality == place] for place in expected.records
    }
    assert [year["year"] for year in then["items"][0]["years"]] == [2022, 2023]
    now = await asked(room)
    assert then["items"][0]["years"] == now["items"][0]["years"][:2]
    # The late declaration about 2023 was still to come.
    assert [[year["declared"] for year in answer["items"][2]["years"]] for answer in (then, now)] == [
        [None, None],
        [None, 4, 5],
    ]


async def test_one_municipality_or_the_ambito_alone(room: Room) -> None:
    assert [item["name"] for item in (await asked(room, f"?municipality={CREMONA}"))["items"]] == ["Cremona"]
    assert [item["municipality"] for item in (await asked(room, "?municipality=-"))["items"]] == [None]
    assert "municipality" in str((await asked(room, "?municipality=Cremona", 422))["errors"])


async def test_another_ambito_sees_nothing(room: Room) -> None:
    async with room.client(("comune-016001", Role.LEAD), "bergamo") as client:
        assert (await client.get(SCORES)).status_code == 404
