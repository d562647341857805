"""What is written is read back the same; whatever else is read is understood or refused, and never anything else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.records import Malformed, Outgoing, Record, decode, dump_headers, load_headers, pack, unpack
from tests.support.world import as_records, facts_of, life_of, synthetic_reports

PLAIN = as_records(life_of("U-1")[1:2])[0]
KNOWN = [name for name, _ in PLAIN.headers] + ["ce_sequence", "ce_causationid", "traceparent", "pv-redrive"]
VALUES = st.none() | st.binary(max_size=60) | st.text(max_size=60).map(str.encode)
HEADERS = st.dictionaries(st.sampled_from(KNOWN), VALUES, max_size=5)


def test_messages_survive_the_wire() -> None:
    messages = [*synthetic_reports(20), *facts_of(synthetic_reports(20))]
    assert [decode(record) for record in as_records(messages)] == [message._replace(body=None) for message in messages]


def test_a_body_written_around_homes_is_what_the_event_would_write() -> None:
    facts = facts_of(synthetic_reports(200))
    assert {fact.event.NAME for fact in facts if fact.body} == {"unit-changed"}
    assert [fact.body or fact.event.write() for fact in facts] == [fact.event.write() for fact in facts]


@given(HEADERS, st.none() | st.binary(max_size=200), st.integers(-1, 2**63 - 1), st.booleans())
def test_any_record_is_understood_or_refused(
    headers: dict[str, bytes | None], body: bytes | None, timestamp: int, own: bool
) -> None:
    topic = "owner-reports.aler-bcm" if own else "owner-reports"
    written = tuple((dict(PLAIN.headers) | headers).items())
    for value in (body, PLAIN.value):
        with contextlib.suppress(Malformed):
            decode(Record(topic, 0, 0, timestamp, PLAIN.key, value, written))


@given(st.lists(st.tuples(st.text(max_size=20), VALUES)))
def test_headers_are_kept_to_the_byte(headers: list[tuple[str, bytes | None]]) -> None:
    with contextlib.suppress(UnicodeEncodeError, TypeError):  # no header has a name that UTF-8 cannot say
        assert load_headers(dump_headers(tuple(headers))) == tuple(headers)


@given(st.lists(st.builds(Outgoing, st.text(max_size=9), st.binary(), st.binary(), st.just(PLAIN.headers)), max_size=9))
def test_what_is_packed_is_unpacked(records: list[Outgoing]) -> None:
    with contextlib.suppress(TypeError):  # no topic has a name that UTF-8 cannot say
        assert unpack(pack(records)) == records


def test_own_topic_says_who_when_and_which() -> None:
    """The organisation, the broker's time and an identifier of its own space: none from the record."""
    pretended = tuple((dict(PLAIN.headers) | {"ce_organisation": b"comune-019035", "ce_time": b"1999-01-01"}).items())
    own = [
        decode(Record(f"owner-reports.{name}", 0, 0, 1_780_000_000_000, PLAIN.key, PLAIN.value, pretended)).envelope
        for name in ("aler-bcm", "comune-019036")
    ]
    assert [envelope.organisation for envelope in own] == ["aler-bcm", "comune-019036"]
    # 1,780,000,000 s since 1970: 28 May 2026, 20:26:40 UTC.
    assert {envelope.time for envelope in own} == {datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)}
    assert len({envelope.id for envelope in own} | {UUID(dict(PLAIN.headers)["ce_id"].decode())}) == 3  # type: ignore[union-attr]


def test_number_of_a_garbled_record_is_still_known() -> None:
    record = as_records(facts_of(life_of("U-1")))[2]
    with pytest.raises(Malformed) as refused:
        decode(Record(record.topic, 0, 0, 0, record.key, b"{}", record.headers))
    failure = refused.value
    assert (failure.code, failure.subject, failure.sequence) == ("wrong-schema", "U-1", 3)
