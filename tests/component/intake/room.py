"""The intake over a real SQLite database, asked over HTTP, and told by records as the registry writes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from services.intake.app import create_http, create_runtime
from services.intake.settings import IntakeSettings
from shared.auth import Role, issue, new_key, public_jwks
from shared.bus.records import Record, decode, encode, unpack
from shared.bus.tables import OutboxRow
from shared.civil_time import today_in_italy
from shared.events import (
    Envelope,
    Event,
    Message,
    OwnerKind,
    ReportRefused,
    ServiceType,
    Transition,
    Unit,
    UnitChanged,
    UnitStatus,
)
from shared.migrate import migrate
from shared.runtime import Runtime

AMBITO, CREMONA, CASTELVERDE = "cremonese", "019036", "019026"
ALER, CASTELVERDE_TOWN, LEAD = "aler-bcm", f"comune-{CASTELVERDE}", f"comune-{CREMONA}"
THIS_YEAR = today_in_italy().year
"""The service reads the real clock at its edge."""
KEY = new_key("chiave-di-prova")

VACATED: dict[str, Any] = {"report": "unit-vacated", "unit_id": "U-1", "effective_on": "2026-01-15"}
COLUMNS: dict[str, Any] = {
    # g = b + c + d + (free + turnover) + f = 1 + 2 + 3 + (4 + 5) + 6 = 21; turnover 5 of 100 homes is 5 %.
    "stock_sap": 100,
    "as_is_assignable": 1,
    "under_renovation_assignable": 2,
    "new_build_assignable": 3,
    "free_now": 4,
    "turnover_expected": 5,
    "conferred_by_private": 6,
    "assignable_total": 21,
    "indigence_share": "0.20",
}
CASE: dict[str, Any] = {
    "case_ref": "CV-2026-007",
    "municipality": CASTELVERDE,
    "household_size": 4,
    "accessible": False,
    "urgency_class": 1,
    "waiting_since": "2026-01-10",
}


def token(organisation: str, role: Role, ambito: str) -> str:
    now, lifetime = datetime.now(UTC), timedelta(hours=1)
    return issue(KEY, organisation, role, ambito, "pianovivo", "pianovivo-local", now, lifetime, "ufficio-casa")


@dataclass
class Room:
    """The service without its background tasks, so that what it owes to the bus stays to be looked at."""

    app: FastAPI
    runtime: Runtime

    def client(self, organisation: str = ALER, role: Role = Role.OWNER, ambito: str = AMBITO) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token(organisation, role, ambito)}"}
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://raccolta.test", headers=headers)

    def town(self) -> httpx.AsyncClient:
        return self.client(CASTELVERDE_TOWN, Role.MUNICIPALITY)

    def lead(self) -> httpx.AsyncClient:
        return self.client(LEAD, Role.LEAD)

    async def rows(self, model: Any, *order: Any) -> list[Any]:
        async with self.runtime.db.reading() as session:
            return list((await session.execute(select(model).order_by(*order))).scalars())

    async def said(self) -> list[Message]:
        """What the service owes to the bus, in order."""
        rows = await self.rows(OutboxRow, OutboxRow.id)
        owed = [record for row in rows for record in unpack(row.records)]
        return [decode(Record(out.topic, 0, 0, 0, out.key, out.value, out.headers)) for out in owed]

    async def hear(self, *messages: Message) -> None:
        """The registry's facts, as one batch."""
        written = [encode(message) for message in messages]
        assert self.runtime.consumer
        await self.runtime.consumer.consume(
            [Record(w.topic, 0, n, 0, w.key, w.value, w.headers) for n, w in enumerate(written)]
        )


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Room]:
    keys = home / "keys" / "jwks.json"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(json.dumps(public_jwks([KEY])))
    app = create_http(create_runtime(IntakeSettings(home=home)))
    runtime: Runtime = app.state.runtime
    await migrate(runtime.db, runtime.migrations)
    try:
        yield Room(app, runtime)
    finally:
        await runtime.transport.stop()
        await app.state.people.close()
        await runtime.db.close()


def refused(report_id: UUID, organisation: str = ALER, unit_id: str = "U-1") -> Message:
    fact = ReportRefused(
        unit_id=unit_id,
        report="unit-vacated",
        report_id=report_id,
        organisation=organisation,
        rule="unknown-unit",
        reason_it="L’alloggio non è iscritto in anagrafe.",
        reason_en="The unit is not in the registry.",
    )
    return _fact(fact, unit_id, None)


def applied(report_id: UUID, sequence: int = 1, unit_id: str = "U-1", organisation: str = ALER) -> Message:
    day = date(2026, 1, 15)
    after = Unit(
        unit_id=unit_id,
        municipality=CREMONA,
        owner=organisation,
        owner_kind=OwnerKind.ALER,
        manager=organisation,
        service_type=ServiceType.SAP,
        net_area_m2=Decimal("60.50"),
        rooms=3,
        accessible=False,
        status=UnitStatus.FREE_STATE_OF_FACT,
        since=day,
    )
    step = Transition(report="unit-vacated", on=day, before=UnitStatus.OCCUPIED, after=after.status)
    fact = UnitChanged(
        unit_id=unit_id,
        ambito=AMBITO,
        sequence=sequence,
        report="unit-vacated",
        report_id=report_id,
        organisation=organisation,
        effective_on=day,
        before=None,
        after=after,
        transitions=(step,),
    )
    return _fact(fact, unit_id, sequence)


def _fact(fact: Event, unit_id: str, sequence: int | None) -> Message:
    identifier, at = uuid4(), datetime(2026, 1, 16, 9, tzinfo=UTC)
    source = "urn:pianovivo:registry"
    return Message(Envelope(identifier, source, at, unit_id, AMBITO, identifier, sequence=sequence), fact)
