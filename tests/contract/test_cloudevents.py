"""npm's `cloudevents` reads the records we write, and we read the structured records it writes."""

from __future__ import annotations

import json
from datetime import datetime

from shared.bus.records import Record, decode
from shared.events.contracts import GOLDEN, record_of
from tests.contract.judges import judged

GOLDEN_RECORDS = [json.loads(path.read_text("utf-8")) for path in sorted(GOLDEN.glob("*.json"))]


def as_kafka(golden: dict[str, object]) -> dict[str, object]:
    return {"key": golden["key"], "headers": golden["headers"], "value": json.dumps(golden["body"])}


def test_binary_records_are_valid_cloudevents_with_our_extensions() -> None:
    for golden, read in zip(GOLDEN_RECORDS, judged("cloudevents.mjs", [*map(as_kafka, GOLDEN_RECORDS)]), strict=True):
        assert "refused" not in read, f"{golden['headers']['ce_type']}: {read}"
        event = read["event"]
        assert event.pop("data") == golden["body"]
        assert event.pop("datacontenttype") == golden["headers"]["content-type"]
        assert datetime.fromisoformat(event.pop("time")) == datetime.fromisoformat(golden["headers"]["ce_time"])
        attributes = {name[3:]: text for name, text in golden["headers"].items() if name.startswith("ce_")}
        assert event == {name: text for name, text in attributes.items() if name != "time"}


def test_structured_records_of_a_javascript_producer_mean_the_same() -> None:
    for golden, wrote in zip(GOLDEN_RECORDS, judged("cloudevents.mjs", [*map(as_kafka, GOLDEN_RECORDS)]), strict=True):
        traced = {"traceparent": golden["headers"]["traceparent"]}
        headers = tuple((name, text.encode()) for name, text in (wrote["headers"] | traced).items())
        structured = Record(golden["topic"], 0, 0, 0, wrote["key"].encode(), wrote["value"].encode(), headers)
        assert decode(structured) == decode(record_of(golden))


def test_records_that_are_no_cloudevents_are_refused() -> None:
    whole = as_kafka(GOLDEN_RECORDS[0])
    headers = dict(GOLDEN_RECORDS[0]["headers"])
    del headers["ce_source"]
    anonymous, nothing = whole | {"headers": headers}, whole | {"headers": {"content-type": "application/json"}}
    assert all("refused" in verdict for verdict in judged("cloudevents.mjs", [anonymous, nothing]))
