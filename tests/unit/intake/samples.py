"""An acceptable declaration of every part, to be broken one field at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from services.intake.api.examples import THREE_YEARS
from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import Declaration, declaration_faults
from shared.events import OwnerKind

CONFIRMED_FIELD = "/forecast/2/turnover_expected"
"""The one implausible value of the sample: 16 of 100 homes."""


def changed(document: Any, changes: Mapping[str, Any]) -> Any:
    """A copy in which what each JSON pointer leads to is replaced; None removes it."""
    copy = orjson.loads(orjson.dumps(document))
    for pointer, value in changes.items():
        *path, last = pointer.strip("/").split("/")
        inner = copy
        for step in path:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        key: Any = int(last) if isinstance(inner, list) else last
        if value is None:
            del inner[key]
        else:
            inner[key] = value
    return copy


def declared(changes: Mapping[str, Any]) -> Declaration:
    return Declaration.model_validate_json(orjson.dumps(changed(THREE_YEARS, changes)))


def faults(
    changes: Mapping[str, Any], kind: OwnerKind = OwnerKind.MUNICIPALITY, inhabitants: int | None = 70_000
) -> list[Fault]:
    declaration = declared(changes)
    return list(declaration_faults(declaration, kind, CycleRules.of(declaration.cycle_year), inhabitants))


def told(found: list[Fault]) -> list[tuple[str, str, str | None]]:
    return [(fault.code, fault.field, fault.value) for fault in found]
