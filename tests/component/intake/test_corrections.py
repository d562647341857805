"""Correcting a contested cell: its owner, that cell, while the contest is open, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.tables import SubmissionRow
from shared.auth import Role
from shared.events import (
    ContestAnswered,
    ContestedCell,
    ContestSettled,
    Message,
    SubmissionReceived,
)
from tests.component.intake.room import ALER, COLUMNS, CREMONA, LEAD, THIS_YEAR, Room, opened
from tests.support.contests import contest_step

CYCLE = THIS_YEAR + 1
CONTEST = UUID(int=7)
ROW: dict[str, Any] = {
    "cycle_year": CYCLE,
    "municipality": CREMONA,
    "columns": COLUMNS,
    "forecast": [{"year": CYCLE + 2, "turnover_expected": 5}],
}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def sent(room: Room, **changes: Any) -> str:
    async with room.client() as client:
        answer = await client.post("/submissions", json=ROW | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def correct(room: Room, submission: str, status: int = 201, who: str = ALER, **changes: Any) -> Any:
    wanted = {"contest_id": str(CONTEST), "value": 3, "reason": "uno era già assegnato"}
    async with room.client(who, Role.MUNICIPALITY if who.startswith("comune-") else Role.OWNER) as client:
        answer = await client.post(f"/submissions/{submission}/corrections", json=wanted | changes)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_only_the_contested_cell_and_the_sum_that_follows_change(room: Room) -> None:
    """g was 1 + 2 + 3 + (4 + 5) + 6 = 21, and is 1 + 2 + 3 + (3 + 5) + 6 = 20."""
    first = await sent(room)
    await room.hear(contest_step())
    answer = await correct(room, first)
    before, after = (message.event for message in await room.said())
    assert isinstance(before, SubmissionReceived)
    assert isinstance(after, SubmissionReceived)
    assert before.columns
    assert (after.revision, after.contest_id, str(after.submission_id)) == (2, CONTEST, answer["id"])
    assert after.columns == before.columns.having({"free_now": 3, "assignable_total": 20})
    same = {"revision", "submission_id", "contest_id", "columns"}
    assert after.model_dump(exclude=same) == before.model_dump(exclude=same)
    assert answer["supersedes"] == first


async def test_it_is_taken_from_the_last_revision_whichever_is_named(room: Room) -> None:
    first = await sent(room)
    await sent(room, columns=COLUMNS | {"stock_sap": 120})
    await room.hear(contest_step())
    await correct(room, first)
    event = (await room.said())[-1].event
    assert isinstance(event, SubmissionReceived)
    assert event.columns
    assert (event.revision, event.columns.stock_sap, event.columns.free_now) == (3, 120, 3)


async def test_a_cell_of_a_later_year_changes_nothing_but_itself(room: Room) -> None:
    first = await sent(room)
    path = f"forecast/{CYCLE + 2}/turnover_expected"
    await room.hear(contest_step(cell=ContestedCell(cycle_year=CYCLE, path=path, value=5)))
    await correct(room, first, value=4)
    event = (await room.said())[-1].event
    assert isinstance(event, SubmissionReceived)
    assert event.forecast
    assert event.columns
    assert (event.forecast[0].turnover_expected, event.columns.assignable_total) == (4, 21)


async def test_who_had_nothing_to_declare_has_columns_now(room: Room) -> None:
    async with room.client() as client:
        nil = {"cycle_year": CYCLE, "municipality": CREMONA, "nil": True}
        first = (await client.post("/submissions", json=nil)).json()["id"]
    await room.hear(contest_step())
    await correct(room, first, value=2)
    event = (await room.said())[-1].event
    assert isinstance(event, SubmissionReceived)
    assert event.columns
    assert (event.nil, event.columns.free_now, event.columns.assignable_total) == (False, 2, 2)


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        ([], "no-contest"),
        ([contest_step(owner="cooperativa-casa")], "no-contest"),
        ([contest_step(municipality="019026")], "no-contest"),
        ([contest_step(cell=ContestedCell(cycle_year=CYCLE - 1, path="columns/free_now", value=4))], "no-contest"),
        ([contest_step(cell=None)], "no-contest"),
        ([contest_step(), contest_step(ContestSettled, 2)], "contest-closed"),
        ([contest_step(ContestSettled, 2), contest_step()], "contest-closed"),  # in whatever order they come
        ([contest_step(deadline_on=date(2026, 1, 1))], "contest-past"),
    ],
)
async def test_nothing_else_can_be_corrected(room: Room, heard: list[Message], code: str) -> None:
    first = await sent(room)
    for message in heard:
        await room.hear(message)
    problem = await correct(room, first, 422)
    assert problem["errors"][0]["rule"].startswith(code)
    assert len(await room.rows(SubmissionRow)) == 1


async def test_an_answer_leaves_the_cell_open(room: Room) -> None:
    first = await sent(room)
    await room.hear(contest_step(), contest_step(ContestAnswered, 2))
    await correct(room, first)


async def test_nobody_but_the_owner_even_finds_the_row(room: Room) -> None:
    first = await sent(room)
    await room.hear(contest_step())
    await correct(room, first, 404, LEAD)
    await correct(room, first, 404, "cooperativa-casa")
    await correct(room, str(uuid4()), 404)


async def test_the_validator_judges_the_changed_row(room: Room) -> None:
    """V4: of 100 homes 101 cannot become free; 20 can, being confirmed by the correction's reason."""
    first = await sent(room)
    await room.hear(contest_step(cell=ContestedCell(cycle_year=CYCLE, path="columns/turnover_expected", value=5)))
    problem = await correct(room, first, 422, value=101)
    assert problem["errors"][0]["rule"].startswith("V4")
    assert (await correct(room, first, 422, value=5))["errors"][0]["rule"].startswith("no-change")
    await correct(room, first, value=20)
    event = (await room.said())[-1].event
    assert isinstance(event, SubmissionReceived)
    said = {one.field: one.reason for one in event.confirmations}
    assert said == {"/columns/turnover_expected": "uno era già assegnato"}


async def test_a_whole_row_can_still_be_sent_at_any_time(room: Room) -> None:
    await sent(room)
    await sent(room, columns=COLUMNS | {"free_now": 3, "assignable_total": 20})
    last = (await room.said())[-1].event
    assert isinstance(last, SubmissionReceived)
    assert (last.revision, last.contest_id) == (2, None)
