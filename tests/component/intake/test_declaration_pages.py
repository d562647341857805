"""What is declared by the pages: judged as over HTTP, nothing typed lost, once however often it is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake.api.examples import THREE_YEARS
from services.intake.domain.submissions import says_the_same
from services.intake.pages.typed import typed_of
from services.intake.tables import SubmissionDefaultRow, SubmissionRow
from shared.auth import Role
from shared.events import ContestedCell, ContestSettled, SubmissionDefaulted, SubmissionReceived
from tests.component.intake.room import (
    ALER,
    CASTELVERDE,
    CASTELVERDE_TOWN,
    COLUMNS,
    CREMONA,
    LEAD,
    THIS_YEAR,
    Room,
    applied,
    opened,
)
from tests.support.contests import contest_step

LAST = THIS_YEAR - 1
ALERS = f"/dichiarazioni/{LAST}/{CREMONA}/{ALER}"
TOWNS = f"/dichiarazioni/{LAST}/{CASTELVERDE}/{CASTELVERDE_TOWN}"
TYPED: dict[str, Any] = {f"columns-{name}": str(value) for name, value in COLUMNS.items()} | {
    "columns-indigence_share": "20"
}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        await room.hear(applied(uuid4()))
        yield room


async def send(client: httpx.AsyncClient, path: str, status: int = 303, **typed: Any) -> str:
    """What the page says of the form; fields are named with `__` for `-`."""
    answer = await client.post(path, data={name.replace("__", "-"): value for name, value in typed.items()})
    assert answer.status_code == status, answer.text
    return answer.text


async def page(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


async def declared(room: Room) -> list[SubmissionReceived]:
    return [message.event for message in await room.said() if isinstance(message.event, SubmissionReceived)]


def value_of(html: str, name: str) -> str:
    """What stands in a field."""
    found = re.search(rf'<input [^>]*name="{name}" value="([^"]*)"', html)
    if found is None:
        found = re.search(rf'<textarea [^>]*name="{name}"[^>]*>([^<]*)</textarea>', html)
    assert found is not None, name
    return found[1]


def fault_at(html: str, name: str) -> str:
    found = re.search(rf'<p class="pv-fault" id="{name}-errore">([^<]*)</p>', html)
    assert found is not None, html
    assert f'<a href="#{name}">' in html, "the summary leads to the field"
    return found[1]


async def test_the_form_declares_what_the_request_declares(room: Room) -> None:
    """All parts of the documented example, sent over HTTP for one year and by the form for another."""
    async with room.lead() as lead:
        assert (await lead.post("/submissions", json=THREE_YEARS)).status_code == 201
        [first] = await declared(room)
        typed = typed_of(first).document | {"motivo-forecast-2029-turnover_expected": first.confirmations[0].reason}
        row = f"/dichiarazioni/{first.cycle_year}/{CREMONA}/{LEAD}"
        await send(lead, row, over="1", **typed)
        shown = await page(lead, row)
    _, second = await declared(room)
    assert says_the_same(first, second)
    for told in ("90.000,00 €", "30 giugno 2027", "recupero", "Sportello casa del Comune", "31 dicembre 2029"):
        assert told in shown
    assert second.having({"submission_id": first.submission_id, "revision": 1}) == first


async def test_a_declaration_that_is_accepted_is_shown_as_it_was_received(room: Room) -> None:
    async with room.client() as aler:
        assert "Trasmetti la dichiarazione" in await page(aler, ALERS)
        await send(aler, ALERS, over="0", **TYPED)
        found = await page(aler, ALERS)
        assert "revisione 1" in found
        assert "trasmessa, in ritardo" in found
        assert value_of(found, "columns-assignable_total") == "21"
        assert value_of(found, "columns-indigence_share") == "20"
        assert "I campi mostrano la revisione 1." in found
        assert "<li>Previsione per gli anni del triennio</li>" in found
    [event] = await declared(room)
    assert event.columns
    assert (event.revision, event.owner, event.late, event.columns.assignable_total) == (1, ALER, True, 21)


async def test_a_wrong_sum_is_told_with_the_right_one_and_nothing_typed_is_lost(room: Room) -> None:
    wrong: dict[str, Any] = TYPED | {"columns-assignable_total": "20", "forecast-2099-x": "", "services": "sportello"}
    async with room.client() as aler:
        found = await send(aler, ALERS, 422, over="0", **wrong)
        said = fault_at(found, "columns-assignable_total")
        assert "g = 20 non è la somma b + c + d + e + f = 1 + 2 + 3 + 9 + 6 = 21" in said
        assert "Indicare 21" in said
        assert {name: value_of(found, name) for name in TYPED} == {name: wrong[name] for name in TYPED}
        unread = await send(aler, ALERS, 422, over="0", **TYPED | {"columns-free_now": "quattro"})
        assert "numero intero" in fault_at(unread, "columns-free_now")
        assert value_of(unread, "columns-free_now") == "quattro"
        empty = await send(aler, ALERS, 422, over="0", nil="")
        assert "Mancano le colonne" in fault_at(empty, "nil")
    assert await room.rows(SubmissionRow) == []


async def test_an_unusual_value_is_asked_about_and_accepted_with_its_reason(room: Room) -> None:
    """Turnover of 16 homes out of 100; 1 + 2 + 3 + (4 + 16) + 6 = 32."""
    unusual = TYPED | {"columns-turnover_expected": "16", "columns-assignable_total": "32"}
    async with room.client() as aler:
        found = await send(aler, ALERS, 422, over="0", **unusual)
        assert "non è plausibile senza conferma" in fault_at(found, "columns-turnover_expected")
        assert "Conferma e trasmetti" in found
        assert value_of(found, "motivo-columns-turnover_expected") == ""
        reason = {"motivo-columns-turnover_expected": "un intero edificio"}
        await send(aler, ALERS, over="0", **unusual | reason)
        assert "un intero edificio" in await page(aler, ALERS)
        again = await send(aler, ALERS, 422, over="1", **unusual)
        assert value_of(again, "motivo-columns-turnover_expected") == "un intero edificio"
    [event] = await declared(room)
    assert [(one.field, one.reason) for one in event.confirmations] == [
        ("/columns/turnover_expected", "un intero edificio")
    ]


async def test_what_was_confirmed_is_named_in_words_wherever_it_stands(room: Room) -> None:
    fields = {
        "/disposals": "Alienazioni e valorizzazioni</th>",
        "/programmes/0/units": "Interventi programmati, 1: Alloggi</th>",
        "/columns/free_now": "Colonne da a a k: Già liberi</th>",
        "/altro": "altro</th>",
        "/forecast/7/x": "Previsione per gli anni del triennio, 8, x</th>",
    }
    confirmed = [{"field": field, "reason": "verificato"} for field in fields]
    document = {"cycle_year": LAST, "municipality": CREMONA, "columns": COLUMNS, "confirmations": confirmed}
    async with room.client() as aler:
        assert (await aler.post("/submissions", json=document)).status_code == 201
        found = await page(aler, ALERS)
    assert [words for words in fields.values() if words not in found] == []


async def test_nothing_to_declare_is_a_declaration(room: Room) -> None:
    async with room.town() as town:
        await send(town, TOWNS, over="0", nil="si", columns__stock_sap="7", need__barriers="0")
        assert "nulla da dichiarare" in await page(town, TOWNS)
    [event] = await declared(room)
    assert event.need
    assert (event.nil, event.columns, event.need.barriers) == (True, None, 0)


async def test_the_same_form_sent_twice_is_one_revision_and_another_is_the_next(room: Room) -> None:
    async with room.client() as aler:
        await asyncio.gather(*(send(aler, ALERS, over="0", **TYPED) for _ in range(4)))
        assert len(await declared(room)) == 1
        await send(aler, ALERS, over="1", **TYPED)
        await send(aler, ALERS, over="1", **TYPED)
    assert [event.revision for event in await declared(room)] == [1, 2]


async def test_who_is_overtaken_is_told_and_keeps_what_was_typed(room: Room) -> None:
    async with room.client() as aler:
        await send(aler, ALERS, over="0", **TYPED)
        found = await send(aler, ALERS, 409, over="0", **TYPED | {"columns-stock_sap": "120"})
        assert "Nel frattempo è arrivata la revisione 1" in found
        assert value_of(found, "columns-stock_sap") == "120"
        assert value_of(found, "over") == "1"
        await send(aler, ALERS, over="1", **TYPED | {"columns-stock_sap": "120"})
    *_, event = await declared(room)
    assert event.columns
    assert (event.revision, event.columns.stock_sap) == (2, 120)


async def test_the_form_begins_with_what_was_declared_the_year_before(room: Room) -> None:
    async with room.client() as aler:
        await aler.post("/submissions", json={"cycle_year": LAST - 1, "municipality": CREMONA, "columns": COLUMNS})
        found = await page(aler, ALERS)
    assert f"dichiarati per il {LAST - 1}: vanno rivisti uno per uno" in found
    assert value_of(found, "columns-stock_sap") == "100"
    assert value_of(found, "over") == "0"


async def test_a_row_is_added_without_sending_anything(room: Room) -> None:
    async with room.client() as aler:
        first = await send(aler, ALERS, 200, azione="aggiungi-programmes", columns__stock_sap="9")
        assert 'name="programmes-0-units"' in first
        assert 'name="programmes-1-units"' not in first
        assert value_of(first, "columns-stock_sap") == "9"
        second = await send(aler, ALERS, 200, azione="aggiungi-programmes", programmes__0__programme_id="PR-1")
        assert value_of(second, "programmes-0-programme_id") == "PR-1"
        assert 'name="programmes-1-units"' in second
    assert await room.rows(SubmissionRow) == []


async def test_nobody_declares_for_another_or_sees_anothers_row(room: Room) -> None:
    async with room.client() as aler, room.town() as town, room.lead() as lead:
        await send(town, ALERS, 404, over="0", **TYPED)
        await send(aler, TOWNS, 404, over="0", nil="si")
        await send(lead, TOWNS, 404, over="0", nil="si")
        await page(town, ALERS, 404)
        await page(aler, TOWNS, 404)
        await page(aler, f"/dichiarazioni/{LAST}/015146/{ALER}", 404)
        await page(town, f"/dichiarazioni/{LAST}/{CREMONA}/{CASTELVERDE_TOWN}", 404)
        await page(lead, f"/dichiarazioni/{LAST}/{CASTELVERDE}/{ALER}", 404)
        assert ALERS not in await page(town, f"/dichiarazioni?anno={LAST}")
    async with room.client(ALER, Role.OWNER, "altrove") as elsewhere:
        await page(elsewhere, ALERS, 404)
    assert await room.rows(SubmissionRow) == []


async def test_households_are_shown_to_who_sent_them_and_to_the_lead_municipality_alone(room: Room) -> None:
    async with room.town() as town, room.lead() as lead, room.client("regione-lombardia", Role.REGION) as region:
        await send(town, TOWNS, over="0", nil="si", need__overcrowded="777", services="sportello casa")
        for client in (town, lead):
            assert "777" in await page(client, TOWNS)
        seen = await page(region, TOWNS)
        assert "777" not in seen
        assert "sportello casa" in seen
        assert "I conteggi di famiglie li vedono solo" in seen
        assert "<form class=" not in seen


async def test_the_list_counts_what_came_and_what_is_missing(room: Room) -> None:
    """48 municipalities and ALER in Cremona: 49 rows, of which one is sent, one nil, one in default.

    Of Cremona ALER's has come, its own has not: only Castelverde is complete.
    """
    async with room.client() as aler, room.town() as town, room.lead() as lead:
        await send(aler, ALERS, over="0", **TYPED)
        await send(town, TOWNS, over="0", nil="si")
        owner = f"comune-{CREMONA}"
        await send(lead, f"/dichiarazioni/{LAST}/{CREMONA}/{owner}/inadempienza", reason="mai arrivati")
        found = await page(lead, f"/dichiarazioni?anno={LAST}")
        own = await page(aler, f"/dichiarazioni?anno={LAST}")
        newest = await page(lead, "/dichiarazioni")
    assert re.findall(r"pv-tile-figure[^>]*>([^<]*)<", found) == ["1 di 48", "2 di 49", "46", "1", "49"]
    assert re.findall(r"pv-tile-figure[^>]*>([^<]*)<", own) == ["1 di 1", "0", "0", "1"]
    assert "agli atti come inadempiente" in found
    assert f"31 ottobre {LAST}" in found
    assert f"<h1>Dichiarazioni {THIS_YEAR}</h1>" in newest


async def test_a_default_is_recorded_after_the_deadline_with_a_reason_and_once(room: Room) -> None:
    future = f"/dichiarazioni/{THIS_YEAR + 1}/{CREMONA}/{ALER}"
    async with room.lead() as lead, room.client() as aler:
        assert "dal giorno dopo il termine" in await page(lead, future)
        early = await send(lead, f"{future}/inadempienza", 422, reason="in ritardo")
        assert "prima non c" in early
        await send(lead, f"{ALERS}/inadempienza", 422, reason="  ")
        assert "Mettere agli atti" not in await page(aler, ALERS)
        await send(aler, f"{ALERS}/inadempienza", 403, reason="x")
        await send(lead, f"{ALERS}/inadempienza", reason="nessuna risposta a due solleciti")
        assert "nessuna risposta a due solleciti" in await page(aler, ALERS)
        assert "già agli atti" in await send(lead, f"{ALERS}/inadempienza", 409, reason="di nuovo")
        await send(aler, ALERS, over="0", **TYPED)
        assert "Mettere agli atti" not in await page(lead, ALERS)
    [row] = await room.rows(SubmissionDefaultRow)
    [event] = [message.event for message in await room.said() if isinstance(message.event, SubmissionDefaulted)]
    assert (str(row.id), event.reason) == (str(event.default_id), "nessuna risposta a due solleciti")


FREE_NOW = ContestedCell(cycle_year=LAST, path="columns/free_now", value=4)
CONTEST = str(UUID(int=7))


async def test_a_contested_cell_is_corrected_where_its_row_is_shown(room: Room) -> None:
    """Free now are 3, not 4: g becomes 1 + 2 + 3 + (3 + 5) + 6 = 20."""
    fix: dict[str, Any] = {"contest_id": CONTEST, "value": "3", "reason": "uno era già assegnato"}
    async with room.client() as aler, room.lead() as lead:
        await send(aler, ALERS, over="0", **TYPED)
        await room.hear(contest_step(cell=FREE_NOW))
        shown = await page(aler, ALERS)
        assert "Dato contestato: Già liberi, colonna e" in shown
        assert "Comune di Cremona, il " in shown
        assert "ne abbiamo visti tre" in shown
        assert "un dato contestato" in await page(aler, f"/dichiarazioni?anno={LAST}")
        seen = await page(lead, ALERS)
        assert "Dato contestato" in seen
        assert "Correggi il dato" not in seen
        await send(lead, f"{ALERS}/rettifica", 404, **fix)
        same = await send(aler, f"{ALERS}/rettifica", 422, **fix | {"value": "4"})
        assert "Il dato dichiarato è già questo" in same
        assert value_of(same, "reason") == "uno era già assegnato"
        assert "numero intero" in await send(aler, f"{ALERS}/rettifica", 422, **fix | {"value": "tre"})
        await send(aler, f"{ALERS}/rettifica", **fix)
        await send(aler, f"{ALERS}/rettifica", **fix)
        after = await page(aler, ALERS)
        assert "corregge un dato contestato" in after
        assert "Correggi il dato" not in after
        await room.hear(contest_step(ContestSettled, 2, cell=FREE_NOW))
        assert "Dato contestato" not in await page(aler, ALERS)
    first, second = await declared(room)
    assert first.columns
    assert second.columns == first.columns.having({"free_now": 3, "assignable_total": 20})
    assert str(second.contest_id) == CONTEST


async def test_after_the_deadline_of_a_contest_there_is_no_form(room: Room) -> None:
    step = contest_step(cell=FREE_NOW)
    past = step._replace(event=step.event.having({"deadline_on": step.event.contested_on - timedelta(days=366)}))  # type: ignore[attr-defined]
    async with room.client() as aler:
        await send(aler, ALERS, over="0", **TYPED)
        await room.hear(past)
        found = await page(aler, ALERS)
    assert "Dato contestato" in found
    assert "Correggi il dato" not in found


async def test_an_address_that_forms_are_sent_to_leads_back_to_the_row(room: Room) -> None:
    async with room.client() as aler:
        answer = await aler.get(f"{ALERS}/rettifica?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ALERS}?lang=en")
