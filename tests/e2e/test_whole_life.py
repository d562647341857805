"""The whole life of a plan through the pages of all services, without JavaScript: from collecting data to published.

One process, as `pianovivo up` runs it: what a page records reaches the next service as an event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from deploy.demo import accounts
from deploy.demo.system import System, running
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.territory import members_of
from tests.support.browser import Visit, chromium, visiting
from tests.support.waiting import PATIENCE

AMBITO, CREMONA, CASTELVERDE, SILENT = "cremonese", "019036", "019026", "019070"
ALER = "aler-bcm"


class Office:
    """The installation, and who signs in to it."""

    def __init__(self, system: System, passwords: dict[str, str]) -> None:
        self.system, self.passwords = system, passwords
        self.first_year = today_in_italy().year
        self.cycle = self.first_year - 1

    def row(self, municipality: str, owner: str) -> str:
        return f"{self.system.url('intake')}/dichiarazioni/{self.cycle}/{municipality}/{owner}"

    def plan(self, path: str = "") -> str:
        return f"{self.system.url('planner')}/ambiti/{AMBITO}{path}"

    def client(self, organisation: str, role: Role) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.system.token(organisation, role)}"}
        return httpx.Client(base_url=self.system.url("intake"), headers=headers, timeout=60)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("ufficio")
    with (
        running(folder, first_year=today_in_italy().year, kafka=False, webhook="127.0.0.1:9") as system,
        ThreadPoolExecutor(1) as pool,  # this thread's loop is the browser's
    ):
        made = pool.submit(asyncio.run, accounts.made(system.settings)).result()
        yield Office(system, {one.name: one.password for one in made})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def signed_in(office: Office, browser: Browser, name: str, url: str) -> Iterator[Visit]:
    with visiting(browser, url, javascript=False) as visit:
        visit.sign_in(name, office.passwords[name])
        expect(visit.page).to_have_url(url)
        yield visit


def reload_until(page: Page, url: str, wanted: Locator) -> None:
    """What another service has recorded is there as soon as its event has been heard."""
    end = time.monotonic() + 60 * PATIENCE
    while page.goto(url) and not wanted.is_visible():
        assert time.monotonic() < end, page.locator("main").inner_text()


def typed(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#{name.replace('__', '-')}").fill(value)


def stands(page: Page, state: str) -> None:
    expect(page.locator(".pv-tile-state")).to_contain_text(state)


def test_from_collecting_to_published(office: Office, browser: Browser) -> None:
    others_have_nothing_to_declare(office)
    way = office.plan("/iter")
    with (
        signed_in(office, browser, "castelverde", office.row(CASTELVERDE, f"comune-{CASTELVERDE}")) as town,
        signed_in(office, browser, "aler", office.row(CREMONA, ALER)) as aler,
        signed_in(office, browser, "capofila", office.row(CREMONA, f"comune-{CREMONA}")) as lead,
        signed_in(office, browser, "segreteria", office.system.url("notifier") + "/inbox") as secretary,
    ):
        a_municipality_declares(town.page)
        an_owner_declares(aler.page)
        lead.page.get_by_text("Nulla da dichiarare: nessun alloggio").click()
        lead.page.get_by_role("button", name="Trasmetti la dichiarazione").click()
        stands(lead.page, "nulla da dichiarare")
        a_number_is_contested_and_corrected(office, lead.page, aler.page)
        reload_until(lead.page, way, lead.page.get_by_text("mancano 1 dichiarazioni"))
        path = lead.page.locator("main tbody td").last.inner_text()
        a_default_is_recorded(lead.page, office.system.url("intake") + path)
        reload_until(lead.page, way, lead.page.get_by_role("button", name="Proponi il piano"))
        lead.page.get_by_role("button", name="Proponi il piano").click()
        stands(lead.page, "Proposto")
        lead.page.get_by_role("button", name="Registra: sottoposto all’Assemblea").click()
        stands(lead.page, "All’esame dell’Assemblea")
        secretary.page.goto(way)
        today = today_in_italy().isoformat()
        typed(secretary.page, approved__ASSEMBLY_OF_MAYORS__number="12", approved__ASSEMBLY_OF_MAYORS__on=today)
        secretary.page.get_by_role("button", name="Registra l’approvazione").click()
        stands(secretary.page, "Approvato")
        lead.page.goto(way)
        lead.page.get_by_role("button", name="Registra: trasmesso alla Regione").click()
        lead.page.get_by_role("button", name="Pubblica l’edizione").click()
        stands(lead.page, "Approvato e pubblicato")
        for visit in (town, aler, lead, secretary):
            assert [url for url in visit.requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []
    with visiting(browser, office.plan("/edizioni/1"), javascript=False) as citizen:
        expect(citizen.page.get_by_role("heading", level=1)).to_contain_text(
            f"{office.first_year}–{office.first_year + 2}"
        )


def others_have_nothing_to_declare(office: Office) -> None:
    """All municipalities but those that speak by the pages and the silent one; and ALER has a home in Cremona."""
    for code in sorted((members_of(AMBITO) or set()) - {CREMONA, CASTELVERDE, SILENT}):
        with office.client(f"comune-{code}", Role.MUNICIPALITY) as client:
            nil = {"cycle_year": office.cycle, "municipality": code, "nil": True}
            assert client.post("/submissions", json=nil).status_code == 201
    home = {
        "report": "unit-registered",
        "unit_id": "PROVA-1",
        "effective_on": f"{office.cycle}-01-10",
        "municipality": CREMONA,
        "owner": ALER,
        "owner_kind": "ALER",
        "manager": ALER,
        "service_type": "SAP",
        "net_area_m2": 60.5,
        "rooms": 3,
        "accessible": False,
        "status": "OCCUPIED",
    }
    with office.client(ALER, Role.OWNER) as client:
        assert client.post("/unit-reports", json=home).status_code == 202


def a_municipality_declares(page: Page) -> None:
    """It is asked about a turnover of 4 homes out of 20; e = 1 + 4 is all of g."""
    typed(page, columns__stock_sap="20", columns__free_now="1", columns__turnover_expected="4", need__barriers="2")
    page.get_by_role("button", name="Trasmetti la dichiarazione").click()
    page.get_by_label("Perché è giusto").fill("quattro contratti finiscono")
    page.get_by_role("button", name="Conferma e trasmetti").click()
    stands(page, "trasmessa")
    expect(page.get_by_role("row", name="g. Assegnabili in totale")).to_contain_text("5")


def an_owner_declares(page: Page) -> None:
    typed(page, columns__stock_sap="100", columns__free_now="4", columns__assignable_total="4")
    page.get_by_role("button", name="Trasmetti la dichiarazione").click()
    stands(page, "trasmessa")


def a_default_is_recorded(page: Page, row: str) -> None:
    page.goto(row)
    page.get_by_label("Motivo").fill("Nessuna risposta a due solleciti")
    page.get_by_role("button", name="Metti agli atti").click()
    stands(page, "agli atti come inadempiente")


def a_number_is_contested_and_corrected(office: Office, lead: Page, aler: Page) -> None:
    """The lead municipality contests what ALER declared to be free in its town; ALER corrects that one value."""
    figure = office.plan(f"/numeri/{CREMONA}:{ALER}:column_free_now_declared:{office.first_year}")
    reload_until(lead, figure, lead.get_by_text("Contestare questo numero"))
    lead.get_by_text("Contestare questo numero").click()
    form = lead.locator("form[action$=contestazioni]")
    form.locator("textarea").fill("ne abbiamo visti tre")
    form.get_by_role("button").click()
    expect(lead.locator("main")).to_contain_text(f"/dichiarazioni/{office.cycle}/{CREMONA}/{ALER}")
    row = office.row(CREMONA, ALER)
    reload_until(aler, row, aler.get_by_role("button", name="Correggi il dato"))
    aler.get_by_label("Valore giusto").fill("3")
    aler.get_by_label("Perché").fill("uno era già assegnato")
    aler.get_by_role("button", name="Correggi il dato").click()
    expect(aler.get_by_role("row", name="e. Già liberi")).to_contain_text("3")
    reload_until(lead, office.plan("/contestazioni"), lead.locator("tbody tr").get_by_text("corrett"))
