"""The layout in a real browser: accessible, self-contained, whole without JavaScript, alive with it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import UndefinedError
from playwright.sync_api import Browser, expect

from shared import pages
from shared.pages import (
    Cell,
    Column,
    LiveChange,
    LiveFigure,
    MapLabels,
    NavItem,
    Page,
    SecurityHeaders,
    live_area,
    live_message,
    mount_static,
    municipal_map,
    page_environment,
)
from shared.pages.assets import AssetsMissingError, asset_url, italia_folder
from shared.territory import Municipality, ambito, boundaries
from tests.support.browser import Visit, chromium, serving, visiting

CREMONESE = ambito("cremonese")
CLASSES = (0, 500, 1_000, 2_000, 5_000)
LABELS = MapLabels("mappa", "Residenti per comune", "I 48 comuni per numero di residenti.", "residente", "residenti")
VALUES = {m.istat_code: m.population for m in CREMONESE.municipalities if m.name != "Volongo"}
TEMPLATE = """
{% extends "base.html" %}
{% from "tables.html" import data_table %}
{% from "figures.html" import figure_tile %}
{% block content %}
<h1>Piano triennale 2027–2029</h1>
<p class="pv-lead">Quadro dell’ambito al {{ reference_on|day }}: 48 comuni, capofila {{ lead }}.</p>
<div class="pv-tiles">
  {{ figure_tile("Residenti nell’ambito", total|number, figure="total", value=total, note="1º gennaio 2023, ISTAT") }}
  {{ figure_tile("Età 75 e oltre", over_75|number, note="1º gennaio 2023, ISTAT") }}
  {{ figure_tile("Comuni", "48 di 48") }}
</div>
<h2>Dove vivono</h2>
{{ map }}
<h2>Comune per comune</h2>
{{ data_table("Residenti per comune al 1º gennaio 2023", columns, rows, total_row) }}
<h2>Ultime variazioni</h2>
<ol id="changes"><li>Nessuna variazione oggi.</li></ol>
{% endblock %}
"""
MESSAGE = live_message(
    {"total": LiveFigure(155_400, "155.400"), "019036": LiveFigure(70_600, "70.600")},
    [live_area("019114", "Volongo", 512, CLASSES, LABELS)],
    [LiveChange("<b>Volongo</b>: dato ricevuto", "oggi, ore 14:05")],
)


BANDS = {"Residenti": "population", "0–14": "age_0_14", "15–64": "age_15_64", "65 e oltre": "age_65_plus"}


def _row(m: Municipality) -> list[Cell | int]:
    population = Cell(m.population, figure=m.istat_code)
    return [Cell(m.name, href=f"/?comune={m.istat_code}"), population, m.age_0_14, m.age_15_64, m.age_65_plus]


def demo_app() -> FastAPI:
    """A page with everything the layout offers, and the stream of one `plan` event it listens to."""
    app = FastAPI()
    app.add_middleware(SecurityHeaders)
    mount_static(app)

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        nav = [NavItem("Piano", "/", current=True), NavItem("Comuni", "/#comuni"), NavItem("Scadenze", "/#scadenze")]
        people = CREMONESE.municipalities
        choropleth = municipal_map(
            boundaries("cremonese"), VALUES, CLASSES, LABELS, selected="019036", link=lambda code: f"/?comune={code}"
        )
        return (
            page_environment()
            .from_string(TEMPLATE)
            .render(
                page=Page("Piano", CREMONESE.name, nav, live_source="/stream"),
                reference_on=date(2026, 11, 23),
                lead=CREMONESE.lead.name,
                total=sum(m.population for m in people),
                over_75=sum(m.age_75_plus for m in people),
                map=choropleth,
                columns=[Column("Comune"), *(Column(label, "number") for label in BANDS)],
                rows=[_row(m) for m in people],
                total_row=["Ambito", *(sum(getattr(m, field) for m in people) for field in BANDS.values())],
            )
        )

    @app.get("/stream")
    def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            yield f"id: 1\nevent: plan\ndata: {MESSAGE}\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(events(), media_type="text/event-stream")

    return app


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(demo_app()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(params=[1280, 320], ids=["desktop", "320px"])
def visit(request: pytest.FixtureRequest, browser: Browser, base_url: str) -> Iterator[Visit]:
    """The demo page after its live update, on a desktop and on the narrowest window WCAG 1.4.10 asks for."""
    with visiting(browser, f"{base_url}/", width=request.param) as opened:
        opened.page.wait_for_selector("[data-cue]")
        yield opened


def test_axe_finds_nothing(visit: Visit) -> None:
    assert visit.axe_violations() == []


def test_axe_would_find_something(visit: Visit) -> None:
    visit.page.evaluate("document.querySelector('.pv-brand-link img').removeAttribute('alt')")
    assert [violation.partition(":")[0] for violation in visit.axe_violations()] == ["image-alt"]


def test_nothing_is_asked_of_another_origin_and_the_policy_blocks_nothing(visit: Visit, base_url: str) -> None:
    assert visit.foreign_requests(base_url) == []
    assert visit.complaints == []
    assert any(".woff2" in url for url in visit.requests), "the page’s own fonts were not used"


def test_only_the_table_scrolls_sideways_never_the_page(visit: Visit) -> None:
    assert not visit.scrolls_sideways()


def test_first_column_stays_in_sight_when_a_narrow_table_is_scrolled(browser: Browser, base_url: str) -> None:
    with visiting(browser, f"{base_url}/", width=320) as visit:
        region = visit.page.get_by_role("region", name="Residenti per comune al 1º gennaio 2023")
        scrolled = region.evaluate("region => { region.scrollLeft = 150; return region.scrollLeft }")
        assert scrolled == 150
        left = region.evaluate("region => region.querySelector('tbody th').getBoundingClientRect().left")
        assert left == region.evaluate("region => region.getBoundingClientRect().left")


def test_page_is_complete_without_javascript(browser: Browser, base_url: str) -> None:
    with visiting(browser, f"{base_url}/", javascript=False) as visit:
        page = visit.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Piano triennale 2027–2029")
        expect(page.locator(".pv-map path")).to_have_count(48)
        expect(page.get_by_role("table").locator("tbody tr")).to_have_count(48)
        expect(page.get_by_role("rowheader", name="Ambito").locator("xpath=..")).to_contain_text("155.369")
        expect(page.get_by_role("contentinfo")).to_contain_text("openpolis (CC BY 4.0)")
        expect(page.locator("#live-state")).to_be_hidden()


def test_keyboard_reaches_the_content_first(browser: Browser, base_url: str) -> None:
    with visiting(browser, f"{base_url}/") as visit:
        visit.page.keyboard.press("Tab")
        expect(visit.page.get_by_role("link", name="Vai al contenuto principale")).to_be_focused()
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("main")).to_be_focused()


def test_plan_event_changes_figures_map_and_list(visit: Visit) -> None:
    page = visit.page
    total, cremona = page.locator("[data-figure=total]"), page.locator("[data-figure='019036']")
    # 155,369 -> 155,400 rises; 70,637 -> 70,600 falls
    expect(total).to_have_text("155.400")
    expect(total).to_have_attribute("data-cue", "up")
    expect(cremona).to_have_text("70.600")
    expect(cremona).to_have_attribute("data-cue", "down")
    volongo = page.locator("#mappa [data-istat='019114']")
    expect(volongo).to_have_attribute("data-class", "2")  # 512 lies in 500-999
    expect(volongo.locator("title")).to_have_text("Volongo: 512 residenti")
    told = "2 valori aggiornati: Residenti nell’ambito da 155.369 a 155.400."
    expect(page.locator("#live-news")).to_have_text(told)
    expect(page.locator("#live-state")).to_contain_text("Aggiornato alle")


def test_change_list_grows_on_top_and_shows_markup_as_text(visit: Visit) -> None:
    items = visit.page.locator("#changes li")
    expect(items).to_have_text(["oggi, ore 14:05 <b>Volongo</b>: dato ricevuto", "Nessuna variazione oggi."])


def test_a_changed_figure_moves_nothing(browser: Browser, base_url: str) -> None:
    measure = """() => Array.from(document.querySelectorAll(".pv-tile, .pv-map, th, td"))
      .map((element) => element.getBoundingClientRect()).map((box) => [box.x, box.y, box.width, box.height])"""
    with visiting(browser, f"{base_url}/", javascript=False) as still:
        in_its_own_letters(still)
        before = still.page.evaluate(measure)
    with visiting(browser, f"{base_url}/") as live:
        live.page.wait_for_selector("[data-cue]")
        in_its_own_letters(live)
        assert live.page.evaluate(measure) == before


def in_its_own_letters(visit: Visit) -> None:
    """Until the page's fonts are there the browser writes in others, which are as wide as they like."""
    while not visit.page.evaluate("Array.from(document.fonts).every((font) => font.status !== 'loading')"):
        visit.page.wait_for_timeout(20)


