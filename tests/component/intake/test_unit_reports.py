"""Unit reports over HTTP: passed on as claims, answered one by one in bulk, and what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.intake.tables import UnitReportRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import UnitRegistered, UnitVacated
from tests.component.intake.room import (
    ALER,
    AMBITO,
    CASTELVERDE,
    CASTELVERDE_TOWN,
    CREMONA,
    VACATED,
    Room,
    applied,
    opened,
    refused,
)

REGISTERED = {
    "report": "unit-registered",
    "unit_id": "U-2",
    "effective_on": "2026-01-10",
    "municipality": CASTELVERDE,
    "owner": CASTELVERDE_TOWN,
    "owner_kind": "MUNICIPALITY",
    "manager": ALER,
    "service_type": "SAP",
    "net_area_m2": 60.55,
    "rooms": 3,
    "accessible": False,
    "status": "OCCUPIED",
}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def sent(room: Room) -> UUID:
    async with room.client() as client:
        return UUID((await client.post("/unit-reports", json=VACATED)).json()["id"])


async def test_a_report_is_received_and_owed_to_the_bus_in_one_transaction(room: Room) -> None:
    async with room.client() as client:
        answer = await client.post("/unit-reports", json=VACATED, headers={"traceparent": TRACE})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["channel"], body["unit_id"]) == ("received", "http", "U-1")
    assert answer.headers["location"] == f"/unit-reports/{body['id']}"
    [message] = await room.said()
    envelope = message.envelope
    assert (str(envelope.id), envelope.correlation_id) == (body["id"], envelope.id)
    assert (envelope.organisation, envelope.subject, envelope.ambito) == (ALER, "U-1", AMBITO)
    assert envelope.traceparent == TRACE
    assert isinstance(message.event, UnitVacated)


async def test_a_malformed_traceparent_is_not_passed_on(room: Room) -> None:
    async with room.client() as client:
        await client.post("/unit-reports", json=VACATED, headers={"traceparent": "00-" + "0" * 32 + "-1-01"})
    [message] = await room.said()
    assert message.envelope.traceparent is None


async def test_the_organisation_cannot_be_told_in_the_body(room: Room) -> None:
    async with room.client() as client:
        answer = await client.post("/unit-reports", json=VACATED | {"organisation": "comune-019036"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["/organisation"]
    assert await room.said() == []


async def test_an_unknown_report_is_answered_with_the_known_ones(room: Room) -> None:
    async with room.client() as client:
        answer = await client.post("/unit-reports", json=VACATED | {"report": "unit-vanished"})
    [error] = answer.json()["errors"]
    assert (error["field"], error["value"]) == ("/report", "unit-vanished")
    assert "unit-vacated" in error["remedy"]
    assert "works-completed" in error["remedy"]


@pytest.mark.parametrize(("days", "status"), [(0, 202), (1, 202), (2, 422)])
async def test_a_report_may_name_tomorrow_but_no_later_day(room: Room, days: int, status: int) -> None:
    async with room.client() as client:
        day = (today_in_italy() + timedelta(days=days)).isoformat()
        answer = await client.post("/unit-reports", json=VACATED | {"effective_on": day})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("organisation", "role", "municipality", "status"),
    [
        (ALER, Role.OWNER, CASTELVERDE, 202),
        (ALER, Role.OWNER, "015146", 422),  # Milano
        (CASTELVERDE_TOWN, Role.MUNICIPALITY, CASTELVERDE, 202),
        (CASTELVERDE_TOWN, Role.MUNICIPALITY, CREMONA, 422),
        ("comune-019036", Role.LEAD, CASTELVERDE, 422),
        ("regione-lombardia", Role.REGION, CASTELVERDE, 403),
        ("azienda-sociale", Role.TECHNICAL_PARTNER, CASTELVERDE, 403),
    ],
)
async def test_a_home_is_registered_within_the_ambito_and_by_a_municipality_at_home(
    room: Room, organisation: str, role: Role, municipality: str, status: int
) -> None:
    async with room.client(organisation, role) as client:
        answer = await client.post("/unit-reports", json=REGISTERED | {"municipality": municipality})
    assert answer.status_code == status


async def test_a_decimal_number_keeps_its_value(room: Room) -> None:
    async with room.client() as client:
        await client.post("/unit-reports", json=REGISTERED)
    [message] = await room.said()
    assert isinstance(message.event, UnitRegistered)
    assert str(message.event.net_area_m2) == "60.55"


async def test_of_a_bulk_the_good_reports_are_accepted_and_each_bad_one_is_explained(room: Room) -> None:
    items = [VACATED, VACATED | {"unit_id": "no/slash"}, 7, VACATED | {"unit_id": "U-3"}]
    async with room.client() as client:
        answer = await client.post("/unit-reports", json={"items": items}, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["accepted_count"] == 2
    assert [item["accepted"] for item in body["items"]] == [True, False, False, True]
    assert body["items"][1]["problem"]["errors"][0]["field"] == "/items/1/unit_id"
    assert body["items"][2]["problem"]["errors"][0]["rule"] == "A JSON object is needed here."
    assert [message.envelope.subject for message in await room.said()] == ["U-1", "U-3"]
    stored = {str(row.id) for row in await room.rows(UnitReportRow)}
    assert stored == {body["items"][0]["id"], body["items"][3]["id"]}


async def test_a_bulk_holds_one_to_a_thousand_reports(room: Room) -> None:
    async with room.client() as client:
        full = await client.post("/unit-reports", json={"items": [VACATED] * 1000})
        assert full.json()["accepted_count"] == 1000
        for items in ([], [VACATED] * 1001, VACATED):
            assert (await client.post("/unit-reports", json={"items": items})).status_code == 422
    assert len(await room.said()) == 1000


async def test_bodies_are_read_strictly(room: Room) -> None:
    async with room.client() as client:
        twice = b'{"report": "unit-vacated", "unit_id": "U-1", "unit_id": "U-2", "effective_on": "2026-01-15"}'
        answer = await client.post("/unit-reports", content=twice, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:pianovivo:problem:json-duplicate-key")
        assert (await client.post("/unit-reports", content=b"a=1")).status_code == 415
        large = b'{"items": ["' + b"x" * 4 * 1024 * 1024 + b'"]}'
        answer = await client.post("/unit-reports", content=large, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413


async def test_however_deep_a_body_is_nested_it_is_no_failure(room: Room) -> None:
    """Parser and writer of JSON reach the interpreter's recursion limit (1,000) at slightly different depths."""
    async with room.client() as client:
        statuses = set()
        for depth in range(800, 1000):
            body = b'{"items": ' + b"[" * depth + b"]" * depth + b"}"
            headers = {"Content-Type": "application/json", "Idempotency-Key": f"depth-{depth}"}
            statuses.add((await client.post("/unit-reports", content=body, headers=headers)).status_code)
    assert statuses == {200, 400}


