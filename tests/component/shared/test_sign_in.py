"""Signing in to a real FastAPI application with a token: what the table lets pass, and what a refusal says."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from shared import problems
from shared.auth import Authenticator, KeySource, Role, issue, new_key, public_jwks
from shared.roles import Reach
from shared.sign_in import Granted, Visitor, Who, authorised

SITE, ISSUER = "https://pianovivo.test", "https://accesso.test"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = new_key("chiave-1")


def token(role: Role = Role.MUNICIPALITY, audience: str = SITE) -> str:
    return issue(KEY, "comune-019036", role, "cremona", audience, ISSUER, NOW, timedelta(hours=1), "ufficio-casa")


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(public_jwks([KEY])))
    app, router = FastAPI(), APIRouter()
    problems.install(app)
    app.state.authenticator = Authenticator(KeySource(keys), SITE, ISSUER, NOW.timestamp)

    @router.get("/me", operation_id="notices_list")
    def read_me(who: Who) -> str:
        return who.organisation

    @router.post("/me", operation_id="notice_mark_read")
    def change_me(who: Who) -> str:
        return who.organisation

    @router.get("/units", operation_id="units_list")
    def units(reach: Granted) -> Reach:
        return reach

    @router.get("/plan", operation_id="plan_pages")
    def plan(visitor: Visitor) -> str | None:
        return visitor and visitor.organisation

    @router.get("/secret", operation_id="not_in_the_table")
    def secret() -> str:
        return "nobody should read this"

    @router.get("/forgotten")
    def forgotten() -> str:
        return "nor this"

    app.include_router(router, dependencies=[Depends(authorised)])
    return app


def ask(app: FastAPI, method: str, path: str, **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=sent)

    return asyncio.run(send())


def test_a_bearer_header_signs_in(app: FastAPI) -> None:
    assert ask(app, "GET", "/me", authorization=f"bearer {token()}").json() == "comune-019036"
    assert ask(app, "POST", "/me", authorization=f"bearer {token()}").json() == "comune-019036"


def test_a_token_is_no_session(app: FastAPI) -> None:
    assert ask(app, "GET", "/me", cookie=f"pianovivo_session={token()}").status_code == 401
    assert ask(app, "GET", "/me", authorization="Basic dTpw").status_code == 401


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


@pytest.mark.parametrize(
    ("role", "reach"),
    [
        (Role.MUNICIPALITY, "own"),
        (Role.OWNER, "own"),
        (Role.LEAD, "all"),
        (Role.REGION, "all"),
        (Role.ASSEMBLY_SECRETARY, None),
    ],
)
def test_the_handler_is_told_how_far_the_role_reaches_or_is_never_called(
    app: FastAPI, role: Role, reach: str | None
) -> None:
    answer = ask(app, "GET", "/units", authorization=f"Bearer {token(role)}", accept_language="en")
    if reach is not None:
        assert answer.json() == reach
        return
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"The role {role} may not do this (units_list)."


@pytest.mark.parametrize("path", ["/secret", "/forgotten"])
@pytest.mark.parametrize("role", Role)
def test_what_is_not_in_the_table_nobody_may(app: FastAPI, path: str, role: Role) -> None:
    assert ask(app, "GET", path).status_code == 401
    assert ask(app, "GET", path, authorization=f"Bearer {token(role)}").status_code == 403


def test_what_is_for_everyone_knows_who_has_signed_in_and_minds_no_bad_token(app: FastAPI) -> None:
    assert ask(app, "GET", "/plan", authorization=f"Bearer {token()}").json() == "comune-019036"
    assert ask(app, "GET", "/plan", authorization="Bearer nonsense").json() is None
    assert ask(app, "GET", "/plan").json() is None
