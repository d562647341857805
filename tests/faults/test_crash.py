"""SIGKILL at random: to every service, to the broker and to the database, while thousands of reports travel."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.auth import local_token
from deploy.demo.loading import bulks
from deploy.demo.synthetic import Claim, generate
from deploy.kafka.local import LocalKafka, LocalPostgres
from shared.auth import Role
from shared.bus.kafka import KafkaTransport
from shared.bus.local import LocalTransport
from shared.bus.transport import Transport
from shared.settings import Settings
from shared.settings import load as load_settings
from shared.territory import ambito
from tests.faults import audit
from tests.support.fleet import SERVICES, Fleet, Reaper

REPORTS = int(os.environ.get("PIANOVIVO_CRASH_REPORTS", "5000"))
KILLS = int(os.environ.get("PIANOVIVO_CRASH_KILLS", "10"))
CHUNK = 100
UNTIL = date(2026, 11, 23)


def claims(count: int) -> list[Claim]:
    """`count` reports of the synthetic world, the liveliest homes first, each home in its order."""
    found: list[Claim] = []
    world = generate(2026, ambito("cremonese"), UNTIL, years=20 if count <= 20_000 else 40)
    for life in sorted(world.lives, key=lambda one: -len(one.moments)):
        found += [moment.claim for moment in life.moments]
        if len(found) >= count:
            return found[:count]
    raise ValueError(f"the synthetic world has only {len(found)} reports, {count} are asked for")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Directly under the temporary folder: PostgreSQL may run as another user."""
    with tempfile.TemporaryDirectory(prefix="pianovivo-crash-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.crash
async def test_four_processes_broker_and_database_are_killed(folder: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(LocalPostgres(folder / "postgres", durable=True))
        kafka = stack.enter_context(LocalKafka(folder / "kafka"))
        fleet = Fleet(folder, kafka.bootstrap, postgres.dsn)
        stack.callback(fleet.stop)
        fleet.run("topics", "apply")
        local_token(fleet.settings, "aler-bcm", Role.OWNER, "crash", timedelta(hours=1))
        fleet.start()
        fleet.ready()
        targets = {name: _killing(fleet, name) for name in SERVICES}
        servers = {"kafka": _restarting(kafka), "postgres": _restarting(postgres)}
        settings = load_settings(
            Settings, home=folder, bus="kafka", kafka_bootstrap_servers=kafka.bootstrap, database_url=postgres.dsn
        )
        transport = KafkaTransport(kafka.bootstrap, replica="auditor")
        counted = await _survive(fleet, targets, servers, settings, lambda: transport)
        sys.stdout.write(f"\ncrash test: {counted}\n")


@pytest.mark.crash
async def test_the_single_process_is_killed(folder: Path) -> None:
    fleet = Fleet(folder)
    local_token(fleet.settings, "aler-bcm", Role.OWNER, "crash", timedelta(hours=1))
    fleet.start()
    try:
        fleet.ready()
        counted = await _survive(
            fleet, {"up": _killing(fleet, "up")}, {}, fleet.settings, lambda: LocalTransport(folder / "log.db")
        )
        sys.stdout.write(f"\ncrash test: {counted}\n")
    finally:
        fleet.stop()


async def _survive(
    fleet: Fleet,
    targets: dict[str, Callable[[], None]],
    servers: dict[str, Callable[[], None]],
    settings: Settings,
    connect: Callable[[], Transport],
) -> dict[str, Any]:
    services = Reaper(targets, KILLS, seed=7, pause=(0.5, 2.5))
    others = Reaper(servers, len(servers), seed=8, pause=(4.0, 8.0))
    services.start()
    others.start()
    accepted = await _send(fleet, claims(REPORTS))
    blows = [
        *(await asyncio.to_thread(services.finished, KILLS * 10 + 60)),
        *(await asyncio.to_thread(others.finished, 90)),
    ]
    await asyncio.to_thread(fleet.ready, 90)
    transport = connect()
    try:
        await _rest(fleet, settings, transport, seconds=120 + REPORTS / 50)
        return {"kills": len(blows), **await audit.everything(settings, transport, accepted)}
    finally:
        await transport.stop()


async def _send(fleet: Fleet, reports: Sequence[Claim]) -> list[UUID]:
    """Every chunk until it is accepted; the key makes a repeated request harmless. Returns the accepted identifiers."""
    accepted: list[UUID] = []
    async with httpx.AsyncClient(timeout=10) as client:
        for number, (organisation, items) in enumerate(_chunks(reports)):
            token = local_token(fleet.settings, organisation, Role.OWNER, "crash", timedelta(hours=1))
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"crash-{number}"}
            async for answer in _until_answered(client, fleet.url("intake"), {"items": items}, headers):
                assert answer["accepted_count"] == len(items), answer
                accepted += [UUID(item["id"]) for item in answer["items"]]
    return accepted


async def _until_answered(
    client: httpx.AsyncClient, url: str, body: dict[str, Any], headers: dict[str, str]
) -> AsyncIterator[dict[str, Any]]:
    end = time.monotonic() + 120
    while True:
        try:
            answer = await client.post(f"{url}/unit-reports", json=body, headers=headers)
        except httpx.HTTPError as error:
            problem = repr(error)
        else:
            if answer.status_code == httpx.codes.OK:
                yield answer.json()
                return
            problem = f"{answer.status_code} {answer.text}"
        assert time.monotonic() < end, problem
        await asyncio.sleep(0.1)


def _chunks(reports: Sequence[Claim]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for organisation, bulk in bulks(reports):
        for at in range(0, len(bulk), CHUNK):
            part = [claim.report for claim in bulk[at : at + CHUNK]]
            yield organisation, [{"report": r.name(), **r.model_dump(mode="json", exclude_none=True)} for r in part]


async def _rest(fleet: Fleet, settings: Settings, transport: Transport, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not await audit.at_rest(settings, transport):
        assert time.monotonic() < end, f"not at rest after {seconds} s, died: {fleet.died()}\n{fleet.logs()}"
        await asyncio.sleep(0.5)


def _killing(fleet: Fleet, name: str) -> Callable[[], None]:
    return lambda: fleet.kill(name)


def _restarting(server: LocalKafka | LocalPostgres) -> Callable[[], None]:
    def restart() -> None:
        server.kill()
        server.start()

    return restart
