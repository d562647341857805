"""What is not there, and whatever else is refused, told to a browser as a page and to everybody else as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.registry.app import create_http, create_runtime
from services.registry.settings import RegistrySettings
from tests.support.browser import chromium, serving, visiting
from tests.support.planner import planner_serving

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ABSENT = "/ambiti/cremonese/comuni/015146"


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with planner_serving(tmp_path_factory.mktemp("piano")) as served:
        yield served.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", ["/non-c-e", "/ambiti/altrove", ABSENT, "/ambiti/A<b>", "/plans/cremonese"])
def test_a_browser_gets_a_page_whole_without_javascript_with_the_way_back(
    planner: str, browser: Browser, path: str, width: int
) -> None:
    with visiting(browser, planner + path, width=width) as visit:
        assert visit.axe_violations() == []
        assert visit.foreign_requests(planner) == []
        assert not visit.scrolls_sideways()
    with visiting(browser, planner + path, javascript=False) as visit:
        expect(visit.page.get_by_role("heading", level=1)).to_have_count(1)
        visit.page.get_by_role("link", name="Torna alla pagina iniziale").click()
        expect(visit.page).to_have_url(f"{planner}/ambiti/cremonese")


@pytest.mark.parametrize(
    ("path", "status", "title", "said"),
    [
        ("/non-c-e", 404, "Risorsa inesistente", "non c’è alcuna risorsa"),
        (ABSENT, 404, "Risorsa inesistente", "Nel piano non c’è il comune 015146."),
        ("/ambiti/A", 404, "Risorsa inesistente", "non c’è alcuna pagina"),
        ("/ambiti/cremonese?mappa=tutte", 422, "Dati non validi", "/query/mappa"),
        ("/plans/cremonese", 401, "Accesso necessario", "Presentare un token"),
    ],
)
def test_the_page_says_what_the_problem_document_says(
    planner: str, path: str, status: int, title: str, said: str
) -> None:
    answer = httpx.get(planner + path, headers={"accept": FIREFOX})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in answer.text
    assert said in answer.text
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert "content-security-policy" in answer.headers
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_page_speaks_english_to_whoever_asks_for_it(planner: str) -> None:
    answer = httpx.get(planner + ABSENT, headers={"accept": FIREFOX, "accept-language": "en-GB,it;q=0.5"})
    assert '<html lang="en">' in answer.text
    assert "There is no municipality 015146 in the plan." in answer.text
    assert "Back to the first page" in answer.text


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/problem+json", ""])
def test_a_client_gets_the_problem_document(planner: str, accept: str) -> None:
    answer = httpx.get(planner + ABSENT, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_a_service_without_pages_answers_browsers_in_json_too(tmp_path: Path) -> None:
    with serving(create_http(create_runtime(RegistrySettings(home=tmp_path)))) as registry:
        answer = httpx.get(f"{registry}/non-c-e", headers={"accept": FIREFOX})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_service_that_works_says_so_in_a_document_to_browsers_too(planner: str) -> None:
    answer = httpx.get(f"{planner}/status", headers={"accept": FIREFOX})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/problem+json")
    assert answer.json()["status"] == 200
