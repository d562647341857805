"""The whole life of a plan through the pages, in a real browser: three roles at work, and a citizen who reads."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from services.planner.pages import prints
from shared.auth import Role
from shared.events import PlanStatus
from shared.people import People
from shared.settings import Settings
from tests.component.planner.test_verify_command import verify
from tests.support.browser import Visit, chromium, visiting
from tests.support.editions import EVERY_ROW, day, in_default, nil_rows
from tests.support.planner import Served, planner_serving
from tests.support.planner_room import registry_of
from tests.unit.planner.worlds import AMBITO, CREMONA

PLAN = f"/ambiti/{AMBITO}"
WAY, EDITION = f"{PLAN}/iter", f"{PLAN}/edizioni/1"
PHOTOS = os.environ.get("PIANOVIVO_TEST_PHOTOS")
ACCOUNTS = {
    "pianificazione": (f"comune-{CREMONA}", Role.LEAD),
    "segreteria": ("segreteria-assemblea", Role.ASSEMBLY_SECRETARY),
    "tecnici": ("azienda-sociale", Role.TECHNICAL_PARTNER),
}
REASON = "rivedere le strategie della parte quinta"


@dataclass(frozen=True)
class Site:
    home: Path
    served: Served
    passwords: dict[str, str]

    @property
    def url(self) -> str:
        return self.served.url


async def with_accounts(home: Path) -> dict[str, str]:
    people = People(Settings(home=home))
    made = {name: await people.make_account(name, *who, AMBITO) for name, who in ACCOUNTS.items()}
    await people.close()
    return made


@contextmanager
def site_without(home: Path, *missing: tuple[str, str]) -> Iterator[Site]:
    with ThreadPoolExecutor(1) as pool:  # this thread's loop is the browser's
        passwords = pool.submit(asyncio.run, with_accounts(home)).result()
    with planner_serving(home, "Dati di prova: nessun alloggio è reale.") as served:
        served.hear(*registry_of(2, set_aside=False).sent, *nil_rows(but=missing))
        yield Site(home, served, passwords)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_without(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def signed_in(
    site: Site, browser: Browser, name: str, *, width: int = 1280, javascript: bool = True
) -> Iterator[Visit]:
    """On the page of the plan's way, through the page of signing in."""
    with visiting(browser, site.url + WAY, width=width, javascript=javascript) as visit:
        visit.sign_in(name, site.passwords[name])
        expect(visit.page).to_have_url(site.url + WAY)
        yield visit


def record(page: Page, site: Site, form: str, button: str, **typed: str) -> None:
    """Fill in a form by the names of its fields, and send it."""
    page.goto(site.url + WAY)
    for name, value in typed.items():
        box = page.locator(f"#{form}-{name.replace('__', '-')}")
        box.fill(value)
    page.get_by_role("button", name=button).click()


def stands(page: Page, status: str) -> None:
    expect(page.locator(".pv-tile-state")).to_have_text(status)


def approve(page: Page, site: Site) -> None:
    record(
        page,
        site,
        "approved",
        "Registra l’approvazione",
        ASSEMBLY_OF_MAYORS__number="12",
        ASSEMBLY_OF_MAYORS__on=day(),
        MUNICIPAL_EXECUTIVE__number="131/2026",
        MUNICIPAL_EXECUTIVE__on=day(),
    )


def publish(site: Site, browser: Browser, javascript: bool = True) -> None:
    """From collecting to published, the shortest way."""
    with (
        signed_in(site, browser, "pianificazione", javascript=javascript) as lead,
        signed_in(site, browser, "segreteria", javascript=javascript) as secretary,
    ):
        record(lead.page, site, "proposed", "Proponi il piano")
        record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
        approve(secretary.page, site)
        record(lead.page, site, "transmitted_to_region", "Registra: trasmesso alla Regione")
        record(lead.page, site, "published", "Pubblica l’edizione")
        stands(lead.page, "Approvato e pubblicato")


