"""An approved plan, attacked through every door, on both database systems: document and content stay as they are."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.planner.app import create_runtime
from services.planner.settings import PlannerSettings
from services.planner.store import documents
from services.planner.store import editions as store
from shared.civil_time import today_in_italy
from shared.events import UnitStatus
from shared.events.topics import declared
from shared.migrate import migrate
from shared.rebuild import rebuild
from tests.support.editions import (
    EDITIONS,
    PROPOSAL,
    TO_APPROVAL,
    day,
    document_of,
    nil_rows,
    package_of,
    proposed,
    shown,
    taken,
    walked,
)
from tests.support.installations import Installation
from tests.support.planner_room import LEAD, SECRETARY, Room, opened, registry_of
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle
from tests.unit.planner.worlds import AMBITO

FROZEN = ("edition_step", "frozen_plan", "document")


async def evidence(room: Room) -> tuple[bytes, ...]:
    """All that must never change: document and open data as handed out, the document of each step, content, rules."""
    async with room.runtime.db.reading() as session:
        steps = await store.steps_of(session, AMBITO, 2026, 1)
        frozen = await store.frozen_of(session, steps)
        kept = [await documents.content_of(session, step.document_hash) for step in steps]
    assert frozen is not None
    assert sha256(frozen.content).hexdigest() == steps[-1].plan_hash
    assert [step.status for step in steps] == ["PROPOSED", *TO_APPROVAL]
    handed_out = await document_of(room), await package_of(room)
    return (*handed_out, *frozen, *(one[1] for one in kept if one), repr(steps).encode())


async def test_nothing_changes_what_was_approved(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    registry = registry_of(2, set_aside=False)
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.runtime.transport.publish(as_outgoing([*registry.sent, *nil_rows()]))
    async with opened(settings, at_work=True) as room:
        await until(lambda: is_idle(room.runtime), seconds=60)
        await proposed(room)
        await walked(room, *TO_APPROVAL)
        approved = await evidence(room)
        await through_the_api(room)
        await through_the_pages(room)
        assert await evidence(room) == approved
        late = len(registry.sent)
        registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
        registry.report("L1", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, today_in_italy() - timedelta(days=300))
        await room.runtime.transport.publish(as_outgoing([*registry.sent[late:], *registry.sent, *nil_rows(year=2026)]))
        await until(lambda: is_idle(room.runtime), seconds=60)
        live = await shown(room, f"/plans/{AMBITO}")
        assert live["hash"] != (await shown(room))["items"][0]["plan_hash"], "the live figures go on"
        assert await evidence(room) == approved
    again = create_runtime(PlannerSettings(**installation.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    await again.transport.stop()
    await again.db.close()
    async with opened(settings) as room:
        await migrate(room.runtime.db, room.runtime.migrations)
        assert await evidence(room) == approved
        await through_sql(room)
        assert await evidence(room) == approved


async def through_the_api(room: Room) -> None:
    for step in (*TO_APPROVAL, "RETURNED"):
        await taken(room, step, status=409)
    for kind in ("TRIENNIAL", "YEARLY_UPDATE", "AMENDMENT"):
        await proposed(room, 409, kind=kind)
    async with room.client(LEAD) as client:
        for path in (EDITIONS, *(f"{EDITIONS}/1{part}" for part in ("", "/steps", "/document", "/package"))):
            for method in ("PUT", "PATCH", "DELETE"):
                answer = await client.request(method, path, json=PROPOSAL)
                assert answer.status_code == 405


async def through_the_pages(room: Room) -> None:
    """What a form sends, by whom it would be let in."""
    act = {"kind": "RESOLUTION", "number": "13", "on": day()}
    act = {f"ASSEMBLY_OF_MAYORS-{part}": value for part, value in act.items()}
    step = {"edition": "1", "on": day(), "office": "HOUSING_OFFICE"}
    vote = step | {"office": "ASSEMBLY_SECRETARIAT"}
    sent = [
        (LEAD, "proposta", PROPOSAL | {"kind": "AMENDMENT"}),
        (LEAD, "sottoposizione", step),
        (SECRETARY, "voto", vote | {"status": "APPROVED"} | act),
        (SECRETARY, "voto", vote | {"status": "RETURNED", "reason": "da rivedere"}),
    ]
    for who, slug, form in sent:
        async with room.client(who) as client:
            answer = await client.post(f"/ambiti/{AMBITO}/iter/{slug}", data=form)
        assert answer.status_code == 409, answer.text


async def through_sql(room: Room) -> None:
    """As the service's own role."""
    db = room.runtime.db
    for table in FROZEN:
        statements = [f"UPDATE {table} SET ambito = 'altrove'", f"DELETE FROM {table}"]
        if db.is_postgresql:
            statements.append(f"TRUNCATE {table}")
        else:
            statements.append(f"REPLACE INTO {table} SELECT * FROM {table}")
        for statement in statements:
            with pytest.raises(DBAPIError, match=f"rows of {table} are only ever added"):
                async with db.transaction() as session:
                    await session.execute(text(statement))
