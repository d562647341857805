"""Every figure of the plan: how its integer is read and what it is called in Italian."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from services.planner.domain.annual import COLUMNS, SHARES, SOURCES, ColumnSource
from shared.events.planning import HOUSEHOLD_SIZES
from shared.events.plans import Measure
from shared.events.units import ServiceType, UnitStatus


class Label(NamedTuple):
    """`of_year` holds `{year}`; `overall` is the name without a year, or of the triennium."""

    measure: Measure
    overall: str
    of_year: str = ""


STATUS_FIGURES = {
    UnitStatus.OCCUPIED: "occupied",
    UnitStatus.OCCUPIED_WITHOUT_TITLE: "occupied_without_title",
    UnitStatus.FREE_ASSIGNABLE: "free_assignable",
    UnitStatus.FREE_STATE_OF_FACT: "free_state_of_fact",
    UnitStatus.IN_NOTICE: "in_notice",
    UnitStatus.RESERVED_SAT: "sat_reserved",
    UnitStatus.OCCUPIED_SAT: "sat_occupied",
    UnitStatus.UNINHABITABLE: "needing_works",
    UnitStatus.IN_WORKS: "in_works",
    UnitStatus.IN_DISPOSAL_PLAN: "in_disposal_plan",
    UnitStatus.VALORISED: "valorised",
}
"""The groups that `stock_total` is the sum of: homes under construction are not stock yet, sold ones no more."""

LABELS = {
    "stock_total": Label(Measure.COUNT, "Alloggi in patrimonio"),
    "occupied": Label(Measure.COUNT, "Alloggi assegnati e occupati"),
    "occupied_without_title": Label(Measure.COUNT, "Alloggi occupati senza titolo"),
    "free_assignable": Label(Measure.COUNT, "Alloggi liberi assegnabili"),
    "free_state_of_fact": Label(Measure.COUNT, "Alloggi liberi nello stato di fatto"),
    "in_notice": Label(Measure.COUNT, "Alloggi in avviso pubblico"),
    "sat_reserved": Label(Measure.COUNT, "Alloggi riservati ai servizi transitori"),
    "sat_occupied": Label(Measure.COUNT, "Alloggi assegnati come servizi transitori"),
    "needing_works": Label(Measure.COUNT, "Alloggi inagibili, da recuperare"),
    "in_works": Label(Measure.COUNT, "Alloggi con lavori in corso"),
    "in_disposal_plan": Label(Measure.COUNT, "Alloggi in programma di alienazione"),
    "valorised": Label(Measure.COUNT, "Alloggi valorizzati"),
    "in_construction": Label(Measure.COUNT, "Alloggi in costruzione"),
    "turnover_mean": Label(
        Measure.THOUSANDTHS, "Alloggi che si liberano nel triennio", "Alloggi che si liberano nel {year}"
    ),
    "turnover_low": Label(
        Measure.COUNT, "Alloggi che si liberano nel triennio, minimo", "Alloggi che si liberano nel {year}, minimo"
    ),
    "turnover_high": Label(
        Measure.COUNT, "Alloggi che si liberano nel triennio, massimo", "Alloggi che si liberano nel {year}, massimo"
    ),
    "assignable_mean": Label(Measure.THOUSANDTHS, "Alloggi assegnabili nel triennio", "Alloggi assegnabili nel {year}"),
    "assignable_low": Label(
        Measure.COUNT, "Alloggi assegnabili nel triennio, minimo", "Alloggi assegnabili nel {year}, minimo"
    ),
    "assignable_high": Label(
        Measure.COUNT, "Alloggi assegnabili nel triennio, massimo", "Alloggi assegnabili nel {year}, massimo"
    ),
    "adopted_turnover": Label(
        Measure.THOUSANDTHS,
        "Alloggi che si liberano nel triennio, valore adottato",
        "Alloggi che si liberano nel {year}, valore adottato",
    ),
    "adopted_assignable": Label(
        Measure.THOUSANDTHS,
        "Alloggi assegnabili nel triennio, valore adottato",
        "Alloggi assegnabili nel {year}, valore adottato",
    ),
    "declared_assignable_total": Label(
        Measure.COUNT, "Alloggi assegnabili dichiarati", "Alloggi assegnabili dichiarati per il {year}"
    ),
    "need_3y": Label(Measure.THOUSANDTHS, "Fabbisogno abitativo primario del triennio, famiglie"),
    "need_3y_low": Label(Measure.COUNT, "Fabbisogno abitativo primario del triennio, minimo"),
    "need_3y_high": Label(Measure.COUNT, "Fabbisogno abitativo primario del triennio, massimo"),
    "need_backlog": Label(Measure.THOUSANDTHS, "Famiglie oggi in condizione di bisogno"),
    "need_backlog_low": Label(Measure.COUNT, "Famiglie oggi in condizione di bisogno, minimo"),
    "need_backlog_high": Label(Measure.COUNT, "Famiglie oggi in condizione di bisogno, massimo"),
    "need_arrivals": Label(Measure.THOUSANDTHS, "Famiglie che si aggiungono ogni anno"),
    "need_arrivals_low": Label(Measure.COUNT, "Famiglie che si aggiungono ogni anno, minimo"),
    "need_arrivals_high": Label(Measure.COUNT, "Famiglie che si aggiungono ogni anno, massimo"),
    "need_departures": Label(Measure.THOUSANDTHS, "Famiglie che escono ogni anno senza assegnazione"),
    "need_departures_low": Label(Measure.COUNT, "Famiglie che escono ogni anno senza assegnazione, minimo"),
    "need_departures_high": Label(Measure.COUNT, "Famiglie che escono ogni anno senza assegnazione, massimo"),
    "need_yearly": Label(Measure.THOUSANDTHS, "Alloggi che servono ogni anno"),
    "need_yearly_low": Label(Measure.COUNT, "Alloggi che servono ogni anno, minimo"),
    "need_yearly_high": Label(Measure.COUNT, "Alloggi che servono ogni anno, massimo"),
    "coverage": Label(Measure.THOUSANDTHS, "Copertura del fabbisogno: offerta del triennio per famiglia"),
    "coverage_low": Label(Measure.THOUSANDTHS, "Copertura del fabbisogno, minimo"),
    "coverage_high": Label(Measure.THOUSANDTHS, "Copertura del fabbisogno, massimo"),
    "pressure": Label(Measure.THOUSANDTHS, "Indice di pressione abitativa (ambito = 1)"),
    "pressure_low": Label(Measure.THOUSANDTHS, "Indice di pressione abitativa, minimo"),
    "pressure_high": Label(Measure.THOUSANDTHS, "Indice di pressione abitativa, massimo"),
    "pressure_first_rank": Label(Measure.COUNT, "Graduatoria della pressione abitativa, dal posto"),
    "pressure_last_rank": Label(Measure.COUNT, "Graduatoria della pressione abitativa, al posto"),
    "open_cases": Label(Measure.COUNT, "Casi di emergenza abitativa aperti"),
    "emergency_actions": Label(Measure.COUNT, "Azioni proposte per l’emergenza abitativa"),
}


def _column_labels() -> Iterator[tuple[str, Label]]:
    for name, source in SOURCES.items():
        letter, text = (COLUMNS | SHARES)[name]
        label = f"Colonna {letter}: {text.it}"
        declared = Measure.THOUSANDTHS if name in SHARES else Measure.COUNT
        own = Measure.THOUSANDTHS if source is ColumnSource.FORECAST else declared
        yield f"column_{name}", _of_years(own, label, f" ({NOTES[source]})" if source in NOTES else "")
        yield f"column_{name}_declared", _of_years(declared, label, ", dichiarato")


def _kind_labels() -> Iterator[tuple[str, Label]]:
    for what, size, service in product(("turnover", "assignable"), range(HOUSEHOLD_SIZES + 1), ServiceType):
        mean = LABELS[f"{what}_mean"]
        kind = f", {size_it(size)}, {service}"
        label = Label(mean.measure, mean.overall + kind, mean.of_year + kind)
        yield f"{what}_size_{size}_{service.lower()}", label


def _of_years(measure: Measure, text: str, note: str) -> Label:
    return Label(measure, text + note, f"{text}, {{year}}{note}")


def size_it(size_class: int) -> str:
    """Classe dimensionale, by the people that its homes fit."""
    if size_class == 0:
        return "sotto la superficie minima"
    if size_class == HOUSEHOLD_SIZES:
        return f"per {size_class} o più persone"
    return f"per {size_class} {'persona' if size_class == 1 else 'persone'}"


NOTES = {ColumnSource.DECLARED_ONLY: "solo dichiarato", ColumnSource.LAW: "minimo di legge"}
COLUMN_LABELS = dict(_column_labels())
"""Columns a-k: `column_` and what the plan itself knows, the same and `_declared`."""
KIND_LABELS = dict(_kind_labels())
"""The supply by size class and service type: `turnover_size_4_sap`."""
EVERY_LABEL = LABELS | COLUMN_LABELS | KIND_LABELS
"""Also of figures that are not kept with the plan, and computed when somebody asks."""


def label_it(figure: str, year: int | None) -> str:
    """`Alloggi assegnabili nel 2027`."""
    label = EVERY_LABEL[figure]
    return label.overall if year is None else label.of_year.format(year=year)
