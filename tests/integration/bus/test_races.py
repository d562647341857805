"""Two replicas at the same record at the same moment: a partition changed hands and its old reader does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.consumer import Consumer, Handlers
from shared.bus.progress import Progress
from shared.bus.records import REDRIVE, Record
from shared.events import Message
from shared.migrate import migrate
from shared.runtime import Runtime
from tests.support.installations import Installation
from tests.support.ledger import applied
from tests.support.world import as_records, facts_of, history, letters, life_of, owed, reported
from tests.unit.registry.samples import MANAGER, OWNER, registered, report


class Meeting:
    """Handlers of which the first two to load wait for each other, so that both have read before either writes."""

    def __init__(self) -> None:
        self._both = asyncio.Barrier(2)
        self._met = 0

    def of(self, handlers: Handlers[Any]) -> Handlers[Any]:
        async def load(session: AsyncSession, messages: Sequence[Message]) -> Any:
            work = await handlers.load(session, messages)
            self._met += 1
            if self._met <= 2:
                async with asyncio.timeout(20):
                    await self._both.wait()
            return work

        return replace(handlers, load=load)


@asynccontextmanager
async def two_replicas(create: Callable[..., Runtime]) -> AsyncIterator[tuple[Runtime, list[Consumer[Any]]]]:
    """Two consumers on one database, each with connections of its own."""
    replicas = [create(replica="first"), create(replica="second")]
    await migrate(replicas[0].db, replicas[0].migrations)
    meeting = Meeting()
    consumers = []
    for replica in replicas:
        assert replica.handlers is not None
        consumers.append(Consumer(replica.name, replica.db, meeting.of(replica.handlers), Progress(replica.name)))
    try:
        yield replicas[0], consumers
    finally:
        for replica in replicas:
            await replica.transport.stop()
            await replica.db.close()


@pytest.mark.parametrize("records", [as_records(life_of("U-raced")[:1]), as_records(life_of("U-raced"))])
async def test_same_records_at_once_have_one_effect(distributed: Installation, records: list[Record]) -> None:
    async with two_replicas(distributed.registry) as (registry, consumers):
        await asyncio.gather(*(consumer.consume(records) for consumer in consumers))
        assert await history(registry) == {"U-raced": len(records)}
        assert await letters(registry, every=True) == []
        assert await owed(registry) == len(records)


async def test_inbox_alone_keeps_an_effect_single(distributed: Installation) -> None:
    """The ledger's own table forbids nothing: what holds is that event and effect commit together, once."""
    records = as_records(facts_of(life_of("U-raced")))
    async with two_replicas(distributed.ledger) as (ledger, consumers):
        await asyncio.gather(*(consumer.consume(records) for consumer in consumers))
        assert await applied(ledger) == [("U-raced", number) for number in (1, 2, 3, 4)]
        assert await letters(ledger, every=True) == []


async def test_two_reports_of_one_home_from_two_topics_are_both_accepted(distributed: Installation) -> None:
    """Both would be number 2: the slower one reads again and becomes number 3. It is no dead letter."""
    rooms = reported(report("unit-corrected", date(2026, 3, 1), unit_id="U-raced"), OWNER)
    works = reported(report("works-scheduled", date(2026, 3, 1), unit_id="U-raced"), MANAGER)
    start = as_records([reported(registered(on=date(2026, 1, 1), unit_id="U-raced"))])
    async with two_replicas(distributed.registry) as (registry, consumers):
        assert registry.consumer is not None
        await registry.consumer.consume(start)
        await asyncio.gather(
            consumers[0].consume(as_records([rooms], start=1)),
            consumers[1].consume([as_records([works])[0]._replace(partition=5)]),
        )
        assert await history(registry) == {"U-raced": 3}
        assert await letters(registry, every=True) == []


async def test_same_redriven_record_at_once_has_one_effect(distributed: Installation) -> None:
    start, vacated, *_ = life_of("U-raced")
    async with two_replicas(distributed.registry) as (registry, consumers):
        assert registry.consumer is not None
        await registry.consumer.consume(as_records([vacated]))
        [letter] = await letters(registry)
        await registry.consumer.consume(as_records([start], start=1))
        [plain] = as_records([vacated], start=2)
        redriven = plain._replace(headers=(*plain.headers, (REDRIVE, str(letter.id).encode())))
        await _until_done(consumers, redriven)
        assert await history(registry) == {"U-raced": 2}
        assert await letters(registry) == []
        # The refusal, the two changes, and the letter's announcement.
        assert await owed(registry) == 4


async def _until_done(consumers: list[Consumer[Any]], record: Record) -> None:
    """Deliver as a transport does: again while the consumer says that it must wait."""

    async def deliver(consumer: Consumer[Any]) -> None:
        for _ in range(10):
            try:
                return await consumer.consume([record])
            except Exception as error:
                last = error
        raise last

    await asyncio.gather(*map(deliver, consumers))
