"""The plan as people read it, part by part and number by number: as the document tells it, for everybody to use."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.planner.domain.labels import STATUS_FIGURES
from services.planner.domain.parts import PARTS
from services.planner.pages.parts import TITLES
from shared.auth import Role, issue, new_key, public_jwks
from shared.events import EmergencyCaseOpened, SubmissionDefaulted, SubmissionReceived, Unit, UnitChanged
from shared.events.base import derived
from shared.events.submissions import OwnerKind
from shared.pages import Spoken, speaking
from shared.pages.formats import number, percent, span, thousandths
from tests.support.browser import chromium, visiting
from tests.support.planner import UNTIL, Served, planner_serving, stated, synthetic
from tests.support.world import AMBITO

PLAN = f"/ambiti/{AMBITO}"
SORESINA, CREMONA = "019098", "019036"
SILENT = "019013"  # Cappella Cantone
NOTICE = "Dati di prova: nessun alloggio è reale."
KEY = new_key("test")
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
    home: Path = tmp_path_factory.mktemp("parti")
    (home / "keys").mkdir()
    (home / "keys" / "jwks.json").write_text(json.dumps(public_jwks([KEY])))
    with planner_serving(home, NOTICE) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def asked(planner: Served, path: str, **headers: str) -> Any:
    """What the API answers the region, which sees no small counts of households."""
    now = datetime.now(UTC)
    who = "regione-lombardia", Role.REGION, AMBITO
    token = issue(KEY, *who, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    headers = {"authorization": f"Bearer {token}", "accept": "application/json", **headers}
    answer = httpx.get(planner.url + path, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(planner: Served, path: str, document: dict[str, Any]) -> Any:
    now = datetime.now(UTC)
    who = "regione-lombardia", Role.REGION, AMBITO
    token = issue(KEY, *who, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.post(planner.url + path, json=document, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def page(planner: Served, path: str) -> str:
    answer = httpx.get(planner.url + PLAN + path, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.text


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("&#39;", "'").replace("&nbsp;", " ").split())


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


def rows_of(html: str, caption: str) -> list[list[str]]:
    """The cells of the table with that caption, row by row."""
    tables = re.findall(r"<table.*?</table>", html, re.DOTALL)
    table = next(one for one in tables if f"<span>{caption}</span>" in one)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def signed(text: str) -> int:
    """`+8,3` as tenths; what is almost nothing is none."""
    return 0 if text == "quasi 0" else int(text.replace("−", "-").replace(".", "").replace(",", "").replace("+", ""))


def test_drift_is_a_signed_list_of_causes_that_adds_up(planner: Served) -> None:
    html = page(planner, "/scostamenti?da=2026-09-30")
    answered = asked(planner, f"/plans/{AMBITO}/drift?from_on=2026-09-30&municipality=-&limit=1000")
    api = {one["id"]: one for one in answered["items"]}
    for figure in ("occupied", "free_assignable", "needing_works", "in_notice"):
        key = f"-:-:{figure}:-"
        rows = rows_of(html, api[key]["label_it"])[1:]
        before, *causes, after = (signed(amount) for _, amount in rows)
        assert (before, after) == (api[key]["before"], api[key]["after"])
        assert before + sum(causes) == after
    assert "fabbisogno" not in html.lower().replace("quadro", "")


def test_a_hypothesis_is_answered_beside_the_plan_and_nothing_is_written(planner: Served) -> None:
    head = asked(planner, f"/plans/{AMBITO}")
    address = "/e-se?alloggi=5&comune=019036&ente=aler-bcm"
    rows = rows_of(page(planner, address), "Alloggi liberi assegnabili")
    free = asked(planner, f"/plans/{AMBITO}/figures/-:-:free_assignable:-")["item"]["value"]
    assert [signed(amount) for _, amount in rows[1:]] == [free, 5, free + 5]
    assert rows[2][0] == "Ipotesi: alloggi che si liberano, Cremona"
    assert page(planner, address) == page(planner, address)  # who gets the address sees the same
    assert asked(planner, f"/plans/{AMBITO}")["hash"] == head["hash"]
    refused = words(page(planner, "/e-se?alloggi=200&comune=019001&ente=comune-019001"))
    assert "alloggi occupati nel comune di Acquanegra Cremonese, non 200" in refused


def test_works_are_chosen_by_whose_and_where_they_are(planner: Served) -> None:
    """Of each what the registry says of homes with these works: counted here home by home."""
    standing: dict[str, Unit] = {}
    for message in synthetic().past:
        if isinstance(message.event, UnitChanged):
            standing[message.event.unit_id] = message.event.after
    open_works = Counter(unit.works.programme for unit in standing.values() if unit.works)
    offered = dict(
        re.findall(r'<option value="([^"]+)">([^<]+)</option>', choices(page(planner, "/e-se"), "programma"))
    )
    assert offered.keys() == open_works.keys()
    for programme, homes in open_works.items():
        assert f": {homes} allogg{'io' if homes == 1 else 'i'}, fine prevista " in offered[programme]
    linked = choices(page(planner, "/e-se?programma=ALTRO"), "programma")
    assert '<option value="ALTRO" selected>ALTRO</option>' in linked


def choices(html: str, name: str) -> str:
    found = re.search(f'<select[^>]* name="{name}">(.*?)</select>', html, re.DOTALL)
    assert found, name
    return found[1]


def test_other_rules_are_answered_with_the_quotas_and_limits_that_they_move(planner: Served) -> None:
    """As the API answers them, and nothing of households; what is not whole or out of bounds is told, not left out."""
    html = page(planner, "/e-se?regola=indigence_share&valore=25&regola=sat_set_aside_share&valore=12,5")
    rules = [row[:3] for row in rows_of(html, "Le regole che cambiano")[1:]]
    assert rules == [
        ["Quota minima per i nuclei indigenti", "20%", "25%"],
        ["Quota massima per i servizi abitativi transitori", "10%", "12,5%"],
    ]
    supposed = [
        {"parameter": "indigence_share", "value": "0.25"},
        {"parameter": "sat_set_aside_share", "value": "0.125"},
    ]
    answered = posted(planner, f"/plans/{AMBITO}/what-if", {"rules": supposed})
    limits = rows_of(html, "Quote e limiti che cambiano")[1:]
    assert sorted(int(row[4].replace(".", "")) for row in limits) == sorted(one["after"] for one in answered["limits"])
    assert "Casi di emergenza abitativa aperti" not in html
    assert "Azioni proposte" not in html
    refused = words(page(planner, "/e-se?alloggi=5&regola=indigence_share&valore=125&regola=sat_baseline&valore=1"))
    assert "servono quanti (da 1 a 200), il comune e l’ente" in refused
    assert "il valore «125» non va; serve un numero da 0 a 100%" in refused
    assert "«sat_baseline» non va" in refused
    assert "Quote e limiti" not in refused


def test_completeness_counts_municipalities_and_names_who_is_missing(tmp_path: Path) -> None:
    """All have declared but four; of one of these it is on record."""
    two = SORESINA, CREMONA
    filed = [m for m in synthetic().past if isinstance(m.event, SubmissionReceived) and m.event.municipality not in two]
    default = SubmissionDefaulted(
        default_id=derived("inadempienza"),
        ambito=AMBITO,
        cycle_year=2025,
        owner=f"comune-{SORESINA}",
        owner_kind=OwnerKind.MUNICIPALITY,
        municipality=SORESINA,
        recorded_on=UNTIL,
        reason="sollecitato due volte",
    )
    with planner_serving(tmp_path) as served:
        served.hear(*filed, stated(default, "inadempienza"))
        told = page(served, "/completezza")
    assert "44 su 48" in words(told)
    missing = [
        ["Cappella Cantone", "Comune di Cappella Cantone", "non registrata"],
        ["Cremona", "Comune di Cremona", "non registrata"],
        ["Robecco d'Oglio", "Comune di Robecco d'Oglio", "non registrata"],
        ["Soresina", "Comune di Soresina", "23 novembre 2026"],
    ]
    assert rows_of(told, "Righe mancanti")[1:] == missing


def test_completeness_of_one_municipality_has_its_rows_only(planner: Served) -> None:
    """Where its page leads: Cremona's municipality and the other owners of homes there, each with its row."""
    here = page(planner, f"/comuni/{CREMONA}")
    assert f'href="{PLAN}/completezza?comune={CREMONA}"' in here
    told = page(planner, f"/completezza?comune={CREMONA}")
    rows = rows_of(told, "Dichiarazioni ricevute")[1:]
    assert {row[0] for row in rows} == {"Cremona"}
    owners = {
        m.event.owner
        for m in synthetic().past
        if isinstance(m.event, SubmissionReceived) and m.event.municipality == CREMONA
    }
    assert len(rows) == len(owners) > 1
    assert "su 48" not in words(told)
    assert httpx.get(f"{planner.url}{PLAN}/completezza?comune=999999").status_code == 404


