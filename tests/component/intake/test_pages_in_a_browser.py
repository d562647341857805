"""Declarations in a real browser, with and without JavaScript: an owner declares, the lead municipality records."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from services.intake.app import create_http, create_runtime
from services.intake.settings import IntakeSettings
from shared.auth import Role
from shared.events import ContestedCell
from shared.people import People
from shared.settings import Settings
from tests.component.intake.room import (
    ALER,
    AMBITO,
    CASTELVERDE,
    CASTELVERDE_TOWN,
    COLUMNS,
    CREMONA,
    LEAD,
    THIS_YEAR,
    applied,
    opened,
)
from tests.support.browser import Visit, chromium, serving, visiting
from tests.support.contests import contest_step

LAST = THIS_YEAR - 1
HOME = f"/dichiarazioni?anno={LAST}"
TOWNS = f"/dichiarazioni/{LAST}/{CASTELVERDE}/{CASTELVERDE_TOWN}"
ALERS = f"/dichiarazioni/{LAST}/{CREMONA}/{ALER}"
ACCOUNTS = {
    "castelverde": (CASTELVERDE_TOWN, Role.MUNICIPALITY),
    "aler": (ALER, Role.OWNER),
    "capofila": (LEAD, Role.LEAD),
}
PHOTOS = os.environ.get("PIANOVIVO_TEST_PHOTOS")


class Site(NamedTuple):
    url: str
    passwords: dict[str, str]


async def fill(home: Path) -> dict[str, str]:
    """ALER has a home in Cremona, and one of the values that it declared there is contested."""
    async with opened(home) as room:
        await room.hear(applied(uuid4()))
        async with room.client() as aler:
            declared = {"cycle_year": LAST, "municipality": CREMONA, "columns": COLUMNS}
            assert (await aler.post("/submissions", json=declared)).status_code == 201
        await room.hear(contest_step(cell=ContestedCell(cycle_year=LAST, path="columns/free_now", value=4)))
    people = People(Settings(home=home))
    made = {name: await people.make_account(name, *who, AMBITO) for name, who in ACCOUNTS.items()}
    await people.close()
    return made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ThreadPoolExecutor(1) as pool:  # this thread's loop is the browser's
        passwords = pool.submit(asyncio.run, fill(tmp_path)).result()
    with serving(create_http(create_runtime(IntakeSettings(home=tmp_path)))) as url:
        yield Site(url, passwords)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def signed_in(
    site: Site, browser: Browser, name: str, path: str = HOME, *, width: int = 1280, javascript: bool = True
) -> Iterator[Visit]:
    with visiting(browser, site.url + path, width=width, javascript=javascript) as visit:
        visit.sign_in(name, site.passwords[name])
        expect(visit.page).to_have_url(site.url + path)
        yield visit


def stands(page: Page, state: str) -> None:
    expect(page.locator(".pv-tile-state")).to_have_text(state)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_municipality_declares_and_is_asked_about_what_is_unusual(
    site: Site, browser: Browser, javascript: bool
) -> None:
    with signed_in(site, browser, "castelverde", javascript=javascript) as visit:
        page = visit.page
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_role("link", name="Castelverde", exact=True).click()
        stands(page, "da trasmettere, in ritardo")
        page.get_by_label("Alloggi SAP in patrimonio (a)").fill("20")
        page.get_by_label("Che si liberano nell’anno (turnover) (e)").fill("4")
        page.get_by_label("Assegnabili in totale (g)").fill("5")
        page.get_by_label("Domande presentate").fill("12")
        page.get_by_role("button", name="Aggiungi una riga").first.click()
        expect(page).to_have_url(f"{site.url}{TOWNS}#programmes")
        page.get_by_role("button", name="Trasmetti la dichiarazione").click()
        alert = page.get_by_role("alert")
        expect(alert.get_by_role("link")).to_have_count(2)
        alert.get_by_role("link").last.click()
        expect(page.locator("#columns-assignable_total")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Assegnabili in totale (g)").fill("4")
        page.get_by_label("Perché è giusto").fill("si liberano le case di via Roma")
        page.get_by_role("button", name="Conferma e trasmetti").click()
        expect(page.get_by_role("status")).to_have_text(
            "La revisione 1 è ricevuta: tra pochi secondi il piano ne tiene conto."
        )
        stands(page, "trasmessa, in ritardo")
        expect(page.get_by_role("row", name="Domande presentate")).to_contain_text("12")
        expect(page.get_by_text("si liberano le case di via Roma").first).to_be_visible()
        assert [said for said in visit.complaints if "status of 422" not in said] == []
        assert visit.foreign_requests(site.url) == []


def test_the_lead_municipality_records_a_default_from_the_list(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "capofila", javascript=False) as visit:
        page = visit.page
        expect(page.locator(".pv-tile-figure").nth(1)).to_have_text("1 di 49")
        page.get_by_role("link", name="Castelverde", exact=True).click()
        page.get_by_label("Motivo").fill("Nessuna risposta a due solleciti")
        page.get_by_role("button", name="Metti agli atti").click()
        expect(page.get_by_role("status")).to_have_text("L’inadempienza è agli atti.")
        stands(page, "agli atti come inadempiente, in ritardo")
        expect(page.get_by_text("Nessuna risposta a due solleciti")).to_be_visible()
        page.get_by_role("link", name="Tutte le dichiarazioni").click()
        expect(page.locator(".pv-tile-figure").nth(3)).to_have_text("1")


def test_by_keyboard_alone_an_owner_corrects_what_is_contested(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "aler", ALERS) as visit:
        page = visit.page
        tab_to(page, "value")
        page.keyboard.type("3")
        page.keyboard.press("Tab")
        page.keyboard.type("uno era già assegnato")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("La revisione qui sotto lo corregge")).to_be_visible()
        expect(page.get_by_role("row", name="e. Già liberi")).to_contain_text("3")
        expect(page.get_by_role("row", name="g. Assegnabili in totale")).to_contain_text("20")


def test_by_keyboard_alone_a_municipality_has_nothing_to_declare(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "castelverde", TOWNS) as visit:
        page = visit.page
        tab_to(page, "nil")
        page.keyboard.press("ArrowDown")
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.value") == "trasmetti":
                break
        page.keyboard.press("Enter")
        stands(page, "nulla da dichiarare, in ritardo")


def tab_to(page: Page, field: str) -> None:
    """Press the tabulator until the field of that name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || ''") == field:
            return
    raise AssertionError(f"{field} is not reached by keyboard")


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("language", ["it", "en"])
def test_the_pages_have_no_accessibility_violation_and_ask_nobody_else(
    site: Site, browser: Browser, width: int, language: str
) -> None:
    found: dict[str, list[str]] = {}

    def look(visit: Visit, name: str) -> None:
        if PHOTOS:
            visit.page.screenshot(path=f"{PHOTOS}/{name}-{language}-{width}.png", full_page=True)
        expect(visit.page.locator("html")).to_have_attribute("lang", language)
        found[name] = [*visit.axe_violations(), *(["scrolls sideways"] if visit.scrolls_sideways() else [])]

    with signed_in(site, browser, "capofila", width=width) as lead:
        lead.page.goto(f"{site.url}{HOME}&lang={language}")
        look(lead, "elenco")
        lead.page.goto(f"{site.url}{TOWNS}?lang={language}")
        look(lead, "inadempienza")
        lead.page.goto(f"{site.url}{ALERS}?lang={language}")
        look(lead, "ricevuta")
        assert lead.foreign_requests(site.url) == []
        assert lead.complaints == []
    with signed_in(site, browser, "castelverde", width=width) as town:
        page = town.page
        page.goto(f"{site.url}{TOWNS}?lang={language}")
        page.locator("#columns-stock_sap").fill("20")
        page.locator("#columns-turnover_expected").fill("4")
        page.locator("#columns-assignable_total").fill("9")
        page.locator("button[value=aggiungi-disposals]").click()
        look(town, "riga")
        page.locator("button[value=trasmetti]").click()
        look(town, "rifiutata")
    with signed_in(site, browser, "aler", width=width) as owner:
        owner.page.goto(f"{site.url}{ALERS}?lang={language}")
        owner.page.locator("details summary").click()
        look(owner, "revisione")
        owner.page.locator("[name=value]").fill("4")
        owner.page.locator("[name=reason]").fill("x")
        owner.page.locator("form[action*=rettifica] button").click()
        look(owner, "rettifica")
    assert {name: problems for name, problems in found.items() if problems} == {}
