"""The document as the Typst templates take it: values written, columns measured; data only, never markup."""

from __future__ import annotations

import re
from typing import Any, Final

from services.planner.document.model import (
    Block,
    Cell,
    ColumnKind,
    Document,
    DocumentPart,
    Drawing,
    Listing,
    Paragraph,
    Table,
)
from services.planner.document.writing import printable, written, written_day

WIDE: Final = 8
"""Tables of more columns are read on a page turned on its side."""
UNBROKEN_ROWS: Final = 14
"""Shorter tables are never cut by the end of a page."""
DENSE_ROWS: Final = 18
"""Longer tables have lower rows: one of the ambito's 48 municipalities with its total stands on one page."""
LINE, SMALL_LINE = 104, 180
"""Characters on a line of a table, upright and on its side."""
WIDEST, MARGIN = 60, 2
"""Characters of a text column at most, and of the space around any."""
CODE: Final = 20
"""Characters of the longest word that is kept whole; longer codes are broken where Typst may: after a hyphen."""
_PIECE: Final = re.compile(r"[^-]+(?:-(?=[0-9])[^-]*)*-?")
"""What stands between two breaks of a code: none is before a digit."""


def typeset(document: Document) -> dict[str, Any]:
    """JSON-ready; its shape is a contract with `templates/plan.typ`."""
    cover, edition = document.cover, document.edition
    found: dict[str, Any] = _printable(
        {
            "title": cover.title,
            "ambito": cover.ambito,
            "lead": cover.lead,
            "years": [str(year) for year in cover.years],
            "acts": cover.acts,
            "version": str(edition.version),
            "status": edition.status,
            "reference": written_day(edition.reference_on),
            "rules": written_day(edition.rules_on),
            "plan_hash": edition.plan_hash,
            "log_head": edition.log_head,
            "audit_head": edition.audit_head,
            "hash": edition.hash,
            "synthetic": document.synthetic,
            "front": [_chapter(document.legal_frame, ""), _chapter(document.submissions, "")],
            "parts": [_chapter(part, "Parte") for part in document.parts],
            "annexes": [_chapter(annex, "Allegato") for annex in document.annexes],
        }
    )
    return found


def _printable(held: Any) -> Any:
    match held:
        case str():
            return printable(held)
        case dict():
            return {key: _printable(value) for key, value in held.items()}
        case list() | tuple():
            return [_printable(value) for value in held]
    return held


def _chapter(part: DocumentPart, kind: str) -> dict[str, Any]:
    return {
        "label": f"{kind} {part.number}" if part.number else "",
        "title": part.title,
        "sections": [
            {"title": section.title, "blocks": [_block(block) for block in section.blocks]} for section in part.sections
        ],
        "wide": any(isinstance(block, Table) and len(block.columns) > WIDE for block in part.blocks),
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"block": block.block, "text": block.text}
        case Listing():
            return {"block": block.block, "items": [item.text for item in block.items]}
        case Drawing():
            return {
                "block": block.block,
                "caption": block.caption,
                "svg": block.svg,
                "alternative": block.alternative,
                "note": block.note,
                "width": block.width,
            }
        case Table():
            return _table(block)


def _table(table: Table) -> dict[str, Any]:
    labels = [printable(column.label) for column in table.columns]
    rows = [_row(table, row) for row in table.rows]
    total = _row(table, table.total) if table.total else []
    return {
        "block": table.block,
        "caption": table.caption,
        "labels": labels,
        "is_text": [column.kind is ColumnKind.TEXT for column in table.columns],
        "widths": column_widths(table),
        "rows": rows,
        "total": total,
        "note": table.note,
        "breakable": len(rows) > UNBROKEN_ROWS,
        "small": len(table.columns) > WIDE,
        "dense": len(rows) > DENSE_ROWS,
    }


def _row(table: Table, row: tuple[Cell, ...]) -> list[str]:
    return [printable(written(cell, column.kind)) for column, cell in zip(table.columns, row, strict=True)]


def column_widths(table: Table) -> list[int]:
    """Shares of the line in characters: every column as wide as its longest word, then all grow alike.

    So short texts stand on one line, and long ones have what is left.
    """
    labels = [printable(column.label) for column in table.columns]
    rows = [_row(table, row) for row in table.all_rows]
    least, most = [], []
    for index, column in enumerate(table.columns):
        texts = [row[index] for row in rows]
        words = {word for text in (labels[index], *texts) for word in text.split()}
        value_width = max(map(len, texts), default=0)
        longest_word = max(map(_unbroken, words), default=0)
        least.append(MARGIN + (longest_word if column.kind is ColumnKind.TEXT else max(longest_word, value_width)))
        most.append(max(least[-1], MARGIN + min(value_width, WIDEST)))
    widths, room = least, (SMALL_LINE if len(table.columns) > WIDE else LINE) - sum(least)
    while room > 0 and (narrow := [index for index, width in enumerate(widths) if width < most[index]]):
        for index in narrow[:room]:
            widths[index] += 1
        room -= len(narrow[:room])
    return widths


def _unbroken(word: str) -> int:
    """How long the longest piece of a word is that stands on one line."""
    return len(word) if len(word) <= CODE else max(map(len, _PIECE.findall(word)), default=0)
