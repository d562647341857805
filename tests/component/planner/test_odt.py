"""The plan as OpenDocument text: valid to a judge that is not ours, the same bytes each time, the model's words."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.document.canonical import json_of, read_document
from services.planner.document.model import Document, DocumentPart, Drawing, Paragraph, Section, Table
from services.planner.document.odt import odt_of
from services.planner.document.places import pieces
from services.planner.document.writing import printable
from services.planner.domain.narrative.sentences import Sentence
from tests.support.pdf import judged_document
from tests.support.plan_document import synthetic_document

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"


@pytest.fixture(scope="module")
def document() -> Document:
    return synthetic_document()


@pytest.fixture(scope="module")
def odt(document: Document) -> bytes:
    return odt_of(document)


def body(odt: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(BytesIO(odt)) as archive:
        return ElementTree.fromstring(archive.read("content.xml"))


def words(element: ElementTree.Element) -> str:
    """The text as OpenDocument reads it: white space is what the elements for it say."""
    told = element.text or ""
    for child in element:
        told += {f"{TEXT}line-break": "\n", f"{TEXT}tab": "\t", f"{TEXT}s": " "}.get(child.tag, "") + words(child)
        told += child.tail or ""
    return told


def test_the_odf_validator_has_nothing_to_say(odt: bytes, tmp_path: Path) -> None:
    path = tmp_path / "piano.odt"
    path.write_bytes(odt)
    assert judged_document("odfvalidator", str(path)) == ""


def test_the_odf_validator_can_have_something_to_say(odt: bytes, tmp_path: Path) -> None:
    path = tmp_path / "piano.odt"
    with zipfile.ZipFile(BytesIO(odt)) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name).replace(b"text:outline-level", b"text:outline-depth"))
    assert "outline-depth" in judged_document("odfvalidator", str(path))


def test_from_its_json_the_same_bytes_are_made(document: Document, odt: bytes) -> None:
    assert odt_of(read_document(json_of(document))) == odt


def test_it_says_every_text_of_the_model_in_its_order(document: Document, odt: bytes) -> None:
    said, place = re.sub(r"\s", "", words(body(odt))), 0
    for piece in pieces(document):
        wanted = re.sub(r"\s", "", piece.text)
        # A note comes with the caption, before the heads of the columns.
        place = said.index(wanted, place) + len(wanted)


def test_headings_tables_and_drawings_are_what_they_are(document: Document, odt: bytes) -> None:
    root = body(odt)
    blocks = [block for chapter in document.chapters for block in chapter.blocks]
    levels = [heading.get(f"{TEXT}outline-level") for heading in root.iter(f"{TEXT}h")]
    assert levels.count("1") == len(document.chapters)
    tables = [block for block in blocks if isinstance(block, Table)]
    rows = [
        len(list(one.iter(f"{TABLE}table-row"))) - len(list(one.iter(f"{TABLE}table-header-rows")))
        for one in root.iter(f"{TABLE}table")
    ]
    assert rows == [len(table.all_rows) for table in tables]
    drawings = [block for block in blocks if isinstance(block, Drawing)]
    assert [one.text for one in root.iter(f"{SVG}desc")] == [printable(drawing.alternative) for drawing in drawings]
    with zipfile.ZipFile(BytesIO(odt)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        for number, drawing in enumerate(drawings, start=1):
            assert archive.read(f"Pictures/figura-{number}.svg").decode() == drawing.svg


def test_every_page_says_hash_and_that_it_is_synthetic(document: Document, odt: bytes) -> None:
    with zipfile.ZipFile(BytesIO(odt)) as archive:
        styles = archive.read("styles.xml").decode()
    assert styles.count(document.edition.hash) == 2
    assert styles.count("Dati sintetici") == 2
    with zipfile.ZipFile(BytesIO(odt_of(replace(document, synthetic=False)))) as archive:
        assert "Dati sintetici" not in archive.read("styles.xml").decode()


@given(text=st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_back_with_all_its_white_space(text: str) -> None:
    part = DocumentPart("5", "Prova", (Section("", (Paragraph((Sentence(text, ()),)),)),))
    short = replace(synthetic_document(), parts=(part,), annexes=(), submissions=part)
    *_, told = body(odt_of(short)).iter(f"{TEXT}p")
    assert words(told) == printable(text)
