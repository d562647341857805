"""The seven points that the law asks of the plan (R.R. 4/2017, art. 3 c. 2) say the same numbers and texts everywhere.

The numbers of the PDF are read by poppler, those of the pages by a browser, those of the data with nothing but JSON;
each is written by this test's own rule, so that neither the program's reader nor its writer is asked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.component.planner.test_document_api import FORMATS, answer
from tests.component.planner.test_figures_api import PLAN
from tests.component.planner.test_readers import seen
from tests.support.browser import chromium, visiting
from tests.support.pdf import pages_of
from tests.support.planner import planner_serving, synthetic
from tests.support.public_pages import home_with_key
from tests.support.world import AMBITO
from tests.unit.planner.document.test_texts import written_texts

PDF, JSON, _ = FORMATS
POINTS = {
    1: ("Quadro conoscitivo", ["population", "density", "households"]),
    2: ("Quadro ricognitivo e programmatorio", ["old_age_index", "dependency_index", "age_65_plus"]),
    3: ("Fabbisogno abitativo primario", ["need_3y", "need_3y_low", "need_3y_high", "need_yearly"]),
    4: ("Consistenza del patrimonio e offerta del triennio", ["stock_total", "turnover_mean", "assignable_mean"]),
    5: ("Strategie, obiettivi e alienazioni", []),
    6: ("Linee d’azione per l’emergenza abitativa", ["open_cases"]),
    7: ("Linee d’azione per l’accesso e la permanenza", ["access_measures", "access_households"]),
}
"""Title of each, and figures of the ambito that the API gives for it."""
NUMBER = re.compile(r"[−-]?\d+(?:\.\d{3})*(?:,\d+)?")
PAGES = f"/ambiti/{AMBITO}"
BODY = "main div[lang=it]"
EDGES = re.compile(
    r"^Piano triennale dell’offerta.*$|^Ambito territoriale Cremonese · versione.*$|^[0-9a-f]{64}$"
    r"|^(?:Tabella|Figura) \d+:",
    re.MULTILINE,
)


NAMES = "svg title, svg desc"
"""What a browser shows when one points at a map: no text of the drawing."""
OF_TEXTS = {1: 2, 2: 8, 5: 3, 6: 2, 7: 2}
"""How many sections offices write of each part."""
TEXTS = """(part, names) => {
  const copy = part.cloneNode(true);
  copy.querySelectorAll(names).forEach((name) => name.remove());
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) found.push(texts.currentNode.data);
  return found.join("\\n");
}"""


class Answers(NamedTuple):
    """The document as data, its PDF's text; of each part what the API, the page to print and its own page tell."""

    data: dict[str, Any]
    pdf: str
    parts: dict[int, dict[str, Any]]
    printable: dict[int, str]
    pages: dict[int, str]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("punti")
    with planner_serving(home_with_key(folder)) as served:
        served.hear(*synthetic().past, *written_texts())
        (folder / "piano.pdf").write_bytes(answer(served, PDF).content)
        data = json.loads(answer(served, JSON).content)
        # As everybody is told them: who writes the plan counts households exactly, the document in steps.
        parts = {number: seen(served, f"{PLAN}/parts/{number}") for number in POINTS}
        with chromium() as browser:
            pages = {number: read(browser, f"{served.url}{PAGES}/parti/{number}", BODY) for number in POINTS}
            whole = f"{served.url}{PAGES}/stampa"
            printable = {number: read(browser, whole, f"[data-at='/parts/{number - 1}']") for number in POINTS}
    return Answers(data, text_of(folder / "piano.pdf"), parts, printable, pages)


def read(browser: Browser, address: str, part: str) -> str:
    """The texts of a part of a page, one a line."""
    with visiting(browser, address) as visit:
        return EDGES.sub("", str(visit.page.locator(part).last.evaluate(TEXTS, NAMES)))


def text_of(pdf: Path) -> str:
    return "\n".join(EDGES.sub("", page) for page in pages_of(pdf))


def chapter(text: str, number: int) -> str:
    """What the PDF says between the headings of a part and of the next."""
    headings = [text.rindex(f"Parte {number}. "), text.find(f"Parte {number + 1}. ", text.rindex(f"Parte {number}. "))]
    end = headings[1] if headings[1] >= 0 else text.rindex("Allegato A. ")
    return text[headings[0] :][: end - headings[0]]


def numbers_in(text: str) -> Counter[str]:
    return Counter(found.replace("-", "−").lstrip("−") for found in NUMBER.findall(text))


def rounded(value: Decimal, places: int) -> str:
    """`1.204,5`."""
    whole, _, decimals = f"{abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}".partition(".")
    return whole.replace(",", ".") + (f",{decimals}" if decimals else "")


def said(block: Mapping[str, Any], *, has_maps: bool = True) -> Iterator[str]:
    """The texts of a block of the data, numbers as a reader finds them."""
    match block["block"]:
        case "drawing" if "pv-area" in block["svg"] and not has_maps:
            return
        case "paragraph":
            yield from (sentence["text"] for sentence in block["sentences"])
        case "listing":
            yield from (item["text"] for item in block["items"])
        case "drawing":
            yield from (block["caption"], block["note"], *re.findall(r">([^<>]+)</text>", block["svg"]))
        case "table":
            yield from (block["caption"], block["note"], *(column["label"] for column in block["columns"]))
            for row in [*block["rows"], block["total"]]:
                yield from (shown(cell, column["kind"]) for cell, column in zip(row, block["columns"], strict=False))


