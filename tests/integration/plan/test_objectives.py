"""Objectives on both database systems: the same plan of the same steps, and a rebuild that finds them again."""

from __future__ import annotations

from services.planner.app import create_runtime
from services.planner.settings import PlannerSettings
from services.planner.tables import ObjectiveRow
from shared.civil_time import today_in_italy
from shared.events.topics import declared
from shared.rebuild import projection_hash, rebuild
from tests.support.installations import Installation
from tests.support.planner_room import HOLDS, LEAD, opened, registry_of
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle

OBJECTIVES = HOLDS.replace("holds", "objectives")
WANTED = {
    "text": "assegnare gli alloggi liberi",
    "owner": "aler",
    "figure": "019036:-:free_assignable:-",
    "target": 0,
    "due_on": "2099-12-31",
    "reason": "delibera",
}


async def test_objectives_come_back_by_the_bus_and_a_rebuild_finds_them_again(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.runtime.transport.publish(as_outgoing(registry_of(2, set_aside=False).sent))
    async with opened(settings, at_work=True) as room, room.client(LEAD) as client:
        await until(lambda: is_idle(room.runtime), seconds=60)
        kept, gone = [(await client.post(OBJECTIVES, json=WANTED)).json()["id"] for _ in range(2)]
        withdrawn = await client.post(f"{OBJECTIVES}/{gone}/withdraw", json={"reason": "doppio"})
        assert withdrawn.status_code == 200, withdrawn.text
        await until(lambda: is_idle(room.runtime), seconds=60)
        live = (await client.get(OBJECTIVES)).json()["items"]
        today = today_in_italy()
        past = (await client.get(f"{OBJECTIVES}?true_on={today}&known_on={today}")).json()["items"]
        assert [(one["id"], one["actual"], one["baseline"]) for one in live] == [(kept, 2, 2)]
        assert [one | {"_links": None} for one in past] == [one | {"_links": None} for one in live]
        before, book = await projection_hash(room.runtime), len(await room.rows(ObjectiveRow))
    again = create_runtime(PlannerSettings(**installation.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    await again.transport.stop()
    await again.db.close()
    async with opened(settings) as room:
        assert len(await room.rows(ObjectiveRow)) == book == 3
