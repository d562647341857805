"""A hold is judged by the law its plan goes by: that of the plan's day, not of the day somebody asks."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from services.planner import handlers
from services.planner.law import parameters, read_overlay, rules_on
from shared.civil_time import today_in_italy
from shared.events import UnitStatus
from tests.support.planner_room import HOLDS, LEAD, Room, cases_of, registry_of, standing
from tests.unit.planner.worlds import START, TestRegistry

CHANGES_ON = date(2026, 7, 1)
REHEARSED = f"""\
sat_set_aside_share:
  - {{value: "0.03", unit: share, valid_from: {CHANGES_ON}, valid_to: null, article: a, gazette: null, status: read}}
"""
"""Of 22 homes a tenth is two, three hundredths are none."""


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service reads its law with the file laid over it: the real law, the real overlay."""
    overlay = read_overlay(REHEARSED, "future.yaml", parameters())
    monkeypatch.setattr(handlers, "rules_on", partial(rules_on, overlay=overlay))


async def held(room: Room, unit_id: str, case_ref: str) -> tuple[int, str]:
    async with room.client(LEAD) as client:
        answer = await client.post(HOLDS, json={"unit_id": unit_id, "case_ref": case_ref})
    return answer.status_code, answer.json().get("detail", "")


async def bring_to(on: date, room: Room, registry: TestRegistry) -> None:
    """The plan's day is the latest that its facts speak of."""
    registry.register(f"NEW-{on}", UnitStatus.IN_CONSTRUCTION, on)
    await room.hear(registry.sent[-1:])


async def test_the_share_is_that_of_the_plans_day_though_the_law_has_changed_since(tmp_path: Path) -> None:
    assert START < CHANGES_ON < today_in_italy(), "by the law of today no home could be held"
    homes = registry_of(2, set_aside=False)
    async with standing(tmp_path, [*homes.sent, *cases_of()]) as room:
        assert await room.offers() == {"C0": "H0", "C1": "H1"}
        assert await held(room, "H0", "C0") == (201, "")
        await bring_to(CHANGES_ON - timedelta(days=1), room, homes)
        assert set(await room.offers()) == {"C0", "C1"}
        await bring_to(CHANGES_ON, room, homes)
        assert await room.offers() == {}, "the plan proposes by the same law"
        refused = await held(room, "H1", "C1")
    assert refused == (409, "aler ha raggiunto il limite di 0 alloggi per i servizi abitativi transitori.")


async def test_a_plan_pinned_to_a_day_judges_by_that_day(tmp_path: Path) -> None:
    homes = registry_of(2, set_aside=False)
    async with standing(tmp_path, [*homes.sent, *cases_of()], planner_rules_on=START) as room:
        await bring_to(CHANGES_ON, room, homes)
        assert await held(room, "H0", "C0") == (201, "")
