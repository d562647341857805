"""Records as they lie in a topic, on Kafka and in the local log, and their coding as CloudEvents 1.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from pydantic import ValidationError

from shared.events.base import Envelope, Event, Message, derived, identifier
from shared.events.topics import base_name, organisation_of

Headers = tuple[tuple[str, bytes | None], ...]
JSON = b"application/json"
STRUCTURED = "application/cloudevents+json"
REDRIVE = "pv-redrive"
"""Header of a record that an operator sent again; its value is the dead letter's number."""
_READ = frozenset(
    {
        *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_partitionkey"),
        *("ce_correlationid", "ce_causationid", "ce_organisation", "ce_sequence", "content-type", "traceparent"),
    }
)
BYTES = "latin-1"
"""Any bytes as text, each one character."""
LARGEST = 1_000_000
"""Bytes of a record we write or read: with a dead letter's reasons it still fits into Kafka's usual limit of 1 MiB."""


class Record(NamedTuple):
    """One record read from a topic. `timestamp` is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outgoing(NamedTuple):
    """One record to be written."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class Malformed(Exception):
    """A record that can never be understood: which rule it breaks, where, and what could still be read of it."""

    subject: str | None = None
    sequence: int | None = None

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def size_of(record: Record | Outgoing) -> int:
    """Bytes of key, body and headers."""
    headers = [len(name) + len(value or b"") for name, value in record.headers]
    return len(record.key or b"") + len(record.value or b"") + sum(headers)


def encode(message: Message) -> Outgoing:
    """The message in CloudEvents' binary mode: attributes in `ce_` headers, the event as JSON body."""
    return unpack(pack([message]))[0]


def pack(records: Sequence[Message | Outgoing]) -> bytes:
    """Encoded messages and raw records as one block: a line of JSON that tells of each, then all bodies."""
    lines, bodies = [], []
    for record in records:
        if isinstance(record, Message):
            topic, key, body = record.event.TOPIC, _wire(record.envelope.ambito), record.body or record.event.write()
            headers: Sequence[object] = _attributes(record)
        else:
            topic, key, body, headers = record.topic, record.key.decode(BYTES), record.value, _flat(record.headers)
        lines.append((topic, key, len(body), headers))
        bodies.append(body)
    return orjson.dumps(lines, default=str) + b"\n" + b"".join(bodies)  # default: the driver's own UUIDs


def unpack(block: bytes) -> list[Outgoing]:
    at = block.index(b"\n") + 1
    records = []
    for topic, key, size, headers in orjson.loads(block[:at]):
        records.append(Outgoing(topic, key.encode(BYTES), block[at : at + size], _paired(headers)))
        at += size
    return records


def _attributes(message: Message) -> list[object]:
    e = message.envelope
    headers: list[object] = ["ce_specversion", "1.0", "ce_id", e.id, "ce_source", _wire(e.source)]
    headers += "ce_type", message.event.TYPE, "ce_time", e.time, "ce_subject", _wire(e.subject)
    headers += "ce_partitionkey", _wire(e.ambito), "ce_correlationid", e.correlation_id
    headers += "content-type", "application/json"
    if e.causation_id is not None:
        headers += "ce_causationid", e.causation_id
    if e.organisation is not None:
        headers += "ce_organisation", _wire(e.organisation)
    if e.sequence is not None:
        headers += "ce_sequence", str(e.sequence)
    if e.traceparent is not None:
        headers += "traceparent", _wire(e.traceparent)
    return headers


def dump_headers(headers: Headers) -> bytes:
    """Names and values in turn: a name may be there twice, a value may be any bytes or none."""
    return orjson.dumps(_flat(headers))


def load_headers(raw: bytes) -> Headers:
    return _paired(orjson.loads(raw))


def _flat(headers: Headers) -> list[str | None]:
    texts: list[str | None] = []
    for name, value in headers:
        texts += name, None if value is None else value.decode(BYTES)
    return texts


def _paired(texts: Sequence[str | None]) -> Headers:
    values = [None if text is None else text.encode(BYTES) for text in texts[1::2]]
    return tuple(zip(texts[::2], values, strict=True))  # type: ignore[arg-type]


def _wire(text: str) -> str:
    """The text's bytes, each as one character."""
    return text if text.isascii() else text.encode().decode(BYTES)


