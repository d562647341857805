"""`pianovivo dlq`: a record that was set aside is seen whole, sent again with one effect, or given up for good."""

from __future__ import annotations

from datetime import date

from shared.bus.records import encode
from shared.runtime import Runtime
from tests.support.installations import Installation
from tests.support.operator import pianovivo, told
from tests.support.waiting import until
from tests.support.world import as_outgoing, history, is_idle, letters, life_of, reported
from tests.unit.registry.samples import report

REGISTERED, VACATED, IN_NOTICE, ASSIGNED = life_of("U-operated")
GARBLED = encode(reported(report("unit-corrected", date(2026, 1, 15), unit_id="U-operated")))._replace(value=b"\xff\0{")


async def test_letter_is_listed_and_shown_with_its_bytes_and_provenance(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([*as_outgoing([REGISTERED]), GARBLED])
        [letter] = await until(lambda: letters(registry))
        [line] = [
            one for one in (await told(installation.environment, "dlq", "list")).splitlines() if "registry" in one
        ]
        shown = await told(installation.environment, "dlq", "show", line.split()[0])
    assert line.split()[:6] == [
        *(str(letter.id)[:8], "registry", "failed", "undecodable", "U-operated"),
        f"owner-reports/{letter.partition}@{letter.offset}",
    ]
    facts = [tuple(one.split(maxsplit=1)) for one in shown.splitlines()]
    assert {("id", str(letter.id)), ("code", "undecodable"), ("attempts", "1"), ("state", "open")} <= set(facts)
    assert {("topic", "owner-reports"), ("offset", str(letter.offset)), ("detail", letter.detail)} <= set(facts)
    assert ("body", repr(b"\xff\0{")) in facts
    assert [told for name, told in facts if name == "header"] == [
        f"{name}: {value!r}" for name, value in GARBLED.headers
    ]


async def test_record_redriven_once_and_twice_has_one_effect(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish(as_outgoing([VACATED]))  # of a home nobody has registered
        [refused] = await until(lambda: letters(registry))
        await registry.transport.publish(as_outgoing([REGISTERED]))
        await until(lambda: _reports(registry, 1))
        for _ in range(2):  # the second comes before or after the first has taken effect
            await pianovivo(installation.environment, "dlq", "redrive", str(refused.id))
        await until(lambda: _reports(registry, 2))
        await until(lambda: is_idle(registry))
        assert await history(registry) == {"U-operated": 2}
        assert await told(installation.environment, "dlq", "list") == "no dead letters\n"
        answer = await pianovivo(installation.environment, "dlq", "redrive", str(refused.id)[:8])
        assert answer.refusal.startswith(f"letter {refused.id} is closed (applied, ")
        assert await told(installation.environment, "dlq", "redrive", "--all") == (
            "nothing to send again: no letter is failed or refused\n"
        )


async def test_record_that_is_still_bad_stays_one_letter(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([*as_outgoing([REGISTERED]), GARBLED])
        await until(lambda: letters(registry))
        out = await told(installation.environment, "dlq", "redrive", "--all")
        assert out.startswith("sent again: ")
        await until(lambda: _attempts(registry, [2]))


async def test_letter_given_up_frees_what_waited_and_keeps_the_reason(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish(
            [*as_outgoing([REGISTERED]), GARBLED, *as_outgoing([VACATED, IN_NOTICE, ASSIGNED])]
        )
        failed, *waiting = await until(lambda: _letters(registry, 4))
        assert [row.kind for row in waiting] == ["parked"] * 3
        blank = await pianovivo(installation.environment, "dlq", "discard", str(failed.id), "--reason", " ")
        assert (blank.status, len(await letters(registry))) == (2, 4)
        await told(installation.environment, "dlq", "discard", str(failed.id), "--reason", "its owner erred")
        await until(lambda: _reports(registry, 4))
        shown = await told(installation.environment, "dlq", "show", str(failed.id))
        assert "state  discarded: its owner erred, " in shown
        again = await pianovivo(installation.environment, "dlq", "discard", str(failed.id), "--reason", "once more")
        assert again.refusal.startswith(f"letter {failed.id} is closed (discarded: its owner erred, ")


async def test_unknown_letter_is_refused(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([*as_outgoing([REGISTERED]), GARBLED])
        await until(lambda: letters(registry))
        for command, name in {"show": "no-identifier", "redrive": "", "discard": "00000000-0000-0000"}.items():
            reason = ("--reason", "gone") if command == "discard" else ()
            answer = await pianovivo(installation.environment, "dlq", command, name, *reason)
            assert answer.refusal == f"no letter begins with {name!r}: take an identifier from `pianovivo dlq list`"
        assert [row.attempts for row in await letters(registry)] == [1]


async def _reports(registry: Runtime, count: int) -> bool:
    return (await history(registry)).total() == count


async def _letters(registry: Runtime, count: int) -> object:
    rows = await letters(registry)
    return rows if len(rows) == count else None


async def _attempts(registry: Runtime, counts: list[int]) -> bool:
    return [row.attempts for row in await letters(registry)] == counts
