"""What is changed in a copy of the document is found, and the place is named: PDF, page and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from services.planner.document.canonical import json_of, sealed
from services.planner.document.model import Document, Table
from services.planner.document.pdf_text import lines_of
from services.planner.document.places import pieces, place_of
from services.planner.document.render import pdf_of
from services.planner.document.verification import Discrepancy, discrepancies, hashes_in, pointer_at
from services.planner.document.web import page_of
from services.planner.document.writing import written
from tests.support.forgery import text_count, with_one_byte_flipped, with_one_byte_of_text_changed
from tests.support.plan_document import synthetic_document

WHOLE = synthetic_document()
DOCUMENT = sealed(replace(WHOLE, submissions=WHOLE.legal_frame, parts=WHOLE.parts[:3], annexes=WHOLE.annexes[2:4]))
JSON = json_of(DOCUMENT)
PAGE = page_of(DOCUMENT, "/ambiti/cremonese")


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return pdf_of(DOCUMENT)


def cells(document: Document) -> Iterator[tuple[str, str, str]]:
    """First cell of the row, label of the column and written value, of every cell."""
    for block in (block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Table)):
        for row in block.all_rows:
            for cell, column in zip(row, block.columns, strict=True):
                yield written(row[0], block.columns[0].kind), column.label, written(cell, column.kind)


def test_true_copies_are_the_document(pdf: bytes) -> None:
    assert discrepancies(DOCUMENT, pdf) == discrepancies(DOCUMENT, JSON) == discrepancies(DOCUMENT, PAGE) == []
    assert discrepancies(DOCUMENT, json.dumps(json.loads(JSON), indent=2).encode()) == []
    assert hashes_in(pdf)[0] == hashes_in(JSON)[0] == hashes_in(PAGE)[0] == DOCUMENT.edition.hash


@pytest.mark.parametrize("part", [0.3, 0.5, 0.7])
def test_one_character_changed_in_a_table_of_the_pdf_is_named_by_its_cell(pdf: bytes, part: float) -> None:
    page = next(line.page for line in lines_of(pdf) if line.text.endswith("Popolazione, comune per comune"))
    forged = with_one_byte_of_text_changed(pdf, page, int(part * text_count(pdf, page)))
    [found] = discrepancies(DOCUMENT, forged)
    named = re.fullmatch(
        rf"pagina {page}, Parte 1\. Quadro conoscitivo, «La popolazione», "
        r"tabella \d+ «Popolazione, comune per comune», riga «(.+)», colonna «(.+)»",
        found.place,
    )
    assert named, found
    [value] = [value for row, column, value in cells(DOCUMENT) if (row, column) == named.groups()]
    assert value in found.published
    assert value not in found.presented


def test_a_changed_foot_is_named_by_its_page(pdf: bytes) -> None:
    forged = with_one_byte_of_text_changed(pdf, 5, text_count(pdf, 5) - 1)
    [found] = discrepancies(DOCUMENT, forged)
    assert found.place == "pagina 5, testata o piè di pagina"
    assert found.published == DOCUMENT.edition.hash
    assert hashes_in(forged)[0] == DOCUMENT.edition.hash


@given(place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_of_the_pdf_can_be_flipped_unseen(pdf: bytes, place: float) -> None:
    found = discrepancies(DOCUMENT, with_one_byte_flipped(pdf, int(place * len(pdf))))
    assert found
    assert all(re.match(r"pagina \d+, |byte \d+, ", one.place) for one in found)


def test_a_page_that_cannot_be_read_is_named(pdf: bytes) -> None:
    """The first byte of its compressed content stream says how it is compressed."""
    page = lines_of(pdf)[-1].page
    stream = PdfReader(BytesIO(pdf)).pages[page - 1]["/Contents"].get_object()._data
    [found] = discrepancies(DOCUMENT, pdf.replace(stream, with_one_byte_flipped(stream, 0)))
    assert found.place.startswith(f"pagina {page}, Allegato ")
    assert found.presented == "(illeggibile)"


def leaf(held: Any, path: list[int]) -> tuple[str, Any]:
    """Pointer and value of some leaf: `path` says which way to go at each fork."""
    pointer = ""
    for turn in path:
        if isinstance(held, dict) and held:
            key = sorted(held)[turn % len(held)]
            pointer, held = f"{pointer}/{key}", held[key]
        elif isinstance(held, list) and held:
            pointer, held = f"{pointer}/{turn % len(held)}", held[turn % len(held)]
    return pointer, held


@given(path=st.lists(st.integers(0, 200), min_size=10, max_size=10))
@settings(max_examples=40, deadline=None)
def test_every_byte_flipped_in_the_json_is_named_by_the_value_it_is_in(path: list[int]) -> None:
    held = json.loads(JSON)
    pointer, value = leaf(held, path)
    if not isinstance(value, str) or not value or not value.isascii() or '"' in value or "\\" in value:
        return
    target = held
    *steps, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
    for step in steps:
        target = target[step]
    target[last] = chr(ord(value[0]) ^ 1) + value[1:]
    [found] = discrepancies(DOCUMENT, json.dumps(held).encode())
    assert found.place == place_of(DOCUMENT, pointer)


@given(place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_no_byte_of_the_json_can_be_flipped_unseen(place: float) -> None:
    assert discrepancies(DOCUMENT, with_one_byte_flipped(JSON, int(place * len(JSON))))


def test_places_are_named_as_people_name_them() -> None:
    at = "/parts/0/sections/1/blocks/2"
    assert place_of(DOCUMENT, f"{at}/rows/0/1/value") == (
        "Parte 1. Quadro conoscitivo, «La popolazione», tabella 3 «Popolazione, comune per comune», "
        "riga «Acquanegra Cremonese», colonna «Residenti»"
    )
    assert place_of(DOCUMENT, f"{at}/rows/0/1/figure").endswith("colonna «Residenti», figure")
    assert place_of(DOCUMENT, "/edition/hash") == "edition/hash"
    assert place_of(DOCUMENT, "") == "documento"
    assert len({piece.pointer for piece in pieces(DOCUMENT)}) == len(list(pieces(DOCUMENT)))


def test_a_row_that_was_taken_out_is_named() -> None:
    held = json.loads(JSON)
    del held["parts"][0]["sections"][1]["blocks"][2]["rows"][3]
    [found] = discrepancies(DOCUMENT, json.dumps(held).encode())
    assert "riga «Bonemerse»" in found.place


def test_a_key_that_is_there_twice_is_a_forgery_that_readers_see_differently() -> None:
    [found] = discrepancies(DOCUMENT, JSON.replace(b'"synthetic":true', b'"synthetic":false,"synthetic":true'))
    assert "'synthetic' is there twice" in found.presented


def test_json_that_is_broken_is_named_by_where_it_breaks() -> None:
    broken = JSON.replace(b'"value":"Bonemerse"', b'"value":"Bonemerse\'', 1)
    [found] = discrepancies(DOCUMENT, broken)
    assert re.search(r"riga «.*Bonemerse»", found.place)
    assert "non è JSON" in found.presented


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a":[1,{"b":', "/a/1/b"),
        ('{"a":[1,{"b":2}', "/a/1"),
        ('{"a":"x,[{","c":"', "/c"),
        ("[[],[", "/1/0"),
        ("", ""),
    ],
)
def test_the_innermost_value_that_has_begun(text: str, pointer: str) -> None:
    assert pointer_at(text, len(text)) == pointer


def test_another_document_that_is_sealed_is_another() -> None:
    other = sealed(replace(DOCUMENT, synthetic=False))
    assert {one.place for one in discrepancies(DOCUMENT, json_of(other))} == {"edition/hash", "synthetic"}


def test_what_is_no_document_at_all_differs() -> None:
    assert discrepancies(DOCUMENT, b"%PDF-1.7 nothing else") == [
        Discrepancy("pagina 1, frontespizio, edizione o indice", "", "(illeggibile)")
    ]
    assert discrepancies(DOCUMENT, b"\xff") == [Discrepancy("documento", "", "byte 0: non è UTF-8")]


TABLE = "Parte 1. Quadro conoscitivo, «La popolazione», tabella 3 «Popolazione, comune per comune»"
ANNICCO = f"{TABLE}, riga «Annicco», colonna «Residenti»"


def in_table(old: bytes, new: bytes) -> bytes:
    """The page with its first `old` after the head of table 3 changed."""
    before, mark, after = PAGE.partition(b'id="tabella-3"')
    assert old in after
    return before + mark + after.replace(old, new, 1)


@pytest.mark.parametrize(
    ("forged", "place", "published", "presented"),
    [
        (in_table(b">1.974<", b">1.975<"), ANNICCO, "1.974", "1.975"),
        (in_table(b">1.974<", b"><b>1.974</b><"), ANNICCO, "1.974", "1.974"),
        (in_table(b'class="pd-number">1.974', b'hidden class="pd-number">1.974'), ANNICCO, "", 'hidden=""'),
        (
            in_table(b'class="pd-number">1.974', b'class="x" class="pd-number">1.974'),
            ANNICCO,
            'class="pd-number"',
            'class="x"',
        ),
        (in_table(b">Annicco<", b">Annico<"), f"{TABLE}, riga «Annicco», colonna «Comune»", "Annicco", "Annico"),
        (in_table(b">65 anni", b">66 anni"), f"{TABLE}, intestazione", "65 anni e più", "66 anni e più"),
        (in_table(b"Fonte: ISTAT", b"Fonte: ISTAR"), f"{TABLE}, nota", None, None),
        (PAGE.replace(b"2026", b"2025", 1), "fuori dai capitoli", None, None),
        (PAGE.replace(b"<h1>Piano", b"<h1>Pi\xe0no", 1), "frontespizio", "", None),
        (PAGE.replace(b"<dt>Versione", b"<dt>Revisione", 1), "questa edizione", "Versione", "Revisione"),
        (PAGE.replace(b"<main", b"<!--> 999 --><main", 1), "fuori dai capitoli", "", "<(commento)>"),
        (
            PAGE.replace(b"</head>", b'<link rel="stylesheet" href="x.css"></head>', 1),
            "fuori dai capitoli",
            "",
            "<link>",
        ),
        (PAGE.replace(b"</main>", b"<script>1</script></main>", 1), "fuori dai capitoli", "", "1"),
        (PAGE.replace(b"document.css", b"document2.css", 1), "fuori dai capitoli", None, None),
        (PAGE.replace(b'href="/static', b'href="http://x/static'), "fuori dai capitoli", None, None),
        (PAGE.replace(b"</main>", b"", 1), "fuori dai capitoli", None, None),
    ],
)
def test_what_is_changed_in_a_page_is_named_by_its_place(
    forged: bytes, place: str, published: str | None, presented: str | None
) -> None:
    """None stands for words that do not matter here."""
    assert forged != PAGE
    found = discrepancies(DOCUMENT, forged)[0]
    assert found.place == place
    assert published in (None, found.published)
    assert presented in (None, found.presented)


@given(place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=100, deadline=None)
def test_no_byte_of_the_page_can_be_flipped_unseen(place: float) -> None:
    """But where a link leads, which is not what the document says, and how its sheet's address ends."""
    index = int(place * len(PAGE))
    before, after = PAGE[:index], PAGE[index:]
    inside = before.rfind(b'href="') > before.rfind(b">") and b'"' not in before[before.rfind(b'href="') + 6 :]
    if not inside or after[:1] == b'"':
        assert discrepancies(DOCUMENT, with_one_byte_flipped(PAGE, index), 1)