def decode(record: Record) -> Message:
    """Read binary or structured mode; raises `Malformed`.

    On a topic of one organisation's own the speaker is the topic's organisation, the time is the broker's, and the
    identifier is bound to the organisation, so that nobody can pass for another or use up another's identifiers.
    """
    body = record.value
    try:
        # Other headers are none of our business: tracing agents write binary ones.
        attributes = {name: (value or b"").decode() for name, value in record.headers if name in _READ}
        if _may_be_large(record, attributes) and size_of(record) > LARGEST:
            raise Malformed("too-large", f"the record has {size_of(record)} bytes, at most {LARGEST} are read")
        if attributes.get("content-type", "").startswith(STRUCTURED):
            attributes, body = _unfold(attributes, body)
    except (UnicodeDecodeError, orjson.JSONDecodeError, TypeError, AttributeError, KeyError) as error:
        raise Malformed("undecodable", f"headers or envelope cannot be read: {error}") from None
    try:
        return _message(record, attributes, body)
    except Malformed as failure:
        failure.subject, failure.sequence = _subject(attributes), _sequence(attributes)
        raise


def _may_be_large(record: Record, attributes: Mapping[str, str]) -> bool:
    """Counting every byte takes as long as reading them; a character has at most four."""
    has_others = len(attributes) < len(record.headers)
    return has_others or len(record.value or b"") + 4 * sum(map(len, attributes.values())) > LARGEST


def _message(record: Record, attributes: Mapping[str, str], body: bytes | None) -> Message:
    if body is None:
        raise Malformed("undecodable", "the record has no body")
    kind = attributes.get("ce_type", "")
    cls = Event.REGISTRY.get(kind)
    if cls is None:
        raise Malformed("unknown-type", f"ce_type {kind!r} is not a known event type")
    if base_name(record.topic) != cls.TOPIC:
        raise Malformed("wrong-topic", f"{kind} belongs on {cls.TOPIC}, not on {record.topic}")
    envelope = _envelope(record, attributes)
    try:
        return Message(envelope, cls.read(body))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        code = "undecodable" if first["type"] == "json_invalid" else "wrong-schema"
        where = "/".join(str(part) for part in first["loc"])
        raise Malformed(code, f"{kind}: {where or 'body'}: {first['msg']}") from None


def _subject(attributes: Mapping[str, str]) -> str | None:
    """What the record is about, if it is fit to be kept in an index."""
    subject = attributes.get("ce_subject", "")
    return subject if 0 < len(subject) <= 200 and subject.isprintable() else None


def _sequence(attributes: Mapping[str, str]) -> int | None:
    number = attributes.get("ce_sequence", "")
    return int(number) if number.isdecimal() and len(number) < 19 else None


def _unfold(attributes: Mapping[str, str], body: bytes | None) -> tuple[dict[str, str], bytes]:
    whole = orjson.loads(body or b"")
    stated = {name: str(value) for name, value in whole.items() if name != "data" and value is not None}
    unfolded = {f"ce_{name}": value for name, value in stated.items()}
    if traceparent := stated.get("traceparent") or attributes.get("traceparent"):
        unfolded["traceparent"] = traceparent
    return unfolded, orjson.dumps(whole["data"])


def _envelope(record: Record, attributes: Mapping[str, str]) -> Envelope:
    owner = organisation_of(record.topic)
    get = attributes.get
    subject, sequence = _subject(attributes), None
    try:
        if get("ce_specversion") != "1.0":
            raise ValueError(f"ce_specversion {get('ce_specversion')!r} is not 1.0")
        if not subject:
            raise ValueError("ce_subject is missing, longer than 200 characters or not printable")
        key = (record.key or b"").decode()
        if key != get("ce_partitionkey", key) or not key:
            raise ValueError(f"key {key!r} is not ce_partitionkey {get('ce_partitionkey')!r}")
        raw = attributes["ce_id"]
        event_id = derived(f"{owner}/{raw}") if owner else identifier(raw)
        at = None if owner else get("ce_time")
        time = datetime.fromisoformat(at) if at else datetime.fromtimestamp(record.timestamp / 1000, UTC)
        if time.tzinfo is None:
            raise ValueError(f"ce_time {at!r} has no time zone")
        correlation, causation = get("ce_correlationid"), get("ce_causationid")
        if "ce_sequence" in attributes and not (sequence := _sequence(attributes)):
            raise ValueError(f"ce_sequence {get('ce_sequence')!r} is not a positive number")
        return Envelope(
            event_id,
            attributes["ce_source"],
            time,
            subject,
            key,
            identifier(correlation) if correlation and correlation != raw and not owner else event_id,
            identifier(causation) if causation else None,
            owner or get("ce_organisation"),
            sequence,
            get("traceparent"),
        )
    except KeyError as error:
        raise Malformed("wrong-schema", f"header {error.args[0]} is missing") from None
    except (ValueError, OverflowError, OSError) as error:  # all of which dates can raise
        raise Malformed("wrong-schema", f"envelope: {error}") from None
