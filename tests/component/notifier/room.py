"""The notifier over a real SQLite database, recomputed plans as the planner writes them, and a webhook receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from services.notifier.app import create_http, create_runtime
from services.notifier.settings import NotifierSettings
from services.notifier.tables import NoticeRow
from shared.auth import Role, issue, new_key, public_jwks
from shared.bus.records import Record, decode, encode, unpack
from shared.bus.tables import OutboxRow
from shared.events import Cause, Envelope, FigureChange, Measure, Message, MunicipalityChange, PlanRecomputed, derived
from shared.migrate import migrate
from shared.runtime import Runtime
from shared.territory import ambito

AMBITO, CREMONA, CASTELVERDE, PESSINA = "cremonese", "019036", "019026", "019070"
NOW = datetime.now(UTC).replace(microsecond=0)
"""Receivers' libraries compare a webhook's time with the real clock and cannot be given another one."""
KEY = new_key("chiave-di-prova")


def mean(before: int | None, after: int | None, owner: str | None = None, year: int | None = 2027) -> FigureChange:
    label = f"Alloggi assegnabili nel {year}"
    values = {"owner": owner, "year": year, "before": before, "after": after}
    return FigureChange(figure="assignable_mean", label_it=label, measure=Measure.THOUSANDTHS, **values)


def count(before: int | None, after: int | None, owner: str | None = None) -> FigureChange:
    label, values = "Alloggi liberi assegnabili", {"owner": owner, "before": before, "after": after}
    return FigureChange(figure="free_assignable", label_it=label, measure=Measure.COUNT, **values)


def vacated(municipality: str = CREMONA, unit: str = "SIM-1", organisation: str | None = "aler-bcm") -> Cause:
    return Cause(
        event_id=derived(unit),
        kind="unit-vacated",
        subject=unit,
        municipality=municipality,
        organisation=organisation,
        on=date(2026, 11, 23),
    )


def change(municipality: str, *figures: FigureChange, causes: Sequence[Cause] | None = None) -> MunicipalityChange:
    name = ambito(AMBITO).municipality(municipality).name
    because = tuple(causes) if causes is not None else (vacated(municipality),)
    return MunicipalityChange(
        municipality=municipality,
        name=name,
        figures=figures,
        causes=because,
        figure_count=len(figures),
        cause_count=len(because),
    )


def recomputed(version: int, *changes: MunicipalityChange, code: str = AMBITO, at: datetime = NOW) -> Record:
    """The record of one plan version; the same version is the same event."""
    identifier = derived(f"plan/{code}/{version}")
    plan = PlanRecomputed(
        ambito=code,
        version=version,
        hash=f"{version:064x}",
        reference_on=date(2026, 11, 23),
        causes=(vacated(),),
        changes=changes,
    )
    envelope = Envelope(identifier, "urn:pianovivo:planner", at, code, code, identifier)
    written = encode(Message(envelope, plan))
    milliseconds = int(at.timestamp() * 1000)
    return Record(written.topic, 0, version, milliseconds, written.key, written.value, written.headers)


def token(organisation: str, role: Role = Role.MUNICIPALITY) -> str:
    lifetime = timedelta(hours=1)
    return issue(KEY, organisation, role, AMBITO, "pianovivo", "pianovivo-local", NOW, lifetime, "ufficio-casa")


@dataclass
class Room:
    """The service without its background tasks: a test says what happens, and when."""

    app: FastAPI
    runtime: Runtime

    async def consume(self, *records: Record) -> None:
        assert self.runtime.consumer
        await self.runtime.consumer.consume(records)

    async def rows(self, model: Any, *order: Any) -> list[Any]:
        async with self.runtime.db.reading() as session:
            return list((await session.execute(select(model).order_by(*order))).scalars())

    async def notices(self, organisation: str = f"comune-{CREMONA}") -> list[NoticeRow]:
        return [row for row in await self.rows(NoticeRow, NoticeRow.plan_version) if row.organisation == organisation]

    async def said(self) -> list[Message]:
        """What the service owes to the bus, in order."""
        rows = await self.rows(OutboxRow, OutboxRow.id)
        owed = [record for row in rows for record in unpack(row.records)]
        return [decode(Record(out.topic, 0, 0, 0, out.key, out.value, out.headers)) for out in owed]

    def client(self, organisation: str = f"comune-{CREMONA}", role: Role = Role.MUNICIPALITY) -> httpx.AsyncClient:
        transport, headers = httpx.ASGITransport(self.app), {"Authorization": f"Bearer {token(organisation, role)}"}
        return httpx.AsyncClient(transport=transport, base_url="http://avvisi.test", headers=headers)

    async def subscribe(
        self, url: str, municipalities: Any = "all", threshold: str = "0.1", organisation: str = f"comune-{CREMONA}"
    ) -> dict[str, Any]:
        body = {"channel": "webhook", "url": url, "municipalities": municipalities, "threshold": threshold}
        async with self.client(organisation) as client:
            answer = await client.post("/subscriptions", json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


def settings(home: Path, loopback: str = "") -> NotifierSettings:
    keys = home / "keys" / "jwks.json"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(json.dumps(public_jwks([KEY])))
    return NotifierSettings(home=home, notifier_loopback_endpoints=loopback)


@asynccontextmanager
async def opened(home: Path, loopback: str = "") -> AsyncIterator[Room]:
    app = create_http(create_runtime(settings(home, loopback)))
    runtime: Runtime = app.state.runtime
    await migrate(runtime.db, runtime.migrations)
    try:
        yield Room(app, runtime)
    finally:
        await runtime.transport.stop()
        await app.state.people.close()
        await runtime.db.close()


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A webhook endpoint that answers with `statuses` in turn, the last one for ever."""

    statuses: list[int]
    url: str = ""
    endpoint: str = ""
    received: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        signature = next(line.split(": ", 1)[1] for line in head if line.lower().startswith("webhook-signature"))
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(headers | {"webhook-signature": signature}, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 5\r\n\r\nfatto".encode())
        await writer.drain()
        writer.close()
        self.arrived.set()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(statuses))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.endpoint = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    receiver.url = f"http://{receiver.endpoint}/avvisi"
    async with server:
        yield receiver
