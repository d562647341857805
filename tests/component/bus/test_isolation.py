"""A batch that breaks is tried record by record, and only the culprit is set aside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from shared.bus.consumer import Consumer
from shared.bus.progress import Progress
from shared.db import StaleWriter
from shared.events import Message, UnitChanged
from shared.migrate import migrate
from tests.support.installations import Installation
from tests.support.ledger import HANDLERS, applied
from tests.support.world import as_records, facts_of, letters, life_of, owed

GOOD, BAD, BETTER = (facts_of(life_of(f"U-{name}"))[:2] for name in ("good", "bad", "better"))
MIXED = [GOOD[0], BAD[0], BETTER[0], GOOD[1], BAD[1], BETTER[1]]


def failing(error: Exception, times: int = 1000) -> Any:
    """The ledger's handlers with a fault for one unit, so many times."""
    left = [times]

    def on_unit_changed(message: Message, work: Any) -> None:
        if message.envelope.subject == "U-bad" and left[0]:
            left[0] -= 1
            raise error
        HANDLERS.on[UnitChanged](message, work)

    return replace(HANDLERS, on={UnitChanged: on_unit_changed})


@pytest.fixture
async def ledger(standalone: Installation) -> Any:
    made = standalone.ledger()
    await migrate(made.db, made.migrations)
    yield made
    await made.transport.stop()
    await made.db.close()


async def test_fault_of_one_record_spares_its_neighbours(ledger: Any) -> None:
    consumer = Consumer(ledger.name, ledger.db, failing(ZeroDivisionError("by zero \0")), Progress(ledger.name))
    async with asyncio.timeout(20):
        await consumer.consume(as_records(MIXED))
    assert await applied(ledger) == [("U-good", 1), ("U-better", 1), ("U-good", 2), ("U-better", 2)]
    assert [(row.kind, row.code) for row in await letters(ledger)] == [
        ("failed", "ZeroDivisionError"),
        ("parked", "behind-dead-letter"),
    ]


@pytest.mark.parametrize("error", [StaleWriter("late"), OperationalError("", {}, Exception()), TimeoutError()])
async def test_what_waiting_may_mend_is_no_dead_letter(ledger: Any, error: Exception) -> None:
    consumer = Consumer(ledger.name, ledger.db, failing(error, times=1), Progress(ledger.name))
    with pytest.raises(type(error)):
        await consumer.consume(as_records(MIXED))
    assert await applied(ledger) == []
    await consumer.consume(as_records(MIXED))
    assert len(await applied(ledger)) == len(MIXED)
    assert await letters(ledger, every=True) == []


async def test_batch_delivered_twice_is_applied_and_announced_once(ledger: Any) -> None:
    garbled = as_records(MIXED)[1]._replace(value=b"{}")
    records = [record if record.offset != 1 else garbled for record in as_records(MIXED)]
    for _ in range(3):
        await ledger.consumer.consume(records)
    assert len(await applied(ledger)) == 4
    assert [(row.kind, row.attempts) for row in await letters(ledger)] == [("failed", 1), ("parked", 1)]
    assert await owed(ledger) == 1


async def test_transaction_cancelled_while_it_commits_ends_whole(ledger: Any) -> None:
    """Half a commit would leave an error in the place of the cancellation, and a task that never ends."""
    task = asyncio.create_task(ledger.consumer.consume(as_records(MIXED)))
    loop = asyncio.get_running_loop()
    engine = ledger.db.engine.sync_engine

    def cancel(_: object) -> None:
        loop.call_soon(task.cancel)

    event.listen(engine, "commit", cancel)
    [ended] = await asyncio.gather(task, return_exceptions=True)
    event.remove(engine, "commit", cancel)
    assert isinstance(ended, asyncio.CancelledError)
    assert len(await applied(ledger)) == len(MIXED)
    await ledger.consumer.consume(as_records(MIXED))
    assert len(await applied(ledger)) == len(MIXED)
