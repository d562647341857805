"""What the intake documents of its bodies is what it reads, although it reads them by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.events import REPORTS
from shared.openapi import operations
from tests.component.intake.room import Room, opened


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


def test_every_report_is_a_branch_told_by_its_name(room: Room) -> None:
    document = room.app.openapi()
    schemas = document["components"]["schemas"]
    mapping = schemas["UnitReportInput"]["discriminator"]["mapping"]
    assert set(mapping) == set(REPORTS)
    for name, reference in mapping.items():
        schema = schemas[reference.rpartition("/")[2]]
        assert schema["properties"]["report"]["const"] == name
        assert set(schema["properties"]) == {"report", *REPORTS[name].model_fields}
        assert schema["additionalProperties"] is False
    body = document["paths"]["/unit-reports"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/UnitReportsInput"}


CORRECTIONS = "/corrections"
"""Its example needs a contest that the planner has told of: see test_corrections.py."""


async def test_every_documented_example_is_accepted(room: Room) -> None:
    async with room.lead() as client:
        for path, method, operation in operations(room.app.openapi()):
            for name, example in [] if path.endswith(CORRECTIONS) else examples(operation).items():
                answer = await client.request(method, path.format(case_ref="CR-2026-007"), json=example["value"])
                assert answer.status_code in (200, 201, 202), (path, name, answer.text)
                sent = len(example["value"].get("items", ()))
                assert answer.json().get("accepted_count", 0) == sent


def examples(operation: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return dict(found.get("examples", {}))
