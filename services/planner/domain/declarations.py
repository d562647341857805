"""What owners declared, what was chosen of it and which objectives are pursued, as the state keeps them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from shared.events.contests import ContestAnswered, ContestSettled, FigureContested
from shared.events.decisions import ObjectiveSet, ObjectiveWithdrawn
from shared.events.planning import ThreeYearData
from shared.events.submissions import SubmissionReceived


class Declaration(NamedTuple):
    """Dati dichiarati dall'ente (R.R. 4/2017, art. 5): the revision in force and its counts, all zero if nil.

    `told` is what it says for the three years, `columns` the annual columns a-k, both as JSON; empty when it says
    nothing.
    """

    revision: int
    nil: bool
    stock: int
    turnover_expected: int
    assignable_total: int
    sat_units: int
    cause: str
    told: str
    columns: str = ""


class Chosen(NamedTuple):
    """Scelta in vigore del valore adottato; `basis` RULE is a choice taken back."""

    revision: int
    basis: str
    reason: str
    organisation: str
    cause: str


class Pursued(NamedTuple):
    """Ultimo passo di un obiettivo: as it was set, with the reason of this step; one withdrawn is no objective now."""

    revision: int
    is_withdrawn: bool
    text: str
    owner: str
    figure: str
    baseline: int
    starts_on: date
    target: int
    due_on: date
    reason: str
    organisation: str
    cause: str


def pursued(step: ObjectiveSet | ObjectiveWithdrawn, cause: str) -> Pursued:
    told = {name: getattr(step, name) for name in Pursued._fields if name not in ("is_withdrawn", "cause")}
    return Pursued(**told, is_withdrawn=isinstance(step, ObjectiveWithdrawn), cause=cause)


class Contested(NamedTuple):
    """Ultimo passo di una contestazione: `kind` is the name of its event, `told` the event as JSON."""

    revision: int
    kind: str
    told: str
    cause: str


def contested(step: FigureContested | ContestAnswered | ContestSettled, cause: str) -> Contested:
    return Contested(step.revision, step.name(), step.write().decode(), cause)


def declared(event: SubmissionReceived, cause: str) -> Declaration:
    columns, told = event.columns, _three_years(event)
    if event.nil or columns is None:
        return Declaration(event.revision, event.nil, 0, 0, 0, 0, cause, told)
    return Declaration(
        event.revision,
        event.nil,
        columns.stock_sap + columns.stock_sas + columns.stock_sat,
        columns.turnover_expected,
        columns.assignable_total,
        columns.sat_units,
        cause,
        told,
        columns.write().decode(),
    )


def _three_years(event: SubmissionReceived) -> str:
    parts = {name: getattr(event, name) for name in ThreeYearData.model_fields}
    return ThreeYearData.believed(parts).write().decode() if any(parts.values()) else ""
