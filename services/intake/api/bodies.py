"""Components of the bodies that the intake reads strictly: every report is a branch, told by its name."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.intake.domain.corrections import Correction
from services.intake.domain.submissions import Declaration
from shared.events import (
    REPORTS,
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    EmergencyCaseUpdated,
    SubmissionDefaulted,
)
from shared.openapi import SCHEMAS, Json

MAX_ITEMS: Final = 1000


def schemas() -> dict[str, Json]:
    """Their names end in `Input`: answers write the same classes otherwise."""
    classes: tuple[type[BaseModel], ...] = (
        *REPORTS.values(),
        Declaration,
        SubmissionDefaulted,
        EmergencyCaseOpened,
        EmergencyCaseUpdated,
        EmergencyCaseClosed,
        Correction,
    )
    _, generated = models_json_schema([(cls, "validation") for cls in classes], ref_template=SCHEMAS + "{model}Input")
    written: dict[str, Json] = {f"{name}Input": schema for name, schema in generated["$defs"].items()}
    written |= _report_inputs(written)
    defaulted = written.pop("SubmissionDefaultedInput")
    written["SubmissionDefaultInput"] = _without(defaulted, "default_id", "ambito", "owner_kind", "recorded_on")
    written["EmergencyCaseInput"] = written.pop("EmergencyCaseOpenedInput")
    written["EmergencyCaseUpdateInput"] = _without(written.pop("EmergencyCaseUpdatedInput"), "case_ref")
    closed = written.pop("EmergencyCaseClosedInput")
    written["EmergencyCaseClosureInput"] = _without(closed, "case_ref", "municipality")
    return written


def _report_inputs(written: dict[str, Json]) -> dict[str, Json]:
    mapping = {name: f"{SCHEMAS}{cls.__name__}Input" for name, cls in REPORTS.items()}
    for name, cls in REPORTS.items():
        schema = written[f"{cls.__name__}Input"]
        schema["properties"] = {"report": {"type": "string", "const": name}} | schema["properties"]
        schema["required"] = ["report", *schema["required"]]
    report = {
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "report", "mapping": mapping},
    }
    one = {"$ref": SCHEMAS + "UnitReportInput"}
    items = {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": one}
    bulk = {"type": "object", "properties": {"items": items}, "required": ["items"], "additionalProperties": False}
    either = {"oneOf": [one, {"$ref": SCHEMAS + "UnitReportBulkInput"}]}
    return {"UnitReportInput": report, "UnitReportBulkInput": bulk, "UnitReportsInput": either}


def _without(schema: Json, *names: str) -> Json:
    properties = {name: value for name, value in schema["properties"].items() if name not in names}
    return schema | {"properties": properties, "required": [n for n in schema["required"] if n not in names]}
