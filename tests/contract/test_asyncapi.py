"""The AsyncAPI document: valid for an independent parser, and true to topics, dead letters and retention."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.bus.dead_letters import announcements, letter
from shared.bus.records import Record
from shared.events.contracts import ASYNCAPI
from shared.events.contracts.asyncapi import DEAD_LETTER_HEADERS, ENVELOPE
from shared.events.topics import every_topic
from tests.contract.judges import judged


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(ASYNCAPI.read_text("utf-8"))
    return content


def test_an_independent_parser_finds_nothing_wrong_but_what_was_spoilt(document: dict[str, Any]) -> None:
    wrong_example, wrong_channel = copy.deepcopy(document), copy.deepcopy(document)
    example = wrong_example["components"]["messages"]["unit-vacated"]["examples"][0]
    example["payload"]["outcome"] = "PERFECT"
    example["headers"]["ce_type"] = "pianovivo.unit-sold.v1"
    del wrong_channel["channels"]["units"]
    good, bad_example, bad_channel = judged("asyncapi.mjs", [document, wrong_example, wrong_channel])
    assert good["problems"] == []
    assert sorted(good["channels"]) == sorted(topic.name for topic in every_topic(("{organisation}",)))
    assert sorted(good["operations"]) == sorted(document["operations"])
    headers, payload = bad_example["problems"]
    assert headers == "unit-vacated headers: data/ce_type must be equal to constant"
    assert payload.startswith("unit-vacated payload: data/outcome must be equal to one of the allowed values")
    assert any("units" in problem for problem in bad_channel["problems"])


def test_channels_tell_partitions_and_retention(document: dict[str, Any]) -> None:
    told = {channel["address"]: channel["bindings"]["kafka"] for channel in document["channels"].values()}
    year_ms = 31_536_000_000  # 365 * 24 * 3600 * 1000
    for name, retention in {"owner-reports": -1, "units": -1, "notices": year_ms, "plans-dlq": year_ms}.items():
        assert told[name]["topicConfiguration"]["retention.ms"] == retention
    for topic in every_topic(("{organisation}",)):
        assert told[topic.name]["partitions"] == topic.partitions


def test_headers_of_dead_letters_are_those_that_are_written() -> None:
    record = Record("units", 3, 7, 1_772_443_800_000, b"cremonese", b"{", (("ce_subject", b"CR-000123"),))
    row = letter("planner", record, "CR-000123", "failed", "undecodable", "not JSON")
    (announced,) = announcements([row])
    written = {name for name, _ in announced.headers} - {"ce_subject"}
    assert written == set(DEAD_LETTER_HEADERS["properties"])


def test_every_example_has_only_described_headers(document: dict[str, Any]) -> None:
    for message in document["components"]["messages"].values():
        for example in message.get("examples", ()):
            assert example["headers"].keys() <= ENVELOPE["properties"].keys()
            assert UUID(example["headers"]["ce_id"]).version == 5
            assert datetime.fromisoformat(example["headers"]["ce_time"]).tzinfo == UTC
