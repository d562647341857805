"""Where in the document something stands, in words: chapter, section, table, row and column."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from services.planner.document.model import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Document,
    DocumentPart,
    Drawing,
    Listing,
    Paragraph,
    Table,
)
from services.planner.document.writing import printable, written


class Piece(NamedTuple):
    """A text of the document: its JSON pointer (RFC 6901), the words for its place, and how it is printed."""

    pointer: str
    place: str
    text: str


def pieces(document: Document) -> Iterator[Piece]:
    """Every text of the chapters in reading order; an empty one is a place that is not printed itself."""
    tables, figures = count(1), count(1)
    for pointer, name, part in _chapters(document):
        yield Piece(pointer, name, part.title)
        for number, section in enumerate(part.sections):
            here = f"{pointer}/sections/{number}"
            place = f"{name}, «{section.title}»" if section.title else name
            yield Piece(here, place, section.title)
            for index, block in enumerate(section.blocks):
                label = ""
                if isinstance(block, Table):
                    label = f"tabella {next(tables)}"
                elif isinstance(block, Drawing):
                    label = f"figura {next(figures)}"
                yield from _of_block(block, f"{here}/blocks/{index}", place, label)


def place_of(document: Document, pointer: str) -> str:
    """Words for the place that a JSON pointer into the document names."""
    within = (piece for piece in pieces(document) if f"{pointer}/".startswith(f"{piece.pointer}/"))
    piece = max(within, key=lambda one: len(one.pointer), default=Piece("", "", ""))
    rest = pointer.removeprefix(piece.pointer).strip("/")
    return ", ".join(filter(None, (piece.place, "" if rest in ("value", "text") else rest))) or "documento"


def _chapters(document: Document) -> Iterator[tuple[str, str, DocumentPart]]:
    yield "/legal_frame", document.legal_frame.title, document.legal_frame
    yield "/submissions", document.submissions.title, document.submissions
    for name, label, parts in (("parts", "Parte", document.parts), ("annexes", "Allegato", document.annexes)):
        for number, part in enumerate(parts):
            yield f"/{name}/{number}", f"{label} {part.number}. {part.title}", part


def _of_block(block: Block, pointer: str, place: str, label: str) -> Iterator[Piece]:
    match block:
        case Paragraph():
            yield Piece(pointer, f"{place}, testo", printable(block.text))
        case Listing():
            for number, item in enumerate(block.items):
                yield Piece(f"{pointer}/items/{number}", f"{place}, elenco, voce {number + 1}", printable(item.text))
        case Drawing():
            yield Piece(pointer, f"{place}, {label} «{block.caption}»", printable(block.caption))
        case Table():
            yield from _of_table(block, pointer, f"{place}, {label} «{block.caption}»")


def _of_table(table: Table, pointer: str, place: str) -> Iterator[Piece]:
    yield Piece(pointer, place, printable(table.caption))
    yield Piece(f"{pointer}/note", f"{place}, nota", printable(table.note))
    for number, column in enumerate(table.columns):
        yield Piece(f"{pointer}/columns/{number}", f"{place}, intestazione", printable(column.label))
    rows = [(f"{pointer}/rows/{number}", row) for number, row in enumerate(table.rows)]
    for here, row in [*rows, (f"{pointer}/total", table.total)] if table.total else rows:
        name = f"{place}, riga «{_name_of(row, table.columns)}»"
        yield Piece(here, name, "")
        for number, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            text = printable(written(cell, column.kind))
            yield Piece(f"{here}/{number}", f"{name}, colonna «{column.label}»", text)


def _name_of(row: tuple[Cell, ...], columns: tuple[Column, ...]) -> str:
    """What the row is of: the texts that it begins with, two at most."""
    names = []
    for cell, column in zip(row[:2], columns, strict=False):
        if column.kind is not ColumnKind.TEXT:
            break
        names.append(written(cell, column.kind))
    return ", ".join(filter(None, names))