@pytest.mark.parametrize("javascript", [True, False])
def test_from_collecting_to_published_by_three_roles(site: Site, browser: Browser, javascript: bool) -> None:
    with (
        signed_in(site, browser, "pianificazione", javascript=javascript) as lead,
        signed_in(site, browser, "segreteria", javascript=javascript) as secretary,
        signed_in(site, browser, "tecnici", javascript=javascript) as partner,
        visiting(browser, site.url + PLAN, javascript=javascript) as citizen,
    ):
        stands(lead.page, "In raccolta dati")
        expect(partner.page.locator("main form")).to_have_count(0)
        expect(partner.page.get_by_text("Lo registra: Comune capofila, che redige il piano.")).to_be_visible()
        record(lead.page, site, "proposed", "Proponi il piano")
        stands(lead.page, "Proposto, non approvato")
        record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
        stands(lead.page, "All’esame dell’Assemblea dei Sindaci, non approvato")
        expect(lead.page.get_by_text("Lo registra: segreteria dell’Assemblea dei Sindaci.")).to_be_visible()
        record(secretary.page, site, "returned", "Registra il rinvio", reason=REASON)
        stands(secretary.page, "Rinviato, non approvato")
        expect(secretary.page.get_by_text(f": {REASON}")).to_be_visible()
        record(lead.page, site, "proposed", "Proponi il piano")
        record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
        approve(secretary.page, site)
        stands(secretary.page, "Approvato")
        assert citizen.page.goto(site.url + EDITION)
        expect(citizen.page).to_have_url(f"{site.url}/sign-in?next=%2Fambiti%2Fcremonese%2Fedizioni%2F1")
        record(lead.page, site, "transmitted_to_region", "Registra: trasmesso alla Regione")
        record(lead.page, site, "published", "Pubblica l’edizione")
        stands(lead.page, "Approvato e pubblicato")
        expect(lead.page.locator("#passi ~ ol li")).to_have_count(8)
        citizen.page.goto(site.url + PLAN)
        citizen.page.get_by_role("link", name="Edizione 1, piano triennale 2026–2028").click()
        expect(citizen.page.get_by_role("heading", level=1)).to_contain_text("sociali 2026–2028")
        told = citizen.page.locator("main").inner_text()
        assert "Il Piano, approvato dall’Assemblea dei Sindaci il" in told
        assert "Assemblea dei Sindaci, deliberazione n. 12 del" in told
        assert "Giunta comunale, deliberazione n. 131/2026 del" in told
        assert citizen.page.locator(".pv-points li").count() == 7
        assert REASON not in told, "of an earlier proposal citizens are told nothing"
        partner.page.goto(site.url + EDITION)
        expect(partner.page.get_by_text(f": {REASON}")).to_be_visible()
        assert is_one_plan(citizen.page, site)
        for visit in (lead, secretary, partner, citizen):
            assert visit.foreign_requests(site.url) == []
            assert visit.complaints == []


def is_one_plan(page: Page, site: Site) -> bool:
    """The PDF and the JSON that a citizen downloads are the edition that was published, for whoever verifies them."""
    edition, told = page.url, []
    for name, ending in (("Versione PDF", "pdf"), ("Gli stessi contenuti come dati", "json")):
        page.goto(edition)  # who had to wait was shown another page
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == f"piano-cremonese-2026-edizione-1.{ending}"
        with ThreadPoolExecutor(1) as pool:  # this thread's loop is the browser's
            verdict = pool.submit(verify, site.home, download.value.path()).result()
        assert verdict.exit_code == 0, verdict.output
        told.append(verdict.output)
    page.goto(edition)
    digest = page.locator(".pv-facts code").first.inner_text()
    return told[0] == told[1] and digest in told[0]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "pianificazione") as lead, signed_in(site, browser, "segreteria") as secretary:
        record(lead.page, site, "proposed", "Proponi il piano")
        record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
        page = secretary.page
        page.goto(site.url + WAY)
        page.locator("#approved-on").fill("2031-01-01")
        page.locator("#approved-ASSEMBLY_OF_MAYORS-number").fill("dodici!")
        page.locator("#approved-ASSEMBLY_OF_MAYORS-on").fill(day())
        page.locator("#approved-MUNICIPAL_EXECUTIVE-number").fill("131/2026")
        page.get_by_role("button", name="Registra l’approvazione").click()
        number, executive = page.locator("#approved-ASSEMBLY_OF_MAYORS-number"), "#approved-MUNICIPAL_EXECUTIVE"
        expect(number).to_have_value("dodici!")
        expect(number).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#approved-on")).to_have_value("2031-01-01")
        expect(page.locator(f"{executive}-number")).to_have_value("131/2026")
        expect(page.locator(f"{executive}-on-errore")).not_to_be_empty()
        assert secretary.axe_violations() == []
        number.fill("12")
        page.locator(f"{executive}-on").fill(day())
        page.get_by_role("button", name="Registra l’approvazione").click()
        expect(page.locator("#approved-on-errore")).to_contain_text("Il giorno deve essere tra quello del passo")
        page.get_by_role("link", name="English").click()
        expect(page).to_have_url(f"{site.url}{WAY}?lang=en")
        stands(page, "Before the mayors' assembly, not approved")
        approve(page, site)
        stands(page, "Approvato")


