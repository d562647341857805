"""The planner over a real database, asked over HTTP, with a small world of homes and cases."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update

from services.planner.app import create_http, create_runtime
from services.planner.settings import PlannerSettings
from services.planner.store import plans
from services.planner.tables import HoldRow
from shared.auth import Role, issue, new_key, public_jwks
from shared.bus.records import Record, decode, unpack
from shared.bus.tables import OutboxRow
from shared.events import Message, UnitStatus
from shared.migrate import migrate
from shared.runtime import Runtime
from tests.support.world import as_records
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, CREMONA, TestRegistry, case_opened

KEY = new_key("chiave-di-prova")
LEAD, TOWN = (f"comune-{CREMONA}", Role.LEAD), (f"comune-{CASTELVERDE}", Role.MUNICIPALITY)
SECRETARY = ("segreteria-assemblea", Role.ASSEMBLY_SECRETARY)
HOLDS = f"/plans/{AMBITO}/holds"


def registry_of(homes: int = 2, *, set_aside: bool = True) -> TestRegistry:
    """Twenty let homes, and some more that are free or set aside."""
    registry = TestRegistry()
    for number in range(20):
        registry.register(f"L{number}", UnitStatus.OCCUPIED)
    for number in range(homes):
        registry.register(f"H{number}", UnitStatus.RESERVED_SAT if set_aside else UnitStatus.FREE_ASSIGNABLE)
    return registry


def cases_of(count: int = 2) -> list[Message]:
    """Cases of Castelverde and Cremona in turn."""
    return [
        case_opened(f"C{number}", 90_000 + number, municipality=CREMONA if number % 2 else CASTELVERDE)
        for number in range(count)
    ]


@dataclass
class Room:
    app: FastAPI
    runtime: Runtime

    def client(self, who: tuple[str, Role] = TOWN, ambito: str = AMBITO) -> httpx.AsyncClient:
        now = datetime.now(UTC)
        token = issue(KEY, *who, ambito, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "ufficio-casa")
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://piano.test", headers=headers, timeout=300
        )

    async def hear(self, messages: Sequence[Message]) -> None:
        assert self.runtime.consumer
        by_topic: dict[str, list[Message]] = {}
        for message in messages:
            by_topic.setdefault(message.event.TOPIC, []).append(message)
        for part in by_topic.values():
            await self.runtime.consumer.consume(as_records(part))

    async def rows(self, model: Any, *order: Any) -> list[Any]:
        async with self.runtime.db.reading() as session:
            return list((await session.execute(select(model).order_by(*order))).scalars())

    async def said(self, topic: str = "plan-decisions") -> list[Message]:
        """What the service owes to the bus on one topic, in order."""
        owed = [record for row in await self.rows(OutboxRow, OutboxRow.id) for record in unpack(row.records)]
        read = [decode(Record(out.topic, 0, 0, 0, out.key, out.value, out.headers)) for out in owed]
        return [message for message in read if topic == message.event.TOPIC]

    async def hear_back(self) -> None:
        """Let the planner hear what it has said itself; what it knows already does nothing."""
        await self.hear(await self.said())

    async def offers(self) -> dict[str, str]:
        """The homes that the plan proposes, by case."""
        async with self.runtime.db.reading() as session:
            row = await plans.plan_content(session, AMBITO)
        assert row is not None
        kinds = [action.split("/") for action in json.loads(row.content)["actions"]]
        return {case: unit for kind, unit, case in kinds if kind == "OFFER_TO_CASE"}

    async def let_expire(self, at: datetime) -> None:
        """As if every hold that is open had been placed to run until `at`."""
        async with self.runtime.db.transaction() as session:
            await session.execute(update(HoldRow).where(HoldRow.status == "HELD").values(expires_at=at))  # type: ignore[arg-type]


@asynccontextmanager
async def opened(settings: PlannerSettings, *, at_work: bool = False, with_clock: bool = False) -> AsyncIterator[Room]:
    """With its background tasks only when `at_work`: else what it owes to the bus stays to be looked at.

    Days begin by themselves only `with_clock`: as a rule a test's world has days of its own.
    """
    keys = settings.home / "keys" / "jwks.json"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(json.dumps(public_jwks([KEY])))
    app = create_http(create_runtime(settings))
    runtime: Runtime = app.state.runtime
    if not with_clock:
        runtime.tasks.clear()
    if at_work:
        async with runtime.running():
            yield Room(app, runtime)
        return
    await migrate(runtime.db, runtime.migrations)
    try:
        yield Room(app, runtime)
    finally:
        await runtime.transport.stop()
        await runtime.db.close()


@asynccontextmanager
async def standing(home: Path, messages: Sequence[Message], **own: Any) -> AsyncIterator[Room]:
    """A room on SQLite that has heard these messages."""
    async with opened(PlannerSettings(home=home, **own)) as room:
        await room.hear(messages)
        yield room
