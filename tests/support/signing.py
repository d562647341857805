"""Signing in to the pages as a browser does: the form is fetched first, and what it carries goes back with it."""

from __future__ import annotations

import re

import httpx

_TOKEN = re.compile(r'name="form_token" value="([\w-]{43})"')


def form_token_in(html: str) -> str:
    """The token of the first form of a page."""
    found = _TOKEN.search(html)
    assert found, html
    return found[1]


async def submitted(client: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """A form of `page` filled in and sent to `action`."""
    shown = await client.get(page)
    return await client.post(action, data={"form_token": form_token_in(shown.text), **fields})


async def signed_in(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """With `name` and `password`, or with `token`."""
    return await submitted(client, "/sign-in", "/sign-in", **fields)
