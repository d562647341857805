"""Signing in with an access token: what the cookie is like, and what another site cannot do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.sign_in import SESSION_COOKIE
from tests.component.notifier.room import CREMONA, Room, change, count, opened, recomputed, token


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


def strict_client(room: Room, scheme: str = "https") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(room.app), base_url=f"{scheme}://avvisi.test")


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    room: Room, scheme: str, secure: bool
) -> None:
    async with strict_client(room, scheme) as client:
        answer = await client.post("/sign-in", data={"token": token(f"comune-{CREMONA}")})
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert name.startswith(f"{SESSION_COOKIE}=")
    expected = {"HttpOnly", "Path=/", "SameSite=strict"} | ({"Secure"} if secure else set())
    assert set(attributes) == expected


async def test_another_site_can_neither_sign_somebody_in_nor_mark_nor_sign_out(room: Room) -> None:
    await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    [notice] = await room.notices()
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://altro.test"}
    async with strict_client(room) as client:
        signing_in = await client.post("/sign-in", data={"token": token(f"comune-{CREMONA}")}, headers=foreign)
        assert (signing_in.status_code, "set-cookie" in signing_in.headers) == (403, False)
        await client.post("/sign-in", data={"token": token(f"comune-{CREMONA}")})
        for path in (f"/inbox/{notice.id}/read-mark", "/sign-out"):
            assert (await client.post(path, headers=foreign)).status_code == 403
        assert (await client.post(f"/inbox/{notice.id}/read-mark")).status_code == 303
    assert (await room.notices())[0].read_at is not None


async def test_a_token_that_is_no_token_never_becomes_a_cookie(room: Room) -> None:
    async with strict_client(room) as client:
        for wrong in ("", "a b;c", "x" * 9000, token("comune-019036")[:-4]):
            answer = await client.post("/sign-in", data={"token": wrong})
            assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
