"""Who a request comes from, for HTTP handlers: by a bearer token, or by the session cookie of the pages.

`Who` answers 401 without a valid token, `Depends(require(...))` answers 403 to every role not named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request

from shared.auth import Authenticator, AuthError, Principal, Role
from shared.problems import Problem, Text, of_status

SESSION_COOKIE = "pianovivo_session"


def attempt(request: Request) -> Principal | Problem:
    """FastAPI dependency: who has signed in, or the 401, 403 or 503 for whoever needs somebody to have.

    Not a coroutine: reading the keys again may wait for the issuer, and must not hold up the event loop.
    """
    try:
        return principal_of(request)
    except Problem as problem:
        return problem


Attempt = Annotated[Principal | Problem, Depends(attempt)]


async def current_principal(attempt: Attempt) -> Principal:
    """FastAPI dependency; raises `Problem` 401, or 403 for a page of another site acting through the session cookie."""
    if isinstance(attempt, Problem):
        raise attempt
    return attempt


Who = Annotated[Principal, Depends(current_principal)]


def principal_of(request: Request) -> Principal:
    """Raises `Problem` as `current_principal` does; may wait for the issuer of the keys."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        token = request.cookies.get(SESSION_COOKIE, "")
        if token:
            _refuse_cross_origin(request)
    else:
        scheme, _, token = authorization.partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
    if not token:
        raise of_status(401, headers={"WWW-Authenticate": "Bearer"})
    authenticator = cast(Authenticator, request.app.state.authenticator)
    try:
        return authenticator.principal(token)
    except AuthError as error:
        raise _refusal(error) from None


def _refusal(error: AuthError) -> Problem:
    usual = of_status(error.status)
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if error.status == 401 else {"Retry-After": "30"}
    return Problem(error.status, error.code, usual.title, error.message, headers=challenge)


def _refuse_cross_origin(request: Request) -> None:
    """A browser sends the cookie whoever asks for it; only the browser's own headers tell who did."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Old browsers lack Sec-Fetch-Site; every browser sends Origin with a POST of another site.
    is_own = (
        site in ("same-origin", "none") if site else origin is None or urlsplit(origin).netloc == request.url.netloc
    )
    if not is_own:
        raise Problem(403, "cross-origin-request", of_status(403).title, _CROSS_ORIGIN)


def require(*roles: Role) -> Callable[[Principal], Principal]:
    """A FastAPI dependency that lets only `roles` pass; every other role gets 403."""
    if not roles:
        raise ValueError("require() needs at least one role")

    def allowed(principal: Who) -> Principal:
        if principal.role not in roles:
            raise Problem(403, "role-not-allowed", of_status(403).title, _ROLE_NOT_ALLOWED.filled(role=principal.role))
        return principal

    return allowed


_CROSS_ORIGIN = Text("La richiesta viene da un altro sito.", "The request comes from another site.")
_ROLE_NOT_ALLOWED = Text("Il ruolo {role} non può farlo.", "The role {role} may not do this.")
