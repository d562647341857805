"""Signing in with a local account in a real browser, in two services of one installation: whole without JavaScript."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from services.notifier import app as notifier_app
from services.notifier.settings import NotifierSettings
from services.planner import app as planner_app
from services.planner.settings import PlannerSettings
from shared.auth import Role
from shared.migrate import migrate
from shared.people import ATTEMPTS_OF_NAME, People
from shared.settings import Settings
from tests.component.notifier.room import settings as with_keys
from tests.support.browser import Visit, chromium, serving, visiting

PHOTOS = os.environ.get("PIANOVIVO_TEST_PHOTOS")
NAME, OTHER_NAME = "ufficio-casa", "segreteria"


@dataclass(frozen=True)
class Site:
    planner: str
    notifier: str
    passwords: dict[str, str]


def applications(home: Path) -> tuple[FastAPI, FastAPI]:
    return (
        planner_app.create_http(planner_app.create_runtime(PlannerSettings(home=home))),
        notifier_app.create_http(notifier_app.create_runtime(NotifierSettings(home=home))),
    )


def asleep(app: FastAPI) -> ASGIApp:
    """Without its bus, which has one process: the pages of signing in do not need it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return answer


async def prepared(home: Path) -> dict[str, str]:
    """The accounts' passwords."""
    for app in applications(home):
        await migrate(app.state.runtime.db, app.state.runtime.migrations)
        await app.state.runtime.db.close()
    people = People(Settings(home=home))
    towns = {NAME: "comune-019026", OTHER_NAME: "comune-019036"}
    made = {name: await people.make_account(name, town, Role.MUNICIPALITY, "cremonese") for name, town in towns.items()}
    await people.close()
    return made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with_keys(tmp_path)
    with ThreadPoolExecutor(1) as pool:  # this thread's loop is the browser's
        made = pool.submit(asyncio.run, prepared(tmp_path)).result()
    planner, notifier = map(asleep, applications(tmp_path))
    with serving(planner) as plan, serving(notifier) as notices:
        yield Site(plan, notices, made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def looked_at(visit: Visit, name: str) -> list[str]:
    """What axe says of the page; and a picture for a person to look at, if one asks for it."""
    if PHOTOS:
        visit.page.screenshot(path=f"{PHOTOS}/{name}.png", full_page=True)
    return visit.axe_violations()


def test_one_sign_in_for_both_services_and_one_sign_out(site: Site, browser: Browser) -> None:
    plan = f"{site.planner}/ambiti/cremonese"
    with visiting(browser, f"{plan}?lang=it", javascript=False) as visit:
        page = visit.page
        page.get_by_role("link", name="Accedi").click()
        visit.sign_in(NAME, "sbagliata")
        expect(page.get_by_role("alert")).to_have_text("Il nome o la password non sono giusti.")
        visit.sign_in(NAME, site.passwords[NAME])
        assert page.url == f"{plan}?lang=it", "back where the person was, in the language chosen"
        expect(page.get_by_role("link", name="Comune di Castelverde")).to_be_visible()
        page.goto(f"{site.notifier}/inbox")
        expect(page.get_by_role("heading", level=1)).to_have_text("Avvisi")
        page.get_by_role("button", name="Esci").click()
        expect(page.get_by_role("status")).to_have_text("Siete usciti.")
        page.goto(plan)
        expect(page.get_by_role("link", name="Accedi")).to_be_visible()


def test_by_keyboard_alone(site: Site, browser: Browser) -> None:
    with visiting(browser, f"{site.notifier}/sign-in") as visit:
        page = visit.page
        page.get_by_label("Nome").focus()
        page.keyboard.type(NAME)
        page.keyboard.press("Tab")
        page.keyboard.type(site.passwords[NAME])
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site.notifier}/inbox")


def test_a_person_changes_the_password_and_stays_signed_in_here_only(site: Site, browser: Browser) -> None:
    new = "una frase lunga e tutta mia"
    with (
        visiting(browser, f"{site.notifier}/sign-in", javascript=False) as visit,
        visiting(browser, f"{site.planner}/sign-in", javascript=False) as elsewhere,
    ):
        for one in (visit, elsewhere):
            one.sign_in(NAME, site.passwords[NAME])
        page = visit.page
        page.goto(f"{site.notifier}/account")
        expect(page.get_by_text("Accessi aperti").locator("xpath=following-sibling::dd[1]")).to_have_text("2")
        for old, wanted, said in (
            ("sbagliata", new, "La password attuale non è giusta."),
            (site.passwords[NAME], " " * 11, None),
            (site.passwords[NAME], new, None),
        ):
            page.get_by_label("Password attuale").fill(old)
            page.get_by_label("Nuova password").fill(wanted)
            page.get_by_role("button", name="Cambia la password").click()
            if said:
                expect(page.get_by_role("alert")).to_have_text(said)
        expect(page.get_by_text("Accessi aperti").locator("xpath=following-sibling::dd[1]")).to_have_text("1")
        elsewhere.page.goto(f"{site.planner}/account")
        expect(elsewhere.page).to_have_url(f"{site.planner}/sign-in?next=%2Faccount")
        elsewhere.sign_in(NAME, site.passwords[NAME])
        expect(elsewhere.page.get_by_role("alert")).to_be_visible()
        elsewhere.sign_in(NAME, new)
        expect(elsewhere.page).to_have_url(f"{site.planner}/account")


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("language", ["it", "en"])
def test_the_pages_have_no_accessibility_violation_and_ask_nobody_else(
    site: Site, browser: Browser, width: int, language: str
) -> None:
    found: dict[str, Any] = {}
    with visiting(browser, f"{site.planner}/sign-in?lang={language}", width=width) as visit:
        page, button = visit.page, {"it": "Entra", "en": "Sign in"}[language]
        found["sign-in"] = looked_at(visit, f"sign-in-{language}-{width}")
        for name, password in [("x", "y"), *[(OTHER_NAME, "z")] * (ATTEMPTS_OF_NAME + 1)]:
            page.get_by_label({"it": "Nome", "en": "Name"}[language]).fill(name)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name=button, exact=True).click()
            found[f"refused {name}"] = looked_at(visit, f"refused-{name}-{language}-{width}")
        minutes = {
            "it": "Troppi tentativi: riprovare fra 15 minuti.",
            "en": "Too many attempts: try again in 15 minutes.",
        }
        expect(page.get_by_role("alert")).to_have_text(minutes[language])
        page.get_by_label({"it": "Nome", "en": "Name"}[language]).fill(NAME)
        page.get_by_label("Password").fill(site.passwords[NAME])
        page.get_by_role("button", name=button, exact=True).click()
        page.goto(f"{site.planner}/account?lang={language}")
        found["account"] = looked_at(visit, f"account-{language}-{width}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert not visit.scrolls_sideways()
        page.get_by_role("button", name={"it": "Esci da tutti", "en": "Sign out of all"}[language]).click()
        found["left"] = looked_at(visit, f"left-{language}-{width}")
        assert {name: problems for name, problems in found.items() if problems} == {}
        assert visit.foreign_requests(site.planner) == []
        assert [said for said in visit.complaints if "status of 4" not in said] == [], "the policy blocks nothing"
