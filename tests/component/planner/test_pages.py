"""The public pages over a real planner, in a real browser: true, alive, discreet, and usable by everybody."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.planner.pages.stream import STREAMS
from shared.auth import Role, issue
from shared.events import EmergencyCaseOpened, UnitChanged
from shared.territory import ambito
from tests.support.browser import chromium, visiting
from tests.support.planner import UNTIL, Served, planner_serving, stated, synthetic
from tests.support.public_pages import KEY, NOTICE, PLAN, home_with_key
from tests.support.world import AMBITO

SORESINA = "019098"
CHOICES = "Che cosa mostra la mappa"


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A planner that knows the whole synthetic world."""
    with planner_serving(home_with_key(tmp_path_factory.mktemp("piano")), NOTICE) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def figures(planner: Served, path: str) -> dict[tuple[str, str | None, int | None], int]:
    """The figures of all owners, of each owner and year, as the API gives them to the lead municipality."""
    now = datetime.now(UTC)
    token = issue(KEY, "comune-019036", Role.LEAD, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    answer = httpx.get(planner.url + path, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return {(f["figure"], f["owner"], f["year"]): f["value"] for f in answer.json()["figures"]}


def in_words(thousandths: int) -> str:
    """`68.3` as `68,3`; no mean of this world is a thousand or lies on a half."""
    return f"{thousandths / 1000:.1f}".replace(".", ",")


@contextmanager
def streaming(planner: Served, query: str = "", **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    """Events of the stream as the specification parses them, keep-alive comments left out."""

    def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
        event: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            if line and name:
                event[name] = value
            elif not line and "event" in event:
                yield event
                event = {}

    with httpx.stream("GET", f"{planner.url}{PLAN}/eventi{query}", headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def test_the_root_leads_to_the_plan(planner: Served) -> None:
    answer = httpx.get(f"{planner.url}/")
    assert (answer.status_code, answer.headers["location"]) == (303, PLAN)


def test_a_vacated_home_reaches_an_open_page_without_reload(tmp_path: Path, browser: Browser) -> None:
    with planner_serving(home_with_key(tmp_path)) as planner:
        planner.hear(*synthetic().past)
        vacated = synthetic().vacancy.event
        assert isinstance(vacated, UnitChanged)
        where = vacated.after.municipality
        name = ambito(AMBITO).municipality(where).name
        free = figures(planner, f"/plans/{AMBITO}")["free_assignable", None, None]
        own = figures(planner, f"/plans/{AMBITO}/municipalities/{where}")["free_assignable", None, None]
        with visiting(browser, f"{planner.url}{PLAN}?mappa=liberi") as visit, streaming(planner, "?da=1000000") as told:
            page = visit.page
            expect(page.locator("#live-state")).to_have_text("In diretta")
            page.evaluate("window.sameDocument = true")
            next(told)  # from an unknown version the whole state comes at once
            planner.hear(synthetic().vacancy)
            tile = page.locator(".pv-tile [data-figure='//free_assignable/']")
            expect(tile).to_have_text(str(free + 1))
            expect(tile).to_have_attribute("data-cue", "up")
            expect(page.locator(f"#mappa [data-istat='{where}'] title")).to_have_text(
                f"{name}: {own + 1} alloggi liberi assegnabili"
            )
            expect(page.locator("#changes li").first).to_contain_text(
                f"{name}: alloggi liberi assegnabili da {own} a {own + 1}"
            )
            expect(page.locator("#changes li").first).to_contain_text("perché ALER ha comunicato il rilascio")
            assert page.evaluate("window.sameDocument")
            (change,) = json.loads(next(told)["data"])["changes"]
            assert change["at_text"] == "23 novembre 2026, ore 13:00"  # noon UTC on the clock of Rome, in winter
        live = httpx.get(f"{planner.url}{PLAN}?mappa=liberi").text
        assert f'data-value="{free + 1}" data-label="Liberi assegnabili">{free + 1}<' in live


def test_page_and_api_tell_the_same_numbers(planner: Served, browser: Browser) -> None:
    api = figures(planner, f"/plans/{AMBITO}/municipalities/{SORESINA}")
    whole = figures(planner, f"/plans/{AMBITO}")
    with visiting(browser, f"{planner.url}{PLAN}", javascript=False) as visit:
        tiles = visit.page.locator(".pv-tile").all_inner_texts()
        row = visit.page.get_by_role("rowheader", name="Soresina").locator("xpath=..").inner_text().split("\t")
    low, high = (whole[f"assignable_{end}", None, None] for end in ("low", "high"))
    mean = in_words(whole["assignable_mean", None, None])
    expected = ["Assegnabili nel triennio", mean, f"da {low} a {high} (80 su 100)"]
    assert [line for line in tiles[0].split("\n") if line] == expected
    assert row[1] == in_words(api["assignable_mean", None, None])
    counts = ("free_assignable", "needing_works", "in_works", "occupied_without_title", "stock_total")
    assert row[3:] == [str(api[figure, None, None]) for figure in counts]
    with visiting(browser, f"{planner.url}{PLAN}/comuni/{SORESINA}", javascript=False) as visit:
        table = visit.page.get_by_role("table", name="Alloggi che si potranno assegnare: previsione")
        cells = table.get_by_role("row", name="ALER").inner_text().split("\t")
    means = [api["assignable_mean", "aler-bcm", year] for year in (2026, 2027, 2028, None)]
    assert cells[1:5] == [in_words(value) for value in means]
    assert cells[6].split()[0] == str(api["declared_assignable_total", "aler-bcm", 2026])


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", [PLAN, f"{PLAN}/comuni/{SORESINA}"])
def test_everybody_can_use_it_and_nobody_else_is_asked(
    planner: Served, browser: Browser, path: str, width: int
) -> None:
    with visiting(browser, planner.url + path, width=width) as visit:
        expect(visit.page.locator("#live-state")).to_have_text("In diretta")
        assert visit.axe_violations() == []
        assert visit.foreign_requests(planner.url) == []
        assert visit.complaints == []
        assert not visit.scrolls_sideways()
        expect(visit.page.get_by_text(NOTICE)).to_be_visible()


def test_it_is_whole_without_javascript(planner: Served, browser: Browser) -> None:
    with visiting(browser, f"{planner.url}{PLAN}", javascript=False) as visit:
        page = visit.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Piano triennale 2026–2028")
        expect(page.locator("#mappa path")).to_have_count(48)
        expect(page.get_by_role("table").locator("tbody tr")).to_have_count(48)
        expect(page.locator("#live-state")).to_be_hidden()
        page.get_by_role("navigation", name=CHOICES).get_by_role("link", name="Da recuperare").click()
        expect(page.locator("#mappa")).to_contain_text("Alloggi inagibili, da recuperare, comune per comune")
        page.get_by_role("rowheader", name="Soresina").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Soresina")
        expect(page.locator(f"#mappa [data-istat='{SORESINA}']")).to_have_attribute("aria-current", "true")


def test_the_keyboard_is_enough(planner: Served, browser: Browser) -> None:
    with visiting(browser, f"{planner.url}{PLAN}") as visit:
        page = visit.page
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        tiles = page.locator(".pv-tile a").count()
        # Another day, the two of the document, each headline, the choice of the map that is shown, another one.
        for _ in range(3 + tiles + 2):
            page.keyboard.press("Tab")
        choice = page.get_by_role("navigation", name=CHOICES).get_by_role("link", name="Liberi assegnabili")
        expect(choice).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**?mappa=liberi#comuni")
        expect(choice).to_have_attribute("aria-current", "true")


def test_nothing_public_names_a_case_or_who_has_one(planner: Served) -> None:
    with streaming(planner) as told:
        said = [next(told)["data"]]
    with streaming(planner, f"?comune={SORESINA}") as told:
        said += [next(told)["data"]]
    said += [httpx.get(planner.url + path).text for path in (PLAN, f"{PLAN}/comuni/{SORESINA}")]
    for text in said:
        assert "CASO" not in text
        assert not re.search(rf"{SORESINA}/[^/\"]*/(open_cases|emergency_actions)", text)
    assert "Offrire alloggi disponibili ai casi di emergenza" in said[2]
    assert "SIM-" not in said[2].partition('data-list="azioni"')[2].partition("</ul>")[0]
    assert said[2].count("Emergenza abitativa: aggiornati") == 1  # however often cases changed


def test_fewer_than_five_cases_are_not_counted_nor_their_actions(tmp_path: Path, browser: Browser) -> None:
    case = {"municipality": SORESINA, "household_size": 2, "accessible": False, "urgency_class": 1}
    opened = [
        stated(EmergencyCaseOpened(case_ref=f"K{n}", waiting_since=UNTIL, **case), f"K{n}")  # type: ignore[arg-type]
        for n in range(5)
    ]
    homes = [message for message in synthetic().past if message.event.TOPIC == "units"]
    with planner_serving(home_with_key(tmp_path)) as planner:
        planner.hear(*homes, opened[0])
        with visiting(browser, f"{planner.url}{PLAN}") as visit:
            tile = visit.page.locator(".pv-tile", has_text="Casi di emergenza aperti")
            actions = visit.page.locator("[data-list='azioni'] li")
            expect(tile).to_contain_text("meno di 5")
            expect(actions).to_have_text("Con meno di 5 casi aperti le azioni non si pubblicano.")
            one = httpx.get(planner.url + PLAN).text
            planner.hear(*opened[1:4])
            assert of_emergency(httpx.get(planner.url + PLAN).text) == of_emergency(one)
            planner.hear(opened[4])
            expect(tile.locator("[data-figure='//open_cases/']")).to_have_text("da 5 a 9")
            expect(actions.first).to_contain_text("Offrire alloggi disponibili ai casi di emergenza")


def of_emergency(html: str) -> list[str]:
    """What the page says of emergency: the tile's figure with its attributes, and the list."""
    tile = re.findall(r'data-figure="//open_cases/[^<]*<|Emergenza abitativa: aggiornati', html)
    return tile + re.findall(r'<ul data-list="azioni">.*?</ul>', html, re.DOTALL)


def test_a_reader_who_was_away_hears_what_he_missed_once(planner: Served) -> None:
    with streaming(planner) as told:
        present = int(next(told)["id"])
    with streaming(planner, **{"last-event-id": str(present - 1)}) as told:
        event = next(told)
    assert (event["event"], int(event["id"])) == ("plan", present)
    assert len(json.loads(event["data"])["changes"]) == 1
    with streaming(planner, f"?da={present}", **{"last-event-id": str(present - 2)}) as told:
        assert len(json.loads(next(told)["data"])["changes"]) >= 1  # the header is newer than the address


def test_streams_are_counted_and_given_back(planner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def all_given_back() -> bool:
        return STREAMS.taken == 0

    planner.wait(all_given_back)
    monkeypatch.setattr(STREAMS, "limit", 1)
    with streaming(planner) as told:
        next(told)
        refused = httpx.get(f"{planner.url}{PLAN}/eventi")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert refused.json()["type"] == "urn:pianovivo:problem:too-many-streams"
    planner.wait(all_given_back)


def test_an_unchanged_page_is_not_sent_again(planner: Served) -> None:
    first = httpx.get(planner.url + PLAN)
    tag = first.headers["etag"]
    assert httpx.get(planner.url + PLAN, headers={"if-none-match": f"W/{tag}"}).status_code == 304
    assert httpx.get(f"{planner.url}{PLAN}?mappa=liberi", headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/ambiti/altrove", f"{PLAN}/comuni/015146", "/ambiti/altrove/eventi"])
def test_what_is_not_there_is_said_so(planner: Served, path: str) -> None:
    assert httpx.get(planner.url + path).status_code == 404


def test_before_the_first_version_the_page_says_what_it_waits_for(tmp_path: Path, browser: Browser) -> None:
    with planner_serving(tmp_path) as planner, visiting(browser, f"{planner.url}/") as visit:
        expect(visit.page.get_by_role("main")).to_contain_text("non ha ancora dati")
        assert visit.axe_violations() == []


def test_an_open_stream_does_not_hold_up_the_end_of_the_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"PIANOVIVO_HOME": str(tmp_path), "PIANOVIVO_PLANNER_PORT": str(port)}
    command = [sys.executable, "-c", "from services.planner.cli import app; app()", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        transport = httpx.HTTPTransport(retries=8)  # it waits 0, 0.5, 1, 2 ... seconds for the port to open
        with (
            httpx.Client(transport=transport, timeout=60) as client,
            client.stream("GET", f"http://127.0.0.1:{port}{PLAN}/eventi") as answer,
        ):
            lines = answer.iter_lines()
            assert next(lines) == ": Piano Vivo"
            process.send_signal(signal.SIGTERM)
            assert [line for line in lines if line.startswith("event")] == []
        assert process.wait(timeout=5) == 0  # uvicorn alone would wait its ten seconds, then cut the stream
        assert process.stderr is not None
        assert b"timeout graceful shutdown exceeded" not in process.stderr.read()
