"""A record that cannot take effect harms no neighbour, is kept whole, and comes back when its cause is mended."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.bus import dead_letters
from shared.bus.records import REDRIVE, Headers, Outgoing, Record, encode
from shared.bus.tables import DeadLetterRow
from shared.events import Message
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime
from tests.support.installations import OWN_WRITERS, Installation, read_topic
from tests.support.waiting import until
from tests.support.world import as_outgoing, history, is_idle, letters, life_of, reported
from tests.unit.registry.samples import STRANGER, registered, report

BEFORE, VACATED, IN_NOTICE, ASSIGNED = life_of("U-poisoned")
NEIGHBOUR = life_of("U-neighbour")
CORRECTED = reported(report("unit-corrected", date(2026, 1, 15), unit_id="U-poisoned"))
PLAIN = encode(VACATED)


def with_header(name: str, value: bytes | None) -> Headers:
    kept = tuple(header for header in PLAIN.headers if header[0] != name)
    return (*kept, (name, value))


POISON = {
    "undecodable-body": (PLAIN._replace(value=b"\xff\x00{"), "failed", "undecodable"),
    "no-body": (PLAIN._replace(value=b""), "failed", "undecodable"),
    "undecodable-header": (PLAIN._replace(headers=with_header("ce_source", b"\xff\xfe")), "failed", "undecodable"),
    "null-header": (PLAIN._replace(headers=with_header("ce_id", None)), "failed", "wrong-schema"),
    "unreadable-time": (PLAIN._replace(headers=with_header("ce_time", b"yesterday")), "failed", "wrong-schema"),
    "subject-no-index-takes": (
        PLAIN._replace(headers=with_header("ce_subject", b"U-\x00" + b"x" * 9000)),
        "failed",
        "wrong-schema",
    ),
    "wrong-schema": (PLAIN._replace(value=b'{"unit_id": "U-poisoned"}'), "failed", "wrong-schema"),
    "unknown-type": (
        PLAIN._replace(headers=with_header("ce_type", b"pianovivo.unit-levitated.v1")),
        "failed",
        "unknown-type",
    ),
    "wrong-topic": (
        PLAIN._replace(headers=with_header("ce_type", b"pianovivo.unit-changed.v1")),
        "failed",
        "wrong-topic",
    ),
    "other-key": (PLAIN._replace(headers=with_header("ce_partitionkey", b"oglio-po")), "failed", "wrong-schema"),
    "too-large": (PLAIN._replace(value=PLAIN.value[:-1] + b" " * 1_000_000 + b"}"), "failed", "too-large"),
    "unknown-unit": (
        encode(reported(report("unit-vacated", date(2026, 2, 1), unit_id="U-unheard-of"))),
        "refused",
        "unknown-unit",
    ),
    "forbidden-actor": (encode(reported(VACATED.event, STRANGER)), "refused", "forbidden-actor"),
    "illegal-transition": (
        encode(reported(report("works-completed", date(2026, 2, 1), unit_id="U-poisoned"))),
        "refused",
        "illegal-transition",
    ),
}


@pytest.mark.parametrize("name", POISON)
async def test_poison_is_set_aside_and_its_neighbours_are_applied(installation: Installation, name: str) -> None:
    poison, kind, code = POISON[name]
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([*as_outgoing([NEIGHBOUR[0], BEFORE]), poison, *as_outgoing(NEIGHBOUR[1:])])
        await until(lambda: _has(registry, {"U-neighbour": 4, "U-poisoned": 1}))
        [letter] = await until(lambda: letters(registry))
        [announced] = await until(lambda: read_topic(registry.transport, "owner-reports-dlq"))
        [original] = [r for r in await read_topic(registry.transport, "owner-reports") if r.value == poison.value]
    assert (letter.kind, letter.code, letter.attempts) == (kind, code, 1)
    assert dead_letters.record_of(letter) == original, "the letter keeps the record whole, with its place"
    assert (original.value, original.headers) == (poison.value, poison.headers)
    assert letter.detail
    _is_announcement_of(letter, original, announced)


def _is_announcement_of(letter: DeadLetterRow, original: Record, announced: Record) -> None:
    facts = dict(announced.headers)
    assert facts["pv-code"] == letter.code.encode()
    assert facts["pv-detail"] == letter.detail.encode()
    place = (facts["pv-consumer"], facts["pv-topic"], facts["pv-partition"], facts["pv-offset"], facts["pv-attempts"])
    assert place == (b"registry", b"owner-reports", b"%d" % original.partition, b"%d" % original.offset, b"1")
    if letter.code == "too-large":
        assert int(facts["pv-bytes"]) > 1_000_000
    else:
        assert announced.value == original.value
        assert announced.headers[: len(original.headers)] == original.headers


async def test_record_of_wrong_schema_holds_up_its_own_home_only(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await _send_with_garbled_correction(registry)
        await until(lambda: _has(registry, {"U-poisoned": 1, "U-neighbour": 4}))
        rows = await until(lambda: _letters(registry, 4))
        assert [(row.kind, row.code) for row in rows] == [
            ("failed", "wrong-schema"),
            *[("parked", "behind-dead-letter")] * 3,
        ]


async def test_discard_frees_what_waited_in_its_order(installation: Installation) -> None:
    """Vacated, in a notice, assigned: in any other order the registry would refuse them."""
    registry = installation.registry()
    async with registry.running():
        await _send_with_garbled_correction(registry)
        failed, *_ = await until(lambda: _letters(registry, 4))
        async with registry.db.transaction() as session:
            await dead_letters.discard(session, failed, "its owner says it was a mistake")
        await until(lambda: is_idle(registry))
        assert await history(registry) == {"U-poisoned": 4, "U-neighbour": 4}
        assert {row.offset: row.resolution for row in await letters(registry, every=True)} == {
            failed.offset: "discarded: its owner says it was a mistake",
            failed.offset + 1: "applied",
            failed.offset + 2: "applied",
            failed.offset + 3: "applied",
        }


async def test_refused_report_takes_effect_once_after_its_cause_is_mended(installation: Installation) -> None:
    registry = installation.registry()
    late = reported(registered(on=date(2026, 1, 1), unit_id="U-late"))
    report_of_it = reported(report("unit-vacated/ASSIGNABLE", date(2026, 2, 1), unit_id="U-late"))
    async with registry.running():
        await registry.transport.publish(as_outgoing([report_of_it]))
        [refused] = await until(lambda: letters(registry))
        await _redrive(registry, [refused.id])
        await until(lambda: _attempts(registry, 2))
        await registry.transport.publish(as_outgoing([late]))
        await until(lambda: _has(registry, {"U-late": 1}))
        await _redrive(registry, [refused.id, refused.id])
        await _redrive(registry, [refused.id])
        await until(lambda: _has(registry, {"U-late": 2}))
        await until(lambda: is_idle(registry))
        assert await history(registry) == {"U-late": 2}
        assert await letters(registry) == []
        before = await projection_hash(registry)
    again = installation.registry()
    await rebuild(again)  # all of it in one batch: the refusal, its mending and the record sent again
    assert await projection_hash(again) == before
    assert await letters(again) == []
    await again.transport.stop()
    await again.db.close()


async def test_parked_repeat_does_not_hold_up_its_home_for_ever(installation: Installation) -> None:
    """The same event waits twice: the second one has nothing left to do, and must not stay in the way."""
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([*as_outgoing([BEFORE]), _garbled(VACATED)])
        await registry.transport.publish(as_outgoing([VACATED, VACATED, IN_NOTICE]))
        failed, *_ = await until(lambda: _letters(registry, 4))
        async with registry.db.transaction() as session:
            await dead_letters.discard(session, failed, "a readable one follows")
        await until(lambda: _has(registry, {"U-poisoned": 3}))
        await until(lambda: _no_letters_but(registry, set()))
        await registry.transport.publish(as_outgoing([ASSIGNED]))
        await until(lambda: _has(registry, {"U-poisoned": 4}))


async def test_garbage_on_an_organisations_own_topic_holds_up_nobody_else(installation: Installation) -> None:
    registry = installation.registry(owner_topics=OWN_WRITERS[0])
    async with registry.running():
        await registry.transport.publish(as_outgoing([BEFORE]))
        await until(lambda: _has(registry, {"U-poisoned": 1}))
        await registry.transport.publish([_garbled(VACATED)._replace(topic=f"owner-reports.{OWN_WRITERS[0]}")])
        await until(lambda: letters(registry))
        await registry.transport.publish(as_outgoing([VACATED]))
        await until(lambda: _has(registry, {"U-poisoned": 2}))


@pytest.mark.parametrize("claim", [b"\xff", b"no-uuid", b"of-another-record"])
async def test_claim_to_be_a_redrive_is_believed_of_the_same_record_only(
    installation: Installation, claim: bytes
) -> None:
    registry = installation.registry()
    async with registry.running():
        await _send_with_garbled_correction(registry)
        failed, *_ = await until(lambda: _letters(registry, 4))
        value = str(failed.id).encode() if claim == b"of-another-record" else claim
        stranger = encode(reported(registered(on=date(2026, 1, 1), unit_id="U-stranger")))
        await registry.transport.publish([stranger._replace(headers=(*stranger.headers, (REDRIVE, value)))])
        await until(lambda: _has(registry, {"U-poisoned": 1, "U-neighbour": 4, "U-stranger": 1}))
        assert len(await letters(registry)) == 4


async def test_letters_given_up_stay_given_up_in_a_rebuild(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await _send_with_garbled_correction(registry)
        failed, *_ = await until(lambda: _letters(registry, 4))
        async with registry.db.transaction() as session:
            await dead_letters.discard(session, failed, "its owner says it was a mistake")
        await until(lambda: is_idle(registry))
        before = await projection_hash(registry)
    again = installation.registry()
    try:
        await rebuild(again)
        assert await projection_hash(again) == before
        assert await letters(again) == []
    finally:
        await again.transport.stop()
        await again.db.close()


def _garbled(message: Message) -> Outgoing:
    return encode(message)._replace(value=b'{"unit_id": 7}')


async def _send_with_garbled_correction(registry: Runtime) -> None:
    """Registered, a correction that cannot be read, and the rest of the life; around it a neighbour's."""
    around = as_outgoing([BEFORE, *NEIGHBOUR[:2]]), as_outgoing([VACATED, IN_NOTICE, ASSIGNED, *NEIGHBOUR[2:]])
    await registry.transport.publish([*around[0], _garbled(CORRECTED), *around[1]])


async def _redrive(registry: Runtime, ids: list[UUID]) -> None:
    async with registry.db.transaction() as session:
        rows = {row.id: row for row in (await session.execute(select(DeadLetterRow))).scalars()}
        dead_letters.redrive(session, [rows[letter_id] for letter_id in ids])


async def _has(registry: Runtime, counts: dict[str, int]) -> bool:
    return await history(registry) == counts


async def _letters(registry: Runtime, count: int) -> list[DeadLetterRow] | None:
    rows = await letters(registry)
    return rows if len(rows) == count else None


async def _no_letters_but(registry: Runtime, kinds: set[str]) -> bool:
    return {row.kind for row in await letters(registry)} <= kinds


async def _attempts(registry: Runtime, count: int) -> bool:
    return [row.attempts for row in await letters(registry)] == [count]
