"""The public pages in English: who gets them, that the choice is kept, and that what stays Italian says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from shared.territory import ambito
from tests.support.browser import chromium, visiting
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.world import AMBITO

PLAN, SORESINA = f"/ambiti/{AMBITO}", "019098"
ITALIAN = re.compile(r"\b(alloggi|comune|comuni|nel|della|dei|proprietari|triennio|dati|nessun[ao]?)\b", re.IGNORECASE)
NAMES = re.compile("|".join(sorted((m.name for m in ambito(AMBITO).municipalities), key=len, reverse=True)))
FOREIGN_TEXT = """
() => {
  document.querySelectorAll('[lang="it"]').forEach((one) => one.remove());
  return document.documentElement.innerText;
}
"""


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(tmp_path_factory.mktemp("piano"), "Dati di prova.") as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize(
    ("query", "accept_language", "language"),
    [
        ("", None, "it"),
        ("", "de, fr;q=0.9", "it"),
        ("", "en-GB, it;q=0.5", "en"),
        ("?lang=it", "en-GB", "it"),
        ("?lang=en", "it", "en"),
        ("?lang=de", "it", "it"),
    ],
)
def test_the_address_chooses_and_otherwise_the_browser_does(
    planner: Served, query: str, accept_language: str | None, language: str
) -> None:
    answer = httpx.get(planner.url + PLAN + query, headers={"accept-language": accept_language or ""})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["vary"] == "Accept-Language, Cookie"


def test_each_language_has_its_own_version_of_the_page(planner: Served) -> None:
    italian = httpx.get(planner.url + PLAN).headers["etag"]
    answer = httpx.get(planner.url + PLAN, headers={"accept-language": "en", "if-none-match": italian})
    assert answer.status_code == 200
    again = httpx.get(planner.url + PLAN, headers={"accept-language": "en", "if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", [PLAN, f"{PLAN}/comuni/{SORESINA}"])
def test_everybody_can_use_it_and_only_what_says_so_is_italian(
    planner: Served, browser: Browser, path: str, width: int
) -> None:
    with visiting(browser, f"{planner.url}{path}?lang=en", width=width) as visit:
        expect(visit.page.locator("#live-state")).to_have_text("Live")
        assert visit.axe_violations() == []
        assert visit.complaints == []
        assert not visit.scrolls_sideways()
        left: str = visit.page.evaluate(FOREIGN_TEXT)
        names = NAMES.sub("", left).replace("Comune di", "").replace("ambito", "")
        assert ITALIAN.findall(names) == []


def test_the_choice_goes_with_every_link_and_back(planner: Served, browser: Browser) -> None:
    with visiting(browser, f"{planner.url}{PLAN}", javascript=False) as visit:
        page = visit.page
        page.get_by_role("navigation", name="Che cosa mostra la mappa").get_by_role(
            "link", name="Da recuperare"
        ).click()
        page.get_by_role("link", name="English").click()
        assert page.url == f"{planner.url}{PLAN}?mappa=da-recuperare&lang=en"
        expect(page.locator("#mappa")).to_contain_text("Uninhabitable homes that need works, municipality by")
        page.get_by_role("link", name="Occupied without title").click()
        assert page.url == f"{planner.url}{PLAN}?mappa=senza-titolo&lang=en#comuni"
        page.get_by_role("rowheader", name="Soresina").get_by_role("link").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.get_by_role("link", name="Three-year plan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Three-year plan 2026–2028")
        page.get_by_role("link", name="Italiano").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Piano triennale 2026–2028")


def test_numbers_and_days_are_written_in_english_in_the_page_and_in_its_stream(planner: Served) -> None:
    italian = httpx.get(f"{planner.url}{PLAN}?lang=it").text
    english = httpx.get(f"{planner.url}{PLAN}?lang=en").text
    mean = re.compile(r'data-figure="//assignable_mean/" data-value="(\d+)"[^>]*>([^<]+)<')
    (value, comma), (same, point) = (found.groups() for found in map(mean.search, (italian, english)) if found)
    assert (value, comma) == (same, point.replace(".", ","))
    assert "data of <span" in english
    assert ">23 November 2026<" in english
    with httpx.stream("GET", f"{planner.url}{PLAN}/eventi?lang=en", timeout=30) as answer:
        data = next(line for line in answer.iter_lines() if line.startswith("data:"))
    assert f'"text": "{point}"' in data
    assert "homes to be assigned in the three years" in data
