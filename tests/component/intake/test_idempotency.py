"""One key, one effect: repeats, other requests under the same key, and twenty at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.tables import EmergencyCaseRow, SubmissionRow, UnitReportRow
from shared.idempotency import IdempotencyRow
from tests.component.intake.room import CASE, CASTELVERDE, COLUMNS, VACATED, Room, opened

KEY = {"Idempotency-Key": "2026/Q1-0001"}
DECLARATION = {"cycle_year": 2026, "municipality": CASTELVERDE, "columns": COLUMNS}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def test_a_repeat_is_answered_word_for_word_and_does_nothing(room: Room) -> None:
    async with room.client() as client:
        first = await client.post("/unit-reports", json=VACATED, headers=KEY)
        # Order of keys and white space are not the request.
        again = await client.post("/unit-reports", json=dict(reversed(VACATED.items())), headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await room.said()) == len(await room.rows(UnitReportRow)) == 1


async def test_a_bulk_is_repeated_with_its_good_and_bad_items(room: Room) -> None:
    bulk = {"items": [VACATED, VACATED | {"effective_on": "never"}]}
    async with room.client() as client:
        first = await client.post("/unit-reports", json=bulk, headers=KEY | {"Accept-Language": "en"})
        again = await client.post("/unit-reports", json=bulk, headers=KEY)
    assert again.content == first.content
    assert again.headers["content-language"] == "en"
    assert len(await room.said()) == 1


async def test_another_request_under_the_same_key_is_refused(room: Room) -> None:
    async with room.client() as client:
        await client.post("/unit-reports", json=VACATED, headers=KEY)
        for path, body in (("/unit-reports", VACATED | {"unit_id": "U-2"}), ("/submissions", VACATED)):
            answer = await client.post(path, json=body, headers=KEY)
            assert answer.status_code == 422
            assert answer.json()["type"] == "urn:pianovivo:problem:idempotency-key-reused"
    async with room.client(ambito="altrove") as client:
        assert (await client.post("/unit-reports", json=VACATED, headers=KEY)).status_code == 422
    assert len(await room.said()) == 1


async def test_organisations_do_not_share_keys(room: Room) -> None:
    async with room.client() as client:
        await client.post("/unit-reports", json=VACATED, headers=KEY)
    async with room.town() as client:
        answer = await client.post("/unit-reports", json=VACATED, headers=KEY)
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (202, False)
    assert len(await room.said()) == 2


async def test_a_refused_request_leaves_its_key_to_the_mended_one(room: Room) -> None:
    async with room.client() as client:
        assert (await client.post("/unit-reports", json=VACATED | {"unit_id": ""}, headers=KEY)).status_code == 422
        assert await room.rows(IdempotencyRow) == []
        assert (await client.post("/unit-reports", json=VACATED, headers=KEY)).status_code == 202


async def test_twenty_equal_requests_at_once_have_one_effect(room: Room) -> None:
    async with room.client() as client:
        answers = await asyncio.gather(
            *(client.post("/unit-reports", json=VACATED, headers=KEY) for _ in range(20)),
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert len(await room.said()) == len(await room.rows(UnitReportRow)) == 1


async def test_submissions_and_cases_are_idempotent_too(room: Room) -> None:
    async with room.town() as client:
        for _ in range(2):
            await client.post("/submissions", json=DECLARATION, headers={"Idempotency-Key": "a"})
            await client.post("/emergency-cases", json=CASE, headers={"Idempotency-Key": "b"})
            whole = {name: value for name, value in CASE.items() if name != "case_ref"}
            answer = await client.put("/emergency-cases/CV-2026-007", json=whole, headers={"Idempotency-Key": "c"})
            assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert len(await room.rows(SubmissionRow)) == len(await room.rows(EmergencyCaseRow)) == 1
    assert len(await room.said()) == 3


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "città"])
async def test_a_key_has_up_to_255_visible_characters(room: Room, key: str) -> None:
    async with room.client() as client:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        answer = await client.post("/unit-reports", json=VACATED, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "/header/Idempotency-Key"
