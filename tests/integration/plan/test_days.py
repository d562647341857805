"""Days on both database systems: one however many replicas look at the clock, and a rebuild that finds them again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.planner.app import create_runtime
from services.planner.days import begin_today
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from services.planner.tables import DayRow, JournalRow, PlanRow
from shared.bus.records import decode
from shared.civil_time import today_in_italy
from shared.events import DayBegan, Message, UnitStatus
from shared.events.topics import declared
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime
from tests.support.installations import Installation, read_topic
from tests.support.planner_room import cases_of, opened, registry_of
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle
from tests.unit.planner.worlds import AMBITO, folded

NOON = datetime(2027, 3, 9, 11, tzinfo=UTC)
DAYS = 5
AT_ONCE = 10


def world() -> list[Message]:
    """A stay ends within the days that begin."""
    registry = registry_of()
    registry.register("T1", UnitStatus.OCCUPIED_SAT, sat_ends_on=NOON.date() + timedelta(days=2))
    return [*registry.sent, *cases_of()]


async def begun(runtime: Runtime) -> list[Message]:
    """What lies on the topic."""
    return [decode(record) for record in await read_topic(runtime.transport, "plan-decisions")]


async def test_of_replicas_that_race_for_a_day_one_begins_it(installation: Installation) -> None:
    settings = [PlannerSettings(**installation.environment | {"replica": name}) for name in ("first", "second")]
    async with opened(settings[0]) as room, opened(settings[1]) as other:
        await room.hear(world())
        for number in range(DAYS):
            at = NOON + timedelta(days=number)
            dbs = (room.runtime.db, other.runtime.db) * AT_ONCE
            await asyncio.gather(*(begin_today(db, at + timedelta(seconds=place)) for place, db in enumerate(dbs)))
        said = [message.event for message in await room.said()]
        assert [event.on for event in said if isinstance(event, DayBegan)] == [
            NOON.date() + timedelta(days=number) for number in range(DAYS)
        ]
        assert len(said) == DAYS
        assert [row.began_on for row in await room.rows(DayRow)] == [NOON.date() + timedelta(days=DAYS - 1)]


@pytest.mark.parametrize("batch", [1, 500])
async def test_days_come_back_by_the_bus_and_a_rebuild_finds_the_same_plan(
    installation: Installation, batch: int
) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first", "batch": batch})
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.runtime.transport.publish(as_outgoing(world()))
    async with opened(settings, at_work=True) as room:
        await until(lambda: is_idle(room.runtime), seconds=60)
        for number in range(DAYS):
            await begin_today(room.runtime.db, NOON + timedelta(days=number))
        await until(lambda: is_idle(room.runtime), seconds=60)
        days = await begun(room.runtime)
        assert len(days) == len([row for row in await room.rows(JournalRow) if row.type == DayBegan.TYPE]) == DAYS
        (plan,) = await room.rows(PlanRow)
        expected = method_of(settings).plan_of(folded([*world(), *days]))
        assert plan.hash == plan_hash(expected)
        assert "END_SAT/T1/" in plan.content
        before = await projection_hash(room.runtime)
    again = create_runtime(PlannerSettings(**installation.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    async with again.db.reading() as session:
        assert await store.reference_of(session, AMBITO) == NOON.date() + timedelta(days=DAYS - 1)
    await again.transport.stop()
    await again.db.close()


async def test_a_planner_that_starts_begins_the_present_day_and_drains(installation: Installation) -> None:
    """Its own clock: whoever reads this test at midnight sees one of two days."""
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.hear(world())
    around = [today_in_italy()]
    async with opened(settings, at_work=True, with_clock=True) as room:

        async def has_begun() -> bool:
            return bool(await room.rows(DayRow))

        await until(has_begun, seconds=60)
        await until(lambda: is_idle(room.runtime), seconds=60)
        around.append(today_in_italy())
        (row,) = await room.rows(DayRow)
        (day,) = await begun(room.runtime)
        assert row.began_on in around
        assert isinstance(day.event, DayBegan)
        assert (day.event.on, day.envelope.subject) == (row.began_on, AMBITO)
        (known,) = [row for row in await room.rows(JournalRow) if row.type == DayBegan.TYPE]
        assert known.event_id == day.envelope.id
