"""The demo's texts as everybody reads them: every number in them opens, and of other days no household is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from services.planner.domain.texts.catalogue import SECTIONS
from tests.support.planner import planner_serving, synthetic
from tests.support.world import AMBITO
from tests.unit.planner.document.test_texts import written_texts

PARTS = f"/ambiti/{AMBITO}/parti"
CASES = "I casi di emergenza aperti nell’ambito sono"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with planner_serving(tmp_path_factory.mktemp("testi")) as served:
        served.hear(*synthetic().past, *written_texts())
        with httpx.Client(base_url=served.url, timeout=120) as client:
            yield client


def told(reader: httpx.Client, path: str) -> str:
    answer = reader.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_number_in_the_texts_leads_to_its_page(reader: httpx.Client) -> None:
    links = set()
    for part in {section.part for section in SECTIONS}:
        for words in re.findall(r'<p class="pv-told">.*?</p>|<ul>.*?</ul>', told(reader, f"{PARTS}/{part}"), re.DOTALL):
            links |= {unescape(link) for link in re.findall(r'href="([^"]*/numeri/[^"]+)"', words)}
    assert len(links) > 30
    for link in sorted(links):
        assert reader.get(link).status_code == 200, link


def test_every_section_stands_in_its_part(reader: httpx.Client) -> None:
    for section in SECTIONS:
        headings = re.findall(r"<h2\b[^>]*>(.*?)</h2>", told(reader, f"{PARTS}/{section.part}"))
        assert section.title.it in [unescape(heading) for heading in headings]


def test_households_are_told_in_steps_of_another_day_too(reader: httpx.Client) -> None:
    for query in ("", "?vero_il=2026-06-30"):
        text = unescape(re.sub(r"<[^>]+>", "", told(reader, f"{PARTS}/6{query}")))
        assert re.search(rf"{CASES} (meno di 5|da 5 a 9|da 10 a 14)", text), query


def test_who_has_not_signed_in_sees_the_texts_but_neither_form_nor_revisions(reader: httpx.Client) -> None:
    assert "Modifica" not in told(reader, f"{PARTS}/5")
    answer = reader.get(f"/ambiti/{AMBITO}/testi/strategie")
    assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
