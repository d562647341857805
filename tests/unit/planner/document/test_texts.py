"""Texts in the document: in their place of each part, with the plan's figures, in the data and in the PDF alike."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.texts import TEXTS, markdown_of
from services.planner.document.assembly import PARTS
from services.planner.document.canonical import json_of, read_document
from services.planner.document.model import Block, Document, DocumentPart, Listing, Paragraph
from services.planner.document.odt import odt_of
from services.planner.document.render import pdf_of
from services.planner.document.texts import with_texts
from services.planner.domain.plan import FigureKey, canonical, read
from services.planner.domain.texts.catalogue import BY_CODE, SECTIONS, sections_of
from services.planner.domain.texts.telling import Numbers, faults_of, tell_section
from services.planner.domain.texts.written import Written
from services.planner.domain.withholding import plan_hash
from shared.events import Message
from shared.wording import amount
from tests.support.pdf import tagged_text
from tests.support.plan_material import assembled, material_of, synthetic_material
from tests.support.planner import synthetic
from tests.unit.planner.worlds import section_written

STRATEGIES = BY_CODE["strategie"]


def written_texts() -> list[Message]:
    return [section_written(section, 1, markdown_of(section), 700_000 + number) for number, section in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def document() -> Document:
    return assembled([*synthetic().past, *written_texts()])


def sentences_of(part: DocumentPart) -> list[str]:
    found = []
    for block in part.blocks:
        if isinstance(block, Paragraph):
            found += [sentence.text for sentence in block.sentences]
        elif isinstance(block, Listing):
            found += [item.text for item in block.items]
    return found


def without_tables(document: Document) -> Document:
    """Its words alone: the structure of the whole is read for a minute."""
    parts = [
        replace(part, sections=tuple(replace(one, blocks=tuple(filter(_is_text, one.blocks))) for one in part.sections))
        for part in document.parts
    ]
    return replace(document, parts=tuple(parts), annexes=())


def _is_text(block: Block) -> bool:
    return isinstance(block, Paragraph | Listing)


def blankless(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_each_part_has_its_texts_among_its_tables_and_the_others_none(document: Document) -> None:
    for part, before in zip(document.parts, assembled(synthetic().past).parts, strict=True):
        titles, generated = ([section.title for section in one.sections] for one in (part, before))
        texts = [section.title.it for section in sections_of(int(part.number))]
        assert [title for title in titles if title in texts] == texts
        assert [title for title in titles if title in generated] == generated
    assert [section.title for section in document.parts[4].sections[:4]] == [
        "Le strategie di sviluppo dell’offerta",
        "Il rispetto degli indirizzi regionali",
        "I criteri per alienare e valorizzare",
        "Obiettivi",
    ]
    assert document.parts[5].sections[0].title == ""
    assert "Il sistema dei servizi: Servizi dell’abitare" in [one.title for one in document.parts[1].sections]


def test_the_sentences_have_the_plans_numbers_and_name_them(document: Document) -> None:
    figures = synthetic_material().plan.figures
    whole, first, second, third = (FigureKey(None, None, "assignable_mean", year) for year in (None, 2026, 2027, 2028))
    low, high = (FigureKey(None, None, f"assignable_{end}", None) for end in ("low", "high"))
    said = {key: amount(key.measure, figures[key]) for key in (whole, low, high, first, second, third)}
    sentence = next(
        sentence
        for block in document.parts[4].blocks
        if isinstance(block, Paragraph)
        for sentence in block.sentences
        if sentence.text.startswith("Nel triennio saranno assegnabili")
    )
    assert sentence.text == (
        f"Nel triennio saranno assegnabili {said[whole]} alloggi, tra {said[low]} e {said[high]}: "
        f"{said[first]} nel primo anno, {said[second]} nel secondo e {said[third]} nel terzo."
    )
    assert sentence.figures == tuple(key.id for key in (whole, low, high, first, second, third))


def test_data_pdf_and_odt_tell_the_same_texts(document: Document, tmp_path: Path) -> None:
    numbers = Numbers.of(material_of([*synthetic().past, *written_texts()]))
    expected = [
        sentence.text
        for section in SECTIONS
        for told in tell_section(section, markdown_of(section.code), numbers)
        for sentence in told.sentences
    ]
    assert len(expected) > 40
    again = read_document(json_of(document))
    assert again == document
    in_data = [sentence for part in again.parts for sentence in sentences_of(part)]
    assert not set(expected) - set(in_data)
    path = tmp_path / "piano.pdf"
    path.write_bytes(pdf_of(without_tables(document)))
    in_pdf, in_odt = blankless(tagged_text(path)), blankless(unescape(odt_of(document).decode(errors="replace")))
    for sentence in expected:
        assert blankless(sentence) in in_pdf
        assert blankless(sentence) in in_odt


def test_the_plans_hash_covers_the_texts_and_a_plan_without_any_is_written_as_ever() -> None:
    bare = synthetic_material().plan
    assert b"texts" not in canonical(bare)
    plans = [
        material_of([*synthetic().past, section_written("strategie", 1, markdown, 700_000)]).plan
        for markdown in ("Uno.", "Due.")
    ]
    assert len({plan_hash(plan) for plan in (bare, *plans)}) == 3
    for plan in plans:
        assert plan_hash(read(canonical(plan), plan.names)) == plan_hash(plan)
    assert plans[0].figures == bare.figures


def test_of_two_revisions_the_later_is_told_whatever_comes_first_and_none_of_another_triennium() -> None:
    first, second = (section_written("servizi", number, f"Stesura {number}.", 700_000 + number) for number in (1, 2))
    other = section_written("servizi", 3, "Di un altro triennio.", 700_009, first_year=2029)
    told = sentences_of(PARTS[1](material_of([*synthetic().past, second, first, other])))
    assert [one for one in told if "tesura" in one or "triennio" in one] == ["Stesura 2."]


def test_an_emptied_section_is_not_in_the_document() -> None:
    written = [section_written("servizi", number, text, 700_000 + number) for number, text in ((1, "Testo."), (2, ""))]
    part = PARTS[1](material_of([*synthetic().past, *written]))
    assert "Il sistema dei servizi" not in [section.title for section in part.sections]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_or_in_the_document_with_every_letter_and_number(text: str) -> None:
    material = synthetic_material()
    written = Written(1, text, "comune-019036", "HOUSING_OFFICE", material.plan.reference_on, "", "")
    state = replace(material.state, texts={(material.plan.triennium.first_year, "strategie"): written})
    part = with_texts(lambda _: DocumentPart("5", "", ()))(replace(material, state=state))
    if not faults_of(text, Numbers.of(material)):
        told = [section.title for section in part.sections], "".join(sentences_of(part))
        headings = "".join(title.removeprefix(f"{STRATEGIES.title.it}: ") for title in told[0] if ": " in title)
        assert sorted(filter(str.isalnum, text)) == sorted(filter(str.isalnum, headings + told[1]))
