"""The plan as people read it, part by part and number by number: as the document tells it, for everybody to use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.planner.domain.labels import STATUS_FIGURES
from services.planner.domain.parts import PARTS
from services.planner.pages.parts import TITLES
from shared.auth import Role, issue
from shared.events import EmergencyCaseOpened
from shared.pages import Spoken, speaking
from shared.pages.formats import number, percent, span, thousandths
from tests.support.browser import chromium, visiting
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import KEY, NOTICE, PLAN, asked, home_with_key, page, rows_of, words
from tests.support.world import AMBITO

SORESINA, CREMONA = "019098", "019036"
PAGES = (
    *(f"/parti/{part}" for part in range(1, len(PARTS) + 1)),
    *("/parti", "/parti/4?vero_il=2026-06-30", "/parti/3?lang=en"),
    *(
        "/emergenza",
        "/completezza",
        "/scostamenti",
        "/scostamenti?versione=3&comune=019036",
        "/contestazioni",
        "/e-se",
        "/verifica",
        "/enti/aler-bcm",
    ),
    "/e-se?alloggi=5&comune=019036&ente=aler-bcm&casi=4&comune_casi=019098",
    "/e-se?regole_al=2024-01-01&regola=indigence_share&valore=25",
    "/e-se?alloggi=5&regola=indigence_share&valore=125",
    *(f"/numeri/{name}" for name in ("-:-:assignable_mean:-", "-:-:need_3y:-", "ambito:population")),
    f"/numeri/{SORESINA}:aler-bcm:assignable_mean:2027",
    f"/numeri/{CREMONA}:aler-bcm:needing_works:-",
)


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A planner that knows the whole synthetic world."""
    with planner_serving(home_with_key(tmp_path_factory.mktemp("parti")), NOTICE) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def written(value: Any, kind: str) -> str:
    """A value of the document's JSON as a page writes it; thousandths are integers, shares texts."""
    with speaking(Spoken()):
        match kind:
            case "NUMBER":
                return number(value)
            case "THOUSANDTHS":
                return thousandths(value)
            case "SPAN":
                return span((value[0], value[1]))
            case "PERCENT":
                return percent(Decimal(value), 1)
    return str(value)


@pytest.mark.parametrize("part", range(1, 8))
def test_a_part_tells_what_the_document_tells(planner: Served, part: int) -> None:
    document = asked(planner, f"/plans/{AMBITO}/document")
    chapter = next(one for one in document["parts"] if one["number"] == str(part))
    html = page(planner, f"/parti/{part}")
    told = words(html)
    assert chapter["title"] == TITLES[part - 1].it
    assert f"{part}. {chapter['title']}" in told
    for section in chapter["sections"]:
        for block in section["blocks"]:
            for sentence in (*block.get("sentences", ()), *block.get("items", ())):
                # A linked number has no space to the sign behind it.
                assert sentence["text"].replace(" ", "") in told.replace(" ", "")
            if block["block"] == "table":
                assert block["caption"] in told


def test_every_number_of_part_four_is_that_of_the_api(planner: Served) -> None:
    """Numbers by the address they lead to; a band leads to the page of its mean, and is not one number."""
    found = re.findall(r'<a href="[^"]*/numeri/([^"?]+)">(?:<span[^>]*>)?([^<]+)<', page(planner, "/parti/4"))
    values: dict[str, Any] = {}
    for cursor in range(0, 100_000, 1000):
        answered = asked(planner, f"/plans/{AMBITO}/figures?limit=1000&cursor={cursor}")
        values |= {one["id"]: one for one in answered["items"]}
        if not answered["_links"]["next"]:
            break
    numbers = {(unquote(name), text) for name, text in found}
    counts = [(name, text) for name, text in numbers if name.split(":")[2] in STATUS_FIGURES.values()]
    assert len(counts) >= 48 * 11
    for name, text in counts:
        assert text == written(values[name]["value"], "NUMBER"), name
    means = {name for name, _ in numbers if name.endswith(":assignable_mean:-")}
    assert len(means) == 49
    for name in means:
        assert (name, written(values[name]["value"], "THOUSANDTHS")) in numbers


def test_a_figure_opens_to_what_the_api_says_it_is_made_of(planner: Served) -> None:
    name = f"{SORESINA}:-:assignable_mean:-"
    why = asked(planner, f"/plans/{AMBITO}/figures/{quote(name)}/why")
    told = words(page(planner, f"/numeri/{name}"))
    assert why["formula"]["text_it"] in told
    with speaking(Spoken()):
        assert f"{thousandths(why['item']['value'])} alloggi" in told
        names = {"comune-019098": "Comune di Soresina", "aler-bcm": "ALER"}
        for part in why["parts"]:
            assert f"{names[part['owner']]} {thousandths(part['value'])}" in told


def test_homes_are_named_only_where_nobody_lives(planner: Served) -> None:
    assert "Gli alloggi contati" in page(planner, f"/numeri/{CREMONA}:aler-bcm:needing_works:-")
    assert "Gli alloggi contati" not in page(planner, f"/numeri/{CREMONA}:aler-bcm:occupied:-")


