"""Why the figures moved since the assembly voted: against what was frozen, cause by cause, and for whom."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import UnitStatus
from tests.support.editions import TO_APPROVAL, nil_rows, proposed, shown, taken, walked
from tests.support.planner_room import LEAD, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry

PAGES = f"/ambiti/{AMBITO}"
DRIFT = f"{PAGES}/scostamenti"
OWNER = ("aler-bcm", Role.OWNER)


@pytest.fixture
def registry() -> TestRegistry:
    """Two homes are free."""
    return registry_of(2, set_aside=False)


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    async with standing(tmp_path, [*registry.sent, *nil_rows()]) as room:
        yield room


async def page(room: Room, path: str, who: tuple[str, Role] | None = None) -> httpx.Response:
    """As anybody sees it or, signed in, an office."""
    if who is not None:
        async with room.client(who) as client:
            return await client.get(path)
    transport = httpx.ASGITransport(room.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://piano.test") as client:
        return await client.get(path)


def cells(told: str, caption: str) -> list[list[str]]:
    table = next(one for one in re.findall(r"<table.*?</table>", told, re.DOTALL) if f"<span>{caption}</span>" in one)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    texts = [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r, re.S)] for r in rows]
    return [[" ".join(html.unescape(text).split()) for text in row] for row in texts]


async def assign(room: Room, registry: TestRegistry, home: str = "H0") -> None:
    registry.report(home, "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])


async def test_what_moved_since_the_vote_is_told_cause_by_cause(room: Room, registry: TestRegistry) -> None:
    """Voted with two homes free; one is assigned."""
    await proposed(room)
    await walked(room, *TO_APPROVAL, "TRANSMITTED_TO_REGION", "PUBLISHED")
    await assign(room, registry)
    for path in (f"{DRIFT}?edizione=1", DRIFT, f"{DRIFT}?comune={CREMONA}"):
        told = (await page(room, path)).text
        rows = cells(told, "Alloggi liberi assegnabili")[1:]
        assert rows == [["Edizione 1", "2"], ["Assegnazioni, Cremona (1 comunicazione)", "−1"], rows[-1]]
        assert rows[-1][1] == "1"
        assert "L’Assemblea dei Sindaci ha approvato il Piano 2026–2028" in told
    api = await shown(room, f"/plans/{AMBITO}/drift?from_edition=1&municipality=-&limit=1000", OWNER)
    [free] = [one for one in api["items"] if one["id"] == "-:-:free_assignable:-"]
    assert (free["before"], free["after"]) == (2, 1)
    municipality = (await page(room, f"{PAGES}/comuni/{CREMONA}")).text
    moved = cells(municipality, "I numeri principali, allora e in questa versione")
    assert ["Alloggi liberi assegnabili", "2", "1", "−1"] in moved
    assert f'href="{DRIFT}?edizione=1&amp;comune={CREMONA}"' in municipality
    still = (await page(room, f"{PAGES}/comuni/019098")).text
    assert "Da allora nessuno dei numeri principali è cambiato." in still


async def test_an_edition_is_for_everybody_once_it_is_published(room: Room, registry: TestRegistry) -> None:
    """Before that, for who has signed in; nobody is told whether it is there."""
    await proposed(room)
    for step in (*TO_APPROVAL, "TRANSMITTED_TO_REGION"):
        await taken(room, step)
        hidden, absent = (await page(room, f"{DRIFT}?edizione=1")), (await page(room, f"{DRIFT}?edizione=2"))
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert "Edizione 1" not in (await page(room, DRIFT)).text
        assert "dal-voto" not in (await page(room, f"{PAGES}/comuni/{CREMONA}")).text
        assert (await page(room, f"{DRIFT}?edizione=1", LEAD)).status_code == 200
    assert "dal-voto" in (await page(room, f"{PAGES}/comuni/{CREMONA}", LEAD)).text
    await taken(room, "PUBLISHED")
    assert (await page(room, f"{DRIFT}?edizione=1")).status_code == 200
    assert "dal-voto" in (await page(room, f"{PAGES}/comuni/{CREMONA}")).text


async def test_who_had_the_page_before_the_vote_is_sent_it_again_after(room: Room) -> None:
    """The plan is the same, and so is its hash; the page is not."""
    await proposed(room)
    await walked(room, *TO_APPROVAL, "TRANSMITTED_TO_REGION")
    paths = f"{DRIFT}?versione=1", f"{PAGES}/comuni/{CREMONA}"
    tags = {path: (await page(room, path)).headers["etag"] for path in paths}
    assert tags == {path: (await page(room, path)).headers["etag"] for path in paths}
    await taken(room, "PUBLISHED")
    for path, before in tags.items():
        assert (await page(room, path)).headers["etag"] != before


async def test_a_version_is_compared_with_where_it_is_asked_for(room: Room, registry: TestRegistry) -> None:
    await proposed(room)
    await walked(room, *TO_APPROVAL, "TRANSMITTED_TO_REGION", "PUBLISHED")
    await assign(room, registry)
    version = (await page(room, f"{DRIFT}?versione=1")).text
    assert cells(version, "Alloggi liberi assegnabili")[1] == ["Versione 1", "2"]
    assert 'aria-current="true">Edizione 1' not in version
