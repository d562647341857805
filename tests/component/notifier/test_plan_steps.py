"""From a step of the plan to notices: everybody who listens in the ambito hears of it once, in plain Italian."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from services.notifier.delivery.worker import body_of
from services.notifier.tables import DeliveryRow, NoticeRow
from shared.bus.records import Record, encode
from shared.events import (
    Act,
    ActKind,
    EditionKind,
    Envelope,
    Message,
    Office,
    Organ,
    PlanStatus,
    PlanStatusChanged,
    derived,
)
from shared.rebuild import rebuild
from shared.territory import ambito
from tests.component.notifier.room import AMBITO, CREMONA, NOW, Room, change, count, opened, receiving, recomputed

VOTED_ON = date(2026, 12, 5)
ACT = Act(organ=Organ.ASSEMBLY_OF_MAYORS, kind=ActKind.RESOLUTION, number="12", on=VOTED_ON)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


def stepped(number: int = 3, status: PlanStatus = PlanStatus.APPROVED, reason: str | None = None) -> Record:
    step = PlanStatusChanged(
        ambito=AMBITO,
        first_year=2026,
        edition=1,
        kind=EditionKind.TRIENNIAL,
        step=number,
        before=PlanStatus.SUBMITTED_TO_ASSEMBLY,
        status=status,
        on=VOTED_ON,
        office=Office.ASSEMBLY_SECRETARIAT,
        organisation=f"comune-{CREMONA}",
        acts=(ACT,),
        reason=reason,
        version=41,
        plan_hash=f"{41:064x}",
        rules_on=date(2026, 11, 23),
        log_head=f"{42:064x}",
        document_hash=f"{43:064x}",
    )
    identifier = derived(f"step/{number}")
    envelope = Envelope(identifier, "urn:pianovivo:planner", NOW, f"{AMBITO}/2026/1/{number}", AMBITO, identifier)
    written = encode(Message(envelope, step))
    at = int(NOW.timestamp() * 1000)
    return Record(written.topic, 0, 100 + number, at, written.key, written.value, written.headers)


async def test_every_municipality_hears_of_a_vote_with_its_act(room: Room) -> None:
    await room.consume(stepped())
    notices = await room.rows(NoticeRow)
    assert {row.organisation for row in notices} == {
        f"comune-{one.istat_code}" for one in ambito(AMBITO).municipalities
    }
    [notice] = await room.notices()
    assert (notice.kind, notice.plan_version, notice.change) == ("plan.status-changed", 41, None)
    assert notice.subject == "Piano 2026–2028, edizione 1: approvato"
    assert notice.text.splitlines() == [
        "L’Assemblea dei Sindaci ha approvato il Piano 2026–2028 il 5 dicembre 2026 "
        "(Assemblea dei Sindaci, deliberazione n. 12 del 5 dicembre 2026).",
        f"Impronta del documento (SHA-256): {43:064x}",
    ]


async def test_a_return_tells_its_reason(room: Room) -> None:
    await room.consume(stepped(status=PlanStatus.RETURNED, reason="rivedere la parte quinta"))
    [notice] = await room.notices()
    assert notice.subject == "Piano 2026–2028, edizione 1: rinviato, non approvato"
    assert notice.text.startswith("L’Assemblea dei Sindaci ha rinviato il Piano 2026–2028 il 5 dicembre 2026 (")
    assert notice.text.splitlines()[0].endswith("): rivedere la parte quinta")


async def test_it_is_told_once_after_repetition_and_rebuild_and_beside_changed_figures(room: Room) -> None:
    await room.consume(stepped(), recomputed(42, change(CREMONA, count(1, 2))), stepped())
    await room.consume(stepped())
    said = await room.said()
    await rebuild(room.runtime)
    await room.consume(stepped())
    assert await room.said() == said
    assert [notice.kind for notice in await room.notices()] == ["plan.status-changed", "plan.changed"]


async def test_thresholds_and_chosen_places_do_not_matter_and_each_endpoint_is_told_once(tmp_path: Path) -> None:
    async with receiving(204) as receiver, opened(tmp_path, receiver.endpoint) as room:
        await room.subscribe(receiver.url, [CREMONA, "019026", "019070"], threshold="500")
        await room.subscribe(receiver.url, "all", threshold="500", organisation="comune-019026")
        await room.consume(stepped())
        assert len(await room.rows(DeliveryRow)) == 2
        [notice] = await room.notices("comune-019026")
        body = json.loads(body_of(notice))
        assert body["type"] == "plan.status-changed"
        told = {
            name: body["data"][name] for name in ("notice_id", "ambito", "edition", "status", "on", "document_hash")
        }
        assert told == {
            "notice_id": str(notice.id),
            "ambito": AMBITO,
            "edition": 1,
            "status": "APPROVED",
            "on": "2026-12-05",
            "document_hash": f"{43:064x}",
        }
        assert body["data"]["acts"][0]["number"] == "12"


async def test_the_inbox_shows_it_as_data_and_as_a_page(room: Room) -> None:
    await room.consume(stepped())
    async with room.client() as client:
        [item] = (await client.get("/notices")).json()["items"]
        assert (item["change"], item["step"]["status"], item["step"]["acts"][0]["number"]) == (None, "APPROVED", "12")
