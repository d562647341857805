"""Texts as they are read: the figures in them are the plan's, those that are not told or not there stand out."""

from __future__ import annotations

import pytest

from deploy.demo.texts import EXAMPLE, TEXTS, markdown_of
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.publication import step_it
from services.planner.domain.texts.catalogue import BY_CODE, SECTIONS
from services.planner.domain.texts.markdown import BlockKind
from services.planner.domain.texts.references import MARK, Reference
from services.planner.domain.texts.telling import (
    MISSING,
    WITHHELD,
    Numbers,
    ToldBlock,
    ToldSection,
    faults_of,
    figures_named,
    missing_in,
    tell_section,
    withheld_in,
)
from shared.events import Measure
from shared.wording import amount
from tests.support.plan_material import synthetic_material

STRATEGIES = BY_CODE["strategie"]


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers.of(synthetic_material())


def read(markdown: str, numbers: Numbers) -> list[Sentence]:
    return [sentence for told in tell_section(STRATEGIES, markdown, numbers) for sentence in told.sentences]


def test_a_reference_reads_as_the_plan_writes_its_figure_and_the_sentence_keeps_it(numbers: Numbers) -> None:
    figures = numbers.plan.figures
    first = figures[FigureKey(None, None, "assignable_mean", 2026)]
    here = figures[FigureKey("019036", "aler-bcm", "stock_total", None)]
    [one, other] = read("Nel 2026 {{supply.total.y1}}. A Cremona {{patrimonio: Cremona, aler-bcm}}.", numbers)
    assert one == Sentence(f"Nel 2026 {amount(Measure.THOUSANDTHS, first)}.", ("-:-:assignable_mean:2026",))
    assert other == Sentence(f"A Cremona {here:,}.".replace(",", "."), ("019036:aler-bcm:stock_total:-",))


def test_sub_headings_name_their_section_too(numbers: Numbers) -> None:
    told = tell_section(STRATEGIES, "Prima.\n\n## Recupero\n\n- uno\n- due", numbers)
    assert told == (
        ToldSection(STRATEGIES.title.it, (ToldBlock(BlockKind.PARAGRAPH, (Sentence("Prima.", ()),)),)),
        ToldSection(
            f"{STRATEGIES.title.it}: Recupero",
            (ToldBlock(BlockKind.LISTING, (Sentence("uno", ()), Sentence("due", ()))),),
        ),
    )
    assert tell_section(STRATEGIES, "", numbers) == ()


def test_a_figure_that_counts_few_households_is_withheld_in_texts_too(numbers: Numbers) -> None:
    hidden = next(
        reference
        for reference in numbers.references
        if reference.municipality and reference.figure == "need_3y" and numbers.hides(reference)
    )
    mark = hidden.printed(numbers.plan.names)
    assert faults_of(mark, numbers) == ()
    assert read(f"Sono {mark}.", numbers) == [Sentence(f"Sono {WITHHELD}.", ())]
    assert withheld_in(mark, numbers) == (mark,)
    told = next(one for one in numbers.references if one.figure == "need_3y" and not numbers.hides(one))
    assert WITHHELD not in read(told.printed(numbers.plan.names), numbers)[0].text


def test_households_are_told_from_the_lower_end_of_their_step(numbers: Numbers) -> None:
    """As on pages and in the document: whoever writes the plan, too, reads in its texts what everybody does."""
    need = FigureKey(None, None, "need_3y", None)
    mark = Reference(need.figure, None, None, None).printed(numbers.plan.names)
    step = numbers.plan.figures[need] // 5000 * 5
    assert 500 <= step < 1000
    assert read(f"Sono {mark} famiglie.", numbers) == [Sentence(f"Sono almeno {step} famiglie.", (need.id,))]


