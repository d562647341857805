"""Numeri contestati: the declared cells that a figure rests on, and when a contest is over.

A contest names one cell of one declaration. What a figure of homes rests on are reports, not declarations: then it
names the owner, and a report of the owner that moves the figure settles it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from services.planner.domain.annual import SHARES
from services.planner.domain.annual_columns import TOTAL, column_of, columns_told
from services.planner.domain.declarations import Declaration
from services.planner.domain.declared_years import three_years
from services.planner.domain.labels import COLUMN_LABELS
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.sheets import latest_declarations
from services.planner.domain.state import PlanState
from services.planner.domain.supply.adoption import Basis, Quantity
from shared.events.contests import (
    SUMMANDS,
    ContestAnswered,
    ContestedCell,
    ContestOutcome,
    ContestSettled,
    FigureContested,
    cell_value,
)

ContestStep = FigureContested | ContestAnswered | ContestSettled
STEPS: Final[Mapping[str, type[ContestStep]]] = {
    step.name(): step for step in (FigureContested, ContestAnswered, ContestSettled)
}
ROW_COLUMNS: Final = {"under_renovation_assignable": "works_assignable"}
"""Columns that a three-year row calls otherwise."""
DECLARED: Final = "_declared"


class ContestStatus(StrEnum):
    """Stato di una contestazione: open until it has an outcome."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    CORRECTED = "CORRECTED"
    CONFIRMED = "CONFIRMED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


OPEN: Final = frozenset({ContestStatus.OPEN, ContestStatus.ANSWERED})


class OwnersCell(NamedTuple):
    """Dato dichiarato: whose, in which declaration, where in it, and the count that stands there."""

    owner: str
    cycle_year: int
    path: str
    value: int

    @property
    def id(self) -> str:
        """`aler-bcm:2025:columns/free_now`."""
        return f"{self.owner}:{self.cycle_year}:{self.path}"

    @property
    def cell(self) -> ContestedCell:
        return ContestedCell(cycle_year=self.cycle_year, path=self.path, value=self.value)


class Ending(NamedTuple):
    """Esito di una contestazione, and what the figure and its cell are then."""

    outcome: ContestOutcome
    answer: str | None = None
    new_value: int | None = None
    new_cell_value: int | None = None


def status_of(step: ContestStep) -> ContestStatus:
    if isinstance(step, ContestSettled):
        return ContestStatus(step.outcome)
    return ContestStatus.ANSWERED if isinstance(step, ContestAnswered) else ContestStatus.OPEN


def contests_of(state: PlanState) -> list[ContestStep]:
    """The last step of every contest that the state knows, the newest contest first."""
    steps = [STEPS[one.kind].read(one.told.encode()) for one in state.contests.values()]
    return newest_first(steps)


def newest_first(steps: Iterable[ContestStep]) -> list[ContestStep]:
    return sorted(steps, key=lambda step: (-step.contested_on.toordinal(), step.contest_id))


def answer_of(step: ContestStep) -> str | None:
    return None if isinstance(step, FigureContested) else step.answer


def is_contestable(figure: str) -> bool:
    """Whether the figure counts homes: what counts households only the municipality knows, and shares are chosen."""
    if figure in COLUMN_LABELS:
        return column_of(figure)[0] not in SHARES
    return figure.startswith(("declared_", "adopted_", "turnover_", "assignable_")) or figure in OF_HOMES


OF_HOMES: Final = frozenset(
    {
        *("stock_total", "occupied", "occupied_without_title", "free_assignable", "free_state_of_fact", "in_notice"),
        *("sat_reserved", "sat_occupied", "needing_works", "in_works", "in_disposal_plan", "valorised"),
        "in_construction",
    }
)


