"""One key, one effect: subscriptions, rotated secrets and replays that are asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.tables import SubscriptionRow
from shared.idempotency import IdempotencyRow
from shared.openapi import operations
from tests.component.notifier.room import CASTELVERDE, Room, opened

KEY = {"Idempotency-Key": "2026/iscrizione-1"}
WEBHOOK = {"channel": "webhook", "url": "https://avvisi.example.test/in", "municipalities": "all"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


async def test_a_repeated_subscription_is_answered_word_for_word_and_is_one(room: Room) -> None:
    async with room.client() as client:
        answers = await asyncio.gather(*(client.post("/subscriptions", json=WEBHOOK, headers=KEY) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1  # the secret too: whoever lost the answer needs it
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 9
    assert len(await room.rows(SubscriptionRow)) == 1


async def test_another_subscription_under_the_same_key_is_refused(room: Room) -> None:
    async with room.client() as client:
        await client.post("/subscriptions", json=WEBHOOK, headers=KEY)
        other = await client.post("/subscriptions", json=WEBHOOK | {"threshold": "2"}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "urn:pianovivo:problem:idempotency-key-reused")
    assert len(await room.rows(SubscriptionRow)) == 1


async def test_a_refused_subscription_leaves_its_key_to_the_mended_one(room: Room) -> None:
    async with room.client() as client:
        wrong = await client.post("/subscriptions", json=WEBHOOK | {"url": "http://avvisi.example.test"}, headers=KEY)
        assert (wrong.status_code, await room.rows(IdempotencyRow)) == (422, [])
        assert (await client.post("/subscriptions", json=WEBHOOK, headers=KEY)).status_code == 201


async def test_organisations_do_not_share_keys(room: Room) -> None:
    async with room.client() as client, room.client(f"comune-{CASTELVERDE}") as other:
        mine, theirs = [await one.post("/subscriptions", json=WEBHOOK, headers=KEY) for one in (client, other)]
    assert mine.json()["secret"] != theirs.json()["secret"]
    assert len(await room.rows(SubscriptionRow)) == 2


async def test_a_secret_is_rotated_once_so_that_the_last_one_stays_valid(room: Room) -> None:
    created = await room.subscribe(WEBHOOK["url"])
    async with room.client() as client:
        path = f"/subscriptions/{created['id']}/secret-rotation"
        first, again = [await client.post(path, headers=KEY) for _ in range(2)]
    [row] = await room.rows(SubscriptionRow)
    assert first.content == again.content
    assert (row.secret, row.old_secret) == (first.json()["secret"], created["secret"])


async def test_every_documented_example_is_accepted(room: Room) -> None:
    document = room.app.openapi()
    [content] = [
        one["requestBody"]["content"]["application/json"] for _, _, one in operations(document) if "requestBody" in one
    ]
    async with room.client() as client:
        answers = [await client.post("/subscriptions", json=one["value"]) for one in content["examples"].values()]
    assert [answer.status_code for answer in answers] == [201, 201]