def test_a_row_that_was_taken_out_of_the_page_is_named() -> None:
    row = re.search(rb"<tr>\s*<th scope=row>Bonemerse</th>.*?</tr>", PAGE, re.DOTALL)
    assert row
    found = discrepancies(DOCUMENT, PAGE.replace(row[0], b""))
    assert [one.place for one in found] == [f"{TABLE}, riga «Bonemerse»"]


def test_a_page_may_be_laid_out_otherwise() -> None:
    """As browsers write it: other white space, quoted attributes in another order, where it was saved from."""
    again = re.sub(rb">\s+<", b">\n\n  <", PAGE).replace(b"scope=row", b"scope='row'").replace(b"&#39;", b"'")
    again = again.replace(
        b'<html lang="it"', b"<!-- saved from url=(0031)http://piano.test/stampa --><HTML  lang=it", 1
    )
    again = again.replace(b'href="#', b'href="http://piano.test/ambiti/cremonese/stampa#')
    kind = b'<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
    assert discrepancies(DOCUMENT, again.replace(b"<head>", b"<head>" + kind, 1)) == []


def test_a_page_nested_without_end_is_another_page() -> None:
    assert discrepancies(DOCUMENT, PAGE.replace(b"</main>", b"<div>" * 200_000 + b"</main>", 1))
