"""Every figure of the plan: how its integer is read and what it is called in Italian."""

from __future__ import annotations

from typing import NamedTuple

from shared.events.plans import Measure
from shared.events.units import UnitStatus


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
    "declared_assignable_total": Label(
        Measure.COUNT, "Alloggi assegnabili dichiarati", "Alloggi assegnabili dichiarati per il {year}"
    ),
    "open_cases": Label(Measure.COUNT, "Casi di emergenza abitativa aperti"),
    "emergency_actions": Label(Measure.COUNT, "Azioni proposte per l'emergenza abitativa"),
}


def label_it(figure: str, year: int | None) -> str:
    """`Alloggi assegnabili nel 2027`."""
    label = LABELS[figure]
    return label.overall if year is None else label.of_year.format(year=year)
