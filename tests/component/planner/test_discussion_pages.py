"""Contests and comments on the pages: what everybody reads, what only who has signed in, and the forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.planner.tables.discussion import CommentRow, ContestRow
from shared.auth import Role
from shared.events import CommentReplied
from tests.support.discussed import contestable
from tests.support.planner_room import LEAD, Room
from tests.unit.planner.worlds import AMBITO, CREMONA

PAGES, API = f"/ambiti/{AMBITO}", f"/plans/{AMBITO}"
PARTNER = ("azienda-sociale", Role.TECHNICAL_PARTNER)
ALER, REGION = ("aler-bcm", Role.OWNER), ("regione-lombardia", Role.REGION)
TOWN = (f"comune-{CREMONA}", Role.MUNICIPALITY)
TOTAL = f"{CREMONA}:aler-bcm:declared_assignable_total:2027"
SECRET = "ne abbiamo visti quattro, in due sopralluoghi"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with contestable(tmp_path) as room:
        yield room


async def read(room: Room, path: str, who: tuple[str, Role] | None = None, status: int = 200) -> str:
    transport = httpx.ASGITransport(room.app)
    client = room.client(who) if who else httpx.AsyncClient(transport=transport, base_url="http://piano.test")
    async with client:
        answer = await client.get(PAGES + path)
    assert answer.status_code == status, answer.text
    return answer.text


async def send(
    room: Room, path: str, who: tuple[str, Role], fields: Mapping[str, str], status: int = 303
) -> httpx.Response:
    async with room.client(who) as client:
        answer = await client.post(PAGES + path, data=dict(fields))
    assert answer.status_code == status, answer.text
    return answer


async def contest(room: Room) -> UUID:
    asked = {"figure": TOTAL, "cell": "aler-bcm:2026:columns/free_now", "expected": "4", "reason": SECRET}
    answer = await send(room, "/contestazioni", TOWN, asked)
    assert answer.headers["location"] == f"{PAGES}/contestazioni"
    return UUID(str((await room.rows(ContestRow))[0].id))


async def test_everybody_reads_which_number_is_contested_and_only_who_is_in_why(room: Room) -> None:
    await contest(room)
    for page in ("/contestazioni", f"/numeri/{TOTAL}"):
        public, signed_in = await read(room, page), await read(room, page, REGION)
        assert SECRET not in public
        assert SECRET in signed_in
        assert "Cremona" in public
    assert "contestato</a>" in await read(room, f"/numeri/{TOTAL}")
    assert "Numeri contestati, ora:" in await read(room, "")
    assert "Numeri contestati, ora:" in await read(room, f"/comuni/{CREMONA}")
    assert "Numeri contestati, ora:" not in await read(room, "/comuni/019098")


async def test_the_form_is_there_for_who_may_contest_and_names_each_cell(room: Room) -> None:
    for who in (TOWN, ALER, LEAD):
        page = await read(room, f"/numeri/{TOTAL}", who)
        assert page.count('<option value="aler-bcm:2026:columns/') == 6  # columns b to f of one declaration
        assert "columns/free_now" in page
    for other in (None, REGION, ("cooperativa-casa", Role.OWNER)):
        assert 'name="cell"' not in await read(room, f"/numeri/{TOTAL}", other)
    assert 'name="cell"' not in await read(room, f"/numeri/{CREMONA}:-:free_assignable:-", TOWN)
    assert "Contestare questo numero" in await read(room, f"/numeri/{CREMONA}:-:free_assignable:-", TOWN)


async def test_a_contest_is_answered_and_confirmed_by_forms(room: Room) -> None:
    case = await contest(room)
    page = await read(room, "/contestazioni", ALER)
    assert f"/contestazioni/{case}/risposta" in page
    assert f"/contestazioni/{case}/conferma" not in page
    assert f"/contestazioni/{case}/" not in await read(room, "/contestazioni")
    await send(room, f"/contestazioni/{case}/conferma", ALER, {"reason": "no"}, 403)
    await send(room, f"/contestazioni/{case}/risposta", ALER, {"reason": "sono cinque"})
    assert "con risposta, aperta" in await read(room, "/contestazioni")
    await send(room, f"/contestazioni/{case}/conferma", LEAD, {"reason": "visti"})
    assert "chiusa: numero confermato" in await read(room, "/contestazioni")
    await send(room, f"/contestazioni/{case}/ritiro", TOWN, {"reason": "mai"}, 409)
    assert "contestato</a>" not in await read(room, f"/numeri/{TOTAL}")


async def test_a_thread_is_written_replied_to_and_resolved(room: Room) -> None:
    """By organisation, never by name; the others of the thread are told."""
    answer = await send(room, "/commenti", TOWN, {"place": TOTAL, "text": "Contati <b>due volte</b>?"})
    assert answer.headers["location"] == f"{PAGES}/numeri/{TOTAL}#discussione"
    [first] = await room.rows(CommentRow)
    assert (first.organisation, first.role, first.number) == (TOWN[0], "MUNICIPALITY", 1)
    await send(room, "/commenti", ALER, {"place": TOTAL, "text": "No.", "thread": str(first.thread)})
    assert "Contati &lt;b&gt;due volte&lt;/b&gt;?" in await read(room, f"/numeri/{TOTAL}", REGION)
    assert "Contati" not in await read(room, f"/numeri/{TOTAL}")
    assert "Contati" in await read(room, "/commenti", REGION)
    assert "ufficio-casa" not in await read(room, "/commenti", REGION)
    await send(room, f"/commenti/{first.thread}/chiusura", ("cooperativa-casa", Role.OWNER), {"text": "x"}, 404)
    await send(room, f"/commenti/{first.thread}/chiusura", PARTNER, {"text": "Chiarito."})
    assert "Contati" not in await read(room, "/commenti", REGION)
    told = [message.event for message in await room.said()]
    assert [(e.number, e.to, e.resolved) for e in told if isinstance(e, CommentReplied)] == [
        (2, (TOWN[0],), False),
        (3, ("aler-bcm", TOWN[0]), True),
    ]


async def test_who_may_read_and_write_comments(room: Room) -> None:
    await read(room, "/commenti", None, 303)  # to sign in
    await send(room, "/commenti", REGION, {"place": TOTAL, "text": "x"}, 403)
    await send(room, "/commenti", TOWN, {"place": TOTAL, "text": "x" * 2001}, 422)
    await send(room, "/commenti", TOWN, {"place": TOTAL, "text": " "}, 422)
    await send(room, "/commenti", TOWN, {"place": f"{CREMONA}:-:nessuno:-", "text": "x"}, 422)
    await send(room, "/commenti", TOWN, {"place": "5/strategie", "text": "Manca l’obiettivo."})
    assert len(await room.rows(CommentRow)) == 1


async def test_comments_on_counts_of_households_are_for_who_sees_the_count(room: Room) -> None:
    """Of the municipality's own open cases it may write and read; the owner may neither, ADR 22."""
    cases = f"{CREMONA}:-:open_cases:-"
    await send(room, "/commenti", TOWN, {"place": cases, "text": "Uno è chiuso."})
    await send(room, "/commenti", ALER, {"place": cases, "text": "Quale?"}, 422)
    for who, count in ((LEAD, 1), (TOWN, 1), (ALER, 0), (REGION, 0)):
        async with room.client(who) as client:
            assert len((await client.get(f"{API}/comments")).json()["items"]) == count