def test_a_figure_that_the_plan_has_no_more_reads_as_not_available(numbers: Numbers) -> None:
    mark = "{{patrimonio: Cremona, ente-sparito}}"
    [fault] = faults_of(f"Uno.\n\n{mark}", numbers)
    assert (fault.line, mark in fault.rule.it, "aler-bcm" in fault.remedy.it) == (3, True, True)
    assert read(f"Ne ha {mark}.", numbers) == [Sentence(f"Ne ha {MISSING}", ())]
    assert read(f"Ne ha {mark} in tutto.", numbers) == [Sentence(f"Ne ha {MISSING} in tutto.", ())]
    assert missing_in(mark, numbers) == (mark,)


@pytest.mark.parametrize(
    ("markdown", "line", "told"),
    [
        ("Uno.\nDue {{aloggi in patrimonio}}.", 2, "«alloggi_in_patrimonio»"),
        ("{{patrimonio: Cremna}}", 1, "«Cremona»"),
        ("{{patrimonio.2026}}", 1, "per questi anni: –"),
        ("Aperto {{patrimonio", 1, "{{patrimonio: Cremona}}"),
        ("Chiuso patrimonio}}", 1, "{{patrimonio: Cremona}}"),
        ("- voce\n- {{ }}", 2, "elenco"),
    ],
)
def test_what_names_no_figure_is_refused_on_its_line_with_the_nearest_names(
    numbers: Numbers, markdown: str, line: int, told: str
) -> None:
    [fault] = faults_of(markdown, numbers)
    assert fault.line == line
    assert told in fault.remedy.it


def test_every_reference_that_is_offered_reads_as_its_figure(numbers: Numbers) -> None:
    """Each of the figures that everybody is told, by the same wording that every other sentence uses."""
    for reference in numbers.references[::7]:
        [sentence] = read(reference.printed(numbers.plan.names), numbers)
        if reference.is_of_survey or numbers.hides(reference):
            continue
        key = key_of(reference.id)
        if key.figure == "open_cases":
            assert sentence.text == step_it(numbers.plan.figures[key])
            continue
        value = numbers.values[key]
        of_households = key.figure.startswith("need_") and key.measure is Measure.THOUSANDTHS
        words = amount(Measure.COUNT, value // 1000) if of_households else amount(key.measure, value)
        assert sentence.text.removeprefix("almeno ").removeprefix("al più ") == words
        assert sentence.figures == (reference.id,)


def test_figures_are_found_by_words_of_their_label_place_or_code(numbers: Numbers) -> None:
    names = numbers.plan.names
    [found, *_] = numbers.search("assegnabili 2027 soresina", 5)
    assert found.printed(names) == "{{alloggi_assegnabili.2027: Soresina}}"
    assert [one.id for one in numbers.search("stock_total", 1)] == ["-:-:stock_total:-"]
    assert numbers.search("nulla di simile", 5) == []


def test_what_a_sentence_names_can_be_opened(numbers: Numbers) -> None:
    ids = {"-:-:assignable_mean:2026", "ambito/population", "019036/population", "-:-:nothing:-"}
    found = figures_named(ids - {"-:-:nothing:-"}, synthetic_material())
    assert found["ambito/population"].value == sum(
        profile.people.population for profile in (numbers.survey.municipalities if numbers.survey else {}).values()
    )
    assert found["-:-:assignable_mean:2026"].value == numbers.plan.figures[key_of("-:-:assignable_mean:2026")]


def test_the_demos_texts_are_complete_can_be_saved_and_say_that_they_are_examples(numbers: Numbers) -> None:
    assert list(TEXTS) == [section.code for section in SECTIONS]
    for section in SECTIONS:
        markdown = markdown_of(section.code)
        assert faults_of(markdown, numbers) == ()
        assert missing_in(markdown, numbers) == ()
        told = tell_section(section, markdown, numbers)
        assert told[-1].sentences[-1].text == EXAMPLE
    assert sum(len(MARK.findall(markdown_of(section.code))) for section in SECTIONS) > 30
