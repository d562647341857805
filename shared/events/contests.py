"""Contested numbers: what is said to be wrong, who must answer by when, and how it ended; and who was replied to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.base import AmbitoCode, Event, IstatCode, LongText, OrganisationId, ShortText, Value
from shared.events.decisions import FIGURE_ID, FigureId, FigureValue
from shared.events.planning import Count, YearForecast
from shared.events.plans import Measure
from shared.events.submissions import AnnualColumns, CycleYear, SubmissionReceived

CELL_PATH: Final = r"^(columns|forecast/[0-9]{4})/[a-z_]{1,40}$"
CellPath = Annotated[str, StringConstraints(pattern=CELL_PATH, max_length=60)]
"""Where a count stands in a declaration: `columns/free_now`, `forecast/2027/turnover_expected`."""
PLACE: Final = f"({FIGURE_ID}|^[0-9a-z]{{1,2}}/[a-z0-9-]{{1,60}}$)"
PlaceId = Annotated[str, StringConstraints(pattern=PLACE, max_length=150)]
"""What is commented: a figure, or a section of the plan as `part/section`."""
SUMMANDS: Final = (
    *("as_is_assignable", "under_renovation_assignable", "new_build_assignable"),
    *("free_now", "turnover_expected", "conferred_by_private"),
)
"""Columns b to f: their sum is g, which follows from them and is no cell of its own."""


class ContestOutcome(StrEnum):
    """Esito di una contestazione."""

    CORRECTED = "CORRECTED"
    CONFIRMED = "CONFIRMED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class ContestedCell(Value):
    """Dato dichiarato che si contesta: one count of one declaration, and its value when it was contested."""

    cycle_year: CycleYear
    path: CellPath
    value: Count


class _ContestStep(Event, topic="plan-decisions"):
    """One step of a contest; `revision` numbers them without a gap, and each tells what is contested in full.

    `owner` has to answer by `deadline_on`. Without a `cell` the figure counts homes of the registry, and what mends it
    is a report about a home. `organisation` took the step; what time or a correction settled was taken by nobody.
    """

    contest_id: UUID
    ambito: AmbitoCode
    municipality: IstatCode
    revision: Annotated[int, Field(ge=1)]
    figure: FigureId
    label_it: ShortText
    measure: Measure
    value: FigureValue
    expected: FigureValue | None
    owner: OrganisationId
    cell: ContestedCell | None
    reason: LongText
    contester: OrganisationId
    contested_on: date
    deadline_on: date
    on: date
    organisation: OrganisationId | None = None


class FigureContested(_ContestStep):
    """Numero contestato: from now on its cell, and no other, can be corrected by its owner until the deadline."""


class ContestAnswered(_ContestStep):
    """Risposta a una contestazione: it stays open."""

    answer: LongText


class ContestSettled(_ContestStep):
    """Contestazione chiusa: what the figure and its cell are now, where they were corrected."""

    outcome: ContestOutcome
    answer: LongText | None
    new_value: FigureValue | None
    new_cell_value: Count | None


class CommentReplied(Event, topic="plan-decisions"):
    """Risposta a un commento: to whom, about what; what was written is read where it was written."""

    ambito: AmbitoCode
    municipality: IstatCode
    thread: UUID
    number: Annotated[int, Field(ge=2)]
    place: PlaceId
    label_it: ShortText
    to: Annotated[tuple[OrganisationId, ...], Field(min_length=1, max_length=100)]
    resolved: bool
    on: date
    organisation: OrganisationId


def cell_value(columns: AnnualColumns | None, forecast: Sequence[YearForecast] | None, path: str) -> int | None:
    """The count that stands there, zero in the columns of who has nothing to declare; None where none does."""
    part, _, name = path.rpartition("/")
    if part == "columns":
        value = getattr(columns or AnnualColumns(), name, None)
    else:
        row = next((row for row in forecast or () if row.year == int(part.removeprefix("forecast/"))), None)
        value = getattr(row, name, None)
    return value if isinstance(value, int) else None


def with_cell(declaration: SubmissionReceived, path: str, value: int) -> SubmissionReceived:
    """The declaration with another count in one cell and, where it is one of columns b to f, in their sum g.

    Who had nothing to declare now has columns.
    """
    part, _, name = path.rpartition("/")
    if part != "columns":
        year = int(part.removeprefix("forecast/"))
        rows = (row.having({name: value}) if row.year == year else row for row in declaration.forecast or ())
        return declaration.having({"forecast": tuple(rows)})
    columns = (declaration.columns or AnnualColumns()).having({name: value})
    if name in SUMMANDS:
        columns = columns.having({"assignable_total": sum(getattr(columns, summand) for summand in SUMMANDS)})
    return declaration.having({"columns": columns, "nil": False})
