"""What the templates get: values as Italians write them, columns in which every word fits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from services.planner.document.model import Cell, Column, ColumnKind, Span, Table, Value
from services.planner.document.typesetting import CODE, DENSE_ROWS, MARGIN, WIDE, typeset
from services.planner.document.writing import printable, written
from shared.pages import Spoken, speaking
from tests.unit.planner.document.documents import DOCUMENT, TABLE, tables, with_table

SPELLINGS: list[tuple[ColumnKind, Value, str]] = [
    (ColumnKind.TEXT, "Crotta d'Adda", "Crotta d'Adda"),
    (ColumnKind.NUMBER, -3798, "−3.798"),
    (ColumnKind.THOUSANDTHS, 12_350, "12,4"),
    (ColumnKind.SPAN, Span(28, 1035), "28–1.035"),
    (ColumnKind.SPAN, Span(4, 4), "4"),
    (ColumnKind.PERCENT, Decimal("0.1396"), "14,0%"),
    (ColumnKind.EUROS, Decimal("1850.5"), "1.850,50 €"),
    (ColumnKind.DAY, date(2026, 5, 1), "1º maggio 2026"),
    (ColumnKind.NUMBER, None, "n.d."),
]


@pytest.mark.parametrize(("kind", "value", "text"), SPELLINGS)
def test_values_are_written_in_italian_whoever_asks(kind: ColumnKind, value: Value, text: str) -> None:
    assert written(Cell(value), kind) == text
    with speaking(Spoken("en", is_chosen=True)):
        assert written(Cell(value), kind) == text


def test_what_is_withheld_is_never_written() -> None:
    assert written(Cell(None, instead="meno di 5"), ColumnKind.NUMBER) == "meno di 5"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("È più di ½, cioè ≥ 50 % (α, Ж): «sì» → 3 €", "È più di ½, cioè ≥ 50 % (α, Ж): «sì» → 3 €"),
        ("bene 😀", "bene [U+1F600]"),
        ("a\x00b\ufeffc", "a[U+0000]b[U+FEFF]c"),
        ("turned \u202e round", "turned [U+202E] round"),
        ("due\nrighe", "due\nrighe"),
    ],
)
def test_what_no_font_has_is_spelled_out(text: str, printed: str) -> None:
    assert printable(text) == printed


def the_table(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = typeset(with_table(table))["parts"][0]["sections"][0]["blocks"][0]
    return found


@given(tables())
def test_every_word_fits_its_column(table: Table) -> None:
    found = the_table(table)
    for index, width in enumerate(found["widths"]):
        words = [word for row in (found["labels"], *found["rows"]) for word in row[index].split()]
        assert all(printable(word) == word for word in words)
        kept = [word for word in words if "-" not in word or len(word) <= CODE]
        assert width >= max(map(len, kept), default=0) + MARGIN


def test_text_gets_the_room_that_is_left() -> None:
    """Label and numbers need 7 + 2 and 4 + 2; of the text's 63 characters at most 60 + 2 are wanted."""
    columns = (Column("Testo"), Column("Residui", ColumnKind.NUMBER))
    assert the_table(Table("Prova", columns, ((Cell("parola " * 9), Cell(1204)),)))["widths"] == [62, 9]


def test_a_long_code_needs_the_room_of_its_longest_piece() -> None:
    """`comune-019026-2026-` has 19 characters: a line is broken after a hyphen, but never before a digit."""
    columns = tuple(Column(f"Testo{number}") for number in range(3))
    row = Cell("SIM-PA-comune-019026-2026-S"), Cell("parola " * 9), Cell("parola " * 9)
    least = the_table(Table("Prova", columns, (row,)))["widths"][0]
    assert least >= 19 + MARGIN


def test_short_texts_stand_on_one_line_before_long_ones_grow() -> None:
    """All grow alike from their longest word: the short one to its 17 + 2; the long ones share the rest of 104."""
    columns = tuple(Column(label) for label in ("Testo", "Lunga", "Lungo"))
    row = Cell("ipotesi di lavoro"), Cell("parola " * 20), Cell("parola " * 20)
    short, *long = the_table(Table("Prova", columns, (row,)))["widths"]
    assert short == 17 + MARGIN
    assert sum(long) == 104 - short


def test_long_tables_have_lower_rows() -> None:
    short, long = (Table("Prova", (Column("x"),), ((Cell("a"),),) * rows) for rows in (DENSE_ROWS, DENSE_ROWS + 1))
    assert [the_table(table)["dense"] for table in (short, long)] == [False, True]


def test_wide_tables_lie_on_their_side() -> None:
    narrow = Table("Prova", (Column("x"),) * WIDE, ())
    wide = Table("Prova", (Column("x"),) * (WIDE + 1), ())
    assert [typeset(with_table(table))["parts"][0]["wide"] for table in (narrow, wide)] == [False, True]


def test_chapters_are_called_by_what_they_are() -> None:
    found = typeset(DOCUMENT)
    assert [chapter["label"] for chapter in found["front"] + found["parts"]] == ["", "", "Parte 4"]
    assert found["reference"] == "23 novembre 2026"
    assert found["parts"][0]["sections"][1]["blocks"][1]["total"][3] == "8–15"
    assert found["parts"][0]["sections"][1]["blocks"][1]["note"] == TABLE.note
