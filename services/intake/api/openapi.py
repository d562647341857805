"""What the generated OpenAPI document cannot know: bodies read strictly, problem documents, sign-in, formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.intake.domain.submissions import Declaration
from shared.events import REPORTS, EmergencyCaseClosed, EmergencyCaseOpened, EmergencyCaseUpdated
from shared.problems import of_status

Json = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_BOUNDS = {"maxLength", "pattern", "format", "enum", "const"}
_NUMBERS: dict[str, Json] = {"integer": {"format": "int32", "maximum": 2**31 - 1}, "number": {"format": "double"}}


def body(component: str, description: str) -> Json:
    """`openapi_extra` of an operation that reads its body by `json_body`."""
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + component}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def problems(*statuses: int) -> dict[int | str, Json]:
    """Error answers, each a problem document."""
    content = {"application/problem+json": {"schema": {"$ref": _SCHEMAS + "Problem"}}}
    return {status: {"description": of_status(status).title.it, "content": content} for status in (*statuses, 503)}


def responses(answers: Mapping[int, tuple[type[BaseModel] | None, str]], *statuses: int) -> dict[int | str, Json]:
    """Answers of a handler that writes its response itself, and its error answers."""
    written: dict[int | str, Json] = {}
    for status, (model, description) in answers.items():
        written[status] = {"description": description} | ({"model": model} if model else {})
        if status in (201, 202, 303):
            written[status]["headers"] = {"Location": {"schema": {"type": "string", "maxLength": 100}}}
    return written | problems(*statuses)


def complete_openapi(app: FastAPI) -> None:
    generate = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = generate()
            components = document["components"]
            components["schemas"] |= _inputs() | _PROBLEM
            components["schemas"]["NotAccepted"]["properties"]["problem"] = {"$ref": _SCHEMAS + "Problem"}
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            document["security"] = [{"token": []}]
            _add_bounds(document)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _inputs() -> dict[str, Json]:
    """The components of request bodies. Their names end in `Input`: answers write the same classes otherwise."""
    classes: tuple[type[BaseModel], ...] = (
        *REPORTS.values(),
        Declaration,
        EmergencyCaseOpened,
        EmergencyCaseUpdated,
        EmergencyCaseClosed,
    )
    _, generated = models_json_schema([(cls, "validation") for cls in classes], ref_template=_SCHEMAS + "{model}Input")
    schemas: dict[str, Json] = {f"{name}Input": schema for name, schema in generated["$defs"].items()}
    mapping = {}
    for name, cls in REPORTS.items():
        schema = schemas[f"{cls.__name__}Input"]
        schema["properties"] = {"report": {"type": "string", "const": name}} | schema["properties"]
        schema["required"] = ["report", *schema["required"]]
        mapping[name] = f"{_SCHEMAS}{cls.__name__}Input"
    report = {
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "report", "mapping": mapping},
    }
    items = {"type": "array", "minItems": 1, "maxItems": 1000, "items": {"$ref": _SCHEMAS + "UnitReportInput"}}
    bulk = {"type": "object", "properties": {"items": items}, "required": ["items"], "additionalProperties": False}
    either = {"oneOf": [{"$ref": _SCHEMAS + "UnitReportInput"}, {"$ref": _SCHEMAS + "UnitReportBulkInput"}]}
    schemas |= {"UnitReportInput": report, "UnitReportBulkInput": bulk, "UnitReportsInput": either}
    schemas["EmergencyCaseInput"] = schemas.pop("EmergencyCaseOpenedInput")
    schemas["EmergencyCaseUpdateInput"] = _without(schemas.pop("EmergencyCaseUpdatedInput"), "case_ref")
    closed = schemas.pop("EmergencyCaseClosedInput")
    schemas["EmergencyCaseClosureInput"] = _without(closed, "case_ref", "municipality")
    return schemas


def _without(schema: Json, *names: str) -> Json:
    properties = {name: value for name, value in schema["properties"].items() if name not in names}
    return schema | {"properties": properties, "required": [n for n in schema["required"] if n not in names]}


def _add_bounds(node: object) -> None:
    """Integers get the usual bounds; decimals written as text, the only texts without bounds, a length."""
    if isinstance(node, dict):
        kind = node.get("type")
        if kind == "string" and not _BOUNDS & node.keys():
            node["maxLength"] = 32
        elif isinstance(kind, str):
            node |= {name: value for name, value in _NUMBERS.get(kind, {}).items() if name not in node}
        for value in node.values():
            _add_bounds(value)
    elif isinstance(node, list):
        for value in node:
            _add_bounds(value)


_TEXT = {"type": "string", "maxLength": 4000}
_PROBLEM: dict[str, Json] = {
    "Problem": {
        "type": "object",
        "description": "Problem details (RFC 9457), in the language asked for.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "maxLength": 200},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
            "instance": {"type": "string", "format": "uri", "maxLength": 200},
            "errors": {"type": "array", "maxItems": 100, "items": {"$ref": _SCHEMAS + "FieldError"}},
        },
    },
    "FieldError": {
        "type": "object",
        "description": "What is wrong with one field (JSON pointer) and how to mend it.",
        "required": ["field", "rule", "remedy"],
        "properties": {"field": _TEXT, "value": _TEXT, "rule": _TEXT, "remedy": _TEXT},
    },
}
