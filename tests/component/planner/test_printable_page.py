"""The whole document as one page: what the document says, whole in any browser, and on paper nothing cut or lost."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from services.planner.document.canonical import read_document
from services.planner.document.model import Document, Table
from services.planner.document.places import pieces
from services.planner.document.typesetting import WIDE
from services.planner.document.writing import printable, written
from tests.component.planner.test_document_api import AS_OF, FORMATS, answer
from tests.support.browser import chromium, visiting
from tests.support.pdf import facts, judged_document, pages_of
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import home_with_key
from tests.support.world import AMBITO

ROOT = Path(__file__).parents[3]
PAGE = f"/ambiti/{AMBITO}/stampa"
_, JSON, _ = FORMATS
BUILD = (
    "import sys; from services.planner.document.web import page_of; "
    "from tests.support.plan_document import synthetic_document; "
    "sys.stdout.buffer.write(page_of(synthetic_document(), '/ambiti/x'))"
)
FOOT = re.compile(r"pagina (\d+) di (\d+)")


class Printed:
    """What Chromium prints: each page's text, without white space."""

    def __init__(self, pdf: Path) -> None:
        self.pages = [re.sub(r"\s", "", page) for page in pages_of(pdf)]
        self.lines = [[line for line in page.splitlines() if line.strip()] for page in pages_of(pdf)]
        self.facts = facts(pdf)


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("stampa"))) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def page(planner: Served) -> httpx.Response:
    return httpx.get(planner.url + PAGE, timeout=120)


@pytest.fixture(scope="module")
def document(planner: Served) -> Document:
    """As the API hands it to an office."""
    return read_document(answer(planner, JSON).content)


