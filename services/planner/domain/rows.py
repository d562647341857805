"""The state as flat rows and back: a row is the key followed by the value, as strings, integers, booleans and dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from services.planner.domain.cases import Case
from services.planner.domain.declarations import Chosen, Contested, Declaration, Pursued
from services.planner.domain.holds import Hold, HoldStatus
from services.planner.domain.homes import Home
from services.planner.domain.outcomes import Outcomes
from services.planner.domain.rules import AreaBands
from services.planner.domain.state import Cell, PlanState, accumulate
from services.planner.domain.texts.written import Written
from shared.events.units import ServiceType, UnitStatus, WorksKind

Row = tuple[Any, ...]
K = TypeVar("K")

CELL_COLUMNS = ("municipality", "owner", "size_class", "quarter", *Cell._fields)
STOCK_COLUMNS = ("municipality", "owner", "status", "count")
MAKEUP_COLUMNS = ("municipality", "owner", "size_class", "service_type", "status", "count")
OUTCOME_COLUMNS = ("municipality", "owner", "quarter", *Outcomes._fields)
HOME_COLUMNS = ("unit_id", "sequence", *Home._fields)
CASE_COLUMNS = ("case_ref", *Case._fields)
DECLARATION_COLUMNS = ("cycle_year", "owner", "municipality", *Declaration._fields)
HOLD_COLUMNS = ("unit_id", *Hold._fields)
CHOICE_COLUMNS = ("municipality", "owner", "year", "quantity", *Chosen._fields)
OBJECTIVE_COLUMNS = ("id", *Pursued._fields)
TEXT_COLUMNS = ("first_year", "section", *Written._fields)
CONTEST_COLUMNS = ("id", *Contested._fields)


@dataclass(frozen=True, slots=True)
class Delta:
    """What one table has to write: whole rows to insert or replace, keys to delete; both in the order of their keys."""

    upserts: list[Row]
    deletes: list[Row]


@dataclass(frozen=True, slots=True)
class Deltas:
    """Deltas by table; a home whose fields are all None left before it was heard of."""

    cells: Delta
    stock: Delta
    makeup: Delta
    outcomes: Delta
    homes: Delta
    cases: Delta
    declarations: Delta
    holds: Delta
    choices: Delta
    objectives: Delta
    texts: Delta
    contests: Delta


def touched_rows(state: PlanState) -> Deltas:
    """Only what changed since the state was last settled, so that writing does not grow with the state."""
    touched = state.touched
    return Deltas(
        cells=delta(state.cells, touched.cells),
        stock=delta(state.stock, touched.stock),
        makeup=delta(state.makeup, touched.makeup),
        outcomes=delta(state.outcomes, touched.outcomes),
        homes=delta(state.homes.by_key, touched.homes),
        cases=delta(state.cases, touched.cases),
        declarations=delta(state.declarations, touched.declarations),
        holds=delta(state.holds, touched.holds),
        choices=delta(state.choices, touched.choices),
        objectives=delta(state.objectives, touched.objectives),
        texts=delta(state.texts, touched.texts),
        contests=delta(state.contests, touched.contests),
    )


def delta(values: Mapping[K, Any], keys: Iterable[K]) -> Delta:
    upserts, deletes = [], []
    for key in sorted(keys):  # type: ignore[type-var]
        if key in values:
            upserts.append((*as_row(key), *as_row(values[key])))
        else:
            deletes.append(as_row(key))
    return Delta(upserts, deletes)


def as_row(part: Any) -> Row:
    if part is None:
        return (None,) * len(Home._fields)
    return tuple(part) if isinstance(part, tuple) else (part,)


def restore(
    ambito: str,
    bands: AreaBands,
    reference_on: date | None,
    *,
    cells: Iterable[Sequence[Any]] = (),
    stock: Iterable[Sequence[Any]] = (),
    makeup: Iterable[Sequence[Any]] = (),
    outcomes: Iterable[Sequence[Any]] = (),
    homes: Iterable[Sequence[Any]] = (),
    cases: Iterable[Sequence[Any]] = (),
    declarations: Iterable[Sequence[Any]] = (),
    holds: Iterable[Sequence[Any]] = (),
    choices: Iterable[Sequence[Any]] = (),
    objectives: Iterable[Sequence[Any]] = (),
    texts: Iterable[Sequence[Any]] = (),
    contests: Iterable[Sequence[Any]] = (),
) -> PlanState:
    """The state of an ambito from all its rows, in any order, each with the columns named above."""
    state = PlanState(ambito, bands, reference_on)
    for municipality, owner, size_class, quarter, *counts in cells:
        cell = Cell(*counts)
        state.cells[municipality, owner, size_class, quarter] = cell
        accumulate(state.history, (municipality, owner, size_class), cell, +1)
    state.stock = {(municipality, owner, UnitStatus(status)): count for municipality, owner, status, count in stock}
    state.makeup = {
        (municipality, owner, size_class, ServiceType(service), UnitStatus(status)): count
        for municipality, owner, size_class, service, status, count in makeup
    }
    state.outcomes = {
        (municipality, owner, quarter): Outcomes(*counts) for municipality, owner, quarter, *counts in outcomes
    }
    for unit, sequence, *fields in homes:
        if fields[0] is None:
            state.homes.leave((unit, sequence))
        else:
            state.homes.enter((unit, sequence), home_of(fields))
    state.cases = {reference: Case(*fields) for reference, *fields in cases}
    state.declarations = {
        (year, owner, municipality): Declaration(*fields) for year, owner, municipality, *fields in declarations
    }
    for unit_id, revision, case_ref, status, *fields in holds:
        state.holds[unit_id] = Hold(revision, case_ref, HoldStatus(status), *fields)
    for municipality, owner, year, quantity, *fields in choices:
        state.choices[municipality, owner, year, quantity] = Chosen(*fields)
    state.objectives = {objective: Pursued(*fields) for objective, *fields in objectives}
    state.texts = {(first_year, section): Written(*fields) for first_year, section, *fields in texts}
    state.contests = {contest: Contested(*fields) for contest, *fields in contests}
    return state


def home_of(fields: Sequence[Any]) -> Home:
    home = Home(*fields)
    return home._replace(
        status=UnitStatus(home.status),
        previous_status=UnitStatus(home.previous_status) if home.previous_status else None,
        works_kind=WorksKind(home.works_kind) if home.works_kind else None,
    )
