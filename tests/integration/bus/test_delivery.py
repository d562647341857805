"""A transport's position moves past a record only when it has been dealt with."""

from __future__ import annotations

from collections.abc import Sequence

from shared.bus.records import Record
from shared.bus.transport import Subscription
from tests.support.installations import Installation
from tests.support.waiting import until
from tests.support.world import as_outgoing, facts_of, life_of

RECORDS = as_outgoing(facts_of(life_of("U-1")) + facts_of(life_of("U-2")))
GROUP = "readers"


class Unsteady:
    """Deals with a batch only at the third attempt."""

    def __init__(self) -> None:
        self.attempts: list[list[int]] = []
        self.done: list[int] = []

    async def consume(self, records: Sequence[Record]) -> None:
        self.attempts.append([record.offset for record in records])
        if len(self.attempts) % 3:
            raise ConnectionError("away")
        self.done += [record.offset for record in records]


async def test_batch_that_failed_comes_again_in_order(installation: Installation) -> None:
    transport, reader = installation.connect(), Unsteady()
    await transport.start(Subscription(GROUP, ("units",), reader.consume))
    try:
        for record in RECORDS:
            await transport.publish([record])
        await until(lambda: _dealt_with(reader, len(RECORDS)))
        assert reader.done == list(range(len(RECORDS)))
        assert len(reader.attempts) >= 3
    finally:
        await transport.stop()


async def test_position_stays_until_the_batch_is_dealt_with(installation: Installation) -> None:
    """What failed when the process ended is delivered to the next one."""
    transport = installation.connect()

    async def refuse(records: Sequence[Record]) -> None:
        tried.extend(records)
        raise ConnectionError("away")

    tried: list[Record] = []
    await transport.start(Subscription(GROUP, ("units",), refuse))
    await transport.publish(RECORDS)
    await until(lambda: _any(tried))
    await transport.stop()

    following, taken = installation.connect(), Unsteady()
    await following.start(Subscription(GROUP, ("units",), taken.consume))
    try:
        await until(lambda: _dealt_with(taken, len(RECORDS)))
        assert taken.done == list(range(len(RECORDS)))
        positions = await until(lambda: _without_lag(following))
        assert sum(position.position for position in positions) == len(RECORDS)
    finally:
        await following.stop()


async def _dealt_with(reader: Unsteady, count: int) -> bool:
    return len(reader.done) >= count


async def _any(records: list[Record]) -> bool:
    return bool(records)


async def _without_lag(transport):  # type: ignore[no-untyped-def]
    positions = await transport.positions(GROUP, ["units"])
    return positions if positions and not any(position.lag for position in positions) else None
