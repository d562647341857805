"""A contested number over three services on Kafka and PostgreSQL: contested, unlocked, corrected, settled, told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from services.intake import app as intake
from services.intake.settings import IntakeSettings
from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.planner import app as planner
from services.planner.settings import PlannerSettings
from shared.auth import Role, issue, new_key, public_jwks
from shared.events.topics import every_topic
from shared.rebuild import projection_hash, rebuild
from tests.support.installations import OWN_WRITERS, Installation
from tests.support.waiting import until

KEY = new_key("chiave-di-prova")
AMBITO, PLACE = "cremonese", "019026"
ALER, TOWN, LEAD = "aler-bcm", f"comune-{PLACE}", "comune-019036"
ROLES = {ALER: Role.OWNER, TOWN: Role.MUNICIPALITY, LEAD: Role.LEAD}
CYCLE = 2026
FIGURE = f"{PLACE}:{ALER}:column_free_now_declared:{CYCLE + 1}"
COLUMNS = {"stock_sap": 100, "free_now": 5, "conferred_by_private": 2, "assignable_total": 7}


@dataclass
class House:
    """Three services at work on one bus, asked over HTTP."""

    apps: dict[str, FastAPI]

    async def ask(self, who: str, service: str, method: str, path: str, body: Any = None) -> httpx.Response:
        now, lifetime = datetime.now(UTC), timedelta(hours=1)
        token = issue(KEY, who, ROLES[who], AMBITO, "pianovivo", "pianovivo-local", now, lifetime, "ufficio")
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.apps[service]),
            base_url="http://piano.test",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        async with client:
            return await client.request(method, path, json=body)

    async def value(self) -> int | None:
        answer = await self.ask(LEAD, "planner", "GET", f"/plans/{AMBITO}/figures/{FIGURE}")
        return answer.json()["item"]["value"] if answer.status_code == 200 else None

    async def kinds(self, who: str) -> list[str]:
        """The kinds of who's notices about contests, the oldest first."""
        found = (await self.ask(who, "notifier", "GET", "/notices")).json()["items"]
        return [one["kind"] for one in reversed(found) if one["discussion"] is not None]


@asynccontextmanager
async def at_work(made: Installation) -> AsyncIterator[House]:
    keys = made.settings().home / "keys" / "jwks.json"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(json.dumps(public_jwks([KEY])))
    own = made.environment | {"replica": "first"}
    runtimes = {
        "intake": intake.create_runtime(IntakeSettings(**own)),
        "planner": planner.create_runtime(PlannerSettings(**own)),
        "notifier": notifier.create_runtime(NotifierSettings(**own)),
    }
    runtimes["planner"].tasks.clear()
    transport = made.connect(replica="topics")
    await transport.apply(every_topic(OWN_WRITERS))
    await transport.stop()
    async with AsyncExitStack() as stack:
        roots = {"intake": intake, "planner": planner, "notifier": notifier}
        apps = {name: roots[name].create_http(runtime) for name, runtime in runtimes.items()}
        for runtime in runtimes.values():
            await stack.enter_async_context(runtime.running())
        yield House(apps)


def is_now(look: Callable[[], Awaitable[Any]], wanted: Any) -> Callable[[], Awaitable[bool]]:
    async def looked() -> bool:
        return bool(await look() == wanted)

    return looked


async def test_a_contest_is_opened_corrected_settled_and_told(distributed: Installation) -> None:
    """e was 5 and is 4; g = e + f was 5 + 2 = 7 and is 6. Nobody else's cell, and no other cell, can be changed."""
    row = {"cycle_year": CYCLE, "municipality": PLACE, "columns": COLUMNS}
    async with at_work(distributed) as house:
        sent = (await house.ask(ALER, "intake", "POST", "/submissions", row)).json()["id"]
        towns = (await house.ask(TOWN, "intake", "POST", "/submissions", row)).json()["id"]
        await until(is_now(house.value, 5), seconds=60)
        wanted = {"figure": FIGURE, "reason": "ne abbiamo visti quattro", "expected": 4}
        opened = await house.ask(TOWN, "planner", "POST", f"/plans/{AMBITO}/contests", wanted)
        assert opened.status_code == 201, opened.text
        case = opened.json()["id"]

        correction = {"contest_id": case, "value": 4, "reason": "uno era già assegnato"}

        async def correct(who: str, submission: str) -> httpx.Response:
            return await house.ask(who, "intake", "POST", f"/submissions/{submission}/corrections", correction)

        await until(is_now(lambda: house.kinds(ALER), ["plan.figure-contested"]), seconds=60)
        assert (await correct(TOWN, sent)).status_code == 404
        assert (await correct(TOWN, towns)).status_code == 422

        async def corrected() -> bool:
            return (await correct(ALER, sent)).status_code == 201

        await until(corrected, seconds=60)  # the intake hears of the contest by itself
        await until(is_now(house.value, 4), seconds=60)
        settled = ["plan.figure-contested", "plan.contest-settled"]
        for who, kinds in ((ALER, settled), (LEAD, settled), (TOWN, settled[1:])):
            await until(is_now(lambda who=who: house.kinds(who), kinds), seconds=60)  # type: ignore[misc]
        shown = (await house.ask(LEAD, "planner", "GET", f"/plans/{AMBITO}/contests/{case}")).json()
        assert [step["status"] for step in shown["steps"]] == ["OPEN", "CORRECTED"]
        assert (shown["item"]["value"], shown["item"]["new_value"], shown["item"]["new_cell_value"]) == (5, 4, 4)
        last = (await house.ask(ALER, "intake", "GET", "/submissions")).json()["items"][0]["declaration"]
        assert (last["revision"], last["contest_id"], last["columns"]["assignable_total"]) == (2, case, 6)

        async def is_locked() -> bool:
            answer = await house.ask(
                ALER, "intake", "POST", f"/submissions/{sent}/corrections", correction | {"value": 4}
            )
            return "contest-closed" in answer.text

        await until(is_locked, seconds=60)  # the same value meanwhile: nothing changes however often it is asked
        before = await projection_hash(house.apps["planner"].state.runtime)
    again = planner.create_runtime(PlannerSettings(**distributed.environment | {"replica": "second"}))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    await again.transport.stop()
    await again.db.close()