@pytest.fixture(scope="module")
def printed(planner: Served, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    path = tmp_path_factory.mktemp("carta") / "piano.pdf"
    with visiting(browser, planner.url + PAGE) as visit:
        visit.page.pdf(path=path, prefer_css_page_size=True, tagged=True)
    return Printed(path)


class Words(HTMLParser):
    """The words of a page, and what its head says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.meta: dict[str, str] = {}
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags |= {tag, *(f"@{name}" for name in told)}
        if tag == "meta" and "name" in told:
            self.meta[told["name"]] = told["content"]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_it_is_the_document_that_the_api_hands_out(page: httpx.Response, document: Document) -> None:
    edition, words = document.edition, Words(page.text)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert words.meta["document-hash"] == edition.hash
    assert words.meta["log-head"] == edition.log_head
    assert words.meta["plan-hash"] == edition.plan_hash
    assert words.meta["document-version"] == str(edition.version)
    assert "".join(words.said).count(edition.hash) == 2  # with the edition, and at the foot


def test_every_text_and_number_is_there_in_the_models_order(page: httpx.Response, document: Document) -> None:
    said = bare("".join(Words(page.text).said))
    place = said.index(bare(document.legal_frame.sections[0].blocks[0].text))  # type: ignore[union-attr]
    place -= len(bare(document.legal_frame.title))
    count = 0
    for piece in pieces(document):
        text = bare(piece.text)
        found = said.find(text, place)
        assert found >= 0, f"not found where it should be: {piece.place}: {piece.text!r}"
        place, count = found + len(text), count + 1
    assert count > 10_000


def test_it_has_no_script_and_no_style_of_its_own(page: httpx.Response) -> None:
    tags = Words(page.text).tags
    assert {"script", "style", "@style", "@onclick", "img", "iframe"} & tags == set()
    assert len(re.findall(r'<link rel="stylesheet" href="/static/pianovivo/document.css', page.text)) == 1


def test_the_html_checker_has_nothing_to_say(planner: Served, document: Document, tmp_path: Path) -> None:
    verify = "/verifica-documento"
    for number, path in enumerate((PAGE, verify, f"{verify}?impronta={document.edition.hash}")):
        file = tmp_path / f"{number}.html"
        file.write_bytes(httpx.get(planner.url + path, timeout=60).content)
        assert judged_document("vnu", str(file)) == ""


def test_the_html_checker_can_have_something_to_say(page: httpx.Response, tmp_path: Path) -> None:
    spoilt = tmp_path / "guasta.html"
    spoilt.write_text(page.text.replace("<tbody>", "<tbody><p>", 1))
    assert "Start tag “p” seen in “table”" in judged_document("vnu", str(spoilt))


def test_it_is_the_same_for_every_reader_and_is_not_sent_again(planner: Served, page: httpx.Response) -> None:
    english = httpx.get(planner.url + PAGE, headers={"accept-language": "en", "cookie": "a=b"}, timeout=60)
    assert english.content == page.content
    with httpx.Client(timeout=60) as client:
        packed = client.send(client.build_request("GET", planner.url + PAGE), stream=True)
        assert gzip.decompress(b"".join(packed.iter_raw())) == page.content
    plain = httpx.get(planner.url + PAGE, headers={"accept-encoding": "identity"}, timeout=60)
    assert (plain.content, "content-encoding" in plain.headers) == (page.content, False)
    again = httpx.get(planner.url + PAGE, headers={"if-none-match": page.headers["etag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")


def test_two_processes_write_the_same_bytes_whatever_the_zone_locale_and_hash_seed() -> None:
    worlds = ({"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "1"}, {"TZ": "UTC", "LC_ALL": "it_IT.UTF-8"})
    first, second = (
        subprocess.run(
            [sys.executable, "-c", BUILD], env=os.environ | world, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for world in worlds
    )
    assert first.endswith(b"</html>")
    assert first == second


@pytest.mark.parametrize("javascript", [True, False])
def test_it_reads_well_in_a_wide_and_in_a_narrow_window(planner: Served, browser: Browser, javascript: bool) -> None:
    for width in (1280, 320):
        with visiting(browser, planner.url + PAGE, width=width, javascript=javascript) as visit:
            assert not visit.scrolls_sideways()
            assert visit.foreign_requests(planner.url) == []
            assert visit.complaints == []
            if javascript:
                assert visit.axe_violations() == []


def test_the_index_leads_to_each_chapter_with_the_keyboard_alone(planner: Served, browser: Browser) -> None:
    with visiting(browser, planner.url + PAGE, javascript=False) as visit:
        links = visit.page.locator("nav.pd-index a")
        targets = [links.nth(place).get_attribute("href") or "" for place in range(links.count())]
        assert len(targets) >= 14
        assert all(visit.page.locator(f"[id='{target[1:]}']").count() == 1 for target in targets)
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        assert visit.page.url.endswith("#contenuto")


def test_every_printed_page_says_which_it_is_and_of_which_document(printed: Printed, document: Document) -> None:
    assert document.edition.hash in printed.pages[1]
    numbers = [FOOT.search(" ".join(lines)) for lines in printed.lines]
    assert numbers[0] is None
    assert [found and int(found[1]) for found in numbers[1:]] == [*range(2, len(printed.pages) + 1)]
    assert all(document.edition.hash in page for page in printed.pages[1:])


def test_no_printed_page_is_empty(printed: Printed) -> None:
    assert len(printed.pages) > 20
    for number, page in enumerate(printed.pages, start=1):
        assert len(page) > 300 or number == 1, f"page {number}: {page}"


def test_no_row_of_a_table_is_cut_by_the_end_of_a_page(printed: Printed, document: Document) -> None:
    rows = 0
    for table in tables(document):
        for row in table.all_rows:
            told = bare(
                "".join(printable(written(cell, column.kind)) for cell, column in zip(row, table.columns, strict=True))
            )
            assert any(told in page for page in printed.pages), f"{table.caption}: {told}"
            rows += 1
    assert rows > 500


def test_every_page_with_rows_of_a_table_has_its_head_and_no_total_but_at_its_end(
    printed: Printed, document: Document
) -> None:
    table = max((one for one in tables(document) if one.total), key=lambda one: len(one.rows))
    labels = bare("".join(printable(column.label) for column in table.columns))
    names = [
        bare("".join(written(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)))
        for row in table.rows
    ]
    on = [page for page in printed.pages if any(name in page for name in names)]
    assert len(on) >= 2
    assert all(labels in page for page in on)
    total = bare("".join(written(cell, column.kind) for cell, column in zip(table.total, table.columns, strict=True)))
    assert [total in page for page in on] == [False] * (len(on) - 1) + [True]


def test_no_heading_or_caption_is_the_last_thing_on_a_page(printed: Printed, document: Document) -> None:
    titles = {section.title for chapter in document.chapters for section in chapter.sections if section.title}
    titles |= {chapter.title for chapter in document.chapters} | {table.caption for table in tables(document)}
    first = next(place for place, page in enumerate(printed.pages) if "IlPianoèprevistoda:" in page)
    for lines in printed.lines[first:]:
        inside = [line for line in lines if not FOOT.search(line) and document.edition.hash not in line]
        last = [line for line in inside if "· versione" not in line][-1].strip()
        assert not any(last.endswith(title) for title in titles), last


def test_wide_tables_are_printed_on_pages_turned_on_their_side(printed: Printed, document: Document) -> None:
    assert any(len(table.columns) > WIDE for table in tables(document))
    assert printed.facts["Tagged"] == "yes"


def tables(document: Document) -> list[Table]:
    return [block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Table)]


def test_of_an_ambito_that_is_not_installed_there_is_none(planner: Served) -> None:
    assert httpx.get(f"{planner.url}/ambiti/altrove/stampa", timeout=60).status_code == 404


def test_what_is_read_can_be_verified_and_of_another_day_only_by_offices(planner: Served, document: Document) -> None:
    """Another day's counts of households, beside today's, would give small ones away."""
    then = read_document(answer(planner, JSON, AS_OF).content)
    address = f"{planner.url}/verifica-documento?impronta="
    assert httpx.get(address + document.edition.hash, timeout=60).status_code == 200
    assert httpx.get(address + then.edition.hash, timeout=60).status_code == 404
    assert httpx.get(f"{planner.url}{PAGE}?vero_il=2025-06-30", timeout=60).text.count(document.edition.hash) > 2
