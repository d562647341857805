"""The document's tables as CSV (RFC 4180) for programs and spreadsheets, and the dictionary of their fields."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Final, NamedTuple

from services.planner.document.cells import MUNICIPALITY
from services.planner.document.model import Cell, Column, ColumnKind, Document, Span, Table
from shared.territory import UnknownAmbitoError
from shared.territory import ambito as territory_of

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME: Final = 60
UNTOLD: Final = "non_detto"
TYPES: Final = {
    ColumnKind.TEXT: ("testo", ""),
    ColumnKind.NUMBER: ("intero", "conteggio"),
    ColumnKind.THOUSANDTHS: ("decimale", "conteggio o rapporto, con tre decimali"),
    ColumnKind.SPAN: ("intero", "conteggio"),
    ColumnKind.PERCENT: ("decimale", "quota di uno"),
    ColumnKind.EUROS: ("decimale", "euro"),
    ColumnKind.DAY: ("data", "ISO 8601"),
}


class Field(NamedTuple):
    """Campo of a file: what its values are and what they speak of."""

    name: str
    type_: str
    unit: str
    description: str


class DataTable(NamedTuple):
    """A table of the document as a file: `rows` are written values, one for each field."""

    name: str
    title: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(document: Document, ambito: str) -> tuple[DataTable, ...]:
    """Every table in reading order. Where its first column is the municipality, its ISTAT code comes before."""
    try:
        codes = {one.name: one.istat_code for one in territory_of(ambito).municipalities}
    except UnknownAmbitoError:
        codes = {}
    found = [block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Table)]
    return tuple(_data_table(number, table, codes) for number, table in enumerate(found, start=1))


def dictionary_of(tables: Iterable[DataTable]) -> bytes:
    """Dizionario dei dati: every field of every file."""
    header = ("file", "campo", "tipo", "unita", "descrizione")
    return written_csv([header, *((f"{table.name}.csv", *field) for table in tables for field in table.fields)])


def written_csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _data_table(number: int, table: Table, codes: Mapping[str, str]) -> DataTable:
    is_by_municipality = bool(table.columns) and table.columns[0] == MUNICIPALITY
    code = (Field("codice_istat", "testo", "", "Codice ISTAT del comune; vuoto: tutti i comuni"),)
    last = Field(UNTOLD, "testo", "", "Perché un campo è vuoto")
    fields = [field for column in table.columns for field in _fields(column, table)]
    rows = []
    for row in table.rows:
        values = [value for cell, column in zip(row, table.columns, strict=True) for value in _values(cell, column)]
        codes_first = [codes.get(str(row[0].value), "")] if is_by_municipality else []
        rows.append((*codes_first, *values, safe(_untold(row, table.columns))))
    name = f"{number:02}-{_slug(table.caption)}"
    return DataTable(name, table.caption, (*(code if is_by_municipality else ()), *fields, last), tuple(rows))


def _fields(column: Column, table: Table) -> Iterator[Field]:
    type_, unit = TYPES[column.kind]
    about = " ".join(filter(None, (f"{table.caption}: {column.label}.", table.note)))
    if column.kind is ColumnKind.SPAN:
        for end in ("min", "max"):
            yield Field(safe(f"{column.label} ({end})"), type_, unit, safe(about))
    else:
        yield Field(safe(column.label), type_, unit, safe(about))


def _values(cell: Cell, column: Column) -> Iterator[str]:
    match column.kind, cell.value:
        case ColumnKind.SPAN, Span(low, high):
            yield from (str(low), str(high))
        case ColumnKind.SPAN, _:
            yield from ("", "")
        case _, None:
            yield ""
        case ColumnKind.THOUSANDTHS, int(value):
            yield f"{Decimal(value) / 1000:.3f}"
        case ColumnKind.TEXT, value:
            yield safe(str(value))
        case _, value:
            yield str(value)


def _untold(row: Sequence[Cell], columns: Sequence[Column]) -> str:
    missing = [(column.label, cell.instead) for cell, column in zip(row, columns, strict=True) if cell.value is None]
    return "; ".join(f"{label}: {why}" for label, why in missing if why)


def _slug(caption: str) -> str:
    plain = unicodedata.normalize("NFKD", caption).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_NAME].strip("-")
