"""Signing in to a real FastAPI application: header or cookie, roles, other sites, and what a refusal says."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from shared import problems
from shared.auth import (
    Authenticator,
    KeySource,
    Principal,
    Role,
    issue,
    new_key,
    public_jwks,
)
from shared.sign_in import current_principal, require

SITE, ISSUER = "https://pianovivo.test", "https://accesso.test"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = new_key("chiave-1")


def token(role: Role = Role.MUNICIPALITY, audience: str = SITE) -> str:
    return issue(KEY, "comune-019036", role, "cremona", audience, ISSUER, NOW, timedelta(hours=1), "ufficio-casa")


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(public_jwks([KEY])))
    app = FastAPI()
    problems.install(app)
    app.state.authenticator = Authenticator(KeySource(keys), SITE, ISSUER, NOW.timestamp)

    @app.api_route("/me", methods=["GET", "POST"])
    def read_me(principal: Annotated[Principal, Depends(current_principal)]) -> str:
        return principal.organisation

    @app.get("/plan")
    def read_plan(principal: Annotated[Principal, Depends(require(Role.LEAD, Role.REGION))]) -> str:
        return principal.role

    return app


def ask(app: FastAPI, method: str, path: str, **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=sent)

    return asyncio.run(send())


def test_bearer_header_and_session_cookie_both_sign_in(app: FastAPI) -> None:
    assert ask(app, "GET", "/me", authorization=f"bearer {token()}").json() == "comune-019036"
    assert ask(app, "GET", "/me", cookie=f"pianovivo_session={token()}").json() == "comune-019036"


def test_a_bad_header_is_not_mended_by_a_good_cookie(app: FastAPI) -> None:
    cookie = f"pianovivo_session={token()}"
    assert ask(app, "GET", "/me", authorization="Bearer nonsense", cookie=cookie).status_code == 401
    assert ask(app, "GET", "/me", authorization="Basic dTpw", cookie=cookie).status_code == 401


def test_without_a_token_the_answer_is_a_401_that_says_how(app: FastAPI) -> None:
    answer = ask(app, "GET", "/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["type"] == "urn:pianovivo:problem:sign-in-required"


def test_a_refused_token_is_explained_but_not_repeated(app: FastAPI) -> None:
    foreign = token(audience="https://altro.test")
    answer = ask(app, "GET", "/me", authorization=f"Bearer {foreign}", accept_language="en")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json()["type"] == "urn:pianovivo:problem:token-refused"
    assert answer.json()["detail"] == "The token is not good for this service: aud."
    assert foreign not in answer.text


def test_unreadable_keys_are_our_fault_not_the_callers(app: FastAPI, tmp_path: Path) -> None:
    app.state.authenticator = Authenticator(KeySource(tmp_path / "missing.json"), SITE, ISSUER)
    answer = ask(app, "GET", "/me", authorization=f"Bearer {token()}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["type"] == "urn:pianovivo:problem:keys-unavailable"


@pytest.mark.parametrize("role", Role)
def test_only_the_roles_named_pass(app: FastAPI, role: Role) -> None:
    answer = ask(app, "GET", "/plan", authorization=f"Bearer {token(role)}")
    assert answer.status_code == (200 if role in (Role.LEAD, Role.REGION) else 403)


def test_naming_no_role_is_an_error_not_an_open_door() -> None:
    with pytest.raises(ValueError, match="at least one role"):
        require()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "https://pianovivo.test"}, 200),
        ({"origin": "https://altro.test"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_another_site_cannot_act_through_the_cookie(app: FastAPI, headers: dict[str, str], status: int) -> None:
    assert ask(app, "POST", "/me", cookie=f"pianovivo_session={token()}", **headers).status_code == status
    assert ask(app, "GET", "/me", cookie=f"pianovivo_session={token()}", **headers).status_code == 200
    assert ask(app, "POST", "/me", authorization=f"Bearer {token()}", **headers).status_code == 200
