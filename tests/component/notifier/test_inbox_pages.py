"""The inbox in a real browser without JavaScript: signing in, reading, marking, leaving; accessible throughout."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from services.notifier.app import create_http, create_runtime
from tests.component.notifier.room import (  # fmt: skip
    CASTELVERDE,
    CREMONA,
    change,
    count,
    mean,
    opened,
    recomputed,
    settings,
    token,
    vacated,
)
from tests.support.browser import chromium, serving, visiting

PHOTOS = os.environ.get("PIANOVIVO_TEST_PHOTOS")


async def fill(home: Path) -> None:
    async with opened(home, "127.0.0.1:9") as room:
        await room.subscribe("http://127.0.0.1:9/in")
        causes = [vacated(), vacated(CASTELVERDE, "SIM-2", f"comune-{CASTELVERDE}")]
        figures = mean(9000, 10000), mean(27000, 28000, year=2028), count(3, 4)
        await room.consume(*(recomputed(n, change(CREMONA, count(n, n + 1))) for n in range(1, 25)))
        await room.consume(recomputed(25, change(CREMONA, *figures, causes=causes)))


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("avvisi")
    asyncio.run(fill(home))
    with serving(create_http(create_runtime(settings(home, "127.0.0.1:9")))) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def photo(visit: object, name: str) -> None:
    """Keep a picture for a person to look at, if one asks for it."""
    if PHOTOS:
        visit.page.screenshot(path=f"{PHOTOS}/{name}.png", full_page=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [1280, 360])
def test_from_signing_in_to_leaving(base_url: str, browser: Browser, width: int) -> None:
    with visiting(browser, f"{base_url}/", width=width, javascript=False) as visit:
        page = visit.page
        assert page.url == f"{base_url}/sign-in?next=%2Finbox"
        page.get_by_text("Entrare con un token").click()
        page.get_by_label("Token di accesso").fill("non-un-token")
        page.get_by_role("button", name="Entra con il token").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_text("Entrare con un token").click()
        page.get_by_label("Token di accesso").fill(f"  {token(f'comune-{CREMONA}')}\n")
        page.get_by_role("button", name="Entra con il token").click()
        assert page.url == f"{base_url}/inbox"
        read = page.get_by_role("region", name="Già letti").get_by_role("article")
        before = read.count()
        page.get_by_role("button", name="Segna come letto").last.click()
        assert page.url == f"{base_url}/inbox"
        expect(read).to_have_count(before + 1)
        page.get_by_role("link", name="Avvisi precedenti da leggere").click()
        expect(page.get_by_role("heading", name="Già letti")).to_have_count(0)
        page.get_by_role("button", name="Esci").click()
        assert page.url == f"{base_url}/sign-in?left=true"
        page.goto(f"{base_url}/inbox")
        assert page.url == f"{base_url}/sign-in?next=%2Finbox"


def test_a_notice_says_what_moved_and_why(base_url: str, browser: Browser) -> None:
    with visiting(browser, f"{base_url}/sign-in", javascript=False) as visit:
        page = visit.page
        page.get_by_text("Entrare con un token").click()
        page.get_by_label("Token di accesso").fill(token(f"comune-{CREMONA}"))
        page.get_by_role("button", name="Entra con il token").click()
        page.get_by_role("link", name="Cremona: cambiano 3 numeri del piano").click()
        cells = page.get_by_role("table").first.get_by_role("row").nth(1).inner_text().split("\t")
        assert cells == ["Alloggi assegnabili nel 2027", "9,0", "10,0"]
        expect(page.get_by_text("a Castelverde (23 novembre 2026)")).to_be_visible()
        expect(page.get_by_role("table").nth(1)).to_contain_text("127.0.0.1")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_have_no_accessibility_violation_and_ask_nobody_else(
    base_url: str, browser: Browser, width: int
) -> None:
    with visiting(browser, f"{base_url}/sign-in", width=width) as visit:
        found = {"sign-in": visit.axe_violations()}
        photo(visit, f"sign-in-{width}")
        visit.page.get_by_text("Entrare con un token").click()
        visit.page.get_by_label("Token di accesso").fill("x")
        visit.page.get_by_role("button", name="Entra con il token").click()
        found["refused"] = visit.axe_violations()
        photo(visit, f"refused-{width}")
        visit.page.get_by_text("Entrare con un token").click()
        visit.page.get_by_label("Token di accesso").fill(token(f"comune-{CREMONA}"))
        visit.page.get_by_role("button", name="Entra con il token").click()
        for name, path in (
            ("account", "/account"),
            ("inbox", "/inbox"),
            ("read", "/inbox?show=read"),
            ("absent", "/inbox/5b0c4f5e-8f5b-5d0a-9b6e-3f0c1a7d2e64"),
        ):
            visit.page.goto(base_url + path)
            photo(visit, f"{name}-{width}")
            found[name] = visit.axe_violations()
        visit.page.goto(f"{base_url}/inbox")
        visit.page.get_by_role("link", name="Cremona: cambiano 3 numeri del piano").click()
        photo(visit, f"notice-{width}")
        found["notice"] = visit.axe_violations()
        assert {name: problems for name, problems in found.items() if problems} == {}
        assert visit.foreign_requests(base_url) == []
        assert not visit.scrolls_sideways()


def test_the_inbox_speaks_english_from_signing_in_to_leaving(base_url: str, browser: Browser) -> None:
    with visiting(browser, f"{base_url}/sign-in?lang=en", javascript=False) as visit:
        page = visit.page
        page.get_by_text("Sign in with a token").first.click()
        page.get_by_label("Access token").fill("x")
        page.get_by_role("button", name="Sign in with the token").click()
        expect(page.get_by_role("alert")).to_have_text("The token is unreadable or its signature wrong.")
        page.get_by_text("Sign in with a token").first.click()
        page.get_by_label("Access token").fill(token(f"comune-{CREMONA}"))
        page.get_by_role("button", name="Sign in with the token").click()
        assert page.url == f"{base_url}/inbox?lang=en"
        expect(page.get_by_role("heading", level=1)).to_have_text("Notices")
        page.get_by_role("link", name="Cremona: cambiano 3 numeri del piano").click()
        expect(page.get_by_role("heading", name="Where it comes from")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_attribute("lang", "it")
        page.get_by_role("link", name="All notices").click()
        page.get_by_role("link", name="Earlier notices, unread").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.goto(f"{base_url}/inbox/5b0c4f5e-8f5b-5d0a-9b6e-3f0c1a7d2e64?lang=en")
        expect(page.get_by_role("heading", level=1)).to_have_text("No such notice")
        page.get_by_role("link", name="Back to the first page").click()
        page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{base_url}/sign-in?left=true&lang=en"
