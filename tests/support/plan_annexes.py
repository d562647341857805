"""The annexes of the synthetic plan's document."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from services.planner.document.model import Block, Cell, Column, ColumnKind, DocumentPart, Section, Table
from services.planner.domain.annual import COLUMNS
from shared.events.submissions import SubmissionReceived
from shared.territory import names_of
from shared.wording import organisation_name
from tests.support.planner import UNTIL, synthetic

NAMES = names_of("cremonese")
NUMBER = ColumnKind.NUMBER


def annual_rows(rows: Sequence[SubmissionReceived]) -> DocumentPart:
    names = [name for name in COLUMNS if name != "free_plus_turnover"]
    labels = [f"{COLUMNS[name].label.it} ({COLUMNS[name].letter})" for name in names]
    columns = (Column("Ente"), Column("Comune"), *(Column(label, NUMBER) for label in labels))
    cells = tuple(
        (
            Cell(named(row.owner)),
            Cell(NAMES[row.municipality]),
            *(Cell(getattr(row.columns, name) if row.columns else 0) for name in names),
        )
        for row in rows
    )
    sums = [sum(cell.value for row in cells if isinstance((cell := row[x + 2]).value, int)) for x in range(len(names))]
    total = (Cell("Totale"), Cell(""), *map(Cell, sums))
    table = Table("Righe per ente e comune, colonne da a a k", columns, cells, total)
    return DocumentPart("A", "Righe per ente e comune", (section("", table),))


def quotas(rows: Sequence[SubmissionReceived]) -> DocumentPart:
    columns = Column("Ente"), Column("Comune"), Column("Quota per indigenti", ColumnKind.PERCENT)
    cells = [(Cell(named(row.owner)), Cell(NAMES[row.municipality]), Cell(share(row))) for row in rows if share(row)]
    return DocumentPart("B", "Quote", (section("", Table("Quote dichiarate", columns, tuple(cells))),))


def overdue(rows: Sequence[SubmissionReceived]) -> DocumentPart:
    missing = sorted({*NAMES} - {row.municipality for row in rows})
    table = Table("Comuni senza dichiarazione", (Column("Comune"),), tuple((Cell(NAMES[code]),) for code in missing))
    return DocumentPart("C", "Dichiarazioni mancanti", (section("", table),))


def changes() -> DocumentPart:
    columns = Column("Giorno", ColumnKind.DAY), Column("Variazione"), Column("Evento")
    told = "Cremona: alloggi liberi assegnabili da 5 a 6."
    rows = ((Cell(UNTIL), Cell(told), Cell(str(synthetic().vacancy.envelope.id))),)
    return DocumentPart("D", "Registro delle variazioni", (section("", Table("Variazioni", columns, rows)),))


def previous_year(rows: Sequence[SubmissionReceived]) -> DocumentPart:
    columns = Column("Ente"), Column("Comune"), Column("Alloggi assegnati", NUMBER)
    cells = tuple(
        (Cell(named(row.owner)), Cell(NAMES[row.municipality]), Cell(row.columns.assigned_previous_year))
        for row in rows
        if row.columns and row.columns.assigned_previous_year
    )
    return DocumentPart("E", "Assegnazioni dell’anno precedente", (section("", Table("Assegnazioni", columns, cells)),))


def section(title: str, *blocks: Block) -> Section:
    return Section(title, blocks)


def named(owner: str) -> str:
    return organisation_name(owner, NAMES).removeprefix("il ")


def share(row: SubmissionReceived) -> Decimal | None:
    return row.columns.indigence_share if row.columns else None
