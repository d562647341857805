"""What the legal parameters are called in Italian: listed data beside the law."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict


class ParameterLabel(NamedTuple):
    """Nome di un parametro di legge: `name`, and what a share is `of` (empty for other units)."""

    name: str
    of: str


class LawLabels(BaseModel):
    """Words for parameters, in the order of a document, for units of measure and for values that are codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: Mapping[str, ParameterLabel]
    units: Mapping[str, str]
    codes: Mapping[str, str]


@lru_cache(maxsize=1)
def law_labels() -> LawLabels:
    text = files(__package__).joinpath("listed", "parameter_labels.yaml").read_text(encoding="utf-8")
    return LawLabels.model_validate(yaml.safe_load(text))
