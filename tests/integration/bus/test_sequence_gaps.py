"""Numbered events take effect in the order of their numbers: lower is skipped, the next applied, a later one waits."""

from __future__ import annotations

import pytest

from shared.bus import dead_letters
from shared.bus.records import encode
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime
from tests.support.installations import Installation
from tests.support.ledger import applied
from tests.support.waiting import until
from tests.support.world import as_outgoing, facts_of, is_idle, letters, life_of

FIRST, SECOND, THIRD, FOURTH = facts_of(life_of("U-numbered"))
OTHER = facts_of(life_of("U-other"))


@pytest.mark.parametrize("early", [(THIRD, FOURTH), (FOURTH, THIRD)])
async def test_gap_waits_and_heals_when_the_missing_number_arrives(installation: Installation, early: tuple) -> None:  # type: ignore[type-arg]
    ledger = installation.ledger()
    async with ledger.running():
        await ledger.transport.publish(as_outgoing([FIRST, *early, *OTHER]))
        await until(lambda: _has(ledger, [1], [1, 2, 3, 4]))
        assert [(row.kind, row.code) for row in await letters(ledger)] == [("gap", "sequence-gap")] * 2
        await ledger.transport.publish(as_outgoing([SECOND]))
        await until(lambda: _has(ledger, [1, 2, 3, 4], [1, 2, 3, 4]))
        await until(lambda: is_idle(ledger))
        assert await letters(ledger) == []


async def test_lower_numbers_are_skipped(installation: Installation) -> None:
    ledger = installation.ledger()
    # Another identifier, so that the number alone says that this was applied already.
    again = FIRST._replace(envelope=FIRST.envelope._replace(id=OTHER[0].envelope.id))
    async with ledger.running():
        await ledger.transport.publish(as_outgoing([FIRST, SECOND, again, FIRST, THIRD]))
        await until(lambda: is_idle(ledger))
        assert await applied(ledger) == [("U-numbered", 1), ("U-numbered", 2), ("U-numbered", 3)]
        assert await letters(ledger, every=True) == []


async def test_number_given_up_counts_as_dealt_with_also_in_a_rebuild(installation: Installation) -> None:
    ledger = installation.ledger()
    async with ledger.running():
        garbled = encode(SECOND)._replace(value=b"{}")
        await ledger.transport.publish([*as_outgoing([FIRST]), garbled, *as_outgoing([THIRD, FOURTH])])
        await until(lambda: is_idle(ledger))
        failed, *parked = await letters(ledger)
        assert [row.kind for row in parked] == ["parked", "parked"]
        async with ledger.db.transaction() as session:
            await dead_letters.discard(session, failed, "lost for good")
        await until(lambda: _has(ledger, [1, 3, 4], []))
        await until(lambda: is_idle(ledger))
        before = await projection_hash(ledger)
    again = installation.ledger()
    try:
        await rebuild(again)
        assert [number for _, number in await applied(again)] == [1, 3, 4]
        assert before
        assert await letters(again) == []
    finally:
        await again.transport.stop()
        await again.db.close()


async def _has(ledger: Runtime, numbered: list[int], other: list[int]) -> bool:
    rows = await applied(ledger)
    return ([n for unit, n in rows if unit == "U-numbered"], [n for unit, n in rows if unit == "U-other"]) == (
        numbered,
        other,
    )
