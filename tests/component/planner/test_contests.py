"""Contested numbers over HTTP: who opens one, which cell it names, how it is answered, corrected and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.planner.settings import PlannerSettings
from services.planner.tables.discussion import ContestRow
from shared.auth import Role
from shared.events import Message, SubmissionReceived, UnitStatus
from tests.support.discussed import contestable
from tests.support.planner_room import LEAD, TOWN, Room, opened
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry, day_began, submission

CONTESTS = f"/plans/{AMBITO}/contests"
ALER, PARTNER, REGION = (
    ("aler-bcm", Role.OWNER),
    ("azienda-sociale", Role.TECHNICAL_PARTNER),
    ("regione-lombardia", Role.REGION),
)
OTHER = ("cooperativa-casa", Role.OWNER)
FREE_DECLARED = f"{CREMONA}:aler-bcm:column_free_now_declared:2027"
FREE = f"{CREMONA}:-:free_assignable:-"
WHY = {"reason": "il Comune ne ha visti quattro"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with contestable(tmp_path, 22) as room:
        yield room


def declared(revision: int, free: int) -> Message:
    """ALER's row of Cremona for the cycle of 2026."""
    return submission(revision, free, 9_000 + revision, owner="aler-bcm")


async def asked(
    room: Room, path: str = "", status: int = 201, who: tuple[str, Role] = LEAD, key: str = "", **body: Any
) -> Any:
    headers = {"idempotency-key": key} if key else {}
    async with room.client(who) as client:
        answer = await client.post(CONTESTS + path, json=WHY | body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def contested(room: Room, figure: str = FREE_DECLARED, **more: Any) -> Any:
    """Opened by Cremona, and heard of by the plan."""
    found = await asked(room, figure=figure, **more)
    await room.hear_back()
    return found


async def now(room: Room, contest: str) -> Any:
    async with room.client(REGION) as client:
        return (await client.get(f"{CONTESTS}/{contest}")).json()


def heard_at(known: Message, at: datetime) -> Message:
    return known._replace(envelope=known.envelope._replace(time=at))


async def test_a_contest_names_the_one_cell_its_owner_and_the_deadline(room: Room) -> None:
    """Column e of ALER's declaration of 2026, which is of 2027; fifteen days, as long as nothing else is set."""
    found = await asked(room, figure=FREE_DECLARED, expected=4, key="once")
    assert await asked(room, figure=FREE_DECLARED, expected=4, key="once") == found
    today = date.fromisoformat(found["contested_on"])
    assert found["cell"] == {"cycle_year": 2026, "path": "columns/free_now", "value": 5}
    assert (found["owner"], found["contester"], found["value"], found["expected"]) == ("aler-bcm", LEAD[0], 5, 4)
    assert (found["status"], found["deadline_on"]) == ("OPEN", (today + timedelta(days=15)).isoformat())
    [said] = await room.said()
    assert (said.event.name(), said.envelope.organisation) == ("figure-contested", LEAD[0])


async def test_of_several_cells_the_contester_picks_one(room: Room) -> None:
    """g is the sum of six columns: the answer names them with what was declared."""
    total = f"{CREMONA}:aler-bcm:declared_assignable_total:2027"
    refused = await asked(room, status=422, figure=total)
    assert "aler-bcm:2026:columns/free_now = 5" in refused["errors"][0]["remedy"]
    found = await asked(room, figure=total, cell="aler-bcm:2026:columns/free_now")
    assert (found["cell"]["path"], found["value"]) == ("columns/free_now", 5)
    await asked(room, status=409, figure=FREE_DECLARED)  # the same cell, by another figure


async def test_whose_numbers_and_which_numbers(room: Room) -> None:
    await asked(room, status=422, who=TOWN, figure=FREE_DECLARED)  # Castelverde contests nothing of Cremona's
    await asked(room, status=422, who=OTHER, figure=FREE_DECLARED)
    await asked(room, status=403, who=REGION, figure=FREE_DECLARED)
    await asked(room, status=403, who=PARTNER, figure=FREE_DECLARED)
    await asked(room, status=422, figure="-:-:free_assignable:-")  # a sum
    await asked(room, status=422, figure=f"{CREMONA}:-:open_cases:-")  # households
    await asked(room, status=422, figure=f"{CREMONA}:aler-bcm:column_indigence_share_declared:2027")
    await asked(room, status=422, figure=f"{CREMONA}:aler-bcm:column_free_now_declared:2029")
    assert not await room.rows(ContestRow)
    await asked(room, who=ALER, figure=FREE_DECLARED)


async def test_what_counts_homes_is_answered_by_their_owner(room: Room) -> None:
    refused = await asked(room, status=422, figure=FREE, cell="aler-bcm:2026:columns/free_now")
    assert "unit-corrected" in refused["errors"][0]["rule"]
    found = await asked(room, figure=FREE)
    assert (found["owner"], found["cell"], found["value"]) == ("aler-bcm", None, 2)


async def test_a_correction_settles_it_with_the_values_before_and_after(room: Room) -> None:
    found = await contested(room)
    await room.hear([declared(2, 4)])
    item = (await now(room, found["id"]))["item"]
    assert (item["status"], item["value"], item["new_value"], item["cell"]["value"], item["new_cell_value"]) == (
        "CORRECTED",
        5,
        4,
        5,
        4,
    )
    assert item["organisation"] is None
    await room.hear_back()
    await room.hear([declared(3, 5)])  # a later revision opens nothing again
    assert [row.revision for row in await room.rows(ContestRow, ContestRow.revision)] == [1, 2]
    assert [one.event.name() for one in await room.said()] == ["figure-contested", "contest-settled"]


async def test_a_correction_that_arrives_before_its_contest_settles_it_too(room: Room) -> None:
    found = await asked(room, figure=FREE_DECLARED)
    await room.hear([declared(2, 4)])
    assert (await now(room, found["id"]))["item"]["status"] == "OPEN"
    await room.hear_back()
    assert (await now(room, found["id"]))["item"]["status"] == "CORRECTED"


async def test_a_revision_that_leaves_the_cell_leaves_the_contest_open(room: Room) -> None:
    found = await contested(room)
    row = declared(2, 5)
    assert isinstance(row.event, SubmissionReceived)
    assert row.event.columns
    other = row.event.columns.having({"stock_sap": 41})
    await room.hear([row._replace(event=row.event.having({"columns": other}))])
    assert (await now(room, found["id"]))["item"]["status"] == "OPEN"


async def test_homes_are_settled_by_a_report_of_their_owner(room: Room) -> None:
    found = await contested(room, FREE)
    registry = TestRegistry()
    registry.register("N1", UnitStatus.FREE_ASSIGNABLE, owner="cooperativa-casa")
    await room.hear(_renumbered(registry.sent, 50_000))
    assert (await now(room, found["id"]))["item"]["status"] == "OPEN"  # another owner's home
    registry = TestRegistry()
    registry.register("N2", UnitStatus.FREE_ASSIGNABLE, owner="aler-bcm")
    await room.hear(_renumbered(registry.sent, 60_000))
    item = (await now(room, found["id"]))["item"]
    assert (item["status"], item["value"], item["new_value"]) == ("CORRECTED", 2, 4)


def _renumbered(messages: list[Message], first: int) -> list[Message]:
    return [
        one._replace(envelope=one.envelope._replace(id=UUID(int=first + place))) for place, one in enumerate(messages)
    ]


async def test_answers_leave_it_open_and_the_lead_confirms(room: Room) -> None:
    found = await contested(room)
    path = f"/{found['id']}"
    await asked(room, f"{path}/answer", 422, who=OTHER)
    await asked(room, f"{path}/answer", 403, who=REGION)
    answered = await asked(room, f"{path}/answer", 200, who=ALER, reason="sono cinque, con il sottotetto")
    assert (answered["status"], answered["answer"]) == ("ANSWERED", "sono cinque, con il sottotetto")
    await asked(room, f"{path}/confirm", 403, who=ALER)
    confirmed = await asked(room, f"{path}/confirm", 200, who=PARTNER, reason="visti tutti e cinque")
    assert (confirmed["status"], confirmed["organisation"]) == ("CONFIRMED", "azienda-sociale")
    for step in ("answer", "confirm", "withdraw"):
        await asked(room, f"{path}/{step}", 409)
    assert [step["revision"] for step in (await now(room, found["id"]))["steps"]] == [1, 2, 3]
    await asked(room, figure=FREE_DECLARED)  # the cell can be contested again


async def test_only_who_contested_withdraws(room: Room) -> None:
    found = await contested(room)
    await asked(room, f"/{found['id']}/withdraw", 422, who=ALER)
    assert (await asked(room, f"/{found['id']}/withdraw", 200))["status"] == "WITHDRAWN"


@pytest.mark.parametrize(("days_after", "status"), [(15, "OPEN"), (16, "EXPIRED")])
async def test_its_time_runs_out_when_a_day_after_the_deadline_begins(room: Room, days_after: int, status: str) -> None:
    found = await contested(room)
    on = date.fromisoformat(found["contested_on"]) + timedelta(days=days_after)
    await room.hear([heard_at(day_began(on, 70_000), datetime(on.year, on.month, on.day, 6, tzinfo=UTC))])
    assert (await now(room, found["id"]))["item"]["status"] == status
    await room.hear_back()
    assert (await now(room, found["id"]))["item"]["status"] == status


async def test_lists_and_what_is_not_there(room: Room) -> None:
    first = await contested(room)
    async with room.client(REGION) as client:
        listed = (await client.get(CONTESTS)).json()["items"]
        assert [one["id"] for one in listed] == [first["id"]]
        assert (await client.get(f"{CONTESTS}?status=EXPIRED")).json()["items"] == []
        assert (await client.get(f"{CONTESTS}/{UUID(int=1)}")).status_code == 404
        assert (await client.get("/plans/altrove/contests")).status_code == 404
    await asked(room, f"/{UUID(int=1)}/confirm", 404)


async def test_a_service_that_starts_again_knows_what_is_open(room: Room) -> None:
    """The state is read from its rows: the correction is noticed by a process that has not heard of the contest."""
    found = await contested(room)
    settings = room.runtime.settings
    assert isinstance(settings, PlannerSettings)
    async with opened(settings) as again:
        await again.hear([declared(2, 3)])
        assert (await now(again, found["id"]))["item"]["new_value"] == 3