async def test_without_a_token_nothing_is_said(room: Room) -> None:
    async with room.client() as client:
        del client.headers["Authorization"]
        for path in ("/unit-reports", f"/unit-reports/{uuid4()}", "/submissions", "/emergency-cases/X"):
            assert (await client.get(path)).status_code == 401
        assert (await client.post("/unit-reports", json=VACATED)).status_code == 401


async def test_the_reporter_reads_that_the_report_was_applied(room: Room) -> None:
    report_id = await sent(room)
    async with room.client() as client:
        running = await client.get(f"/unit-reports/{report_id}/status")
        assert (running.status_code, running.json()["status"]) == (200, "running")
        fact = applied(report_id)
        await room.hear(fact)
        await room.hear(fact)
        report = (await client.get(f"/unit-reports/{report_id}")).json()
        decided = await client.get(f"/unit-reports/{report_id}/status")
    assert (report["state"], report["sequence"], report["channel"]) == ("applied", 1, "http")
    assert (decided.status_code, decided.headers["location"]) == (303, f"/unit-reports/{report_id}")


async def test_the_reporter_reads_why_the_report_was_refused_in_either_language(room: Room) -> None:
    report_id = await sent(room)
    await room.hear(refused(report_id))
    async with room.client() as client:
        italian = (await client.get(f"/unit-reports/{report_id}")).json()
        english = (await client.get(f"/unit-reports/{report_id}", headers={"Accept-Language": "en"})).json()
    assert (italian["state"], italian["rule"], italian["sequence"]) == ("refused", "unknown-unit", None)
    assert italian["reason"] == "L’alloggio non è iscritto in anagrafe."
    assert english["reason"] == "The unit is not in the registry."


async def test_a_refused_report_that_is_applied_after_all_shows_no_reason(room: Room) -> None:
    report_id = await sent(room)
    await room.hear(refused(report_id), applied(report_id))
    async with room.client() as client:
        report = (await client.get(f"/unit-reports/{report_id}")).json()
    assert (report["state"], report["rule"], report["reason"], report["sequence"]) == ("applied", None, None, 1)


async def test_a_report_by_the_owners_own_topic_can_be_read_too(room: Room) -> None:
    mine, known = uuid4(), await sent(room)
    await room.hear(applied(known), refused(mine, unit_id="U-9"))
    async with room.client() as client:
        report = (await client.get(f"/unit-reports/{mine}")).json()
    assert (report["channel"], report["state"], report["effective_on"]) == ("kafka", "refused", None)
    assert len(await room.rows(UnitReportRow)) == 2


@pytest.mark.parametrize(
    ("organisation", "role", "ambito", "status"),
    [
        (CASTELVERDE_TOWN, Role.MUNICIPALITY, AMBITO, 404),
        ("azienda-sociale", Role.TECHNICAL_PARTNER, AMBITO, 404),
        ("comune-019036", Role.LEAD, AMBITO, 200),
        ("regione-lombardia", Role.REGION, AMBITO, 200),
        ("gestore-impianto", Role.OPERATOR, AMBITO, 200),
        ("comune-019036", Role.LEAD, "altrove", 404),
        (ALER, Role.OWNER, "altrove", 404),
    ],
)
async def test_a_report_is_visible_to_its_organisation_and_the_offices_of_its_ambito(
    room: Room, organisation: str, role: Role, ambito: str, status: int
) -> None:
    report_id = await sent(room)
    async with room.client(organisation, role, ambito) as client:
        assert (await client.get(f"/unit-reports/{report_id}")).status_code == status
        listed = (await client.get("/unit-reports")).json()["items"]
    assert len(listed) == (status == 200)


async def test_the_listing_goes_on_by_cursor_newest_first_without_loss(room: Room) -> None:
    async with room.client() as client:
        for start in (0, 3):  # two instants; within one the identifier decides
            items = [VACATED | {"unit_id": f"U-{n}"} for n in range(start, start + 3)]
            await client.post("/unit-reports", json={"items": items})
        found, following = [], "/unit-reports?limit=2&state=received"
        while following:
            page = (await client.get(following)).json()
            found += [item["unit_id"] for item in page["items"]]
            following = page["_links"]["next"]
    assert sorted(found[:3]) == ["U-3", "U-4", "U-5"]
    assert sorted(found[3:]) == ["U-0", "U-1", "U-2"]
