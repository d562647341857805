"""Le sette parti del piano (R.R. 4/2017, art. 3 c. 2): each with its texts, figures and lists."""

from __future__ import annotations

from services.planner.domain.parts.access import access_part
from services.planner.domain.parts.emergency import emergency_part
from services.planner.domain.parts.framework import framework_part, survey_part
from services.planner.domain.parts.material import Item, Material, PlanPart
from services.planner.domain.parts.need import need_part
from services.planner.domain.parts.strategies import strategies_part
from services.planner.domain.parts.supply import supply_part

__all__ = ["PARTS", "Item", "Material", "PlanPart", "part_of"]

PARTS = (framework_part, survey_part, need_part, supply_part, strategies_part, emergency_part, access_part)
"""In the order of the document."""


def part_of(number: int, material: Material, municipality: str | None) -> PlanPart:
    """One of the seven, from 1, of the whole ambito or of one municipality."""
    return PARTS[number - 1](material, municipality)
