"""Yearly declarations over HTTP: whose, for where, in which revision, late or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.intake.tables import SubmissionRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import AnnualColumns, OwnerKind, SubmissionReceived
from tests.component.intake.room import (
    ALER,
    AMBITO,
    CASTELVERDE,
    CASTELVERDE_TOWN,
    COLUMNS,
    CREMONA,
    LEAD,
    THIS_YEAR,
    Room,
    opened,
)

DECLARATION: dict[str, Any] = {"cycle_year": THIS_YEAR + 1, "municipality": CASTELVERDE, "columns": COLUMNS}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def test_a_declaration_is_passed_on_whole(room: Room) -> None:
    async with room.town() as client:
        answer = await client.post("/submissions", json=DECLARATION)
        again = await client.get(answer.headers["location"])
    assert answer.status_code == 201
    assert again.json() == answer.json()
    [message] = await room.said()
    event, envelope = message.event, message.envelope
    assert isinstance(event, SubmissionReceived)
    assert (event.submission_id, str(envelope.id)) == (envelope.id, answer.json()["id"])
    assert envelope.subject == f"{CASTELVERDE}/{CASTELVERDE_TOWN}/{THIS_YEAR + 1}"
    assert (event.ambito, event.owner, event.owner_kind) == (AMBITO, CASTELVERDE_TOWN, OwnerKind.MUNICIPALITY)
    assert (event.revision, event.nil, event.late, event.received_on) == (1, False, False, today_in_italy())
    assert event.columns == AnnualColumns(**COLUMNS | {"indigence_share": Decimal("0.20")})


@pytest.mark.parametrize("written", ["0.2", '"0.2"', "0.20", "2e-1"])
async def test_a_share_is_read_exactly_from_number_or_text(room: Room, written: str) -> None:
    body = f'{{"cycle_year": 2026, "municipality": "{CASTELVERDE}", "columns": {{"indigence_share": {written}}}}}'
    async with room.town() as client:
        answer = await client.post("/submissions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    [message] = await room.said()
    assert isinstance(message.event, SubmissionReceived)
    assert message.event.columns
    assert message.event.columns.indigence_share == Decimal("0.2")


async def test_a_later_revision_supersedes_an_earlier_one_and_both_are_kept(room: Room) -> None:
    async with room.town() as client:
        first = (await client.post("/submissions", json=DECLARATION)).json()
        nil = {"cycle_year": THIS_YEAR + 1, "municipality": CASTELVERDE, "nil": True}
        second = (await client.post("/submissions", json=nil)).json()
        page = (await client.get("/submissions")).json()
    assert (second["declaration"]["revision"], second["supersedes"]) == (2, first["id"])
    assert (second["declaration"]["nil"], second["declaration"]["columns"]) == (True, None)
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]


async def test_revisions_sent_at_once_are_numbered_without_gap(room: Room) -> None:
    async with room.town() as client:
        answers = await asyncio.gather(*(client.post("/submissions", json=DECLARATION) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    rows = await room.rows(SubmissionRow, SubmissionRow.revision)
    assert [row.revision for row in rows] == list(range(1, 11))
    assert [row.supersedes for row in rows] == [None, *(row.id for row in rows[:-1])]
    events = [message.event for message in await room.said()]
    assert [event.revision for event in events if isinstance(event, SubmissionReceived)] == list(range(1, 11))


@pytest.mark.parametrize(("cycle_year", "late"), [(THIS_YEAR - 1, True), (THIS_YEAR + 1, False)])
async def test_after_31_october_of_its_year_a_declaration_is_late_but_accepted(
    room: Room, cycle_year: int, late: bool
) -> None:
    async with room.town() as client:
        answer = await client.post("/submissions", json=DECLARATION | {"cycle_year": cycle_year})
    assert (answer.status_code, answer.json()["declaration"]["late"]) == (201, late)


@pytest.mark.parametrize(
    ("organisation", "role", "municipality", "status"),
    [
        (ALER, Role.OWNER, CASTELVERDE, 201),
        (ALER, Role.OWNER, CREMONA, 201),
        (ALER, Role.OWNER, "015146", 422),  # Milano
        (CASTELVERDE_TOWN, Role.MUNICIPALITY, CREMONA, 422),
        (LEAD, Role.LEAD, CREMONA, 201),
        (LEAD, Role.LEAD, CASTELVERDE, 422),
        ("regione-lombardia", Role.REGION, CREMONA, 403),
    ],
)
async def test_aler_declares_for_any_municipality_of_the_ambito_and_a_municipality_for_itself(
    room: Room, organisation: str, role: Role, municipality: str, status: int
) -> None:
    async with room.client(organisation, role) as client:
        answer = await client.post("/submissions", json=DECLARATION | {"municipality": municipality})
    assert answer.status_code == status


async def test_every_broken_rule_is_told_at_once_with_field_value_and_remedy(room: Room) -> None:
    wrong = COLUMNS | {"assignable_total": 20, "indigence_share": 0.25, "extra_category_share": "0.05"}
    async with room.client() as client:
        answer = await client.post("/submissions", json=DECLARATION | {"columns": wrong})
    assert answer.status_code == 422
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert set(errors) == {
        "/columns/assignable_total",
        "/columns/indigence_share",
        "/columns/extra_category_reason",
    }
    total = errors["/columns/assignable_total"]
    assert total["value"] == "20"
    assert total["rule"].startswith("V5: ")
    assert "g = 20 non è la somma b + c + d + e + f = 1 + 2 + 3 + 9 + 6 = 21" in total["rule"]
    assert await room.said() == []


async def test_the_reason_for_an_implausible_turnover_is_kept(room: Room) -> None:
    # 16 of 100 homes is 16 %, above 15 %; the total rises by the 11 more: 21 + 11 = 32.
    columns = COLUMNS | {"turnover_expected": 16, "assignable_total": 32}
    async with room.town() as client:
        refused = await client.post("/submissions", json=DECLARATION | {"columns": columns})
        assert [error["field"] for error in refused.json()["errors"]] == ["/columns/turnover_expected"]
        confirmed = [{"field": "/columns/turnover_expected", "reason": "Trasferimento di un intero edificio"}]
        answer = await client.post("/submissions", json=DECLARATION | {"columns": columns, "confirmations": confirmed})
        again = (await client.get(answer.headers["location"])).json()
    assert again["declaration"]["confirmations"] == confirmed
    [message] = await room.said()
    assert isinstance(message.event, SubmissionReceived)
    assert [(said.field, said.reason) for said in message.event.confirmations] == [
        ("/columns/turnover_expected", "Trasferimento di un intero edificio")
    ]


async def test_declarations_are_listed_by_year_and_municipality_to_their_owner_and_the_offices(room: Room) -> None:
    async with room.client() as aler, room.town() as town, room.lead() as lead:
        for municipality in (CREMONA, CASTELVERDE):
            await aler.post("/submissions", json=DECLARATION | {"municipality": municipality})
        sent = (await town.post("/submissions", json=DECLARATION)).json()

        async def owners(client: Any, query: str = "") -> list[str]:
            items = (await client.get(f"/submissions{query}")).json()["items"]
            return [item["declaration"]["owner"] for item in items]

        assert await owners(town) == [CASTELVERDE_TOWN]
        assert await owners(lead, f"?municipality={CASTELVERDE}") == [CASTELVERDE_TOWN, ALER]
        assert await owners(lead, "?cycle_year=2017") == []
        assert len(await owners(lead, f"?cycle_year={THIS_YEAR + 1}")) == 3
        assert (await aler.get(f"/submissions/{sent['id']}")).status_code == 404
        assert (await lead.get(f"/submissions/{sent['id']}")).json() == sent
