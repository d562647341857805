"""Writing the plan's texts in a real browser without JavaScript: preview, save, history, two who write at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from services.planner.tables.texts import PlanTextRow
from shared.auth import Role
from shared.people import People
from shared.settings import Settings
from tests.support.browser import Visit, chromium, visiting
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.world import AMBITO

PHOTOS = os.environ.get("PIANOVIVO_TEST_PHOTOS")
TEXTS = f"/ambiti/{AMBITO}/testi"
STRATEGIES = f"{TEXTS}/strategie"
ACCOUNTS = {
    "ufficio-casa": ("comune-019036", Role.LEAD),
    "ufficio-di-piano": ("azienda-sociale", Role.TECHNICAL_PARTNER),
    "comune-vicino": ("comune-019026", Role.MUNICIPALITY),
}
TEXT = """Nel 2026 saranno assegnabili {{supply.total.y1}} alloggi.

## Recupero

- Da recuperare: {{alloggi_inagibili_da_recuperare}}
- A Soresina: {{alloggi_inagibili_da_recuperare: Soresina}}
"""


@dataclass(frozen=True)
class Site:
    served: Served
    passwords: dict[str, str]

    def url(self, path: str) -> str:
        return self.served.url + path


async def accounts(home: Path) -> dict[str, str]:
    """Their passwords."""
    people = People(Settings(home=home))
    made = {name: await people.make_account(name, *who, AMBITO) for name, who in ACCOUNTS.items()}
    await people.close()
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("testi")
    with ThreadPoolExecutor(1) as pool:  # this thread's loop is the browser's
        passwords = pool.submit(asyncio.run, accounts(home)).result()
    with planner_serving(home) as served:
        served.hear(*synthetic().past)
        yield Site(served, passwords)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def signed_in(
    browser: Browser, site: Site, name: str, path: str, *, width: int = 1280, javascript: bool = False
) -> Iterator[Visit]:
    """At the page, having signed in on the way."""
    address = site.url(f"/sign-in?next={path}")
    with visiting(browser, address, width=width, javascript=javascript) as visit:
        visit.sign_in(name, site.passwords[name])
        expect(visit.page).to_have_url(site.url(path))
        yield visit


def save(page: Page, markdown: str) -> None:
    page.get_by_label("Testo", exact=True).fill(markdown)
    page.get_by_role("button", name="Salva la stesura").click()


def heard(site: Site, section: str, revision: int) -> None:
    """Wait until the plan has heard of it."""

    async def is_heard() -> bool:
        async with site.served.runtime.db.reading() as session:
            found = (await session.execute(select(PlanTextRow))).scalars()
            return (section, revision) in {(row.section, row.revision) for row in found}

    site.served.wait(is_heard)


def checked(visit: Visit, site: Site, name: str) -> None:
    """What a person who looks and a machine that judges both accept."""
    if PHOTOS:
        visit.page.screenshot(path=f"{PHOTOS}/{name}.png", full_page=True)
    assert visit.axe_violations() == []
    assert visit.foreign_requests(site.served.url) == []
    assert not visit.scrolls_sideways()


def test_an_office_looks_for_figures_previews_saves_and_finds_its_text_in_the_part(
    site: Site, browser: Browser
) -> None:
    """Without JavaScript; what is not saved stays in the form."""
    with signed_in(browser, site, "ufficio-casa", STRATEGIES) as visit:
        page = visit.page
        text = page.get_by_label("Testo", exact=True)
        text.fill(TEXT)
        page.get_by_label("Cercare un numero").fill("assegnabili 2027 soresina")
        page.get_by_role("button", name="Cerca", exact=True).click()
        expect(page.get_by_text("{{alloggi_assegnabili.2027: Soresina}}")).to_be_visible()
        expect(text).to_have_value(TEXT)
        page.get_by_role("button", name="Anteprima").click()
        expect(page.get_by_role("heading", name="Le strategie di sviluppo dell’offerta: Recupero")).to_be_visible()
        expect(page.get_by_text("Nobody")).to_have_count(0)
        page.get_by_role("button", name="Salva la stesura").click()
        expect(page).to_have_url(site.url(STRATEGIES))
        expect(page.get_by_text("stesura 1, Comune di Cremona, ufficio casa")).to_be_visible()
        heard(site, "strategie", 1)
        page.goto(site.url(f"/ambiti/{AMBITO}/parti/5"))
        [number] = [link.inner_text() for link in page.locator("a[href*='assignable_mean:2026']").all()]
        plan = page.goto(site.url(f"/ambiti/{AMBITO}/numeri/-:-:assignable_mean:2026"))
        assert plan is not None
        expect(page.locator(".pv-tile-figure").first).to_contain_text(number)
        page.goto(site.url(f"/ambiti/{AMBITO}/parti/5"))
        page.get_by_role("link", name="Modifica il testo «Le strategie di sviluppo dell’offerta»").click()
        expect(page).to_have_url(site.url(STRATEGIES))


def test_what_cannot_be_saved_is_told_line_by_line_and_stays_in_the_form(site: Site, browser: Browser) -> None:
    wrong = "Prima riga.\n\nSono {{numero sconosciuto}} e *tanti*.\n"
    with signed_in(browser, site, "ufficio-casa", f"{TEXTS}/servizi") as visit:
        page = visit.page
        save(page, wrong)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Riga 3: Il corsivo e il grassetto non sono ammessi.")
        expect(alert).to_contain_text("numero sconosciuto")
        expect(page.get_by_label("Testo", exact=True)).to_have_value(wrong)
        expect(page.get_by_text("Nessuno l’ha ancora scritta.")).to_be_visible()


def test_of_two_who_write_at_once_the_second_sees_what_changed_and_loses_nothing(site: Site, browser: Browser) -> None:
    path = f"{TEXTS}/criticita"
    with (
        signed_in(browser, site, "ufficio-casa", path) as first,
        signed_in(browser, site, "ufficio-di-piano", path) as second,
    ):
        save(first.page, "Mancano alloggi piccoli.")
        save(second.page, "Mancano alloggi grandi.")
        page = second.page
        expect(page.get_by_role("alert")).to_contain_text("Nel frattempo qualcun altro ha scritto questa sezione.")
        expect(page.locator(".pv-diff ins")).to_have_text("Mancano alloggi piccoli.")
        expect(page.get_by_label("Testo", exact=True)).to_have_value("Mancano alloggi grandi.")
        save(page, "Mancano alloggi piccoli e grandi.")
        expect(page.get_by_text("stesura 2, Azienda Sociale Cremonese, ufficio di piano")).to_be_visible()
        page.get_by_role("link", name="con quella di ora").click()
        expect(page.get_by_role("heading", name="Dalla stesura 1 alla stesura 2")).to_be_visible()
        expect(page.locator(".pv-diff del")).to_have_text("piccoli.")
        expect(page.locator(".pv-diff ins")).to_have_text("piccoli e grandi.")


def test_others_read_and_nobody_else_is_offered_to_write(site: Site, browser: Browser) -> None:
    with signed_in(browser, site, "comune-vicino", STRATEGIES) as visit:
        page = visit.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Le strategie di sviluppo dell’offerta")
        expect(page.locator("textarea")).to_have_count(0)
        page.goto(site.url(f"/ambiti/{AMBITO}/parti/5"))
        expect(page.get_by_role("link", name="Modifica")).to_have_count(0)
    with visiting(browser, site.url(TEXTS), javascript=False) as visit:
        page = visit.page
        expect(page.get_by_role("heading", level=1)).to_have_text("I testi del piano")
        page.get_by_role("link", name="Le strategie").click()
        assert page.url.startswith(site.url("/sign-in"))


def test_a_section_written_by_the_keyboard_alone(site: Site, browser: Browser) -> None:
    with signed_in(browser, site, "ufficio-casa", f"{TEXTS}/stili-di-vita", javascript=True) as visit:
        page = visit.page
        page.get_by_label("Testo", exact=True).focus()
        page.keyboard.type("Si abita in tanti modi.")
        for _ in range(4):  # office, note, preview, save
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("stesura 1, Comune di Cremona, ufficio casa")).to_be_visible()
        assert visit.complaints == []


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_are_accessible_and_fit_a_narrow_window(site: Site, browser: Browser, width: int) -> None:
    path = f"{TEXTS}/{'potenzialita' if width == 1280 else 'opportunita'}"
    with signed_in(browser, site, "ufficio-casa", path, width=width, javascript=True) as visit:
        save(visit.page, TEXT)
        expect(visit.page.get_by_text("stesura 1,")).to_be_visible()
        save(visit.page, TEXT.replace("saranno", "diventeranno"))
        expect(visit.page.get_by_text("stesura 2,")).to_be_visible()
        visit.page.get_by_role("link", name="con quella di ora").click()
        checked(visit, site, f"testo-{width}")
        save(visit.page, "Uno *due* {{aloggi}}.")
        checked(visit, site, f"testo-errori-{width}")
        visit.page.goto(site.url(TEXTS))
        checked(visit, site, f"testi-{width}")
        heard(site, path.rpartition("/")[2], 2)
        visit.page.goto(site.url(f"/ambiti/{AMBITO}/parti/2"))
        checked(visit, site, f"parte-{width}")


def test_in_english_the_forms_words_are_english_and_the_text_stays_italian(site: Site, browser: Browser) -> None:
    with signed_in(browser, site, "ufficio-casa", f"{STRATEGIES}?lang=en") as visit:
        expect(visit.page.get_by_role("button", name="Save the revision")).to_be_visible()
        expect(visit.page.locator(".pv-told-text")).to_have_attribute("lang", "it")
