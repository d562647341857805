"""Signing in with an access token: what the cookie is like, how long it is good, and what another site cannot do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.forms import SESSION_COOKIE
from tests.component.notifier.room import CREMONA, Room, change, count, opened, recomputed, token
from tests.support.signing import form_token_in, signed_in, submitted


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


def browser(room: Room, scheme: str = "https") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(room.app), base_url=f"{scheme}://avvisi.test")


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    room: Room, scheme: str, secure: bool
) -> None:
    pasted = token(f"comune-{CREMONA}")
    async with browser(room, scheme) as client:
        answer = await signed_in(client, token=pasted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
        assert (await client.get("/inbox")).status_code == 200
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE)]
    _, *attributes = cookie.split("; ")
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=lax"} | ({"Secure"} if secure else set())
    assert pasted not in answer.text + str(answer.headers), "the token itself stays here"


async def test_whoever_has_not_signed_in_is_sent_to_do_so_and_back(room: Room) -> None:
    async with browser(room) as client:
        sent = await client.get("/inbox?show=read")
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Finbox%3Fshow%3Dread")
        back = await signed_in(client, token=token(f"comune-{CREMONA}"), next="/inbox?show=read")
    assert back.headers["location"] == "/inbox?show=read"


async def test_nobody_acts_without_a_form_of_ours(room: Room) -> None:
    await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    [notice] = await room.notices()
    doors = (f"/inbox/{notice.id}/read-mark", "/sign-out", "/account/password")
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://altro.test"}
    async with browser(room) as client, browser(room) as somebody_else:
        assert (await client.post("/sign-in", data={"token": token(f"comune-{CREMONA}")})).status_code == 403
        await signed_in(client, token=token(f"comune-{CREMONA}"))
        await signed_in(somebody_else, token=token(f"comune-{CREMONA}"))
        ours = form_token_in((await client.get("/inbox")).text)
        theirs = form_token_in((await somebody_else.get("/inbox")).text)
        for path in doors:
            for wrong in ({}, {"form_token": ""}, {"form_token": theirs}, {"form_token": ours[:-1]}):
                assert (await client.post(path, data=wrong)).status_code == 403, (path, wrong)
            assert (await client.post(path, data={"form_token": ours}, headers=foreign)).status_code == 403
        assert (await client.delete(f"/subscriptions/{notice.id}")).status_code == 403, "the API is behind it too"
        assert (await room.notices())[0].read_at is None
        assert (await client.post(doors[0], data={"form_token": ours})).status_code == 303
        by_script = await client.put(f"/notices/{notice.id}/read-mark", headers={"x-form-token": ours})
        assert by_script.status_code == 204
    assert (await room.notices())[0].read_at is not None


async def test_a_token_that_is_no_token_never_becomes_a_session(room: Room) -> None:
    async with browser(room) as client:
        for wrong in ("", "a b;c", "x" * 9000, token("comune-019036")[:-4]):
            answer = await signed_in(client, token=wrong)
            assert (answer.status_code, SESSION_COOKIE in client.cookies) == (401, False)


async def test_signing_out_ends_the_session_and_not_only_the_cookie(room: Room) -> None:
    async with browser(room) as client:
        await signed_in(client, token=token(f"comune-{CREMONA}"))
        kept = client.cookies[SESSION_COOKIE]
        left = await submitted(client, "/account", "/sign-out")
        assert left.headers["location"] == "/sign-in?left=true"
        assert SESSION_COOKIE not in client.cookies
        client.cookies.set(SESSION_COOKIE, kept, domain="avvisi.test")
        assert (await client.get("/inbox")).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://altro.test/", "//altro.test", "/\\altro.test", "\\\\altro.test", "/\t/altro.test", " //altro.test"),
        *("javascript:alert(1)", "inbox", "", "/%0a" * 700, "/a\r\nset-cookie: x=y"),
    ],
)
async def test_nobody_is_sent_to_another_site(room: Room, elsewhere: str) -> None:
    async with browser(room) as client:
        answer = await signed_in(client, token=token(f"comune-{CREMONA}"), next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
