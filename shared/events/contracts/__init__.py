"""The contracts as committed files: a schema and golden records for each event version, and one AsyncAPI document.

`python -m shared.events.contracts` writes them from the classes; it refuses what old readers or writers would stumble
over. A golden record, once committed, is never rewritten: a changed example becomes one more edition of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shared.events
from shared.bus.records import Record, encode
from shared.events.base import Event
from shared.events.contracts.asyncapi import document
from shared.events.contracts.compatibility import breaks
from shared.events.contracts.examples import AT, example_message
from shared.events.contracts.json_schema import schema_of, stem

HERE = Path(shared.events.__file__).parent
SCHEMAS, GOLDEN = HERE / "schemas", HERE / "golden"
ASYNCAPI = HERE.parents[1] / "docs" / "asyncapi.json"
COMMAND = "python -m shared.events.contracts"


def contracts() -> list[type[Event]]:
    """Every event version of this package; classes that a test registers are none."""
    found = (cls for _, cls in sorted(Event.REGISTRY.items()))
    return [cls for cls in found if cls.__module__.startswith("shared.events.")]


def golden_of(cls: type[Event]) -> dict[str, Any]:
    """The example as it lies on Kafka; the compact form of `body` has exactly the bytes of the record's value."""
    out = encode(example_message(cls))
    headers = {name: (value or b"").decode() for name, value in out.headers}
    return {"topic": out.topic, "key": out.key.decode(), "headers": headers, "body": json.loads(out.value)}


def record_of(golden: Mapping[str, Any]) -> Record:
    """The Kafka record that a golden file describes."""
    value = json.dumps(golden["body"], ensure_ascii=False, separators=(",", ":")).encode()
    headers = tuple((name, text.encode()) for name, text in golden["headers"].items())
    milliseconds = int(AT.timestamp() * 1000)
    return Record(golden["topic"], 0, 0, milliseconds, golden["key"].encode(), value, headers)


def broken_promises() -> list[str]:
    """What is incompatible with the committed schemas, one sentence each."""
    current = {stem(cls): cls for cls in contracts()}
    said = []
    for path in sorted(SCHEMAS.glob("*.json")):
        if path.stem not in current:
            said.append(f"{path.stem}: the event is gone, but its records stay in the topic: keep its class")
            continue
        found = breaks(json.loads(path.read_text("utf-8")), schema_of(current[path.stem]))
        said += [f"{path.stem}: {sentence}. Write the next version beside it, and an upcaster" for sentence in found]
    return said


def files() -> dict[Path, str]:
    """Every generated file as it must be now."""
    wanted = {}
    for cls in contracts():
        wanted[SCHEMAS / f"{stem(cls)}.json"] = _pretty(schema_of(cls))
        wanted[_golden_path(cls)] = _pretty(golden_of(cls))
    wanted[ASYNCAPI] = _pretty(document(contracts(), {cls.TYPE: golden_of(cls) for cls in contracts()}))
    return wanted


def stale() -> Iterator[Path]:
    """Generated files that are missing or differ from what the classes say."""
    for path, text in files().items():
        if not path.is_file() or path.read_text("utf-8") != text:
            yield path


def _golden_path(cls: type[Event]) -> Path:
    """The edition that already says the same, or else the first that is free."""
    text, edition = _pretty(golden_of(cls)), 1
    while (path := GOLDEN / f"{stem(cls)}.{edition}.json").is_file() and path.read_text("utf-8") != text:
        edition += 1
    return path


def _pretty(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
