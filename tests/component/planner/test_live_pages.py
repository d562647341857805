"""An open page whose figures move says so where they stand, and stays where its reader is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.component.planner.test_pages import streaming
from tests.support.browser import chromium, visiting
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import PLAN, home_with_key

FREE = "-:-:free_assignable:-"
WAY_DOWN = 700


@pytest.fixture
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("vive"))) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_a_figure_that_moved_says_from_what_to_what_and_the_page_stays(planner: Served, browser: Browser) -> None:
    """One home more is free: in the sentence, in the table's total and on the figure's own page."""
    with (
        visiting(browser, f"{planner.url}{PLAN}/parti/4", width=1280) as part,
        visiting(browser, f"{planner.url}{PLAN}/numeri/{FREE}") as figure,
        visiting(browser, f"{planner.url}{PLAN}/numeri/{FREE}", javascript=False) as still,
    ):
        opened = figure.page.locator("[data-figure='numero']")
        before = int(opened.inner_text())
        expect(part.page.locator("#live-state")).to_have_text("In diretta")
        expect(figure.page.locator("#live-state")).to_have_text("In diretta")
        part.page.evaluate(f"window.scrollTo(0, {WAY_DOWN})")
        for visit in (part, figure):
            visit.page.evaluate("window.sameDocument = true")
        planner.hear(synthetic().vacancy)
        expect(opened).to_have_text(str(before + 1))
        expect(opened).to_have_attribute("title", f"Questo numero è cambiato: da {before} a {before + 1}")
        expect(opened).to_have_attribute("data-cue", "up")
        expect(figure.page.locator("#live-news")).to_contain_text(
            f"Alloggi liberi assegnabili da {before} a {before + 1}"
        )
        total = part.page.locator(f"tfoot [data-figure='{FREE}']")
        expect(total).to_have_text(str(before + 1))
        assert part.page.evaluate("window.scrollY") == WAY_DOWN
        assert part.page.evaluate("window.sameDocument") is True
        assert figure.page.evaluate("window.sameDocument") is True
        assert part.axe_violations() == figure.axe_violations() == []
        assert part.foreign_requests(planner.url) == part.complaints == []
        expect(still.page.locator("[data-figure='numero']")).to_have_text(str(before))
        expect(still.page.locator("#live-state")).to_be_hidden()


@pytest.mark.parametrize(
    "path", ["/parti", "/parti/4", f"/numeri/{FREE}", "/emergenza", "/completezza", "/enti/aler-bcm"]
)
def test_every_such_page_names_a_stream_that_goes_on_where_it_was_made(planner: Served, path: str) -> None:
    told = httpx.get(f"{planner.url}{PLAN}{path}").text
    with streaming(planner) as stream:
        version = int(next(stream)["id"])
    assert f'data-live-source="{PLAN}/eventi?solo=versione&amp;da={version}"' in told
    assert "data-live-source" not in httpx.get(f"{planner.url}{PLAN}{path}?noto_il=2026-11-30", timeout=60).text


def test_the_stream_of_such_a_page_says_only_that_there_is_another_version(planner: Served) -> None:
    with streaming(planner) as stream:
        version = int(next(stream)["id"])
    with streaming(planner, "?solo=versione", **{"last-event-id": str(version - 1)}) as stream:
        event = next(stream)
    assert (int(event["id"]), json.loads(event["data"])) == (version, {"again": True})
