"""Dichiarazioni: what is due in a cycle year, what came, what is missing, and who is on record as in default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.intake import store
from services.intake.api.duties import rows_of_year
from services.intake.domain.duties import DueRow, RowKey, RowState
from services.intake.domain.parameters import CycleRules
from services.intake.pages.frame import HOME, due_year, page_of, row_path, written
from shared.auth import Principal
from shared.civil_time import today_in_italy
from shared.pages import Cell, Column, carried, say, spoken
from shared.problem_texts import Text
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import names_of, organisation_name
from shared.web import Db

router = APIRouter(include_in_schema=False)
STATES: Final = {
    RowState.MISSING: Text("da trasmettere", "to be sent"),
    RowState.SUBMITTED: Text("trasmessa", "sent"),
    RowState.NIL: Text("nulla da dichiarare", "nothing to declare"),
    RowState.IN_DEFAULT: Text("agli atti come inadempiente", "on record as in default"),
}
ABSENT: Final = (RowState.MISSING, RowState.IN_DEFAULT)


class Table(NamedTuple):
    """Rows of one kind; `title` is the heading above it, where it has one."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""


class Choice(NamedTuple):
    """A year that can be looked at."""

    year: int
    href: str
    is_current: bool


@router.get("/", operation_id="intake_home")
async def home() -> Response:
    return RedirectResponse(carried(HOME), 303)


@router.get(HOME, operation_id="submissions_status")
async def declarations(
    request: Request, db: Db, who: Who, reach: Granted, anno: Annotated[int | None, Query(ge=2017, le=2100)] = None
) -> Response:
    year = anno or due_year()
    owner = None if reach is Reach.ALL else who.organisation
    async with db.reading() as session:
        rows = await rows_of_year(session, who, reach, year, CycleRules.of(year))
        cells = await store.open_cells(session, who.ambito, year, owner)
        years = await store.cycle_years(session, who.ambito, owner) | {year, due_year(), due_year() - 1}
    every = {row.municipality for row in rows}
    contested = Counter(RowKey(cell.owner, cell.municipality) for cell in cells)
    content = {
        "page": page_of(who, say("Dichiarazioni", "Declarations"), current=True),
        "year": year,
        "deadline_on": CycleRules.of(year).deadline_on,
        "is_past": today_in_italy() > CycleRules.of(year).deadline_on,
        "sees_all": reach is Reach.ALL,
        "years": [Choice(one, f"{HOME}?anno={one}", one == year) for one in sorted(years, reverse=True)],
        "states": Counter(row.state for row in rows),
        "late_count": sum(row.late for row in rows),
        "count": len(rows),
        "municipality_count": len(every),
        "complete_count": len(every - {row.municipality for row in rows if row.state in ABSENT}),
        "tables": [
            _absent(who, year, [row for row in rows if row.state in ABSENT]),
            _received(who, year, [row for row in rows if row.state not in ABSENT], contested),
        ],
    }
    return written(request, "declarations.html", content)


def state_name(row: DueRow) -> str:
    return STATES[row.state].read_in(spoken().language)


def _first(who: Principal, year: int, row: DueRow) -> list[Cell]:
    """Where, and whose, each leading to its row."""
    key = RowKey(row.owner, row.municipality)
    place = names_of(who.ambito).get(row.municipality, row.municipality)
    return [Cell(place, href=carried(row_path(year, key))), Cell(organisation_name(who.ambito, row.owner))]


def _heads() -> list[Column]:
    return [Column(say("Comune", "Municipality")), Column(say("Ente", "Owner"))]


def _absent(who: Principal, year: int, rows: Sequence[DueRow]) -> Table:
    columns = [
        *_heads(),
        Column(say("Stato", "State")),
        Column(say("Alloggi in anagrafe", "Homes in the registry"), "number"),
    ]
    late = say("in ritardo", "late")
    told = [
        [*_first(who, year, row), Cell(state_name(row), note=late if row.late else None), Cell(row.homes)]
        for row in sorted(rows, key=lambda row: row.state is RowState.IN_DEFAULT)
    ]
    return Table(say("Righe che mancano", "Missing rows"), columns, told, say("Chi manca", "Who is missing"))


def _received(who: Principal, year: int, rows: Sequence[DueRow], contested: Counter[RowKey]) -> Table:
    columns = [
        *_heads(),
        Column(say("Stato", "State")),
        Column(say("Revisione", "Revision"), "number"),
        Column(say("Completezza", "Completeness")),
        Column(say("Alloggi in anagrafe", "Homes in the registry"), "number"),
    ]
    told = []
    for row in rows:
        marks = [say("in ritardo", "late")] if row.late else []
        if count := contested[RowKey(row.owner, row.municipality)]:
            marks.append(
                say("un dato contestato", "a contested value")
                if count == 1
                else say(f"{count} dati contestati", f"{count} contested values")
            )
        state = Cell(state_name(row), note=", ".join(marks) or None)
        told.append([*_first(who, year, row), state, Cell(row.revision), _completeness(row), Cell(row.homes)])
    return Table(say("Righe arrivate", "Rows received"), columns, told, say("Chi ha trasmesso", "Who has sent data"))


def _completeness(row: DueRow) -> Cell:
    if not row.missing_parts:
        return Cell(say("completa", "complete"))
    count = len(row.missing_parts)
    return Cell(
        say("manca una parte", "one part is missing")
        if count == 1
        else say(f"mancano {count} parti", f"{count} parts are missing")
    )