def test_static_files_live_a_year_under_their_fingerprint_and_revalidate_by_etag(base_url: str) -> None:
    address = asset_url("css/bootstrap-italia.min.css")
    first = httpx.get(base_url + address)
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert first.headers["content-encoding"] == "gzip"
    again = httpx.get(base_url + address, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == HTTPStatus.NOT_MODIFIED
    plain = httpx.get(base_url + address.partition("?")[0])
    assert plain.headers["cache-control"] == "public, max-age=86400"


@pytest.mark.parametrize("path", ["/", "/static/pianovivo/live.js", "/missing"])
def test_every_answer_carries_the_security_headers(base_url: str, path: str) -> None:
    headers = httpx.get(base_url + path).headers
    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_style_sheets_name_no_other_site() -> None:
    own = Path(pages.__file__).parent / "static" / "pianovivo" / "pages.css"
    for sheet in (own, italia_folder() / "css" / "bootstrap-italia.min.css"):
        targets = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]{1,40})", sheet.read_text(encoding="utf-8"))
        assert [target for target in targets if not target.startswith(("data:", "../fonts/"))] == []


def test_missing_theme_says_how_to_install_it() -> None:
    with pytest.raises(AssetsMissingError, match=r"pip install --no-deps design-django-theme==2\.18\.0"):
        italia_folder("a_package_nobody_installed")


def test_unknown_static_file_is_an_error_when_the_page_is_made() -> None:
    with pytest.raises(FileNotFoundError, match=r"css/missing\.css"):
        asset_url("css/missing.css")


def test_templates_escape_and_refuse_unknown_variables() -> None:
    environment = page_environment()
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nobody_gave_this }}").render()


def test_empty_table_says_so_and_a_missing_value_is_spelled_out() -> None:
    macro = page_environment().get_template("tables.html").module.data_table  # type: ignore[attr-defined]
    columns = [Column("Comune"), Column("Alloggi", "number")]
    assert "Nessun dato." in macro("Vuota", columns, [])
    table = macro("Alloggi", columns, [[Cell("Annicco", note="stimato"), None]])
    assert '<abbr title="dato non disponibile">n.d.</abbr>' in table
    assert '<span class="pv-note">stimato</span>' in table
