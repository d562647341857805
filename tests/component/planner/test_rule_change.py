"""A plan that crosses the day a rule changes takes the new one with that day's facts: no restart, nothing refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import orjson

from services.planner.app import create_runtime
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from shared.events import UnitRegistered
from shared.migrate import migrate
from shared.runtime import Runtime
from tests.support.world import AMBITO, as_records, facts_of, letters, reported
from tests.unit.registry.samples import registered

CHANGED_ON = date(2025, 3, 10)
"""R.R. 2/2025: the share for the forces doubled."""


def facts(on: date, number: int) -> list:
    report = registered(on=on, unit_id=f"U{number}")
    assert isinstance(report, UnitRegistered)
    return facts_of([reported(report)])


async def rules_day(planner: Runtime) -> date:
    async with planner.db.reading() as session:
        row = await store.plan_content(session, AMBITO)
        assert row is not None
        return date.fromisoformat(orjson.loads(row.content)["rules_on"])


async def days_told(home: Path, **settings: object) -> list[date]:
    planner = create_runtime(PlannerSettings(home=home, planner_first_year=2025, **settings))
    await migrate(planner.db, planner.migrations)
    assert planner.consumer is not None
    days = []
    for number, on in enumerate((CHANGED_ON - timedelta(days=1), CHANGED_ON, CHANGED_ON - timedelta(days=30))):
        await planner.consumer.consume(as_records(facts(on, number), start=10 * number))
        days.append(await rules_day(planner))
    assert await letters(planner) == []
    await planner.transport.stop()
    await planner.db.close()
    return days


async def test_the_rule_set_is_that_of_the_plans_reference_date(tmp_path: Path) -> None:
    """The last fact is late: it is taken in under the law of the day the plan has reached."""
    assert await days_told(tmp_path) == [CHANGED_ON - timedelta(days=1), CHANGED_ON, CHANGED_ON]


async def test_a_plan_pinned_by_the_settings_keeps_its_rule_set(tmp_path: Path) -> None:
    pinned = date(2025, 1, 1)
    assert await days_told(tmp_path, planner_rules_on=pinned) == [pinned] * 3
