"""A figure under an open contest says so in every table that shows it, and in no other cell; pages are kept by that."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser

from services.planner.tables.discussion import ContestRow
from shared.auth import issue
from shared.civil_time import today_in_italy
from tests.component.planner.test_discussion_pages import ALER, LEAD, PAGES, TOTAL, TOWN, read, send
from tests.support.browser import chromium, visiting
from tests.support.discussed import contestable
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.planner_room import Room
from tests.support.public_pages import KEY, home_with_key
from tests.unit.planner.worlds import AMBITO, CREMONA

FREE = f"{CREMONA}:-:free_assignable:-"
OF_ALER = f"{CREMONA}:aler-bcm:free_assignable:-"
MEAN = f"{CREMONA}:-:assignable_mean:-"
SHOWN = {
    "": {FREE, MEAN},
    f"/comuni/{CREMONA}": {TOTAL, FREE, OF_ALER, MEAN},
    "/enti/aler-bcm": {OF_ALER},
    "/parti/4": {FREE, MEAN},
    "/numeri/-:-:free_assignable:-": {FREE},
    f"/numeri/{FREE}": {OF_ALER},
    f"/e-se?alloggi=1&comune={CREMONA}&ente=aler-bcm": {MEAN},
    "/comuni/019098": set(),
    "/parti/1": set(),
}
"""Which of the figures each page has in a table."""
FLAG = re.compile(r'<a class="pv-flag" href="([^"]+)">([^<]+)</a>')
CELL = re.compile(r"<(td|th)\b[^>]*>(.*?)</\1>", re.DOTALL)
PHONE = 320
# The names of the rows stay where they are while a table is scrolled.
UNCOVERED = """(word) => {
  const box = word.getBoundingClientRect(), middle = box.top + box.height / 2;
  return [box.left + 2, box.right - 2].every((x) => document.elementFromPoint(x, middle) === word);
}"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with contestable(tmp_path) as room:
        yield room


async def contest(room: Room, figure: str) -> UUID:
    cell = {"cell": "aler-bcm:2026:columns/free_now"} if figure == TOTAL else {"owner": "aler-bcm"}
    known = {row.id for row in await room.rows(ContestRow)}
    await send(room, "/contestazioni", TOWN, {"figure": figure, "expected": "9", "reason": "contati"} | cell)
    [case] = {row.id for row in await room.rows(ContestRow)} - known
    return UUID(str(case))


def flagged(page: str) -> set[str]:
    """The figures whose cell says that it is contested; the word leads to the figure of its own cell."""
    found = set()
    for _, cell in CELL.findall(page):
        for address, _ in FLAG.findall(cell):
            path, _, fragment = address.partition("#")
            assert (f'href="{path}"' in cell, fragment) == (True, "contestazioni")
            found.add(path.removeprefix(f"{PAGES}/numeri/"))
    return found


@pytest.mark.parametrize("figure", [TOTAL, FREE, OF_ALER, MEAN])
async def test_a_contested_figure_says_so_in_every_table_that_shows_it(room: Room, figure: str) -> None:
    before = {page: await read(room, page) for page in SHOWN}
    assert all(not flagged(page) for page in before.values())
    case = await contest(room, figure)
    for page, figures in SHOWN.items():
        assert flagged(await read(room, page)) == {figure} & figures, page
        assert flagged(await read(room, page, ALER)) == {figure} & figures, page
    await send(room, f"/contestazioni/{case}/conferma", LEAD, {"reason": "visti"})
    for page in SHOWN:
        assert not flagged(await read(room, page)), page


async def test_the_word_leads_to_the_contest_and_stands_once_in_its_row(room: Room) -> None:
    await contest(room, MEAN)
    page = await read(room, f"/comuni/{CREMONA}")
    [(address, word)] = FLAG.findall(page)
    assert word == "contestato"
    target, _, fragment = address.partition("#")
    assert f'id="{fragment}"' in await read(room, target.removeprefix(PAGES))
    for part in (await read(room, "/parti/4"), await read(room, "/parti/4?lang=en")):
        assert all(word == "contestato" for _, word in FLAG.findall(part)), "the document’s tables are Italian"
        rows = [row for row in part.split("<tr>") if "pv-flag" in row]
        assert rows
        assert all(row.count("pv-flag") == 1 for row in rows), "the band is of the same figure"
    assert ">contested</a>" in await read(room, f"/comuni/{CREMONA}?lang=en")


async def test_beside_a_figure_of_another_day_it_says_that_the_contest_is_of_now(room: Room) -> None:
    await contest(room, FREE)
    today = today_in_italy() + timedelta(days=1)
    page = await read(room, f"/comuni/{CREMONA}?noto_il={today}")
    assert [word for _, word in FLAG.findall(page)] == ["contestato ora"]


async def test_who_has_a_page_without_the_word_is_not_told_that_it_is_unchanged(room: Room) -> None:
    async def tags() -> dict[str, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(room.app), base_url="http://piano.test") as client:
            return {page: (await client.get(PAGES + page)).headers["etag"] for page in SHOWN}

    before = await tags()
    assert await tags() == before
    case = await contest(room, FREE)
    meanwhile = await tags()
    await send(room, f"/contestazioni/{case}/ritiro", TOWN, {"reason": "contati due volte"})
    after = await tags()
    for page, figures in SHOWN.items():
        if FREE in figures:
            assert before[page] != meanwhile[page] != after[page], page


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The synthetic world, in which Cremona contests three of its figures."""
    with planner_serving(home_with_key(tmp_path_factory.mktemp("contestati"))) as served:
        served.hear(*synthetic().past)
        token = issue(
            KEY, *LEAD, AMBITO, "pianovivo", "pianovivo-local", datetime.now(UTC), timedelta(hours=1), "ufficio-casa"
        )
        for figure in (MEAN, FREE, OF_ALER):
            asked = {"figure": figure, "owner": "aler-bcm", "reason": "contati"}
            answer = httpx.post(
                f"{served.url}/plans/{AMBITO}/contests", json=asked, headers={"authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 201, answer.text
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize(
    "path",
    [f"/comuni/{CREMONA}", "/enti/aler-bcm", "/parti/4", f"/scostamenti?da=2026-01-01&comune={CREMONA}"],
)
def test_the_word_is_read_on_a_phone_with_the_keyboard_and_on_paper(
    planner: Served, browser: Browser, path: str
) -> None:
    with visiting(browser, f"{planner.url}{PAGES}{path}", width=PHONE) as visit:
        word = visit.page.locator(".pv-flag").first
        word.focus()
        box = word.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE
        assert box["height"] >= 24
        visit.page.wait_for_function(UNCOVERED, arg=word.element_handle())
        assert not visit.scrolls_sideways()
        assert visit.axe_violations() == []
        visit.page.emulate_media(media="print")
        assert word.is_visible()
        assert word.inner_text() == "contestato"
        visit.page.emulate_media(media="screen")
        word.press("Enter")
        visit.page.wait_for_url("**#contestazioni")
        assert visit.complaints == []
