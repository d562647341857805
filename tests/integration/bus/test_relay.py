"""The relay: one at a time, in order per key, nothing lost when it dies anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from shared.bus import outbox
from shared.bus.outbox import Relay
from shared.bus.records import Outgoing, decode
from shared.bus.transport import Publisher
from shared.db import Database
from shared.events import Message
from shared.migrate import migrate
from shared.runtime import Runtime
from shared.sql import write_now
from tests.support.installations import Installation, read_topic
from tests.support.ledger import applied
from tests.support.waiting import until
from tests.support.world import as_outgoing, facts_of, is_idle, life_of, owed

FACTS = [facts_of(life_of(f"U-{number:03d}")) for number in range(100)]


class Dies(Exception):
    """What a crash would leave behind, without ending the test."""


class DyingPublisher:
    """Publishes, and then dies before anybody hears of it: once."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher, self.died = publisher, False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self._publisher.publish(records)
        if not self.died:
            self.died = True
            raise Dies


@asynccontextmanager
async def replicas(installation: Installation) -> AsyncIterator[list[Runtime]]:
    """Two registries on one database and one bus; only their relays will run."""
    made = [installation.registry(replica="first"), installation.registry(replica="second")]
    await migrate(made[0].db, made[0].migrations)
    try:
        yield made
    finally:
        for one in made:
            await one.transport.stop()
            await one.db.close()


async def owe(db: Database, messages: Sequence[Message]) -> None:
    async with db.transaction() as session:
        outbox.put(session, messages)


async def numbers_told(runtime: Runtime) -> dict[str, list[int | None]]:
    """Each unit's numbers in the order in which they were published."""
    numbers: dict[str, list[int | None]] = {}
    for record in await read_topic(runtime.transport, "units"):
        envelope = decode(record).envelope
        numbers.setdefault(envelope.subject, []).append(envelope.sequence)
    return numbers


async def test_one_of_two_relays_works_and_the_other_takes_over(installation: Installation) -> None:
    async with replicas(installation) as (first, second):
        running = {one: asyncio.create_task(one.relay.run()) for one in (first, second)}
        active = await until(lambda: _active(first, second))
        standby = second if active is first else first
        for facts in FACTS[:50]:
            await owe(first.db, facts[:2])
            assert not (first.relay.active and second.relay.active)
        await until(lambda: _taken_over(standby, active, running[active]))
        for facts in FACTS[:50]:
            await owe(second.db, facts[2:])
        await until(lambda: _owes_nothing(first))
        told = await numbers_told(first)
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
        assert {unit: sorted(set(numbers), key=numbers.index) for unit, numbers in told.items()} == {
            facts[0].envelope.subject: [1, 2, 3, 4] for facts in FACTS[:50]
        }


async def test_crash_between_publishing_and_removing_has_one_effect(installation: Installation) -> None:
    ledger = installation.ledger()
    async with replicas(installation) as (registry, _), ledger.running():
        publisher = DyingPublisher(registry.transport)
        relay = asyncio.create_task(Relay(registry.db, publisher).run())
        for facts in FACTS[:10]:
            await owe(registry.db, facts)
        await until(lambda: _owes_nothing(registry))
        await until(lambda: is_idle(ledger))
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        assert publisher.died
        published = len(await read_topic(registry.transport, "units"))
        assert published > 40, "published again, since nobody could know that it had been"
        assert sorted(await applied(ledger)) == sorted(
            (facts[0].envelope.subject, number) for facts in FACTS[:10] for number in (1, 2, 3, 4)
        )


async def test_row_with_a_lower_number_that_commits_late_is_published(distributed: Installation) -> None:
    async with replicas(distributed) as (registry, _):
        relay = asyncio.create_task(registry.relay.run())
        async with registry.db.transaction() as session:
            outbox.put(session, FACTS[0])
            await write_now(session)
            await owe(registry.db, FACTS[1])
            await until(lambda: _told(registry, {"U-001"}))
        await until(lambda: _told(registry, {"U-000", "U-001"}))
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)


async def test_record_that_no_broker_takes_is_refused_before_it_is_owed(installation: Installation) -> None:
    """Once owed, it would hold up everything behind it."""
    async with replicas(installation) as (registry, _):
        [fact] = as_outgoing(FACTS[0][:1])
        with pytest.raises(ValueError, match="is larger than"):
            async with registry.db.transaction() as session:
                outbox.put(session, [fact, Outgoing("units", fact.key, b"x" * 1_100_000, fact.headers)])
        assert await _owes_nothing(registry)


async def _active(*runtimes: Runtime) -> Runtime | None:
    return next((one for one in runtimes if one.relay.active), None)


async def _taken_over(standby: Runtime, active: Runtime, task: asyncio.Task[None]) -> bool:
    """Break the active one's hold; it may win the lock back, which is its right: then once more."""
    await _lose(active, task)
    for _ in range(20):
        if standby.relay.active:
            return True
        await asyncio.sleep(0.05)
    return False


async def _lose(runtime: Runtime, task: asyncio.Task[None]) -> None:
    """PostgreSQL: the connection that holds the lock dies. SQLite: the relay ends."""
    if not runtime.db.is_postgresql:
        task.cancel()
        return
    async with runtime.db.reading() as session:
        await session.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )


async def _owes_nothing(runtime: Runtime) -> bool:
    return not await owed(runtime)


async def _told(runtime: Runtime, units: set[str]) -> bool:
    return set(await numbers_told(runtime)) == units
