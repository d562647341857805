"""Subscriptions and the inbox over HTTP: what is refused, what is shown, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.notifier.tables import NoticeRow
from shared.auth import Role
from tests.component.notifier.room import CASTELVERDE, CREMONA, NOW, Room, change, count, opened, recomputed

WEBHOOK = {"channel": "webhook", "url": "https://avvisi.example.test/in", "municipalities": "all"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


async def test_a_webhooks_secret_is_shown_once(room: Room) -> None:
    async with room.client() as client:
        answer = await client.post("/subscriptions", json=WEBHOOK | {"municipalities": [CASTELVERDE], "threshold": 0.5})
        created = answer.json()
        assert (answer.status_code, answer.headers["location"]) == (201, f"/subscriptions/{created['id']}")
        assert answer.headers["cache-control"] == "no-store"
        secret = created.pop("secret")
        assert secret.startswith("whsec_")
        listed = (await client.get("/subscriptions")).json()["items"]
        assert (created["threshold"], created["state"]) == ("0.5", "ACTIVE")
        assert created in listed
        assert (await client.get(answer.headers["location"])).json() == created
        assert secret not in (await client.get("/subscriptions")).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "http://avvisi.example.test/in"}, "/url"),
        ({"url": "https://avvisi.example.test:8443/in"}, "/url"),
        ({"url": "https://utente:parola@avvisi.example.test/in"}, "/url"),
        ({"url": None}, "/url"),
        ({"channel": "inbox"}, "/url"),
        ({"municipalities": ["019036", "015146"]}, "/municipalities"),
        ({"municipalities": []}, "/municipalities"),
        ({"threshold": "0.09"}, "/threshold"),
        ({"threshold": "0.1234"}, "/threshold"),
        ({"organisation": "aler-bcm"}, "/organisation"),
    ],
)
async def test_a_wrong_subscription_is_refused_field_by_field(room: Room, wrong: dict[str, Any], field: str) -> None:
    async with room.client() as client:
        answer = await client.post("/subscriptions", json=WEBHOOK | wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {error["field"] for error in answer.json()["errors"]} == {field}


async def test_a_body_with_a_key_given_twice_is_refused(room: Room) -> None:
    body = '{"channel": "inbox", "municipalities": "all", "municipalities": ["019036"]}'
    async with room.client() as client:
        answer = await client.post("/subscriptions", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:pianovivo:problem:json-duplicate-key")


async def test_an_organisation_has_at_most_fifty_subscriptions(room: Room) -> None:
    async with room.client("aler-bcm", Role.OWNER) as client:
        body = {"channel": "inbox", "municipalities": "all"}
        answers = [await client.post("/subscriptions", json=body) for _ in range(51)]
    assert [answer.status_code for answer in answers[-2:]] == [201, 409]


async def test_an_inbox_has_no_secret_to_rotate(room: Room) -> None:
    async with room.client() as client:
        [default] = (await client.get("/subscriptions")).json()["items"]
        answer = await client.post(f"/subscriptions/{default['id']}/secret-rotation")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:pianovivo:problem:not-a-webhook")


async def test_the_inbox_is_turned_page_by_page_without_gaps_or_repeats(room: Room) -> None:
    # All at the same instant, so that only the identifier orders them.
    await room.consume(*(recomputed(n, change(CREMONA, count(0, n))) for n in range(1, 8)))
    shown, path = [], "/notices?limit=3&unread=true"
    async with room.client() as client:
        while path:
            page = (await client.get(path)).json()
            shown.append([item["id"] for item in page["items"]])
            path = page["_links"]["next"]
    assert [len(ids) for ids in shown] == [3, 3, 1]
    assert sorted(chain.from_iterable(shown)) == sorted(str(row.id) for row in await room.rows(NoticeRow))


async def test_a_notice_is_marked_read_once_and_for_all(room: Room) -> None:
    await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    [notice] = await room.notices()
    async with room.client() as client:
        assert [(await client.put(f"/notices/{notice.id}/read-mark")).status_code for _ in range(2)] == [204, 204]
        shown = (await client.get(f"/notices/{notice.id}")).json()
        assert (await client.get("/notices?unread=true")).json()["items"] == []
        [read] = (await client.get("/notices?unread=false")).json()["items"]
    assert shown["read_at"] == read["read_at"] >= NOW.isoformat()[:19]
    assert shown["change"]["figures"][0]["after"] == 1
    assert shown["deliveries"] == []


async def test_another_organisation_sees_and_changes_nothing(room: Room) -> None:
    created = await room.subscribe(WEBHOOK["url"])
    await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    [notice] = await room.notices()
    async with room.client(f"comune-{CASTELVERDE}") as stranger:
        assert (await stranger.get("/notices")).json()["items"] == []
        assert (await stranger.get(f"/notices?cursor={notice.id}")).json()["items"] == []
        assert [item["id"] for item in (await stranger.get("/subscriptions")).json()["items"]] != [created["id"]]
        refused = [
            await stranger.get(f"/subscriptions/{created['id']}"),
            await stranger.get(f"/notices/{notice.id}"),
            await stranger.put(f"/notices/{notice.id}/read-mark"),
            await stranger.delete(f"/subscriptions/{created['id']}"),
            await stranger.post(f"/subscriptions/{created['id']}/secret-rotation"),
            await stranger.post(f"/subscriptions/{created['id']}/resumption"),
            await stranger.post(f"/deliveries/{uuid4()}/replay"),
        ]
    assert [answer.status_code for answer in refused] == [404] * 7
    assert (await room.notices())[0].read_at is None


async def test_without_a_token_nothing_is_told(room: Room) -> None:
    async with room.client() as client:
        del client.headers["authorization"]
        answers = [await client.get("/notices"), await client.get("/subscriptions")]
    assert [answer.status_code for answer in answers] == [401, 401]
