"""A day that begins, through the planner over a real database: what it says and moves, what the API makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.planner.days import begin_today, keep_days
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from services.planner.tables import DayRow, HoldRow, JournalRow, VersionRow
from shared.events import DayBegan, HoldExpired, PlanRecomputed, UnitStatus
from tests.support.planner_room import HOLDS, LEAD, Room, cases_of, registry_of, standing
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry, folded

PLAN = f"/plans/{AMBITO}"
NOON = datetime(2027, 3, 9, 11, tzinfo=UTC)
TODAY = date(2027, 3, 9)
SAT_ENDED = date(2027, 3, 8)


@pytest.fixture
def registry() -> TestRegistry:
    """H0 and H1 are set aside, T1 is let until the day before today."""
    registry = registry_of()
    registry.register("T1", UnitStatus.OCCUPIED_SAT, sat_ends_on=SAT_ENDED)
    return registry


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    async with standing(tmp_path, [*registry.sent, *cases_of()]) as room:
        yield room


async def days_of(room: Room) -> list[date]:
    return [message.event.on for message in await room.said() if isinstance(message.event, DayBegan)]


async def versions(room: Room) -> list[PlanRecomputed]:
    return [PlanRecomputed.read(row.event.encode()) for row in await room.rows(VersionRow, VersionRow.version)]


async def asked(room: Room, path: str, **document: Any) -> dict[str, Any]:
    async with room.client(LEAD) as client:
        answer = await (client.post(path, json=document) if document else client.get(path))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_day_begins_once_and_the_plan_moves_because_of_it(room: Room, registry: TestRegistry) -> None:
    before = await versions(room)
    for hours in (0, 5, 11.9):
        await begin_today(room.runtime.db, NOON + timedelta(hours=hours))
    assert await days_of(room) == [TODAY]
    for _ in range(2):
        await room.hear_back()
    *earlier, moved = await versions(room)
    (day,) = (message for message in await room.said() if isinstance(message.event, DayBegan))
    assert earlier == before
    assert [(cause.kind, cause.on, cause.event_id) for cause in moved.causes] == [("day-began", TODAY, day.envelope.id)]
    assert moved.reference_on == TODAY
    expected = method_of(PlannerSettings()).plan_of(folded([*registry.sent, *cases_of(), day]))
    assert moved.hash == plan_hash(expected)
    assert "END_SAT/T1/" in {action.id for action in expected.actions}
    kinds = [row.type for row in await room.rows(JournalRow)]
    assert kinds.count(DayBegan.TYPE) == 1


async def test_a_day_before_one_that_has_begun_does_not_begin(room: Room) -> None:
    """As where the clock of one replica is behind."""
    await begin_today(room.runtime.db, NOON)
    await begin_today(room.runtime.db, NOON - timedelta(days=1))
    assert await days_of(room) == [TODAY]
    assert [(row.ambito, row.began_on) for row in await room.rows(DayRow)] == [(AMBITO, TODAY)]


async def test_nothing_begins_where_there_is_no_plan(tmp_path: Path) -> None:
    async with standing(tmp_path, []) as room:
        await begin_today(room.runtime.db, NOON)
        assert await room.said() == []
        assert await room.rows(DayRow) == []


async def test_midnight_is_met_and_days_that_the_machine_slept_through_are_not_made_up(room: Room) -> None:
    """From noon on, then a sleep of three days: a timer that the machine's sleep has stopped rings late."""
    at, slept = NOON, []

    async def sleep(seconds: float) -> None:
        nonlocal at
        slept.append(seconds)
        at += timedelta(days=3) if at.day == 10 and at.hour == 3 else timedelta(seconds=seconds)

    while at.day < 14:
        await keep_days(room.runtime.db, lambda: at, sleep)
    assert await days_of(room) == [date(2027, 3, day) for day in (9, 10, 13, 14)]
    began = [message.envelope.time for message in await room.said()]
    assert began[1] == datetime(2027, 3, 9, 23, tzinfo=UTC)  # midnight in Rome, to the second
    assert max(slept) <= 600


async def test_a_hold_that_ran_out_is_written_down_with_the_day(room: Room) -> None:
    """A hold is for 72 hours; four days on nothing has happened but that a day began."""
    async with room.client(LEAD) as client:
        placed = await client.post(HOLDS, json={"unit_id": "H0", "case_ref": "C0"})
    await room.hear_back()
    assert await room.offers() == {"C1": "H1"}
    await begin_today(room.runtime.db, datetime.now(UTC) + timedelta(days=4))
    await room.hear_back()
    (expired,) = (message for message in await room.said() if isinstance(message.event, HoldExpired))
    assert expired.envelope.time == datetime.fromisoformat(placed.json()["expires_at"])
    assert [row.status for row in await room.rows(HoldRow)] == ["EXPIRED"]
    await room.hear_back()
    assert await room.offers() == {"C0": "H0", "C1": "H1"}


async def test_the_past_stays_as_it_was_and_drift_gives_the_day_its_name(room: Room) -> None:
    before = await asked(room, PLAN)
    await begin_today(room.runtime.db, NOON)
    await room.hear_back()
    (day,) = (message for message in await room.said() if isinstance(message.event, DayBegan))
    now = await asked(room, PLAN)
    assert (now["reference_on"], now["version"]) == (TODAY.isoformat(), before["version"] + 1)
    for then in (f"true_on={TODAY - timedelta(days=1)}", f"known_on={TODAY - timedelta(days=1)}"):
        assert (await asked(room, f"{PLAN}?{then}"))["hash"] == before["hash"]
    for then in (f"true_on={TODAY}", f"known_on={TODAY}"):
        assert (await asked(room, f"{PLAN}?{then}"))["hash"] == now["hash"]
    drift = await asked(room, f"{PLAN}/drift?from_version={before['version']}")
    assert [(reason["kind"], reason["events"]) for reason in drift["reasons"]] == [("time", [str(day.envelope.id)])]
    actions = next(item for item in drift["items"] if item["id"] == f"{CREMONA}:-:emergency_actions:-")
    assert actions["after"] - actions["before"] == actions["amounts"][0]["amount"] == 1


async def test_a_number_opens_and_a_hypothesis_is_computed_on_the_day_that_began(room: Room) -> None:
    await begin_today(room.runtime.db, NOON)
    await room.hear_back()
    occupied = await asked(room, f"{PLAN}/figures/{CREMONA}:aler:occupied:-/why")
    assert occupied["item"]["value"] == len(occupied["inputs"]) == 20
    assert {one["kind"] for one in occupied["inputs"]} == {"unit"}
    supposed = await asked(room, f"{PLAN}/what-if", vacancies=[{"municipality": CREMONA, "owner": "aler", "count": 2}])
    assert supposed["reference_on"] == supposed["before_reference_on"] == TODAY.isoformat()
    assert [reason["kind"] for reason in supposed["reasons"]] == ["time", "vacancies"]


async def test_quiet_days_do_not_crowd_the_news_out(room: Room) -> None:
    """A version of a day that moved nothing is a version, and nobody is told of it."""
    at = NOON
    for _ in range(30):
        await begin_today(room.runtime.db, at)
        at += timedelta(days=1)
    said = [message for message in await room.said() if isinstance(message.event, DayBegan)]
    assert len(said) == 30
    for message in said:
        await room.hear([message])
    every = await versions(room)
    quiet = {event.version for event in every if not event.changes}
    assert len(quiet) > 20, "without movement, as a rule"
    async with room.runtime.db.reading() as session:
        told = await store.versions_before(session, AMBITO, None, 1000, quiet_days=False)
    assert {row.version for row in told} == {event.version for event in every} - quiet
