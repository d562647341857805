"""Two declarations that differ in households only are one to whoever may not see these, at every door of the intake.

The registry cannot tell two such worlds apart: it hears of homes alone.
"""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.registry.app import create_runtime
from services.registry.settings import RegistrySettings
from shared.auth import Role
from shared.events import EmergencyCaseOpened, SubmissionReceived
from tests.component.intake import room as intake
from tests.component.planner.test_twins import NOW, READERS
from tests.component.roles import houses
from tests.component.roles.houses import intake_asks
from tests.component.roles.test_table import routes_of
from tests.support.same_chance import same_chance

YEAR = NOW.year - 1
COUNTS = ("admitted_unsatisfied", "eviction_orders", "homeless_or_temporary", "overcrowded")


class World(NamedTuple):
    """What Castelverde counts, whom its measure reaches, and whom its case is of."""

    counts: tuple[int, ...]
    reached: int
    people: int


FIRST, SECOND = World((1, 2, 0, 4), 1, 2), World((2, 0, 1, 3), 4, 5)


async def told(world: World, home: Path) -> dict[str, Any]:
    measure = {
        "name": "Contributo",
        "budget_eur": f"{1850 * world.reached}.00",
        "households": world.reached,
        "rule_of_origin": "R.R. 11/2019, art. 3",
    }
    declared = {"cycle_year": YEAR, "municipality": intake.CASTELVERDE, "nil": True, "measures": [measure]}
    case = intake.CASE | {"household_size": world.people}
    async with intake.opened(home) as room:
        async with room.town() as town:
            need = dict(zip(COUNTS, world.counts, strict=True))
            sent = await town.post("/submissions", json=declared | {"need": need})
            opened = await town.post("/emergency-cases", json=case)
            assert (sent.status_code, opened.status_code) == (201, 201), sent.text + opened.text
        ids: dict[str, Any] = dict.fromkeys(("report", "default"), "00000000-0000-4000-8000-000000000000")
        ids |= {"submission": sent.json()["id"], "case": case["case_ref"], "organisation": intake.CASTELVERDE_TOWN}
        ids |= {"municipality": intake.CASTELVERDE, "correction": {}}
        found = {}
        for role, organisation in READERS.items():
            async with room.client(organisation, role or Role.REGION) as client:
                if role is None:
                    del client.headers["Authorization"]
                for ask in intake_asks(ids):
                    method, _ = ask.door.split()
                    answer = await client.request(method, ask.path, json=ask.json)
                    found[f"{role} {ask.door}"] = (answer.status_code, answer.content)
        async with room.town() as town:
            found["own"] = (200, (await town.get(f"/submissions/{ids['submission']}")).content)
    return found


def test_nobody_else_can_tell_two_declarations_or_cases_apart(tmp_path: Path) -> None:
    answers = []
    for world in (FIRST, SECOND):
        with same_chance(NOW), pytest.MonkeyPatch.context() as patch:
            patch.setattr(houses, "_number", count(1))
            answers.append(asyncio.run(told(world, tmp_path / str(world.people))))
    first, second = answers
    assert [door for door in first if first[door] != second[door]] == ["own"]
    assert {door.split(" ", 1)[1] for door in first if " " in door} == set(routes_of("intake"))
    assert first["REGION GET /submissions/{submission_id}"][0] == 200


def test_the_registry_hears_of_no_household(tmp_path: Path) -> None:
    heard = set(create_runtime(RegistrySettings(home=tmp_path)).topics)
    assert heard.isdisjoint({SubmissionReceived.TOPIC, EmergencyCaseOpened.TOPIC, "plan-decisions", "plans"})
