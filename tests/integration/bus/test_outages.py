"""Database or broker away: everything waits, nothing is lost, nothing becomes a dead letter."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from deploy.kafka.local import free_ports
from shared.bus.kafka import KafkaTransport
from shared.bus.records import decode
from shared.runtime import Runtime
from tests.support.installations import Installation, fresh_installation, read_topic
from tests.support.operator import serving, status_of
from tests.support.servers import Servers, choose
from tests.support.servers import servers as start_servers
from tests.support.waiting import until
from tests.support.world import as_outgoing, as_records, history, is_idle, letters, owed, synthetic_reports

REPORTS = synthetic_reports(40)
HOMES = Counter(message.envelope.subject for message in REPORTS)
HALF = len(REPORTS) // 2
AWAY_SECONDS = 30


@pytest.fixture(scope="module")
def mortal_servers() -> Iterator[Servers]:
    """Servers to be killed: they keep what they confirmed."""
    with start_servers(choose(), durable=True) as started:
        yield started


@pytest.fixture
async def mortal(tmp_path: Path, mortal_servers: Servers) -> AsyncIterator[Installation]:
    async with fresh_installation(tmp_path, mortal_servers) as made:
        yield made


async def test_killed_database_is_waited_for(mortal: Installation, mortal_servers: Servers) -> None:
    registry = mortal.registry(batch=20)
    async with registry.running():
        await registry.transport.publish(as_outgoing(REPORTS[:HALF]))
        await until(lambda: history(registry))
        before = retries(registry)
        mortal_servers.postgres.kill()
        try:
            await registry.transport.publish(as_outgoing(REPORTS[HALF:]))
            await until(lambda: _waits_longer(registry, before))
        finally:
            await asyncio.to_thread(mortal_servers.postgres.start)
        await until(lambda: is_idle(registry), 60)
        await _all_applied_and_told_once(registry)


async def test_database_away_for_half_a_minute(mortal: Installation, mortal_servers: Servers) -> None:
    """The process lives on through all of it, tries again and again, sets nothing aside, and does the work after."""
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    own = {"registry_port": port, "batch": 20, "watchdog_seconds": 10, "log_level": "ERROR"}
    registry = mortal.registry()
    async with serving(mortal.environment | own, "registry", "serve", ports=(port,)) as process:
        await registry.transport.publish(as_outgoing(REPORTS[:HALF]))
        await until(lambda: is_idle(registry))
        mortal_servers.postgres.kill()
        end = time.monotonic() + AWAY_SECONDS
        try:
            await registry.transport.publish(as_outgoing(REPORTS[HALF:]))
            while time.monotonic() < end:
                assert process.returncode is None
                outcomes = await _outcomes(url)
                assert outcomes.keys() <= {"applied", "waited"}
                assert outcomes["applied"] == HALF
                await asyncio.sleep(0.2)
            assert outcomes["waited"] >= 5
            assert await status_of(url + "/ready") == httpx.codes.SERVICE_UNAVAILABLE
        finally:
            await asyncio.to_thread(mortal_servers.postgres.start)
        await registry.db.engine.dispose()  # what this process had open has gone with the server
        await until(lambda: is_idle(registry), 60)
        await _all_applied_and_told_once(registry)
    await registry.transport.stop()
    await registry.db.close()


async def _outcomes(url: str) -> dict[str, float]:
    """How many events the running registry has dealt with, by outcome, and how many batches had to wait."""
    async with httpx.AsyncClient() as client:
        families = text_string_to_metric_families((await client.get(url + "/metrics")).text)
    samples = [sample for family in families if family.name == "pianovivo_events" for sample in family.samples]
    return {s.labels["outcome"]: s.value for s in samples if s.name == "pianovivo_events_total"}


async def test_killed_broker_is_waited_for(mortal: Installation, mortal_servers: Servers) -> None:
    """The registry decides while its relay cannot publish; afterwards all of it is published, in order."""
    registry = mortal.registry()
    assert registry.consumer is not None
    async with registry.running():
        await registry.transport.publish(as_outgoing(REPORTS[:HALF]))
        await until(lambda: is_idle(registry))
        mortal_servers.kafka.kill()
        try:
            await registry.consumer.consume(as_records(REPORTS[HALF:]))
            assert await owed(registry) > 0
        finally:
            await asyncio.to_thread(mortal_servers.kafka.start)
        await registry.transport.publish(as_outgoing(REPORTS[HALF:]))
        await until(lambda: is_idle(registry), 90)
        await _all_applied_and_told_once(registry)


async def test_broker_that_goes_away_during_a_start_is_waited_for(
    mortal: Installation, mortal_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found when it answered, away when the topics are looked at: the process lives on and does its work."""
    registry = mortal.registry()
    asked = []

    async def check_topics(transport: KafkaTransport, topics: Sequence[str]) -> None:
        asked.append(topics)
        if len(asked) == 1:
            mortal_servers.kafka.kill()
            starting.append(asyncio.create_task(asyncio.to_thread(mortal_servers.kafka.start)))
        await looked_at(transport, topics)

    starting: list[asyncio.Task[None]] = []
    looked_at = KafkaTransport._check_topics
    monkeypatch.setattr(KafkaTransport, "_check_topics", check_topics)
    async with registry.running():
        await asyncio.gather(*starting)
        assert len(asked) > 1
        await registry.transport.publish(as_outgoing(REPORTS))
        await until(lambda: is_idle(registry), 60)
        await _all_applied_and_told_once(registry)


async def test_locked_sqlite_is_waited_for(standalone: Installation) -> None:
    registry = standalone.registry()
    async with registry.running():
        other = sqlite3.connect(registry.db.url.partition(":///")[2], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        before = retries(registry)
        await registry.transport.publish(as_outgoing(REPORTS))
        await until(lambda: _waits_longer(registry, before))
        other.execute("ROLLBACK")
        other.close()
        await until(lambda: is_idle(registry))
        await _all_applied_and_told_once(registry)


async def _waits_longer(registry: Runtime, before: float) -> bool:
    """A batch has been tried in vain since."""
    return retries(registry) > before


def retries(registry: Runtime) -> float:
    return REGISTRY.get_sample_value("pianovivo_events_total", {"consumer": registry.name, "outcome": "waited"}) or 0


async def _all_applied_and_told_once(registry: Runtime) -> None:
    assert await history(registry) == HOMES
    assert await letters(registry, every=True) == []
    numbers = defaultdict(list)
    for record in await read_topic(registry.transport, "units"):
        envelope = decode(record).envelope
        if envelope.sequence not in numbers[envelope.subject]:  # once more is allowed, out of order is not
            numbers[envelope.subject].append(envelope.sequence)
    assert numbers == {home: list(range(1, count + 1)) for home, count in HOMES.items()}
