"""Clerks who propose and record the same at once, on both database systems: one is first, the others hear of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from services.planner.settings import PlannerSettings
from services.planner.tables.editions import EditionStepRow, FrozenPlanRow
from shared.events import PlanStatusChanged
from tests.support.editions import EDITIONS, PROPOSAL, day, nil_rows, resolution, step_path, taken
from tests.support.installations import Installation
from tests.support.planner_room import LEAD, SECRETARY, opened, registry_of

CLERKS = 4


def ways() -> list[dict[str, Any]]:
    vote = {"on": day(), "office": "ASSEMBLY_SECRETARIAT"}
    return [
        vote | {"status": "APPROVED", "acts": [resolution()]},
        vote | {"status": "RETURNED", "reason": "da rivedere"},
    ]


async def test_of_clerks_at_once_one_is_first(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room, room.client(LEAD) as client, room.client(SECRETARY) as secretary:
        await room.hear([*registry_of(1).sent, *nil_rows()])
        proposals = await asyncio.gather(*(client.post(EDITIONS, json=PROPOSAL) for _ in range(CLERKS)))
        assert Counter(answer.status_code for answer in proposals) == {201: 1, 409: CLERKS - 1}
        assert all("ha proposto" in answer.json()["detail"] for answer in proposals if answer.status_code == 409)
        await taken(room, "SUBMITTED_TO_ASSEMBLY")
        votes = await asyncio.gather(*(secretary.post(step_path("APPROVED"), json=way) for way in ways() * CLERKS))
        assert Counter(answer.status_code for answer in votes) == {201: 1, 409: 2 * CLERKS - 1}
        [won] = [answer.json()["status"] for answer in votes if answer.status_code == 201]
        rows = await room.rows(EditionStepRow, EditionStepRow.step)
        assert [(row.step, row.status) for row in rows] == [(1, "PROPOSED"), (2, "SUBMITTED_TO_ASSEMBLY"), (3, won)]
        assert len(await room.rows(FrozenPlanRow)) == 1
        told = [message for message in await room.said("plans") if isinstance(message.event, PlanStatusChanged)]
        assert len(told) == len(rows)