def test_two_who_take_the_same_step_hear_of_each_other(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "pianificazione") as one, signed_in(site, browser, "pianificazione") as other:
        record(one.page, site, "proposed", "Proponi il piano")
        other.page.get_by_role("button", name="Proponi il piano").click()
        expect(other.page.get_by_role("alert")).to_contain_text("ha proposto il Piano 2026–2028")
        stands(other.page, "Proposto, non approvato")


def test_who_is_missing_is_named_until_the_default_is_on_record(tmp_path: Path, browser: Browser) -> None:
    gone = [EVERY_ROW[3], (CREMONA, "aler")]
    with site_without(tmp_path, *gone) as site, signed_in(site, browser, "pianificazione") as lead:
        expect(lead.page.locator("main tbody tr")).to_have_count(2)
        expect(lead.page.get_by_text("mancano 2 dichiarazioni")).to_be_visible()
        for place, owner in gone:
            expect(lead.page.locator("main tbody")).to_contain_text(f"/{place}/{owner}")
        expect(lead.page.get_by_role("button", name="Proponi il piano")).to_have_count(0)
        assert lead.axe_violations() == []
        assert "non registrata" in httpx.get(f"{site.url}{PLAN}/completezza").text
        site.served.hear(*(in_default(*key, 300_000 + place) for place, key in enumerate(gone)))
        assert "non registrata" not in httpx.get(f"{site.url}{PLAN}/completezza").text
        record(lead.page, site, "proposed", "Proponi il piano")
        stands(lead.page, "Proposto, non approvato")


def test_the_yearly_update_supersedes_the_plan_and_citizens_are_led_to_it(site: Site, browser: Browser) -> None:
    publish(site, browser)
    with signed_in(site, browser, "pianificazione") as lead, signed_in(site, browser, "segreteria") as secretary:
        kinds = lead.page.locator("#proposed-kind option")
        expect(kinds).to_have_text(["Aggiornamento annuale", "Modifica"])
        record(lead.page, site, "proposed", "Proponi il piano")
        record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
        approve(secretary.page, site)
        record(lead.page, site, "transmitted_to_region", "Registra: trasmesso alla Regione")
        assert httpx.get(f"{site.url}{PLAN}/edizioni/2").status_code == 303
        record(lead.page, site, "published", "Pubblica l’edizione")
    with visiting(browser, site.url + EDITION) as citizen:
        expect(citizen.page.locator(".alert-warning").last).to_contain_text("Edizione superata dal")
        citizen.page.get_by_role("link", name="Edizione 2, aggiornamento annuale 2026–2028").click()
        expect(citizen.page.locator(".alert-success")).to_contain_text("È l’edizione in vigore")


def test_by_keyboard_alone(site: Site, browser: Browser) -> None:
    with signed_in(site, browser, "pianificazione") as lead, signed_in(site, browser, "segreteria") as secretary:
        for button, status in (
            ("Proponi il piano", "Proposto, non approvato"),
            ("Registra: sottoposto all’Assemblea", "All’esame dell’Assemblea dei Sindaci, non approvato"),
        ):
            tab_to(lead.page, button)
            lead.page.keyboard.press("Enter")
            stands(lead.page, status)
        secretary.page.reload()
        tab_to(secretary.page, "", field="reason")
        secretary.page.keyboard.type(REASON)
        tab_to(secretary.page, "Registra il rinvio")
        secretary.page.keyboard.press("Space")
        stands(secretary.page, "Rinviato, non approvato")


