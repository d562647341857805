"""What the formula of a figure took, where that is no sum of other figures: origins of supply, size classes, need."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from services.planner.domain.annual import SHARES, SOURCES, ColumnSource
from services.planner.domain.annual_columns import TOTAL, column_of, declared_columns
from services.planner.domain.details import Detail, detail_of
from services.planner.domain.forecast import supply_of
from services.planner.domain.parts.material import Material
from services.planner.domain.parts.need import need_part
from services.planner.domain.plan import FigureKey
from services.planner.domain.supply.breakdown import divided
from services.planner.domain.supply.columns import CHANNEL_OF, annual_supply
from services.planner.domain.supply.offer import Supply
from shared.events.units import ServiceType, UnitStatus


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
    if key.owner is None or key.municipality is None:
        return ()
    match detail_of(key.figure):
        case Detail.COLUMNS:
            return tuple(_column(material, key))
        case Detail.KINDS:
            return tuple(_kind(material, key))
    if what not in ("turnover", "assignable"):
        return ()
    plan = material.plan
    supply = supply_of(material.state, plan.triennium, plan.reference_on)
    parts = _turnover if what == "turnover" else _assignable
    return (*parts(supply, key, plan.years.index(key.year)), *_experience(material, key))


def _column(material: Material, key: FigureKey) -> Iterator[Operand]:
    """Of a forecast its origins or, for g, the columns that add up to it; of a share its exact value."""
    name, is_declared = column_of(key.figure)
    told = declared_columns(material.state).get(key._replace(figure=f"column_{name}_declared"))
    source = None if is_declared else SOURCES[name]
    if source is ColumnSource.FORECAST:
        plan, holding = material.plan, (key.municipality or "", key.owner or "")
        supply, window = supply_of(material.state, plan.triennium, plan.reference_on), plan.years.index(key.year)
        if name == TOTAL:
            for channel, homes in annual_supply(supply)[holding][window].channels.items():
                yield Operand(channel, homes)
        else:
            for origin in (origin for origin, channel in CHANNEL_OF.items() if channel == name):
                yield Operand(origin.name.lower(), supply.offers[holding].means[origin][window])
    if source is ColumnSource.LAW:
        yield Operand("law", material.rules.quotas.indigence_share)
    if source in (ColumnSource.LAW, ColumnSource.DECLARED_ONLY) or (is_declared and name in SHARES):
        yield Operand("declared", told)


def _kind(material: Material, key: FigureKey) -> Iterator[Operand]:
    """Of the triennium its years; of a year's homes their origins; of its exits the class's and the homes let."""
    plan, makeup, (what, _, size, service) = material.plan, material.state.makeup, key.figure.split("_")
    kind, holding = (int(size), ServiceType(service.upper())), (key.municipality or "", key.owner or "")
    supply = supply_of(material.state, plan.triennium, plan.reference_on)
    for year, divided_year in zip(plan.triennium.years, divided(supply, makeup)[holding][1], strict=True):
        parts = {origin.name.lower(): part.get(kind, 0) for origin, part in divided_year.parts.items()}
        if key.year is None:
            yield Operand(str(year), sum(parts.values()) if what == "assignable" else divided_year.exits.get(kind, 0))
        elif key.year == year and what == "assignable":
            yield from (Operand(*part) for part in parts.items())
        elif key.year == year:
            yield Operand(
                f"size_class_{size}", sum(homes for of, homes in divided_year.exits.items() if of[0] == kind[0])
            )
            for of_service in ServiceType:
                homes = makeup.get((*holding, kind[0], of_service, UnitStatus.OCCUPIED), 0)
                yield Operand(f"homes_let_{of_service.lower()}", homes)


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
