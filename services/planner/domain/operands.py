"""What the formula of a figure took, where that is no sum of other figures: origins of supply, size classes, need."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from services.planner.domain.forecast import supply_of
from services.planner.domain.parts.material import Material
from services.planner.domain.parts.need import need_part
from services.planner.domain.plan import FigureKey
from services.planner.domain.supply.offer import Supply


class Operand(NamedTuple):
    """Operando: a name, and its value in the unit of the figure or as a count."""

    name: str
    value: int | Decimal | None


def operands_of(material: Material, key: FigureKey) -> tuple[Operand, ...]:
    """For a forecast of one owner in one municipality its origins add up to the mean; the others are as they are named.

    None for a count, and for a sum of other figures.
    """
    what, _, _ = key.figure.rpartition("_")
    if key.figure.startswith(("need_", "coverage", "pressure")):
        figures = need_part(material, key.municipality).figures
        found = next((figure for figure in figures if figure.name == key.figure), None)
        return tuple(Operand(*pair) for pair in found.operands) if found else ()
    if what not in ("turnover", "assignable") or key.owner is None or key.municipality is None:
        return ()
    plan = material.plan
    supply = supply_of(material.state, plan.triennium, plan.reference_on)
    parts = _turnover if what == "turnover" else _assignable
    return (*parts(supply, key, plan.years.index(key.year)), *_experience(material, key))


def _assignable(supply: Supply, key: FigureKey, window: int) -> Iterator[Operand]:
    """Homes free now, given back ready, restored, from works, from disposals withdrawn; thousandths."""
    for origin, means in supply.offers[key.municipality or "", key.owner or ""].means.items():
        if means[window]:
            yield Operand(origin.name.lower(), means[window])


def _turnover(supply: Supply, key: FigureKey, window: int) -> Iterator[Operand]:
    """Expected exits of each size class; thousandths."""
    for (municipality, owner, size), expected in supply.turnover.cells.items():
        if (municipality, owner) == (key.municipality, key.owner) and expected[window].mean:
            yield Operand(f"size_class_{size}", expected[window].mean)


def _experience(material: Material, key: FigureKey) -> Iterator[Operand]:
    """What the rate was learned from: exits seen here, and in the whole ambito."""
    own = [cell for place, cell in material.state.history.items() if place[:2] == (key.municipality, key.owner)]
    yield Operand("exits_seen", sum(cell.exits for cell in own))
    yield Operand("exits_seen_in_ambito", sum(cell.exits for cell in material.state.history.values()))
    yield Operand("occupied_now", sum(cell.openings for cell in own))
