"""The plan's PDF as others read it: its text, order, structure and promises; every kind of element is in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.planner.document.canonical import json_of, read_document
from services.planner.document.drawings import Bar, bar_chart
from services.planner.document.model import (
    Block,
    Cell,
    Column,
    Document,
    DocumentPart,
    Drawing,
    Listing,
    Paragraph,
    Section,
    Table,
)
from services.planner.document.render import pdf_of
from services.planner.document.writing import DRAWABLE, PRINTABLE, printable, written
from services.planner.domain.narrative.sentences import Sentence
from shared.events.plans import Measure
from tests.support.pdf import alternative_texts, bookmarks, facts, pages_of, tagged_text, verdict
from tests.support.plan_document import synthetic_document

ROOT = Path(__file__).parents[3]
BUILD = (
    "import sys; from services.planner.document.render import pdf_of; "
    "from tests.support.plan_document import synthetic_document; sys.stdout.buffer.write(pdf_of(synthetic_document()))"
)
TITLES = ["Quadro conoscitivo", "Quadro ricognitivo e programmatorio", "Fabbisogno abitativo primario"]


@pytest.fixture(scope="module")
def document() -> Document:
    return synthetic_document()


@pytest.fixture(scope="module")
def pdf(document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "piano.pdf"
    path.write_bytes(pdf_of(document))
    return path


def texts(document: Document) -> Iterator[str]:
    """All that the chapters say, piece by piece, in reading order."""
    for part in document.chapters:
        yield part.title
        for section in part.sections:
            yield section.title
            for block in section.blocks:
                yield from said(block)


def said(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case Listing():
            yield from (item.text for item in block.items)
        case Drawing():
            yield block.caption
            yield block.note
        case Table():
            yield block.caption
            yield block.note
            yield "".join(column.label for column in block.columns)
            for row in block.all_rows:
                yield "".join(written(cell, column.kind) for cell, column in zip(row, block.columns, strict=True))


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def drawn_text(pdf: Path) -> str:
    return "".join(pages_of(pdf))


def test_every_text_and_number_is_drawn_in_the_models_order(document: Document, pdf: Path) -> None:
    assert_in_order(document, drawn_text(pdf))


def test_every_text_and_number_is_tagged_in_the_models_order(document: Document, tmp_path: Path) -> None:
    """Without the longest tables: poppler takes half a minute to read all of them by their tags."""
    short = replace(document, submissions=document.legal_frame, annexes=document.annexes[2:4])
    path = tmp_path / "breve.pdf"
    path.write_bytes(pdf_of(short))
    assert_in_order(short, tagged_text(path))


def assert_in_order(document: Document, text: str) -> None:
    read = bare(text)
    # The index names the chapters too: what is looked for begins behind it.
    place = read.index(bare("Il Piano è previsto da:")) - len(bare(document.legal_frame.title))
    for piece in map(bare, texts(document)):
        found = read.find(piece, place)
        assert found >= 0, f"not found where it should be: {piece!r}"
        place = found + len(piece)


def saying(document: Document, text: str) -> Document:
    """A short document that says `text` in a heading, a paragraph, a list, a table and a drawing."""
    sentence = Sentence(text, ())
    blocks = (
        *(Paragraph((sentence,)), Listing((sentence,)), Table(text, (Column(text),), ((Cell(text),),))),
        bar_chart(text, [Bar(text, 1)], Measure.COUNT, text),
    )
    part = DocumentPart("5", text, (Section(text, blocks),))
    return replace(document, submissions=document.legal_frame, parts=(part,), annexes=())


def test_every_character_said_to_be_printable_is(document: Document) -> None:
    every = " ".join(chr(code) for first, last in (*PRINTABLE, *DRAWABLE) for code in range(first, last + 1))
    assert printable(every) == every
    assert pdf_of(saying(document, every)).startswith(b"%PDF-1.7")


@given(text=st.text(max_size=30))
@settings(max_examples=30, deadline=None)
@example(text="\x00\ufeff\ue000\uffff\U0010ffff😀")
@example(text="</text><script>#eval(1) $x$ _a_ `b` \\ @c <d> // e")
def test_no_text_that_somebody_writes_keeps_the_plan_from_being_printed(document: Document, text: str) -> None:
    assert pdf_of(saying(document, text)).startswith(b"%PDF-1.7")


def test_markup_in_a_text_is_text(pdf: Path) -> None:
    assert "#let x = *1*" in drawn_text(pdf)


@pytest.mark.parametrize("flavour", ["ua1", "2a"])
def test_verapdf_passes_it(flavour: str, pdf: Path) -> None:
    assert verdict(pdf, flavour) == f"PASS {pdf} {flavour}\n"


def test_verapdf_can_fail_it(pdf: Path) -> None:
    """PDF/A-1 knows no transparency and no PDF 1.7."""
    assert verdict(pdf, "1b").startswith("FAIL ")


def test_another_process_builds_the_same_bytes(pdf: Path, tmp_path: Path) -> None:
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "HOME": str(tmp_path)}
    built = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=ROOT, env=elsewhere, capture_output=True, timeout=300, check=True
    )
    assert built.stdout == pdf.read_bytes()


def test_from_its_json_the_same_bytes_are_built(document: Document, pdf: Path) -> None:
    """So an approved plan that is kept as JSON can always be printed again."""
    assert pdf_of(read_document(json_of(document))) == pdf.read_bytes()


def test_it_is_dated_by_the_plan_and_not_by_the_clock(document: Document, pdf: Path) -> None:
    said = facts(pdf)
    day = document.edition.reference_on.isoformat()
    assert said["CreationDate"].startswith(f"{day}T00:00:00")
    assert said["ModDate"].startswith(f"{day}T00:00:00")
    assert said["Title"] == f"{document.cover.title} 2026–2028, {document.cover.ambito}"


def test_bookmarks_lead_to_every_chapter_and_section(document: Document, pdf: Path) -> None:
    found = bookmarks(pdf)
    assert [mark for mark in found if mark.startswith("Parte ")][:3] == [
        f"Parte {number}. {title}" for number, title in enumerate(TITLES, start=1)
    ]
    titles = {section.title for part in document.chapters for section in part.sections if section.title}
    assert titles <= set(found)
    assert len([mark for mark in found if mark.startswith("Allegato ")]) == len(document.annexes)


def test_every_page_after_the_cover_says_version_hash_and_that_it_is_synthetic(document: Document, pdf: Path) -> None:
    _, *pages = pages_of(pdf)
    assert len(pages) > 20
    for number, page in enumerate(pages, start=2):
        assert document.edition.hash in page
        assert f"versione {document.edition.version} " in page
        assert f"pagina {number} di {len(pages) + 1}" in page
        assert "Dati sintetici" in page


def test_a_plan_of_real_data_does_not_say_that_it_is_synthetic(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "vero.pdf"
    path.write_bytes(pdf_of(replace(document, synthetic=False, parts=document.parts[4:5], annexes=())))
    assert not any("sintetic" in page for page in pages_of(path))


def test_alternative_texts_are_in_the_file(document: Document, pdf: Path) -> None:
    drawings = [block for part in document.parts for block in part.blocks if isinstance(block, Drawing)]
    assert {len(drawings), len({drawing.alternative for drawing in drawings})} == {6}
    assert alternative_texts(pdf) == [drawing.alternative for drawing in drawings]


def test_an_empty_table_says_so(document: Document, tmp_path: Path) -> None:
    table = Table("Vuota", document.annexes[2].sections[0].blocks[0].columns, ())  # type: ignore[union-attr]
    part = DocumentPart("5", "Prova", (replace(document.parts[4].sections[0], blocks=(table,)),))
    path = tmp_path / "vuota.pdf"
    path.write_bytes(pdf_of(replace(document, parts=(part,), annexes=())))
    assert "Nessun dato." in drawn_text(path)
