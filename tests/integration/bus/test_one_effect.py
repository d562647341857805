"""Each accepted report has one effect, on both forms, whatever is repeated, mixed or cut into batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from services.registry.app import create_runtime
from services.registry.settings import RegistrySettings
from shared.bus.records import decode
from shared.events import Message, UnitChanged
from shared.migrate import migrate
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime
from tests.support.installations import Installation, read_topic
from tests.support.waiting import until
from tests.support.world import (
    as_outgoing,
    as_records,
    history,
    is_idle,
    letters,
    repeated,
    shuffled,
    synthetic_reports,
)

REPORTS = synthetic_reports(60)
HOMES = Counter(message.envelope.subject for message in REPORTS)


@pytest.fixture
async def expected_hash(tmp_path: Path) -> str:
    """The projections after the reports in their plain order, one transaction for each, without any transport."""
    registry = create_runtime(RegistrySettings(home=tmp_path / "oracle"))
    await migrate(registry.db, registry.migrations)
    assert registry.consumer is not None
    for record in as_records(REPORTS):
        await registry.consumer.consume([record])
    assert await history(registry) == HOMES
    found = await projection_hash(registry)
    await registry.transport.stop()
    await registry.db.close()
    return found


@pytest.mark.parametrize("batch", [1, 7, 500])
async def test_repeated_and_mixed_reports_give_the_same_state(
    installation: Installation, expected_hash: str, batch: int
) -> None:
    registry = installation.registry(batch=batch)
    async with registry.running():
        await registry.transport.publish(as_outgoing(repeated(shuffled(REPORTS, batch), batch)))
        await until(lambda: is_idle(registry))
        assert await history(registry) == HOMES
        assert await projection_hash(registry) == expected_hash
        assert await letters(registry, every=True) == []


async def test_each_report_is_told_once_and_numbers_have_no_gap(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish(as_outgoing(repeated(REPORTS, 1)))
        await until(lambda: is_idle(registry))
        told = await until(lambda: _told(registry, len(REPORTS)))
    events = [event.event for event in told if isinstance(event.event, UnitChanged)]
    assert Counter(event.report_id for event in events) == Counter(message.envelope.id for message in REPORTS)
    numbers = defaultdict(list)
    for message in told:
        numbers[message.envelope.subject].append(message.envelope.sequence)
    assert numbers == {home: list(range(1, count + 1)) for home, count in HOMES.items()}


async def test_rebuild_gives_the_same_bytes(installation: Installation, expected_hash: str) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish(as_outgoing(repeated(shuffled(REPORTS, 3), 3)))
        await until(lambda: is_idle(registry))
        told = await until(lambda: _told(registry, len(REPORTS)))
    again = installation.registry()
    try:
        assert await projection_hash(again) == expected_hash
        await rebuild(again)
        assert await projection_hash(again) == expected_hash
        assert len(await read_topic(again.transport, "units")) == len(told), "a rebuild says nothing again"
    finally:
        await again.transport.stop()
        await again.db.close()


async def _told(registry: Runtime, count: int) -> list[Message] | None:
    records = await read_topic(registry.transport, "units")
    return [decode(record) for record in records] if len(records) >= count else None