def test_a_municipality_tells_its_need_as_everybody_may_know_it(planner: Served) -> None:
    """In whole fives, as the plan's part 3 has it; of one that has not declared any, that it is not told."""
    told = {row[0]: row[1] for row in rows_of(page(planner, "/parti/3"), "Fabbisogno del triennio, comune per comune")}
    for istat, name in ((CREMONA, "Cremona"), (SORESINA, "Soresina")):
        need = asked(planner, f"/plans/{AMBITO}/figures/{istat}:-:need_3y:-")["item"]["value"] // 1000
        assert (need % 5, told[name]) == (0, number(need))
        shown = words(page(planner, f"/comuni/{istat}"))
        assert f"Famiglie in fabbisogno nel triennio {told[name]} almeno" in shown
        assert "non si pubblica" not in shown
    silent = words(page(planner, f"/comuni/{SILENT}"))
    assert "Il fabbisogno di questo comune non si pubblica" in silent
    assert "Famiglie in fabbisogno" not in silent


def test_a_plan_that_began_today_is_compared_with_today(tmp_path: Path) -> None:
    """Thirty days ago there was nothing: whoever opens the page without a day in mind must not be sent away."""
    with planner_serving(tmp_path) as served:
        served.hear(*(message for message in synthetic().past if isinstance(message.event, SubmissionReceived)))
        told = page(served, "/scostamenti")
    assert 'value="2026-11-23"' in told
    assert "Nessuno dei numeri principali è cambiato" in words(told)


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
