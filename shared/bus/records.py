"""Records as they lie in a topic, on Kafka and in the local log, and their coding as CloudEvents 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

import orjson
from pydantic import ValidationError

from shared.events.base import NAMESPACE, Envelope, Event, Message
from shared.events.topics import base_name, organisation_of

Headers = tuple[tuple[str, bytes], ...]
JSON = b"application/json"
STRUCTURED = b"application/cloudevents+json"
REDRIVE = "pv-redrive"
"""Header of a record that an operator sent again; its value is the dead letter's number."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record read from a topic. `timestamp` is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be written."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class Malformed(Exception):
    """A record that can never be understood: which rule it breaks, where, and its subject if that could be read."""

    def __init__(self, code: str, detail: str, subject: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.subject = code, detail, subject


def encode(message: Message) -> Outgoing:
    """The message in CloudEvents' binary mode: attributes in `ce_` headers, the event as JSON body."""
    e = message.envelope
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(e.id).encode()),
        ("ce_source", e.source.encode()),
        ("ce_type", message.event.TYPE.encode()),
        ("ce_time", e.time.isoformat().encode()),
        ("ce_subject", e.subject.encode()),
        ("ce_partitionkey", e.ambito.encode()),
        ("ce_correlationid", str(e.correlation_id).encode()),
        ("content-type", JSON),
    ]
    optional = (
        ("ce_causationid", e.causation_id),
        ("ce_organisation", e.organisation),
        ("ce_sequence", e.sequence),
        ("traceparent", e.traceparent),
    )
    headers += [(name, str(value).encode()) for name, value in optional if value is not None]
    return Outgoing(message.event.TOPIC, e.ambito.encode(), message.event.write(), tuple(headers))


def decode(record: Record) -> Message:
    """Read binary or structured mode; raises `Malformed`.

    On a topic of one organisation's own the speaker is the topic's organisation, the time is the broker's, and the
    identifier is bound to the organisation, so that nobody can pass for another or use up another's identifiers.
    """
    try:
        attributes = {name: value.decode() for name, value in record.headers}
        body = record.value
        if attributes.get("content-type", "").startswith("application/cloudevents+json"):
            attributes, body = _unfold(attributes, body)
    except (UnicodeDecodeError, orjson.JSONDecodeError, TypeError, AttributeError, KeyError) as error:
        raise Malformed("undecodable", f"headers or envelope cannot be read: {error}") from None
    subject = attributes.get("ce_subject")
    if body is None:
        raise Malformed("undecodable", "the record has no body", subject)
    kind = attributes.get("ce_type", "")
    cls = Event.REGISTRY.get(kind)
    if cls is None:
        raise Malformed("unknown-type", f"ce_type {kind!r} is not a known event type", subject)
    if cls.TOPIC != base_name(record.topic):
        raise Malformed("wrong-topic", f"{kind} belongs on {cls.TOPIC}, not on {record.topic}", subject)
    envelope = _envelope(record, attributes)
    try:
        return Message(envelope, cls.read(body))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        code = "undecodable" if first["type"] == "json_invalid" else "wrong-schema"
        where = "/".join(str(part) for part in first["loc"])
        raise Malformed(code, f"{kind}: {where or 'body'}: {first['msg']}", envelope.subject) from None


def _unfold(attributes: Mapping[str, str], body: bytes | None) -> tuple[dict[str, str], bytes]:
    whole = orjson.loads(body or b"")
    unfolded = {f"ce_{name}": str(value) for name, value in whole.items() if name not in ("data", "traceparent")}
    for name in ("traceparent", REDRIVE):
        if value := whole.get(name) or attributes.get(name):
            unfolded[name] = value
    return unfolded, orjson.dumps(whole["data"])


def _envelope(record: Record, attributes: Mapping[str, str]) -> Envelope:
    owner = organisation_of(record.topic)
    get = attributes.get
    subject = get("ce_subject")
    try:
        if get("ce_specversion") != "1.0":
            raise ValueError(f"ce_specversion {get('ce_specversion')!r} is not 1.0")
        if not subject:
            raise ValueError("ce_subject is missing")
        key = (record.key or b"").decode()
        if key != get("ce_partitionkey", key) or not key:
            raise ValueError(f"key {key!r} is not ce_partitionkey {get('ce_partitionkey')!r}")
        raw = attributes["ce_id"]
        identifier = uuid5(NAMESPACE, f"{owner}/{raw}") if owner else UUID(raw)
        at = None if owner else get("ce_time")
        time = datetime.fromisoformat(at) if at else datetime.fromtimestamp(record.timestamp / 1000, UTC)
        if time.tzinfo is None:
            raise ValueError(f"ce_time {at!r} has no time zone")
        correlation, causation, sequence = get("ce_correlationid"), get("ce_causationid"), get("ce_sequence")
        return Envelope(
            identifier,
            attributes["ce_source"],
            time,
            subject,
            key,
            UUID(correlation) if correlation and not owner else identifier,
            UUID(causation) if causation else None,
            owner or get("ce_organisation"),
            int(sequence) if sequence else None,
            get("traceparent"),
        )
    except KeyError as error:
        raise Malformed("wrong-schema", f"header {error.args[0]} is missing", subject) from None
    except ValueError as error:
        raise Malformed("wrong-schema", f"envelope: {error}", subject) from None
