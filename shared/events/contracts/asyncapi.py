"""The AsyncAPI 3.0 document: topics as channels, who writes and reads them, messages with headers and examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events.base import Event
from shared.events.contracts.json_schema import ContractSchema
from shared.events.topics import DEAD_LETTERS, Topic, declared

Json = dict[str, Any]
DAY_MS = 86_400_000
DEAD_LETTER = "dead-letter"
ANY_ORGANISATION = "{organisation}"

_UUID = {"type": "string", "format": "uuid"}
ENVELOPE: Json = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode, and our extensions. Structured mode is accepted too.",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": _UUID | {"description": "The same identifier never takes effect twice"},
        "ce_source": {"type": "string", "minLength": 1, "description": "Who wrote: urn:pianovivo:<service>"},
        "ce_type": {"type": "string", "pattern": r"^pianovivo\.[a-z-]+\.v[0-9]+$"},
        "ce_time": {"type": "string", "format": "date-time", "description": "Absent: the broker's time"},
        "ce_subject": {"type": "string", "minLength": 1, "description": "The home, case, submission, plan or notice"},
        "ce_partitionkey": {"type": "string", "description": "The ambito's code, as in the record's key"},
        "ce_correlationid": _UUID | {"description": "The event at the beginning of the chain of causes"},
        "ce_causationid": _UUID | {"description": "The event that caused this one"},
        "ce_organisation": {"type": "string", "description": "Who claims; on an own topic the topic says it"},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "Gapless number of the subject"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
        "content-type": {"type": "string", "const": "application/json"},
    },
}
DEAD_LETTER_HEADERS: Json = {
    "type": "object",
    "description": "The original record's headers, and why, where and how often it failed.",
    "required": ["pv-consumer", "pv-kind", "pv-code", "pv-detail", "pv-topic", "pv-partition", "pv-offset"],
    "properties": {
        "pv-consumer": {"type": "string", "description": "The service that set it aside"},
        "pv-kind": {"type": "string", "enum": ["failed", "refused"]},
        "pv-code": {"type": "string", "description": "Stable code of the rule or error"},
        "pv-detail": {"type": "string"},
        "pv-topic": {"type": "string"},
        "pv-partition": {"type": "string"},
        "pv-offset": {"type": "string"},
        "pv-attempts": {"type": "string"},
    },
}


def document(events: Sequence[type[Event]], golden: Mapping[str, Json]) -> Json:
    """The whole document; `golden` has each event's example by type."""
    _, definitions = models_json_schema(
        [(cls, "validation") for cls in events],
        ref_template="#/components/schemas/{model}",
        schema_generator=ContractSchema,
    )
    channels = dict(_channels(events))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Piano Vivo",
            "version": "1.0.0",
            "description": "Events that keep the three-year housing plan of an ambito true every day. Within a version "
            "only optional fields are added; readers ignore what they do not know. The key of every record is the "
            "ambito's code, so everything about one plan stays in one order.",
            "license": {"name": "EUPL-1.2", "url": "https://interoperable-europe.ec.europa.eu/collection/eupl"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "Apache Kafka of the installation",
                "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "host:port of a broker"}},
            }
        },
        "channels": channels,
        "operations": dict(_operations(channels)),
        "components": {
            "schemas": dict(sorted(definitions["$defs"].items())) | {"Envelope": ENVELOPE},
            "messages": {cls.name(): _message(cls, golden[cls.TYPE]) for cls in events} | {DEAD_LETTER: _dead_letter()},
        },
    }


def _channels(events: Sequence[type[Event]]) -> Iterator[tuple[str, Json]]:
    for topic in declared().values():
        names = [cls.name() for cls in events if topic.name == cls.TOPIC]
        yield topic.name, _channel(topic, names, f"Written by {_each(topic.writers)}, read by {_each(topic.readers)}.")
        if topic.own_writers:
            own = _channel(topic.of(ANY_ORGANISATION), names, "One organisation's own: nobody else may write it.")
            parameters = {"organisation": {"description": "The organisation's code; it is taken for the speaker"}}
            yield f"{topic.name}-own", own | {"parameters": parameters}
        if topic.readers:
            about = f"What could not take effect of {topic.name}: the original bytes and headers, and why."
            yield topic.name + DEAD_LETTERS, _channel(topic.dead_letters(), [DEAD_LETTER], about)


def _channel(topic: Topic, messages: Sequence[str], description: str) -> Json:
    retention = -1 if topic.retention_days is None else topic.retention_days * DAY_MS
    return {
        "address": topic.name,
        "description": description,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": retention},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(channels: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for topic in declared().values():
        for writer in topic.writers:
            yield _operation(writer, "send", topic.name, channels)
        for reader in topic.readers:
            yield _operation(reader, "receive", topic.name, channels)
            yield _operation(reader, "send", topic.name + DEAD_LETTERS, channels)
            if topic.own_writers:
                yield _operation(reader, "receive", f"{topic.name}-own", channels)
        if topic.own_writers:
            yield _operation("organisation", "send", f"{topic.name}-own", channels)


def _operation(who: str, action: str, channel: str, channels: Mapping[str, Json]) -> tuple[str, Json]:
    operation: Json = {
        "action": action,
        "title": f"{who} {action}s {channel}",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in channels[channel]["messages"]],
        "tags": [{"name": who}],
    }
    if action == "receive":
        group = {"type": "string", "const": who}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
    return f"{who}-{action}s-{channel}", operation


def _message(cls: type[Event], golden: Json) -> Json:
    kind = {"type": "object", "properties": {"ce_type": {"type": "string", "const": cls.TYPE}}}
    return {
        "name": cls.TYPE,
        "title": cls.__name__,
        "summary": (cls.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, kind]},
        "payload": {"$ref": f"#/components/schemas/{cls.__name__}"},
        "examples": [{"name": cls.name(), "headers": golden["headers"], "payload": golden["body"]}],
        "bindings": _key(),
    }


def _dead_letter() -> Json:
    return {
        "name": DEAD_LETTER,
        "title": "DeadLetter",
        "summary": "A record set aside: its bytes as they were, readable or not.",
        "contentType": "application/octet-stream",
        "headers": DEAD_LETTER_HEADERS,
        "bindings": _key(),
    }


def _key() -> Json:
    key = {"type": "string", "description": "The ambito's code"}
    return {"kafka": {"key": key, "bindingVersion": "0.5.0"}}


def _each(names: Sequence[str]) -> str:
    return ", ".join(names) or "audits only"
