"""Who a request comes from, and whether the table of roles (`shared.roles`) lets them do what they ask.

`authorised` is a dependency of every route (`shared.web`): a handler is only ever called for who may. What it needs it
takes as `Who` (the organisation), `Granted` (its own data, or everybody's) or `Visitor` (who has signed in, if anybody,
on a page that is for everyone).
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from shared.auth import Authenticator, AuthError, Principal
from shared.forms import SESSION_COOKIE, changes_something, check_form, sign_in_address
from shared.pages.language import asked_of, carried, speaking
from shared.people import People
from shared.problems import Problem, Text, of_status
from shared.roles import Reach, needs_form, reach_of


async def attempt(request: Request) -> Principal | Problem:
    """FastAPI dependency: who has signed in, or the 401 or 503 for whoever needs somebody to have."""
    try:
        authorization = request.headers.get("authorization")
        if authorization is None:
            return await _of_session(request)
        scheme, _, token = authorization.partition(" ")
        # Reading the keys again may wait for the issuer, and must not hold up the event loop.
        return await run_in_threadpool(principal_of_token, request, token.strip() if scheme.lower() == "bearer" else "")
    except Problem as problem:
        return problem


Attempt = Annotated[Principal | Problem, Depends(attempt)]


async def _of_session(request: Request) -> Principal:
    """The session of the browser's cookie; where a service has no pages there are none."""
    cookie, people = (
        request.cookies.get(SESSION_COOKIE),
        cast(People | None, getattr(request.app.state, "people", None)),
    )
    session = await people.session_of(cookie) if cookie and people else None
    if session is None:
        raise _nobody()
    request.state.session = session
    return session.principal


def principal_of_token(request: Request, token: str) -> Principal:
    """Raises `Problem` 401 or 503; may wait for the issuer of the keys."""
    if not token:
        raise _nobody()
    authenticator = cast(Authenticator, request.app.state.authenticator)
    try:
        return authenticator.principal(token)
    except AuthError as error:
        raise _refusal(error) from None


def _nobody() -> Problem:
    return of_status(401, headers={"WWW-Authenticate": "Bearer"})


def _refusal(error: AuthError) -> Problem:
    usual = of_status(error.status)
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if error.status == 401 else {"Retry-After": "30"}
    return Problem(error.status, error.code, usual.title, error.message, headers=challenge)


async def audit_head(request: Request) -> str:
    """The seal of the audit of sign-ins as it stands, for what is to carry it; empty where nobody has signed in yet."""
    return await cast(People, request.app.state.people).audit_head()


async def authorised(request: Request, attempt: Attempt) -> None:
    """FastAPI dependency: the decision. Raises `Problem` 401 or 403; sends a page's reader to sign in.

    What a browser sends with its cookie, or to sign in, must be a form of ours too; a token is never sent unasked.
    """
    route = cast(APIRoute, request.scope["route"])
    operation, who = route.operation_id or "", attempt if isinstance(attempt, Principal) else None
    request.state.who, request.state.reach = who, reach_of(operation, who.role if who else None)
    if request.state.reach is Reach.NONE:
        if isinstance(attempt, Problem):
            raise to_sign_in(request) if attempt.status == 401 and not route.include_in_schema else attempt
        raise Problem(
            403, "role-not-allowed", of_status(403).title, _ROLE_NOT_ALLOWED.filled(role=attempt.role, what=operation)
        )
    if changes_something(request) and "authorization" not in request.headers and needs_form(operation):
        await check_form(request)


def to_sign_in(request: Request) -> HTTPException:
    """And back afterwards, unless something was to be changed."""
    with speaking(asked_of(request)):
        return HTTPException(303, headers={"Location": carried(sign_in_address(request))})


async def current_principal(attempt: Attempt) -> Principal:
    """FastAPI dependency; raises `Problem` 401 or 503."""
    if isinstance(attempt, Problem):
        raise attempt
    return attempt


Who = Annotated[Principal, Depends(current_principal)]


async def visitor(attempt: Attempt) -> Principal | None:
    """FastAPI dependency: who has signed in, if anybody."""
    return attempt if isinstance(attempt, Principal) else None


Visitor = Annotated[Principal | None, Depends(visitor)]


async def granted(request: Request) -> Reach:
    """FastAPI dependency: how far whoever asks reaches with what the route does."""
    return cast(Reach, request.state.reach)


Granted = Annotated[Reach, Depends(granted)]


_ROLE_NOT_ALLOWED = Text("Il ruolo {role} non può farlo ({what}).", "The role {role} may not do this ({what}).")