def shown(cell: Mapping[str, Any], kind: str) -> str:
    value = cell["value"]
    if value is None:
        return str(cell["instead"])
    match kind:
        case "NUMBER":
            return rounded(Decimal(value), 0)
        case "THOUSANDTHS":
            return rounded(Decimal(value) / 1000, 1)
        case "SPAN":
            return "–".join(rounded(Decimal(end), 0) for end in sorted(set(value)))
        case "PERCENT":
            return rounded(100 * Decimal(value), 1)
        case "EUROS":
            return rounded(Decimal(value), 2)
        case "DAY":
            year, _, day = value.split("-")
            return f"{int(day)} {year}"
    return str(value)


def texts(part: Mapping[str, Any], *, has_maps: bool = True) -> Iterator[str]:
    yield f"Parte {part['number']}. {part['title']}"
    for section in part["sections"]:
        yield section["title"]
        for block in section["blocks"]:
            yield from said(block, has_maps=has_maps)


@pytest.mark.parametrize("number", POINTS)
def test_every_number_of_a_point_is_the_same_in_pdf_and_data(answers: Answers, number: int) -> None:
    part = answers.data["parts"][number - 1]
    assert (part["number"], part["title"]) == (str(number), POINTS[number][0])
    printed, told = numbers_in(chapter(answers.pdf, number)), numbers_in("\n".join(texts(part)))
    assert len(told) >= 5
    assert told - printed == Counter()
    # The heads of tables are printed again on each page.
    assert printed.keys() == told.keys()


@pytest.mark.parametrize("number", POINTS)
def test_every_number_of_a_point_is_the_same_on_the_page_to_print_and_in_the_data(
    answers: Answers, number: int
) -> None:
    told = numbers_in("\n".join(texts(answers.data["parts"][number - 1])))
    assert numbers_in(answers.printable[number]) == told


@pytest.mark.parametrize("number", POINTS)
def test_every_number_of_a_point_is_on_its_own_page(answers: Answers, number: int) -> None:
    """Which draws maps of its own, tells a chart's values in a table too, and counts the rows of a long one."""
    part = answers.data["parts"][number - 1]
    told = numbers_in("\n".join([part["title"], *texts(part, has_maps=False)][2:]))
    assert told - numbers_in(answers.pages[number]) == Counter()


@pytest.mark.parametrize(
    ("number", "name"), [(number, name) for number, (_, names) in POINTS.items() for name in names]
)
def test_the_figures_of_a_point_are_the_apis_everywhere(answers: Answers, number: int, name: str) -> None:
    [figure] = [one for one in answers.parts[number]["figures"] if one["id"] == f"ambito/{name}"]
    value, in_steps = Decimal(figure["value"]), name.startswith("need_")
    is_exact = figure["unit"] == "COUNT" or in_steps
    wanted = rounded(value / (1000 if figure["unit"] == "THOUSANDTHS" else 1), 0 if is_exact else 1)
    for told in everywhere(answers, number):
        assert wanted in told


def test_the_caps_of_point_5_are_the_apis(answers: Answers) -> None:
    """It has no figures of its own: the caps of disposals (L.R. 16/2016, art. 28) are its items."""
    caps = [one["values"] for one in answers.parts[5]["items"] if one["kind"] == "disposal_cap"]
    assert len(caps) > 10
    for value in (value for cap in caps for value in cap):
        if value["name"] in ("baseline", "cap", "used", "left"):
            wanted = rounded(Decimal(value["value"]), 0)
            for told in everywhere(answers, 5):
                assert wanted in told


@pytest.mark.parametrize("number", POINTS)
def test_the_texts_of_a_point_are_the_same_everywhere(answers: Answers, number: int) -> None:
    """Each section whole, in the order of its sentences, with the numbers filled in."""
    written = answers.parts[number]["texts"]
    assert len(written) == OF_TEXTS.get(number, 0)
    assert all(one["revision"] == 1 and one["told"] and not one["missing"] for one in written)
    data = {
        section["title"]: [sentence for block in section["blocks"] for sentence in sentences(block)]
        for section in answers.data["parts"][number - 1]["sections"]
    }
    pdf, printable, page = map(
        squeezed, (chapter(answers.pdf, number), answers.printable[number], answers.pages[number])
    )
    for heading in (heading for one in written for heading in one["told"]):
        assert data[heading["heading"]] == [(one["text"], one["figures"]) for one in heading["sentences"]]
        told = squeezed(heading["heading"] + "".join(one["text"] for one in heading["sentences"]))
        assert "{{" not in told
        assert (told in pdf, told in printable, told in page) == (True, True, True), heading


def squeezed(text: str) -> str:
    """Without what lies between words: spaces, line breaks with their hyphens, the signs of list items."""
    return re.sub(r"[\s\u00ad•-]+", "", text)


def sentences(block: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The sentences of a block, and the figures in each."""
    return [(one["text"], one["figures"]) for one in block.get("sentences", block.get("items", []))]


def everywhere(answers: Answers, number: int) -> list[Counter[str]]:
    """The numbers of a point in the PDF, on both pages and in the data."""
    data = "\n".join(texts(answers.data["parts"][number - 1]))
    said_there = chapter(answers.pdf, number), answers.printable[number], answers.pages[number], data
    return [numbers_in(text) for text in said_there]
