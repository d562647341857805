"""From a contested number, its answers and its end to notices, and from a reply to who wrote before: each once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.notifier.delivery.worker import body_of
from services.notifier.tables import DeliveryRow, NoticeRow
from shared.bus.records import Record, encode
from shared.events import (
    CommentReplied,
    ContestAnswered,
    ContestedCell,
    ContestOutcome,
    ContestSettled,
    Envelope,
    Event,
    FigureContested,
    Measure,
    Message,
    derived,
)
from shared.rebuild import rebuild
from tests.component.notifier.room import AMBITO, NOW, Room, opened, receiving

ALER, TOWN, LEAD = "aler-bcm", "comune-019026", "comune-019036"
CELL = ContestedCell(cycle_year=2025, path="columns/free_now", value=5)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


def contested(cls: type[Event] = FigureContested, revision: int = 1, **changes: Any) -> Record:
    terms: dict[str, Any] = {
        "contest_id": UUID(int=7),
        "ambito": AMBITO,
        "municipality": "019026",
        "revision": revision,
        "figure": "019026:aler-bcm:column_free_now_declared:2026",
        "label_it": "Colonna e: già liberi, 2026, dichiarato",
        "measure": Measure.COUNT,
        "value": 5,
        "expected": 4,
        "owner": ALER,
        "cell": CELL,
        "reason": "ne abbiamo visti quattro",
        "contester": TOWN,
        "contested_on": date(2026, 11, 23),
        "deadline_on": date(2026, 12, 8),
        "on": date(2026, 11, 23),
        "organisation": TOWN,
    }
    return record(cls(**terms | changes), f"contest/{revision}")


def settled(outcome: ContestOutcome, **changes: Any) -> Record:
    ending = {"outcome": outcome, "answer": None, "new_value": None, "new_cell_value": None, "organisation": None}
    return contested(ContestSettled, 2, **ending | changes)


def record(event: Event, subject: str) -> Record:
    identifier = derived(subject)
    envelope = Envelope(identifier, "urn:pianovivo:planner", NOW, subject, AMBITO, identifier)
    written = encode(Message(envelope, event))
    place = int(identifier) % 1000
    return Record(written.topic, 0, place, int(NOW.timestamp() * 1000), written.key, written.value, written.headers)


async def told(room: Room) -> dict[str, list[str]]:
    """The texts of the only notice of each organisation."""
    return {row.organisation: [row.subject, *row.text.splitlines()] for row in await room.rows(NoticeRow)}


async def test_its_owner_and_the_lead_hear_that_a_number_is_contested(room: Room) -> None:
    await room.consume(contested())
    found = await told(room)
    assert set(found) == {ALER, LEAD}
    assert found[ALER] == found[LEAD]
    subject, *lines = found[ALER]
    assert subject.endswith(": un numero è contestato")
    assert lines[0] == "Colonna e: già liberi, 2026, dichiarato: il valore contestato è 5."
    assert lines[1].startswith("Il Comune di ")
    assert lines[1].endswith(" lo contesta: ne abbiamo visti quattro")
    assert lines[2] == "Secondo chi contesta è 4."
    assert lines[3] == (
        "Fino all’8 dicembre 2026 ALER può correggere il solo dato dichiarato «columns/free_now» del ciclo 2025, "
        "oppure rispondere."
    )


async def test_homes_of_the_registry_are_mended_by_a_report(room: Room) -> None:
    await room.consume(contested(cell=None))
    assert "con una segnalazione sull’alloggio" in (await told(room))[ALER][-1]


@pytest.mark.parametrize(
    ("outcome", "changes", "said"),
    [
        (
            ContestOutcome.CORRECTED,
            {"new_value": 4, "new_cell_value": 4},
            [
                "È stato corretto: ora il numero è 4.",
                "Il dato dichiarato «columns/free_now» del ciclo 2025 passa da 5 a 4.",
            ],
        ),
        (
            ContestOutcome.CONFIRMED,
            {"answer": "visti tutti e cinque", "organisation": "azienda-sociale"},
            ["Azienda Sociale Cremonese lo conferma: visti tutti e cinque"],
        ),
        (
            ContestOutcome.EXPIRED,
            {},
            ["Il termine dell’8 dicembre 2026 è passato senza correzione: il numero resta com’è."],
        ),
    ],
)
async def test_how_it_ended_is_told_to_owner_contester_and_lead(
    room: Room, outcome: ContestOutcome, changes: dict[str, Any], said: list[str]
) -> None:
    await room.consume(settled(outcome, **changes))
    found = await told(room)
    assert set(found) == {ALER, TOWN, LEAD}
    assert found[TOWN][2:] == said


async def test_an_answer_is_told_to_all_three_and_the_clock_runs_on(room: Room) -> None:
    await room.consume(contested(ContestAnswered, 2, answer="sono cinque", organisation=ALER))
    found = await told(room)
    assert set(found) == {ALER, TOWN, LEAD}
    assert found[TOWN][2:] == [
        "ALER ha risposto: sono cinque",
        "La contestazione resta aperta fino all’8 dicembre 2026.",
    ]


async def test_a_reply_is_told_to_the_others_of_the_thread(room: Room) -> None:
    event = CommentReplied(
        ambito=AMBITO,
        municipality="019036",
        thread=UUID(int=8),
        number=2,
        place="019036:-:needing_works:-",
        label_it="Alloggi inagibili, da recuperare",
        to=(ALER, TOWN),
        resolved=False,
        on=date(2026, 11, 23),
        organisation=LEAD,
    )
    await room.consume(record(event, "reply"))
    found = await told(room)
    assert set(found) == {ALER, TOWN}
    assert found[TOWN][0].endswith(": risposta a un commento")
    assert found[TOWN][1].endswith("ha risposto nella discussione su: Alloggi inagibili, da recuperare.")


async def test_everybody_is_told_once_after_repetition_and_rebuild(room: Room) -> None:
    await room.consume(contested(), contested())
    await room.consume(contested())
    said = await room.said()
    await rebuild(room.runtime)
    await room.consume(contested())
    assert await room.said() == said
    assert len(await room.rows(NoticeRow)) == 2


async def test_a_webhook_gets_the_event_and_the_inbox_shows_it(tmp_path: Path) -> None:
    async with receiving(204) as receiver, opened(tmp_path, receiver.endpoint) as room:
        await room.subscribe(receiver.url, "all", organisation=LEAD)
        await room.consume(contested())
        assert len(await room.rows(DeliveryRow)) == 1
        [notice] = await room.notices(LEAD)
        body = json.loads(body_of(notice))
        assert body["type"] == "plan.figure-contested"
        assert body["data"]["cell"] == {"cycle_year": 2025, "path": "columns/free_now", "value": 5}
        async with room.client(LEAD) as client:
            [item] = (await client.get("/notices")).json()["items"]
            page = (await client.get(f"/inbox/{notice.id}")).text
        assert (item["kind"], item["discussion"]["contester"]) == ("plan.figure-contested", TOWN)
        assert "ne abbiamo visti quattro" in page
