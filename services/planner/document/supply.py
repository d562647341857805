"""Part 4 of the document: consistenza del patrimonio e offerta del triennio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from services.planner.document.cells import (
    MUNICIPALITY,
    OWNER,
    alphabetical,
    band_of_plan,
    column_of,
    of_plan,
    paragraph,
    section,
    table,
    whose,
)
from services.planner.document.columns import column_tables, kind_tables
from services.planner.document.drawings import Bar, bar_chart, printed_map
from services.planner.document.model import Block, Cell, Column, ColumnKind, DocumentPart, Drawing, Span, Table
from services.planner.domain.adopted import three_columns
from services.planner.domain.labels import LABELS, STATUS_FIGURES
from services.planner.domain.parts import Material, part_of
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.rounding import tenths
from services.planner.domain.supply.adoption import Adopted, Basis, Quantity
from shared.events.plans import Measure
from shared.pages import MapLabels, Spoken, speaking
from shared.pages.formats import thousandths
from shared.territory import ATTRIBUTION, boundaries

NUMBER, TENTHS, SPAN = ColumnKind.NUMBER, ColumnKind.THOUSANDTHS, ColumnKind.SPAN
IN_USE: Final = (
    "stock_total",
    "occupied",
    "occupied_without_title",
    "free_assignable",
    "free_state_of_fact",
    "in_notice",
)
OTHERWISE: Final = (
    *("sat_reserved", "sat_occupied", "needing_works", "in_works", "in_disposal_plan", "valorised", "in_construction"),
)
FORECASTS: Final = {"assignable": "Alloggi assegnabili", "turnover": "Alloggi che si liberano"}
QUANTITIES: Final = {Quantity.TURNOVER: "Alloggi che si liberano", Quantity.ASSIGNABLE: "Alloggi assegnabili"}
BASES: Final = {Basis.DECLARED: "dichiarato", Basis.MODEL: "previsione", Basis.LAST_YEAR: "come l’anno prima"}
MAP_CLASSES: Final = (0, 10, 50, 200, 500)
"""In tenths of a home."""
FORECAST_NOTE: Final = "L’intervallo contiene il numero vero otto volte su dieci."
ADOPTED_NOTE: Final = (
    "Si adotta il valore dichiarato dove c’è, altrimenti la previsione; chi sceglie diversamente ne dà la ragione. "
    "L’intervallo è quello della previsione."
)
RISK_NOTE: Final = "Alloggi assegnabili in meno se i lavori finissero tre mesi dopo; col segno meno quelli in più."


def supply(material: Material) -> DocumentPart:
    """The stock by state, the forecast by year with its bands and by kind, what is adopted, the columns of the annual
    plan, and works that may slip.
    """
    part, plan = part_of(4, material, None), material.plan
    forecasts = [block for what in FORECASTS for block in _forecast(plan, what)]
    adopted = [_adopted_table(plan, quantity) for quantity in QUANTITIES]
    return DocumentPart(
        "4",
        part.title_it,
        (
            section("", paragraph(part.sentences)),
            section("Il patrimonio", _stock_chart(plan), *_stock_tables(plan)),
            section("L’offerta", *_map(material), *forecasts),
            section("L’offerta per classe e servizio", *kind_tables(material)),
            section("Dichiarato, previsto, adottato", *adopted),
            section("Le colonne del piano annuale", *column_tables(material)),
            section("Lavori a rischio di ritardo", _risk_table(plan)),
        ),
    )


def _stock_chart(plan: Plan) -> Drawing:
    bars = [
        Bar(LABELS[name].overall, plan.figures[FigureKey(None, None, name, None)]) for name in STATUS_FIGURES.values()
    ]
    return bar_chart("Alloggi per stato", bars, Measure.COUNT, "alloggi")


def _stock_tables(plan: Plan) -> Iterator[Table]:
    for caption, names in (("Patrimonio, occupato e libero", IN_USE), ("Altri stati del patrimonio", OTHERWISE)):
        columns = (MUNICIPALITY, *(column_of(name) for name in names))
        rows = tuple((place, *(of_plan(plan, code, name) for name in names)) for code, place in _places(plan))
        yield Table(caption, columns, rows[:-1], rows[-1])


def _forecast(plan: Plan, what: str) -> Iterator[Block]:
    caption, years = FORECASTS[what], plan.years
    mean = f"{what}_mean"
    bars = [
        Bar(_year(year), plan.figures[FigureKey(None, None, mean, year)], _band(plan, what, year)) for year in years
    ]
    yield bar_chart(f"{caption} per anno", bars, Measure.THOUSANDTHS, "alloggi, con l’intervallo")
    columns = (MUNICIPALITY, *(Column(_year(year), TENTHS) for year in years), Column("Intervallo", SPAN))
    adopted = Column("Adottato", TENTHS)
    rows = tuple(
        (
            place,
            *(of_plan(plan, code, mean, year) for year in years),
            band_of_plan(plan, code, what),
            _adopted(plan, code, what),
        )
        for code, place in _places(plan)
    )
    yield Table(f"{caption}, comune per comune", (*columns, adopted), rows[:-1], rows[-1], FORECAST_NOTE)


def _adopted(plan: Plan, code: str | None, what: str) -> Cell:
    """Nothing is adopted where there are no homes."""
    return replace(of_plan(plan, code, f"adopted_{what}"), instead="\u2013")


def _map(material: Material) -> Iterator[Drawing]:
    if material.survey is None:
        return
    plan = material.plan
    shown = {code: tenths(plan.figures[FigureKey(code, None, "assignable_mean", None)]) for code in plan.names}
    labels = MapLabels(
        "assegnabili",
        "Alloggi assegnabili nel triennio, comune per comune",
        "Carta dei comuni dell’ambito: più scuro il colore, più alloggi assegnabili.",
        "alloggi assegnabili",
        "alloggi assegnabili",
        "dato non disponibile",
        number=_from_tenths,
    )
    yield printed_map(boundaries(plan.ambito), {**shown}, MAP_CLASSES, labels, ATTRIBUTION)


def _adopted_table(plan: Plan, quantity: Quantity) -> Table:
    """Of every municipality, owner and year of which something is declared, chosen or forecast."""
    columns = (
        *(MUNICIPALITY, OWNER, Column("Anno"), Column("Dichiarato", NUMBER), Column("Previsto", TENTHS)),
        *(Column("Intervallo", SPAN), Column("Adottato", TENTHS), Column("Fonte")),
    )
    found = [
        (place, owner, year, told)
        for (place, owner, year, what), told in three_columns(plan.adopted, plan.outlooks, plan.triennium.years)
        if what is quantity
    ]
    rows = []
    for place, owner, year, told in sorted(found, key=lambda row: (plan.names.get(row[0], row[0]), *row[:3])):
        numbers = Cell(told.declared, instead="\u2013"), Cell(told.model), Cell(Span(told.low, told.high))
        source = Cell(told.adopted), Cell(_source(told))
        rows.append((*whose(place, owner, plan.names), Cell(str(year)), *numbers, *source))
    return table(f"{QUANTITIES[quantity]}: dichiarato, previsto, adottato", columns, rows, ADOPTED_NOTE)


def _source(told: Adopted) -> str:
    return f"{BASES[told.basis]}, per scelta: {told.reason}" if told.reason else BASES[told.basis]


def _risk_table(plan: Plan) -> Table:
    years = (Column(_year(year), TENTHS) for year in plan.years)
    columns = (MUNICIPALITY, OWNER, Column("Programma"), Column("Alloggi", NUMBER), *years)
    rows = [
        (
            *whose(works.municipality, works.owner, plan.names),
            *(Cell(works.programme), Cell(works.homes)),
            *map(Cell, works.lost),
        )
        for works in plan.works_at_risk
    ]
    return table("Quanto costa uno slittamento di tre mesi", columns, rows, RISK_NOTE)


def _places(plan: Plan) -> list[tuple[str | None, Cell]]:
    """Municipalities and, last, the ambito."""
    return [*((code, Cell(plan.names[code])) for code in alphabetical(plan.names)), (None, Cell("Ambito"))]


def _year(year: int | None) -> str:
    return "Triennio" if year is None else str(year)


def _band(plan: Plan, what: str, year: int | None) -> Span:
    low, high = (plan.figures[FigureKey(None, None, f"{what}_{end}", year)] for end in ("low", "high"))
    return Span(low, high)


def _from_tenths(value: int) -> str:
    with speaking(Spoken()):
        return thousandths(100 * value)
