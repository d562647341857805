"""Emergency cases over HTTP: opened, changed and closed by their municipality, without a trace of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.tables import EmergencyCaseRow
from shared.auth import Role
from shared.events import EmergencyCaseClosed, EmergencyCaseOpened, EmergencyCaseUpdated
from tests.component.intake.room import (
    ALER,
    AMBITO,
    CASE,
    CASTELVERDE,
    CASTELVERDE_TOWN,
    CREMONA,
    LEAD,
    Room,
    opened,
)

ADDRESS = "/emergency-cases/CV-2026-007"
WHOLE = {name: value for name, value in CASE.items() if name != "case_ref"}
CLOSURE = {"closed_on": "2026-02-01", "reason": "Soluzione abitativa trovata"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def test_a_case_is_opened_updated_and_closed(room: Room) -> None:
    async with room.town() as client:
        opening = await client.post("/emergency-cases", json=CASE)
        assert (opening.status_code, opening.headers["location"]) == (201, ADDRESS)
        await client.put(ADDRESS, json=WHOLE | {"household_size": 5})
        closing = await client.post(f"{ADDRESS}/closure", json=CLOSURE)
        shown = await client.get(ADDRESS)
    assert shown.json() == closing.json()
    assert shown.headers["etag"] == '"3"'
    assert (shown.json()["state"], shown.json()["case"]["household_size"]) == ("closed", 5)
    said = await room.said()
    assert [type(message.event) for message in said] == [EmergencyCaseOpened, EmergencyCaseUpdated, EmergencyCaseClosed]
    assert {(m.envelope.subject, m.envelope.ambito, m.envelope.organisation) for m in said} == {
        ("CV-2026-007", AMBITO, CASTELVERDE_TOWN)
    }
    closed = said[2].event
    assert isinstance(closed, EmergencyCaseClosed)
    assert closed.municipality == CASTELVERDE


async def test_a_reference_is_used_once_in_an_ambito(room: Room) -> None:
    async with room.town() as client:
        await client.post("/emergency-cases", json=CASE)
    async with room.lead() as client:
        answer = await client.post("/emergency-cases", json=CASE | {"municipality": CREMONA})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:pianovivo:problem:case-reference-taken")
    assert len(await room.said()) == 1


@pytest.mark.parametrize(
    "reference",
    ["RSSMRA80A01H501U", "rssmra80a01h501u", "CV.RSSMRA-80A01-H501U", "mario@example.org", "RSSMRA80A01H50MU"],
)
async def test_a_person_cannot_be_a_reference_and_the_refusal_does_not_repeat_it(room: Room, reference: str) -> None:
    async with room.town() as client:
        answer = await client.post("/emergency-cases", json=CASE | {"case_ref": reference})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], "no-personal-data" in error["rule"]) == ("/case_ref", True)
    assert reference not in answer.text
    assert await room.rows(EmergencyCaseRow) == []


async def test_a_person_cannot_be_named_in_the_reason_either(room: Room) -> None:
    async with room.town() as client:
        await client.post("/emergency-cases", json=CASE)
        for reason in ("Assegnato a RSSMRA80A01H501U", "Scrivere a mario@example.org"):
            answer = await client.post(f"{ADDRESS}/closure", json=CLOSURE | {"reason": reason})
            assert [error["field"] for error in answer.json()["errors"]] == ["/reason"]


@pytest.mark.parametrize(
    ("organisation", "role", "municipality", "status"),
    [
        (CASTELVERDE_TOWN, Role.MUNICIPALITY, CREMONA, 422),
        (LEAD, Role.LEAD, CREMONA, 201),
        (LEAD, Role.LEAD, CASTELVERDE, 422),
        (ALER, Role.OWNER, CASTELVERDE, 403),
        ("regione-lombardia", Role.REGION, CASTELVERDE, 403),
    ],
)
async def test_only_a_municipality_opens_cases_and_only_its_own(
    room: Room, organisation: str, role: Role, municipality: str, status: int
) -> None:
    async with room.client(organisation, role) as client:
        answer = await client.post("/emergency-cases", json=CASE | {"municipality": municipality})
    assert answer.status_code == status


async def test_others_neither_see_nor_change_a_case(room: Room) -> None:
    async with room.town() as client:
        await client.post("/emergency-cases", json=CASE)
    async with room.client("comune-019001", Role.MUNICIPALITY) as other:
        assert (await other.get(ADDRESS)).status_code == 404
        assert (await other.put(ADDRESS, json=WHOLE)).status_code == 404
        assert (await other.post(f"{ADDRESS}/closure", json=CLOSURE)).status_code == 404
    async with room.lead() as lead:
        assert (await lead.get(ADDRESS)).status_code == 200
        assert (await lead.post(f"{ADDRESS}/closure", json=CLOSURE)).status_code == 404
    assert len(await room.said()) == 1


async def test_a_closed_case_stays_as_it_is(room: Room) -> None:
    async with room.town() as client:
        await client.post("/emergency-cases", json=CASE)
        await client.post(f"{ADDRESS}/closure", json=CLOSURE)
        for answer in (
            await client.put(ADDRESS, json=WHOLE),
            await client.post(f"{ADDRESS}/closure", json=CLOSURE),
        ):
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:pianovivo:problem:case-closed")


async def test_an_edit_of_an_outdated_case_is_refused(room: Room) -> None:
    async with room.town() as client:
        first = await client.post("/emergency-cases", json=CASE)
        stale = {"If-Match": first.headers["etag"]}
        assert (await client.put(ADDRESS, json=WHOLE, headers=stale)).status_code == 200
        assert (await client.put(ADDRESS, json=WHOLE, headers=stale)).status_code == 412
        assert (await client.put(ADDRESS, json=WHOLE, headers={"If-Match": "*"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", WHOLE | {"case_ref": "CV-2026-007"}, "/case_ref"),
        ("", WHOLE | {"waiting_since": "2999-01-01"}, "/waiting_since"),
        ("", WHOLE | {"deadline_on": "2026-01-09"}, "/deadline_on"),
        ("/closure", CLOSURE | {"closed_on": "2026-01-09"}, "/closed_on"),
        ("/closure", CLOSURE | {"closed_on": "2999-01-01"}, "/closed_on"),
        ("/closure", CLOSURE | {"municipality": CASTELVERDE}, "/municipality"),
    ],
)
async def test_impossible_dates_and_repeated_names_are_refused(
    room: Room, path: str, body: dict[str, object], field: str
) -> None:
    async with room.town() as client:
        await client.post("/emergency-cases", json=CASE)
        answer = await client.request("POST" if path else "PUT", ADDRESS + path, json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