def tab_to(page: Page, text: str, field: str = "") -> None:
    """Press the tabulator until the button with that text, or the field of that name, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        reached = page.evaluate("[document.activeElement.textContent.trim(), document.activeElement.name || '']")
        if reached == [text, field]:
            return
    raise AssertionError(f"{text or field} is not reached by keyboard")


def test_whoever_has_not_signed_in_reads_only_what_is_published(site: Site, browser: Browser) -> None:
    publish(site, browser)
    with signed_in(site, browser, "pianificazione") as lead:
        record(lead.page, site, "proposed", "Proponi il piano")
    with httpx.Client(base_url=site.url, timeout=60) as client:
        for ending, begins in (("pdf", b"%PDF-1.7"), ("odt", b"PK"), ("zip", b"PK"), ("json", b"{")):
            answer = client.get(f"{EDITION}/piano.{ending}")
            assert answer.status_code == 200
            assert answer.content.startswith(begins)
            again = client.get(f"{EDITION}/piano.{ending}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        page = client.get(EDITION)
        assert len(re.findall(r"\d [kM]B<", page.text)) == 4, "what is made has a size"
        for path in (f"{PLAN}/edizioni/2", f"{PLAN}/edizioni/2/piano.pdf", WAY):
            assert client.get(path).headers["location"].startswith("/sign-in?next=")
        for path in (f"{PLAN}/edizioni/3", f"{PLAN}/edizioni/1?triennio=2023", f"{EDITION}/piano.exe"):
            assert client.get(path).status_code in (404, 422)
        assert "Edizione 2" not in client.get(f"{PLAN}/edizioni").text
        assert "Edizione 1" in client.get(f"{PLAN}/edizioni").text


def test_who_waits_for_a_file_is_told_how_it_is(site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, browser)
    wanted = f"{site.url}{EDITION}/piano.pdf"
    monkeypatch.setattr("services.planner.pages.editions.PATIENCE", 0.0)
    prints._prints.clear()  # as after a start
    with httpx.Client(timeout=60, headers={"Accept": "text/html"}) as client:
        waiting = client.get(wanted)
        assert (waiting.status_code, waiting.headers["refresh"]) == (202, "2")
        assert "Il documento si sta preparando" in waiting.text
        assert httpx.get(wanted, timeout=60).content.startswith(b"%PDF"), "a program waits"
        assert client.get(wanted).content.startswith(b"%PDF")


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("language", ["it", "en"])
def test_the_pages_have_no_accessibility_violation_and_ask_nobody_else(
    site: Site, browser: Browser, width: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    with signed_in(site, browser, "pianificazione", width=width) as lead:

        def looked_at(name: str, path: str) -> None:
            lead.page.goto(f"{site.url}{path}?lang={language}")
            if PHOTOS:
                lead.page.screenshot(path=f"{PHOTOS}/{name}-{language}-{width}.png", full_page=True)
            found[name] = [*lead.axe_violations(), *(["scrolls sideways"] if lead.scrolls_sideways() else [])]

        looked_at("iter-collecting", WAY)
        publish(site, browser)
        with signed_in(site, browser, "segreteria") as secretary:
            record(lead.page, site, "proposed", "Proponi il piano")
            looked_at("edizione-proposta", f"{PLAN}/edizioni/2")
            record(lead.page, site, "submitted_to_assembly", "Registra: sottoposto all’Assemblea")
            secretary.page.set_viewport_size({"width": width, "height": 900})
            secretary.page.goto(f"{site.url}{WAY}?lang={language}")
            found["voto"] = secretary.axe_violations()
            if PHOTOS:
                secretary.page.screenshot(path=f"{PHOTOS}/voto-{language}-{width}.png", full_page=True)
        for name, path in (("iter", WAY), ("edizione", EDITION), ("edizioni", f"{PLAN}/edizioni"), ("piano", PLAN)):
            looked_at(name, path)
        monkeypatch.setattr("services.planner.pages.editions.PATIENCE", 0.0)
        prints._prints.clear()
        looked_at("preparazione", f"{EDITION}/piano.pdf")
        assert {name: problems for name, problems in found.items() if problems} == {}
        assert lead.foreign_requests(site.url) == []
        assert [said for said in lead.complaints if "status of 4" not in said] == []


def test_every_status_and_step_has_its_words() -> None:
    from services.planner.api.edition_steps import OPERATIONS
    from services.planner.pages.edition_words import STATUSES
    from services.planner.pages.step_forms import SLUGS

    assert STATUSES.keys() == set(PlanStatus)
    assert SLUGS.keys() == OPERATIONS.keys()
