"""Committed schemas and golden records: up to date, readable for ever, and right by an independent validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.bus.records import Malformed, Record, decode, encode
from shared.events.contracts import COMMAND, GOLDEN, SCHEMAS, contracts, golden_of, record_of, schema_of, stale
from shared.events.contracts.examples import example_message
from tests.contract.judges import judged

RECORDS = sorted(GOLDEN.glob("*.json"))


def golden(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def says_at_least(now: object, was: object) -> bool:
    """Whether everything that was said is still said; optional fields that came later may be said besides."""
    if isinstance(now, dict) and isinstance(was, dict):
        return all(name in now and says_at_least(now[name], value) for name, value in was.items())
    if isinstance(now, list) and isinstance(was, list):
        return len(now) == len(was) and all(map(says_at_least, now, was))
    return now == was


def test_committed_contracts_are_what_the_classes_say() -> None:
    assert [path.name for path in stale()] == [], f"run `{COMMAND}` and commit what it writes"


def test_every_event_version_has_a_schema_and_a_golden_record() -> None:
    versions = {cls.TYPE.removeprefix("pianovivo.") for cls in contracts()}
    assert {path.stem for path in SCHEMAS.glob("*.json")} == versions
    assert {path.stem.rpartition(".")[0] for path in RECORDS} == versions


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_once_released_is_read_and_keeps_its_meaning(path: Path) -> None:
    was = golden(path)
    message = decode(record_of(was))
    out = encode(message)
    now = {"headers": {name: (value or b"").decode() for name, value in out.headers}, "body": json.loads(out.value)}
    assert says_at_least(now, {"headers": was["headers"], "body": was["body"]})
    assert (out.topic, out.key.decode()) == (was["topic"], was["key"])
    assert decode(Record(out.topic, 0, 0, 0, out.key, out.value, out.headers)) == message


def test_golden_files_hold_the_bytes_that_are_written_to_kafka() -> None:
    for cls in contracts():
        out = encode(example_message(cls))
        record = record_of(golden_of(cls))
        assert (record.topic, record.key, record.value, record.headers) == (out.topic, out.key, out.value, out.headers)


def test_a_renamed_field_would_make_a_golden_record_unreadable() -> None:
    was = golden(GOLDEN / "unit-vacated.v1.1.json")
    was["body"]["dwelling_id"] = was["body"].pop("unit_id")
    with pytest.raises(Malformed, match="unit_id"):
        decode(record_of(was))


def test_an_independent_validator_accepts_every_golden_body_and_refuses_spoilt_ones() -> None:
    pairs = [{"schema": schema_of(cls), "body": golden_of(cls)["body"]} for cls in contracts()]
    unknown = [pair | {"body": pair["body"] | {"colour": "green"}} for pair in pairs]
    bare = [pair | {"body": {}} for pair in pairs]
    sale = next(pair for pair in pairs if "notice-published" in pair["schema"]["$id"])
    spoilt = [sale | {"body": sale["body"] | {"works_cost": cost}} for cost in ("six thousand", "6500.001", -1)]
    verdicts = judged("schemas.mjs", pairs + unknown + bare + spoilt)
    n = len(pairs)
    assert verdicts[:n] == [None] * n
    assert all("must NOT have additional properties" in verdict for verdict in verdicts[n : 2 * n])
    assert all("must have required property" in verdict for verdict in verdicts[2 * n : 3 * n])
    assert all("works_cost" in verdict for verdict in verdicts[3 * n :])
