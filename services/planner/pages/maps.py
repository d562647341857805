"""Maps of the parts of the plan: residents, coverage of the need, supply per home; each with its data as a table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from markupsafe import Markup

from services.planner.document.framework import RESIDENT_CLASSES
from services.planner.domain.parts import Material
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.rounding import half_up
from services.planner.pages.addresses import Addresses
from services.planner.pages.views import Table
from shared.pages import Cell, Column, MapLabels, municipal_map, say
from shared.pages.formats import number
from shared.territory import boundaries

COVERAGE_CLASSES: Final = (0, 10, 25, 50, 100)
SUPPLY_CLASSES: Final = (0, 3, 6, 12, 25)
"""In percent."""


class PartMap(NamedTuple):
    """Carta di una parte: what it shows of each municipality; None is hatched."""

    values: Mapping[str, int | None]
    classes: tuple[int, ...]
    labels: MapLabels
    kind: Literal["number", "percent"] = "number"


class DrawnMap(NamedTuple):
    drawing: Markup
    table: Table


def map_of_part(number: int, material: Material, at: Addresses) -> DrawnMap | None:
    """The part's map, if it has one and there are boundaries to draw it by."""
    makers = {1: _residents, 3: _coverage, 4: _supply_per_home}
    if number not in makers or material.survey is None:
        return None
    found = makers[number](material)
    if all(value is None for value in found.values.values()):
        return None
    plan, labels = material.plan, found.labels
    drawing = municipal_map(boundaries(plan.ambito), found.values, found.classes, labels, link=at.municipality)
    columns = [Column(say("Comune", "Municipality")), Column(labels.title, found.kind)]
    rows = [
        [Cell(plan.names[code], href=at.municipality(code)), _cell(found, code)]
        for code in sorted(plan.names, key=lambda code: plan.names[code])
    ]
    return DrawnMap(drawing, Table(labels.title, columns, rows))


def _cell(found: PartMap, code: str) -> Cell:
    value = found.values.get(code)
    if value is None:
        return Cell(None, instead=found.labels.no_data)
    return Cell(Decimal(value) / 100 if found.kind == "percent" else value)


def _residents(material: Material) -> PartMap:
    people = material.survey.municipalities if material.survey else {}
    labels = MapLabels(
        id="mappa",
        title=say("Residenti, comune per comune", "Residents, municipality by municipality"),
        description=say(
            "Carta dei comuni dell’ambito: più scuro il colore, più residenti. I dati sono nella tabella.",
            "Map of the ambito’s municipalities: the darker, the more residents. The data are in the table.",
        ),
        one=say("residente", "resident"),
        many=say("residenti", "residents"),
    )
    return PartMap({code: one.people.population for code, one in people.items()}, RESIDENT_CLASSES, labels)


def _coverage(material: Material) -> PartMap:
    """By the need as it is told: the exact coverage and the supply together would tell the need."""
    values = {code: _percent_of_plan(material.plan, code) for code in material.plan.names}
    labels = MapLabels(
        id="mappa",
        title=say(
            "Famiglie in fabbisogno per cui c’è un alloggio, al più",
            "Households in need for whom there is a home, at most",
        ),
        description=say(
            "Carta dei comuni dell’ambito: più scuro il colore, più alta la quota coperta. I dati sono nella tabella.",
            "Map of the ambito’s municipalities: the darker, the larger the share covered. The data are in the table.",
        ),
        one=say("del fabbisogno coperto", "of the need covered"),
        many=say("del fabbisogno coperto", "of the need covered"),
        no_data=say("non pubblicato o non dichiarato", "not published or not declared"),
        number=_percent,
    )
    return PartMap(values, COVERAGE_CLASSES, labels, "percent")


def _supply_per_home(material: Material) -> PartMap:
    plan = material.plan
    values: dict[str, int | None] = {}
    for code in plan.names:
        stock = plan.figures[FigureKey(code, None, "stock_total", None)]
        mean = plan.figures[FigureKey(code, None, "assignable_mean", None)]
        values[code] = half_up(mean, 10 * stock) if stock else None
    labels = MapLabels(
        id="mappa",
        title=say("Assegnabili nel triennio ogni 100 alloggi", "To be assigned in the three years, of 100 homes"),
        description=say(
            "Carta dei comuni dell’ambito: più scuro il colore, più alloggi assegnabili per alloggio in patrimonio. I "
            "dati sono nella tabella.",
            "Map of the ambito’s municipalities: the darker, the more homes to be assigned for each in stock. The data "
            "are in the table.",
        ),
        one=say("alloggio assegnabile ogni 100", "home to be assigned of 100"),
        many=say("alloggi assegnabili ogni 100", "homes to be assigned of 100"),
        no_data=say("nessun alloggio in patrimonio", "no homes in stock"),
    )
    return PartMap(values, SUPPLY_CLASSES, labels)


def _percent_of_plan(plan: Plan, code: str) -> int | None:
    coverage = plan.figures.get(FigureKey(code, None, "coverage", None))
    return None if coverage is None else half_up(coverage, 10)


def _percent(value: int) -> str:
    return f"{number(value)}%"
