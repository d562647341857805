"""Rate limits: who shares one, when it comes back, what a refusal says, and what is never counted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from services.registry.app import create_http, create_runtime
from services.registry.settings import RegistrySettings
from shared.auth import Principal, Role, issue, new_key, public_jwks
from shared.migrate import migrate
from shared.rate_limits import WINDOW_SECONDS, RateLimits, network_of

KEY = new_key("chiave-di-prova")
ALER = Principal.of("aler-bcm", "OWNER", "cremonese", "ufficio-casa")
TOWN = Principal.of("comune-019036", "MUNICIPALITY", "cremonese", "ufficio-casa")


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "jwks.json").write_text(json.dumps(public_jwks([KEY])))
    settings = RegistrySettings(home=tmp_path, rate_limit_organisation=3, rate_limit_address=2)
    app = create_http(create_runtime(settings))
    # A window that no slow machine leaves: the service's own clock goes on, the limits' stands at ten seconds of it.
    app.state.rate_limits = RateLimits(3, 2, Clock(10.0))
    runtime = app.state.runtime
    await migrate(runtime.db, runtime.migrations)
    yield app
    await runtime.transport.stop()
    await runtime.db.close()


def client(app: FastAPI, who: Principal | None, address: str = "192.0.2.7") -> httpx.AsyncClient:
    headers = {}
    if who:
        life, now = timedelta(hours=1), datetime.now(UTC)
        claims = (who.organisation, Role(who.role), who.ambito, "pianovivo", "pianovivo-local")
        headers["authorization"] = f"Bearer {issue(KEY, *claims, now, life, who.subject)}"
    transport = httpx.ASGITransport(app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://anagrafe.test", headers=headers)


def left(answer: httpx.Response) -> tuple[int, str, str, str]:
    names = ("limit", "remaining", "reset")
    limit, remaining, reset = (answer.headers[f"x-ratelimit-{name}"] for name in names)
    return answer.status_code, limit, remaining, reset


async def test_the_request_too_many_is_refused_with_the_time_to_wait(app: FastAPI) -> None:
    async with client(app, ALER) as aler:
        answers = [await aler.get("/units") for _ in range(4)]
    # The minute began 10 seconds ago: 60 - 10 = 50 are left of it.
    assert [left(answer) for answer in answers] == [
        (200, "3", "2", "50"),
        (200, "3", "1", "50"),
        (200, "3", "0", "50"),
        (429, "3", "0", "50"),
    ]
    assert answers[3].headers["retry-after"] == "50"
    assert answers[3].headers["content-type"] == "application/problem+json"
    assert answers[3].json()["type"] == "urn:pianovivo:problem:too-many-requests"


async def test_an_organisation_has_one_limit_wherever_it_asks_from_and_its_own(app: FastAPI) -> None:
    async with client(app, ALER) as here, client(app, ALER, "198.51.100.9") as there, client(app, TOWN) as town:
        for _ in range(3):
            await here.get("/units")
        assert (await there.get("/units")).status_code == 429
        assert (await town.get("/units")).status_code == 200


async def test_who_has_not_signed_in_is_counted_by_address_and_an_invented_token_is_no_way_round(app: FastAPI) -> None:
    async with client(app, None) as nobody, client(app, None, "198.51.100.9") as other:
        nobody.headers["authorization"] = "Bearer inventato"
        refused = [left(await nobody.get("/units")) for _ in range(2)]
        nobody.headers["authorization"] = "Bearer un-altro"
        refused.append(left(await nobody.get("/units")))
        assert left(await other.get("/units")) == (401, "2", "1", "50")
    assert refused == [(401, "2", "1", "50"), (401, "2", "0", "50"), (429, "2", "0", "50")]


@pytest.mark.parametrize("path", ["/live", "/ready", "/status", "/metrics", "/static/pianovivo/pages.css"])
async def test_what_machines_ask_all_the_time_is_not_counted(app: FastAPI, path: str) -> None:
    async with client(app, None) as nobody:
        answers = [await nobody.get(path) for _ in range(5)]
        assert all(answer.status_code in (200, 503) for answer in answers)  # the service's bus was never started
        assert not any("x-ratelimit-limit" in answer.headers for answer in answers)
        assert (await nobody.get("/units")).headers["x-ratelimit-remaining"] == "1"


@given(st.floats(0, 1e7), st.integers(1, 20), st.integers(0, 30))
def test_a_minute_lets_through_the_limit_and_the_next_one_begins_anew(start: float, limit: int, asked: int) -> None:
    clock = Clock(start)
    limits = RateLimits(limit, 1, clock)
    taken = [limits.take(ALER, "") for _ in range(asked)]
    assert sum(not one.is_exceeded for one in taken) == min(limit, asked)
    assert [one.remaining for one in taken] == [max(limit - n, 0) for n in range(1, asked + 1)]
    wait = limits.take(ALER, "").reset_seconds
    assert 1 <= wait <= WINDOW_SECONDS
    clock.now += wait
    assert limits.take(ALER, "").remaining == limit - 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:aaaa::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:bbbb::2", "2001:db8:0:1::/64"),
        ("", ""),
    ],
)
def test_whoever_has_one_ipv6_address_has_a_whole_network(address: str, network: str) -> None:
    assert network_of(address) == network
