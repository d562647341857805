"""Objectives over HTTP: who sets them, what the plan shows beside them, and how they are taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.planner.tables import ObjectiveRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import ObjectiveSet, ObjectiveWithdrawn, UnitStatus
from tests.support.planner_room import LEAD, TOWN, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry

PLAN = f"/plans/{AMBITO}"
OBJECTIVES = f"{PLAN}/objectives"
FREE = f"{CREMONA}:-:free_assignable:-"
WANTED = {
    "text": "assegnare gli alloggi liberi",
    "owner": "aler",
    "figure": FREE,
    "target": 0,
    "due_on": "2099-12-31",
    "reason": "delibera di Giunta",
}


@pytest.fixture
def registry() -> TestRegistry:
    """Two homes are free."""
    return registry_of(2, set_aside=False)


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    async with standing(tmp_path, registry.sent) as room:
        yield room


async def wish(room: Room, status: int = 201, who: tuple[str, Role] = LEAD, key: str = "", **changes: Any) -> Any:
    headers = {"idempotency-key": key} if key else {}
    async with room.client(who) as client:
        answer = await client.post(OBJECTIVES, json=WANTED | changes, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def withdrawn(room: Room, objective: str, status: int = 200, who: tuple[str, Role] = LEAD) -> Any:
    async with room.client(who) as client:
        answer = await client.post(f"{OBJECTIVES}/{objective}/withdraw", json={"reason": "non finanziato"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def shown(room: Room, path: str = OBJECTIVES) -> Any:
    async with room.client() as client:
        answer: httpx.Response = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_objective_stands_beside_what_its_figure_is_now_and_moves_with_it(
    room: Room, registry: TestRegistry
) -> None:
    """Two homes free and none to stay so: from 2 to 0. One is let: half of the way."""
    objective = await wish(room)
    assert (objective["baseline"], objective["starts_on"]) == (2, today_in_italy().isoformat())
    assert (await shown(room))["items"] == [], "the plan has not heard of it"
    await room.hear_back()
    [item] = (await shown(room))["items"]
    assert {name: item[name] for name in ("baseline", "target", "actual", "missing", "owner", "status")} == {
        "baseline": 2,
        "target": 0,
        "actual": 2,
        "missing": 2,
        "owner": "aler",
        "status": "ON_TRACK",
    }
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, date(2026, 2, 1))
    await room.hear(registry.sent[-1:])
    [item] = (await shown(room))["items"]
    assert (item["actual"], item["missing"]) == (1, 1)
    why = await shown(room, item["_links"]["why"])
    assert (why["item"]["value"], why["item"]["id"]) == (item["actual"], FREE)
    registry.report("H1", "unit-assigned", UnitStatus.OCCUPIED, date(2026, 2, 1))
    await room.hear(registry.sent[-1:])
    assert (await shown(room))["items"][0]["status"] == "REACHED"


async def test_part_five_shows_it_where_its_figure_is(room: Room) -> None:
    await wish(room)
    await room.hear_back()
    [item] = [one for one in (await shown(room, f"{PLAN}/parts/5"))["items"] if one["kind"] == "objective"]
    values = {one["name"]: one["value"] for one in item["values"]}
    assert (item["text_it"], item["municipality"], item["owner"]) == (WANTED["text"], CREMONA, "aler")
    assert {"baseline": "2", "target": "0", "actual": "2", "figure": FREE}.items() <= values.items()
    assert (values["label"], values["status"]) == ("Alloggi liberi assegnabili", "ON_TRACK")
    elsewhere = await shown(room, f"{PLAN}/parts/5?municipality=019098")
    assert "objective" not in {one["kind"] for one in elsewhere["items"]}


async def test_a_new_version_of_the_plan_says_that_an_objective_was_set(room: Room) -> None:
    """The first brings the plan to today; after it nothing but the objectives moves."""
    await wish(room)
    await room.hear_back()
    before = await shown(room, PLAN)
    objective = await wish(room)
    await room.hear_back()
    after = await shown(room, PLAN)
    assert (after["version"], after["figures"]) == (before["version"] + 1, before["figures"])
    [cause] = (await shown(room, f"{PLAN}/versions?limit=1"))["items"][0]["causes"]
    assert (cause["kind"], cause["subject"], cause["municipality"]) == ("objective-set", FREE, CREMONA)
    await withdrawn(room, objective["id"])
    await room.hear_back()
    assert (await shown(room, PLAN))["version"] == before["version"] + 2


async def test_an_objective_is_taken_back_once_and_stays_in_the_book_and_in_the_past(room: Room) -> None:
    objective = await wish(room)
    await room.hear_back()
    [item] = (await shown(room))["items"]
    step = await withdrawn(room, objective["id"])
    assert (step["revision"], step["is_withdrawn"], step["reason"]) == (2, True, "non finanziato")
    await room.hear_back()
    assert (await shown(room))["items"] == []
    assert "ritirato" in (await withdrawn(room, objective["id"], 409))["detail"]
    book = await room.rows(ObjectiveRow, ObjectiveRow.revision)
    assert [(row.revision, row.is_withdrawn, row.reason) for row in book] == [
        (1, False, WANTED["reason"]),
        (2, True, "non finanziato"),
    ]
    kinds = [type(message.event) for message in await room.said()]
    assert kinds == [ObjectiveSet, ObjectiveWithdrawn]
    assert item["cause"] == str((await room.said())[0].envelope.id)


async def test_as_of_a_day_before_it_was_set_there_was_none(room: Room) -> None:
    await wish(room)
    await room.hear_back()
    today, before = today_in_italy(), "2026-01-31"
    assert len((await shown(room, f"{OBJECTIVES}?true_on={today}&known_on={today}"))["items"]) == 1
    assert (await shown(room, f"{OBJECTIVES}?true_on={before}"))["items"] == []
    assert (await shown(room, f"{PLAN}/parts/5?true_on={today}"))["items"][0]["kind"] == "objective"


async def test_steps_heard_in_the_wrong_order_end_the_same(room: Room) -> None:
    objective = await wish(room)
    await withdrawn(room, objective["id"])
    await room.hear(list(reversed(await room.said())))
    assert (await shown(room))["items"] == []


async def test_an_objective_of_the_whole_ambito_is_told_of_the_lead_municipality(room: Room) -> None:
    await wish(room, figure="-:-:free_assignable:-")
    await room.hear_back()
    [item] = (await shown(room, f"{OBJECTIVES}?municipality=-"))["items"]
    assert (item["figure"], item["actual"]) == ("-:-:free_assignable:-", 2)
    assert (await shown(room, f"{OBJECTIVES}?municipality={CREMONA}"))["items"] == []
    assert (await shown(room, f"{PLAN}/versions?limit=1"))["items"][0]["causes"][0]["municipality"] == CREMONA


async def test_repeated_under_one_key_it_is_set_once(room: Room) -> None:
    first = await wish(room, key="una-volta")
    assert await wish(room, key="una-volta") == first
    assert len(await room.rows(ObjectiveRow)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"figure": f"{CREMONA}:-:nothing:-"}, "/figure"),
        ({"figure": "Cremona"}, "/figure"),
        ({"due_on": "2026-01-01"}, "/due_on"),
        ({"target": 2}, "/target"),
        ({"reason": ""}, "/reason"),
    ],
)
async def test_what_cannot_be_an_objective_is_refused_with_its_field(
    room: Room, changes: dict[str, Any], field: str
) -> None:
    assert [error["field"] for error in (await wish(room, 422, **changes))["errors"]] == [field]
    assert await room.rows(ObjectiveRow) == []


async def test_only_the_lead_municipality_sets_and_withdraws(room: Room) -> None:
    for who in (TOWN, ("azienda-sociale", Role.TECHNICAL_PARTNER), ("aler-bcm", Role.OWNER)):
        await wish(room, 403, who)
    objective = await wish(room)
    await withdrawn(room, objective["id"], 403, TOWN)
    await withdrawn(room, "00000000-0000-0000-0000-000000000001", 404)
