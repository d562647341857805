"""Which rows of a year came, and defaults on record: over HTTP, after the registry's facts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.intake.domain.duties import RowKey
from services.intake.tables import OwnedHomesRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import OwnerKind, SubmissionDefaulted, SubmissionReceived, UnitChanged, UnitStatus
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

PAST = THIS_YEAR - 1
"""Its data were due last year: whatever did not come is late."""
DEFAULT = {"cycle_year": PAST, "owner": ALER, "municipality": CREMONA, "reason": "Nessuna risposta a due solleciti"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def status(client: httpx.AsyncClient, cycle_year: int = PAST) -> Any:
    answer = await client.get(f"/submissions/status?cycle_year={cycle_year}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def row_of(found: Any, owner: str, municipality: str) -> Any:
    rows = [one["row"] for one in found["rows"]]
    [row] = [row for row in rows if (row["owner"], row["municipality"]) == (owner, municipality)]
    return row


async def test_owners_are_expected_where_the_registry_has_homes_of_theirs(room: Room) -> None:
    async with room.lead() as client:
        empty = await status(client)
        await room.hear(applied(uuid4(), unit_id="U-1"), applied(uuid4(), unit_id="U-2"))
        found = await status(client)
    # 48 municipalities of the ambito, each for itself, and then ALER in Cremona.
    assert (len(empty["rows"]), len(found["rows"])) == (48, 49)
    assert found["counts"] == {"submitted": 0, "nil": 0, "missing": 49, "in_default": 0, "late": 49}
    row = row_of(found, ALER, CREMONA)
    assert (row["homes"], row["state"], row["late"], row["owner_kind"]) == (2, "MISSING", True, "ALER")
    assert found["deadline_on"] == f"{PAST}-10-31"
    assert {one["name"] for one in found["rows"] if one["row"]["municipality"] == CASTELVERDE} == {"Castelverde"}


async def test_homes_are_counted_from_facts_and_leave_when_they_are_sold(room: Room) -> None:
    first = applied(uuid4(), unit_id="U-1")
    fact = first.event
    assert isinstance(fact, UnitChanged)
    gone = fact.after.having({"status": UnitStatus.SOLD})
    sold = fact.having({"sequence": 2, "report_id": uuid4(), "before": fact.after, "after": gone})
    later = first._replace(envelope=first.envelope._replace(id=uuid4(), sequence=2), event=sold)
    await room.hear(first)
    await room.hear(first, later)  # the first again: it counts once
    rows = await room.rows(OwnedHomesRow)
    assert [(RowKey(row.owner, row.municipality), row.homes) for row in rows] == [(RowKey(ALER, CREMONA), 0)]
    async with room.lead() as client:
        assert len((await status(client))["rows"]) == 48


async def test_rows_are_submitted_nil_or_missing_and_late_by_the_deadline(room: Room) -> None:
    async with room.lead() as lead, room.town() as town, room.client() as aler:
        declaration = {"cycle_year": THIS_YEAR + 1, "municipality": CREMONA, "columns": COLUMNS}
        await lead.post("/submissions", json=declaration)
        nil = {"cycle_year": THIS_YEAR + 1, "municipality": CASTELVERDE, "nil": True}
        await town.post("/submissions", json=nil)
        found = await status(lead, THIS_YEAR + 1)
        own = await status(town, THIS_YEAR + 1)
        of_aler = await status(aler, THIS_YEAR + 1)
        await town.post("/submissions", json=nil | {"cycle_year": PAST})
        late = row_of(await status(lead), CASTELVERDE_TOWN, CASTELVERDE)
    assert found["counts"] == {"submitted": 1, "nil": 1, "missing": 46, "in_default": 0, "late": 0}
    assert row_of(found, LEAD, CREMONA)["missing_parts"][:2] == ["forecast", "programmes"]
    assert [one["row"]["state"] for one in own["rows"]] == ["NIL"]
    assert of_aler["rows"] == []
    assert (late["state"], late["late"], late["revision"]) == ("NIL", True, 1)


async def test_the_lead_municipality_puts_a_default_on_record_and_a_later_row_ends_it(room: Room) -> None:
    await room.hear(applied(uuid4()))
    async with room.lead() as lead, room.client() as aler, room.town() as town:
        answer = await lead.post("/submission-defaults", json=DEFAULT)
        assert answer.status_code == 201, answer.text
        where = answer.headers["location"]
        assert (await lead.get(where)).json() == (await aler.get(where)).json() == answer.json()
        assert (await town.get(where)).status_code == 404
        row = row_of(await status(lead), ALER, CREMONA)
        assert (row["state"], row["reason"]) == ("IN_DEFAULT", DEFAULT["reason"])
        await aler.post("/submissions", json={"cycle_year": PAST, "municipality": CREMONA, "columns": COLUMNS})
        assert row_of(await status(lead), ALER, CREMONA)["state"] == "SUBMITTED"
    first, second = (message.event for message in await room.said())
    assert isinstance(first, SubmissionDefaulted)
    assert isinstance(second, SubmissionReceived)
    assert (first.owner, first.owner_kind, first.municipality) == (ALER, OwnerKind.ALER, CREMONA)
    assert (first.cycle_year, first.recorded_on, first.reason) == (PAST, today_in_italy(), DEFAULT["reason"])
    said = (await room.said())[0].envelope
    assert (said.organisation, said.subject) == (LEAD, f"{CREMONA}/{ALER}/{PAST}")


async def test_a_default_is_recorded_once_also_by_ten_at_once(room: Room) -> None:
    default = DEFAULT | {"owner": CASTELVERDE_TOWN, "municipality": CASTELVERDE}
    async with room.lead() as lead:
        answers = await asyncio.gather(*(lead.post("/submission-defaults", json=default) for _ in range(10)))
        english = await lead.post("/submission-defaults", json=default, headers={"Accept-Language": "en"})
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert english.json()["type"] == "urn:pianovivo:problem:default-already-recorded"
    assert english.json()["detail"] == (
        f"For {PAST} the default of {CASTELVERDE_TOWN} for municipality {CASTELVERDE} is on record already."
    )
    assert len(await room.said()) == 1


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"cycle_year": THIS_YEAR + 1}, {"default-before-deadline", "default-of-undue-row"}),
        ({}, {"default-of-undue-row"}),  # the registry has no home of ALER's in Cremona
        ({"owner": CASTELVERDE_TOWN}, {"default-of-undue-row"}),
    ],
)
async def test_a_default_of_a_row_that_is_not_due_is_refused(
    room: Room, changes: dict[str, Any], codes: set[str]
) -> None:
    async with room.lead() as lead:
        answer = await lead.post("/submission-defaults", json=DEFAULT | changes)
    assert answer.status_code == 422
    assert {error["rule"].partition(":")[0] for error in answer.json()["errors"]} == codes


async def test_a_default_of_a_row_that_came_is_refused(room: Room) -> None:
    async with room.lead() as lead:
        await lead.post("/submissions", json={"cycle_year": PAST, "municipality": CREMONA, "nil": True})
        answer = await lead.post("/submission-defaults", json=DEFAULT | {"owner": LEAD})
    assert [error["rule"] for error in answer.json()["errors"]] == [
        f"default-of-received-row: {LEAD} ha già trasmesso i dati di questo Comune."
    ]


@pytest.mark.parametrize(
    ("organisation", "role"),
    [(CASTELVERDE_TOWN, Role.MUNICIPALITY), (ALER, Role.OWNER), ("regione-lombardia", Role.REGION)],
)
async def test_nobody_else_records_defaults(room: Room, organisation: str, role: Role) -> None:
    async with room.client(organisation, role) as client:
        assert (await client.post("/submission-defaults", json=DEFAULT)).status_code == 403


@pytest.mark.parametrize("told", [[], {}, DEFAULT | {"recorded_on": "2020-01-01"}, DEFAULT | {"owner": 7}])
async def test_a_default_of_the_wrong_form_is_named(room: Room, told: Any) -> None:
    async with room.lead() as lead:
        assert (await lead.post("/submission-defaults", json=told)).status_code == 422