def cells_behind(state: PlanState, plan: Plan, key: FigureKey) -> tuple[OwnersCell, ...]:
    """Every declared count that a municipality's figure rests on; none where it rests on the registry alone."""
    assert key.municipality is not None
    owners = sorted({o for _, o, place in state.declarations if place == key.municipality and key.owner in (None, o)})
    if key.figure == "declared_assignable_total":
        latest = latest_declarations(state, {key.municipality})
        paths = {o: [(key.year or 0, TOTAL)] for o in owners if latest[key.municipality, o] + 1 == key.year}
    elif key.figure in COLUMN_LABELS and key.figure.endswith(DECLARED):
        paths = {owner: [(key.year or 0, column_of(key.figure)[0])] for owner in owners}
    elif key.figure.startswith("adopted_"):
        paths = {owner: list(_adopted(plan, key, owner)) for owner in owners}
    else:
        return ()
    found = (
        cell
        for owner, columns in paths.items()
        for year, column in columns
        for cell in _cells(state, (owner, key.municipality or ""), year, column)
    )
    return tuple(sorted(found))


def _adopted(plan: Plan, key: FigureKey, owner: str) -> Iterator[tuple[int, str]]:
    """The years that the declaration decides."""
    quantity = Quantity(key.figure.removeprefix("adopted_").upper())
    for year in plan.triennium.years if key.year is None else (key.year,):
        adopted = plan.adopted.get((key.municipality or "", owner, year, quantity))
        if adopted is not None and adopted.basis is Basis.DECLARED and adopted.declared is not None:
            yield year, "turnover_expected" if quantity is Quantity.TURNOVER else TOTAL


def _cells(state: PlanState, whose: tuple[str, str], year: int, column: str) -> Iterator[OwnersCell]:
    """In the annual columns of that year or, until they come, in the latest three-year row of it."""
    names = SUMMANDS if column == TOTAL else (column,)
    owner, municipality = whose
    if (annual := state.declarations.get((year - 1, owner, municipality))) is not None:
        yield from _counts(annual, owner, year - 1, [f"columns/{name}" for name in names])
        return
    rows = [
        (cycle, declaration)
        for (cycle, of, place), declaration in sorted(state.declarations.items())
        if (of, place) == whose and any(row.year == year for row in three_years(declaration.told).forecast or ())
    ]
    if rows:
        cycle, declaration = rows[-1]
        paths = [f"forecast/{year}/{ROW_COLUMNS.get(name, name)}" for name in names]
        yield from _counts(declaration, owner, cycle, paths)


def _counts(declaration: Declaration, owner: str, cycle_year: int, paths: list[str]) -> Iterator[OwnersCell]:
    for path in paths:
        if (value := value_now(declaration, path)) is not None:
            yield OwnersCell(owner, cycle_year, path, value)


def value_now(declaration: Declaration, path: str) -> int | None:
    columns = columns_told(declaration.columns)
    return cell_value(columns, three_years(declaration.told).forecast, path)


def owners_of(state: PlanState, key: FigureKey) -> tuple[str, ...]:
    """Who has homes in the figure's municipality: one of them answers for what counts homes."""
    return tuple(sorted({o for place, o, _ in state.stock if place == key.municipality and key.owner in (None, o)}))


def ending_of(
    step: ContestStep, state: PlanState, value: int | None, on: date, reporters: Collection[tuple[str, str]]
) -> Ending | None:
    """How an open contest is over by what the plan has heard, if it is; its correction goes before its deadline.

    `value` is the figure's now, `reporters` the municipalities and owners of whose homes something was just reported.
    """
    if step.cell is not None:
        declared = state.declarations.get((step.cell.cycle_year, step.owner, step.municipality))
        now = value_now(declared, step.cell.path) if declared else step.cell.value
        if now != step.cell.value:
            return Ending(ContestOutcome.CORRECTED, answer_of(step), value, now)
    elif value != step.value and (step.municipality, step.owner) in reporters:
        return Ending(ContestOutcome.CORRECTED, answer_of(step), value)
    return Ending(ContestOutcome.EXPIRED, answer_of(step)) if on > step.deadline_on else None