def test_households_of_a_municipality_are_told_as_the_api_tells_them(planner: Served) -> None:
    """Of what the region is not told there is no page."""
    told = {one["id"] for one in asked(planner, f"/plans/{AMBITO}/figures?figure=need_3y&limit=1000")["items"]}
    hidden = [f"{code}:-:need_3y:-" for code in ("019009", "019026", "019029")]
    hidden = [name for name in hidden if name not in told]
    assert hidden
    assert told
    for name in hidden:
        assert httpx.get(f"{planner.url}{PLAN}/numeri/{name}").status_code == 404
    shown = next(iter(sorted(told)))
    assert httpx.get(f"{planner.url}{PLAN}/numeri/{shown}").status_code == 200
    assert httpx.get(f"{planner.url}{PLAN}/numeri/{SORESINA}:-:open_cases:-").status_code == 404


def test_another_day_is_the_apis_other_day_and_kept_by_the_links(planner: Served) -> None:
    then = asked(planner, f"/plans/{AMBITO}/figures/-:-:stock_total:-?true_on=2024-06-30")["item"]["value"]
    html = page(planner, "/parti/4?vero_il=2024-06-30&noto_il=")
    assert (
        f"il patrimonio è di {then}" in words(html).replace(" alloggi", "")[:20_000]
        or f">{number(then)}</span></a>" in html
    )
    links = re.findall(rf'href="({PLAN}[^"]*)"', html)
    days = [link for link in links if "vero_il=2024-06-30" in link]
    assert len(links) - len(days) <= 3  # back to today, the language, the brand


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_it_and_nobody_else_is_asked(
    planner: Served, browser: Browser, path: str, width: int
) -> None:
    with visiting(browser, planner.url + PLAN + path, width=width) as visit:
        assert visit.axe_violations() == []
        assert visit.foreign_requests(planner.url) == []
        assert visit.complaints == []
        assert not visit.scrolls_sideways()


def test_without_javascript_one_reads_on_from_part_to_part_and_to_a_number(planner: Served, browser: Browser) -> None:
    with visiting(browser, f"{planner.url}{PLAN}", javascript=False) as visit:
        page = visit.page
        page.get_by_role("navigation", name="Principale").get_by_role("link", name="Le sette parti").click()
        page.get_by_role("link", name=TITLES[3].it).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"4. {TITLES[3].it}")
        page.locator(".pv-told a").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Alloggi in patrimonio")
        page.get_by_text("Il piano in un altro giorno").click()
        page.get_by_label("Com’era il giorno").fill("2024-06-30")
        page.get_by_role("button", name="Mostra").click()
        expect(page.locator(".alert-info")).to_contain_text("Il piano com’era il 30 giugno 2024.")
        page.get_by_role("navigation", name="Percorso").get_by_role("link", name="Piano").click()
        expect(page.locator(".alert-info")).to_contain_text("30 giugno 2024")
        page.get_by_role("link", name="Torna a oggi").click()
        expect(page.locator(".alert-info")).to_have_count(0)


def test_cases_are_seen_one_by_one_only_by_who_works_on_them(planner: Served) -> None:
    everybody = page(planner, "/emergenza")
    assert "CASO" not in everybody
    assert "caso per caso" not in everybody

    def as_seen_by(organisation: str, role: Role) -> str:
        now = datetime.now(UTC)
        token = issue(
            KEY, organisation, role, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "ufficio-casa"
        )
        headers = {"authorization": f"Bearer {token}"}
        return httpx.get(f"{planner.url}{PLAN}/emergenza", headers=headers, timeout=60).text

    lead = as_seen_by("comune-019036", Role.LEAD)
    cases = [m.event for m in synthetic().past if isinstance(m.event, EmergencyCaseOpened)]
    assert cases
    assert any(case.case_ref in lead for case in cases)
    region = as_seen_by("regione-lombardia", Role.REGION)
    assert not any(case.case_ref in region for case in cases)
    own = as_seen_by(f"comune-{cases[0].municipality}", Role.MUNICIPALITY)
    others = [case for case in cases if case.municipality != cases[0].municipality]
    assert not any(f"{case.case_ref} resta" in own for case in others)


def test_the_record_of_the_forecast_is_the_apis(planner: Served) -> None:
    answered = asked(planner, f"/plans/{AMBITO}/scores?municipality=-")
    year = answered["items"][0]["years"][-1]
    rows = rows_of(page(planner, "/verifica"), "L’ambito, anno per anno")
    shown = next(row for row in rows if row[0] == str(year["year"]))
    with speaking(Spoken()):
        assert shown[1:4] == [str(year["exits"]), thousandths(year["mean"]), span((year["low"], year["high"]))]


def test_an_owners_page_adds_up(planner: Served) -> None:
    rows = rows_of(page(planner, "/enti/aler-bcm"), "Alloggi per stato")
    counted = [[int(cell.replace(".", "")) for cell in row[1:]] for row in rows[1:]]
    assert [sum(column) for column in zip(*counted[:-1], strict=True)] == counted[-1]
    stock = asked(planner, f"/plans/{AMBITO}/figures?owner=aler-bcm&figure=stock_total&limit=1000")["items"]
    assert counted[-1][0] == sum(one["value"] for one in stock)
    assert httpx.get(f"{planner.url}{PLAN}/enti/nessuno").status_code == 404
