"""Many who want the same homes at once, on both database systems; and a rebuild that finds every decision again."""

from __future__ import annotations

import asyncio
from collections import Counter

from services.planner.app import create_runtime
from services.planner.domain.holds import Entry, LedgerAccount, balances
from services.planner.settings import PlannerSettings
from services.planner.tables import EntryRow, HoldRow
from shared.events.topics import declared
from shared.rebuild import projection_hash, rebuild
from tests.support.installations import Installation
from tests.support.planner_room import HOLDS, LEAD, cases_of, opened, registry_of
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle

CLAIMS, AT_ONCE, HOMES = 1000, 40, 7


async def test_of_a_thousand_concurrent_holds_as_many_succeed_as_there_are_homes(installation: Installation) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room, room.client(LEAD) as client:
        await room.hear([*registry_of(HOMES).sent, *cases_of(CLAIMS)])

        async def claim(number: int) -> tuple[int, str]:
            async with gate:
                wanted = {"unit_id": f"H{number % HOMES}", "case_ref": f"C{number}"}
                answer = await client.post(HOLDS, json=wanted, headers={"Idempotency-Key": f"claim-{number}"})
                return answer.status_code, answer.json().get("type", "")

        answers = Counter(await asyncio.gather(*map(claim, range(CLAIMS))))
        assert answers == {(201, ""): HOMES, (409, "urn:pianovivo:problem:home-held"): CLAIMS - HOMES}
        holds, entries = await room.rows(HoldRow), await room.rows(EntryRow)
        assert {row.unit_id for row in holds} == {f"H{number}" for number in range(HOMES)}
        assert (len(holds), len(entries), len(await room.said())) == (HOMES, 2 * HOMES, HOMES)
        balance = balances(Entry(LedgerAccount(row.account), row.amount) for row in entries)
        assert balance == {
            LedgerAccount.FREE: -HOMES,
            LedgerAccount.HELD: HOMES,
            LedgerAccount.PLACED: 0,
            LedgerAccount.RETURNED: 0,
        }


async def test_of_many_homes_wanted_at_once_for_one_case_it_gets_one(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room, room.client(LEAD) as client:
        await room.hear([*registry_of(20).sent, *cases_of(1)])
        wanted = [{"unit_id": f"H{number}", "case_ref": "C0"} for number in range(20)]
        answers = await asyncio.gather(*(client.post(HOLDS, json=one) for one in wanted))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
        assert len(await room.rows(HoldRow)) == 1


async def test_decisions_come_back_by_the_bus_and_a_rebuild_finds_them_again(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room:
        await room.runtime.transport.apply(list(declared().values()))
        await room.runtime.transport.publish(as_outgoing([*registry_of().sent, *cases_of()]))
    async with opened(settings, at_work=True) as room, room.client(LEAD) as client:
        await until(lambda: is_idle(room.runtime), seconds=60)
        assert await room.offers() == {"C0": "H0", "C1": "H1"}
        hold = (await client.post(HOLDS, json={"unit_id": "H1", "case_ref": "C0"})).json()
        assert (await client.post(f"{HOLDS}/{hold['id']}/accept")).status_code == 200
        await until(lambda: is_idle(room.runtime), seconds=60)
        assert await room.offers() == {"C1": "H0"}
        before, holds = await projection_hash(room.runtime), await room.rows(HoldRow)
    again = create_runtime(PlannerSettings(**installation.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    await again.transport.stop()
    await again.db.close()
    async with opened(settings) as room:
        assert await room.rows(HoldRow) == holds
