"""Regional directives as listed data: those of this package, and more from a file of the same shape."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.planner.domain.strategies.directives import Directive
from services.planner.law.values import RulesFault

OWN = "regional_directives.yaml"


class ListedDirective(BaseModel):
    """One entry of the list, by its identifier."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title_it: str
    article: str
    gazette: str | None
    valid_from: date | None
    valid_to: date | None
    status: Literal["read", "assumed"]


@lru_cache(maxsize=1)
def regional_directives() -> tuple[Directive, ...]:
    """The directives this product knows; an installation adds its own with `read_directives`."""
    text = files(__package__).joinpath("listed", OWN).read_text(encoding="utf-8")
    return read_directives(text, OWN)


def read_directives(text: str, file: str) -> tuple[Directive, ...]:
    """The directives of a file; an empty file lists none.

    Raises:
        RulesFault: the file is not YAML, or an entry lacks a field or has a wrong one.
    """
    try:
        listed = TypeAdapter(dict[str, ListedDirective]).validate_python(yaml.safe_load(text) or {})
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesFault(file, line, "YAML", str(error.problem), "mend the line") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "file"
        name = str(first["loc"][0]) if first["loc"] else ""
        line = next((at for at, row in enumerate(text.splitlines(), 1) if name and row.startswith(f"{name}:")), 1)
        fields = ", ".join(ListedDirective.model_fields)
        raise RulesFault(file, line, key, first["msg"], f"an entry has: {fields}") from None
    return tuple(Directive(id=name, **entry.model_dump()) for name, entry in sorted(listed.items()))
