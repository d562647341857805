"""The generated OpenAPI document says what the service reads, although it reads bodies by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.intake.app import create_app
from services.intake.settings import IntakeSettings
from shared.events import REPORTS

BOUNDED = {"maxLength", "pattern", "format", "enum", "const"}
VERBS = re.compile(r"(get|post|put|patch|delete|head|options)", re.IGNORECASE)


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    return create_app(IntakeSettings(home=tmp_path)).openapi()


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from path.items()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)} <= known


def test_every_report_is_a_branch_told_by_its_name(document: dict[str, Any]) -> None:
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


def test_every_text_and_number_has_bounds(document: dict[str, Any]) -> None:
    for node in nodes(document):
        if node.get("type") == "string":
            assert BOUNDED & node.keys(), node
        if node.get("type") in ("integer", "number"):
            assert "format" in node, node
            assert {"minimum", "exclusiveMinimum"} & node.keys(), node
            assert {"maximum", "exclusiveMaximum"} & node.keys(), node
        if node.get("type") == "array":
            assert "maxItems" in node, node


def test_errors_are_problem_documents_and_writes_document_their_bodies(document: dict[str, Any]) -> None:
    for method, operation in operations(document):
        assert not VERBS.match(operation["operationId"])
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"]
        assert ("requestBody" in operation) == (method in ("post", "put"))
