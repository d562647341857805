"""Texts on both database systems: two who write at once, the same plan of the same revisions, and a rebuild."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from services.planner.app import create_runtime
from services.planner.settings import PlannerSettings
from services.planner.tables.texts import PlanTextRow, SectionTextRow
from shared.events.topics import declared
from shared.rebuild import projection_hash, rebuild
from tests.support.installations import Installation
from tests.support.planner_room import HOLDS, LEAD, opened, registry_of
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle

TEXTS = HOLDS.replace("holds", "texts")
DOCUMENT = HOLDS.replace("holds", "document")
DATA = {"accept": "application/json"}


def text(markdown: str, revision: int) -> dict[str, Any]:
    return {"markdown": markdown, "office": "HOUSING_OFFICE", "revision": revision}


async def written(client: httpx.AsyncClient, section: str, markdown: str, revision: int) -> int:
    answer = await client.post(f"{TEXTS}/{section}/revisions", json=text(markdown, revision))
    return answer.status_code


async def test_texts_come_back_by_the_bus_and_a_rebuild_tells_the_same_document(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.runtime.transport.publish(as_outgoing(registry_of(2, set_aside=False).sent))
    async with opened(settings, at_work=True) as room, room.client(LEAD) as client:
        await until(lambda: is_idle(room.runtime), seconds=60)
        attempts = [written(client, "strategie", f"Stesura di {who}: {{{{patrimonio}}}}.", 0) for who in range(5)]
        assert sorted(await asyncio.gather(*attempts)) == [201, 409, 409, 409, 409]
        assert await written(client, "strategie", "Seconda stesura: {{alloggi_liberi_assegnabili}}.", 1) == 201
        assert await written(client, "servizi", "I servizi.", 0) == 201
        await until(lambda: is_idle(room.runtime), seconds=60)
        document = (await client.get(DOCUMENT, headers=DATA)).content
        assert b"Seconda stesura: 2." in document
        before = await projection_hash(room.runtime)
        kept = [row.model_dump() for row in await room.rows(PlanTextRow, PlanTextRow.section)]
        assert [(row["section"], row["revision"]) for row in kept] == [("servizi", 1), ("strategie", 2)]
    again = create_runtime(PlannerSettings(**installation.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    await again.transport.stop()
    await again.db.close()
    async with opened(settings) as room, room.client(LEAD) as client:
        assert [row.model_dump() for row in await room.rows(PlanTextRow, PlanTextRow.section)] == kept
        assert (await client.get(DOCUMENT, headers=DATA)).content == document
        assert len(await room.rows(SectionTextRow)) == 3
