"""JSON Schemas of the events, as Pydantic derives them but for amounts, whose text it leaves open."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from shared.events.base import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class ContractSchema(GenerateJsonSchema):
    """Amounts are written as text with as many decimals as the field has; a number is accepted too."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:
        derived = super().decimal_schema(schema)
        for alternative in derived["anyOf"]:
            if alternative["type"] == "string":
                alternative["pattern"] = rf"^[0-9]+(\.[0-9]{{1,{schema['decimal_places']}}})?$"
        return derived


def schema_of(cls: type[Event]) -> dict[str, Any]:
    """What a writer may send; a reader ignores fields it does not know."""
    identity = {"$schema": DIALECT, "$id": f"urn:pianovivo:schema:{stem(cls)}"}
    return identity | cls.model_json_schema(schema_generator=ContractSchema)


def stem(cls: type[Event]) -> str:
    """`unit-vacated.v1`."""
    return cls.TYPE.removeprefix("pianovivo.")
