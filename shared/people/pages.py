"""Signing in and out, and who one is: pages that every service with pages has, whole without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, cast

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool

from shared.auth import Authenticator, AuthError
from shared.forms import (
    SESSION_COOKIE,
    Fields,
    forget_session,
    keep_session,
    keep_visit,
    safe_path,
    start_visit,
    visit_of,
)
from shared.pages import NavItem, Page, carried, page_environment, say, speak, spoken
from shared.people import LONGEST, SHORTEST, People, Refused, Session, TooManyAttempts, person_of
from shared.problems import Problem, Text, of_status
from shared.rate_limits import network_of
from shared.roles import TITLES
from shared.runtime import Runtime
from shared.settings import Settings
from shared.territory import ambito_name, organisation_name

if TYPE_CHECKING:
    from shared.people.provider import Provider

log = structlog.get_logger()
router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
templates = Jinja2Templates(env=page_environment())
CALLBACK: Final = "/sign-in/provider/return"
Following = Annotated[str, Query(alias="next", max_length=2_000)]
_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,8192}")


@router.get("/sign-in", operation_id="sign_in")
async def sign_in_form(request: Request, following: Following = "", left: bool = False) -> Response:
    return await _sign_in_page(request, following, left=left)


@router.post("/sign-in", operation_id="sign_in")
async def sign_in(request: Request, fields: Fields) -> Response:
    """With a name and a password, or with an access token of the organisation."""
    following = fields.get("next", "")
    try:
        if "token" in fields:
            cookie = await _with_token(request, "".join(fields["token"].split()))
        elif _provider(request) is None:
            cookie = await _people(request).sign_in(fields.get("name", ""), fields.get("password", ""), _from(request))
        else:
            raise of_status(403)
    except Refused:
        return await _sign_in_page(request, following, _WRONG, 401)
    except AuthError as error:
        return await _sign_in_page(request, following, error.message, error.status)
    except TooManyAttempts as many:
        told = _TOO_MANY.filled(minutes=-(-many.seconds // 60))
        return await _sign_in_page(request, following, told, 429, {"Retry-After": str(many.seconds)})
    return _signed_in(request, cookie, following)


@router.get("/sign-in/provider", operation_id="sign_in_with_provider")
async def to_provider(request: Request, following: Following = "") -> Response:
    """A link and not a form: our policy lets no form lead to another site."""
    from shared.people.provider import NotAdmitted

    try:
        address = await _known_provider(request).address(
            start_visit(request), _here(request, CALLBACK), safe_path(following, _home(request))
        )
    except NotAdmitted as why:
        log.warning("provider-away", reason=str(why))
        return await _sign_in_page(request, following, why.text, 503)
    response = RedirectResponse(address, 303)
    keep_visit(request, response, _settings(request))
    return response


@router.get(CALLBACK, operation_id="sign_in_with_provider")
async def from_provider(
    request: Request,
    state: Annotated[str, Query(max_length=4_000)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
) -> Response:
    from shared.people.provider import NotAdmitted

    provider = _known_provider(request)
    try:
        came = await provider.identity(visit_of(request), _here(request, CALLBACK), state, code)
    except NotAdmitted as why:
        log.warning("not-admitted", reason=str(why))
        await _people(request).refuse("provider", _from(request))
        return await _sign_in_page(request, "", why.text, 401)
    person, of_provider = provider.person(came.principal.subject), came.provider_session
    cookie = await _people(request).begin(
        came.principal, person, "provider", _from(request), provider_session=of_provider
    )
    return _signed_in(request, cookie, came.following)


@router.post("/sign-in/provider/logout", operation_id="provider_signs_out")
async def provider_signs_out(request: Request, fields: Fields) -> Response:
    """Back-channel: the provider itself says whom it has signed out; its token proves that it is the provider."""
    from shared.people.provider import NotAdmitted

    provider = _known_provider(request)
    try:
        said = await provider.signed_out(fields.get("logout_token", ""))
    except NotAdmitted as why:
        log.warning("logout-token-refused", reason=str(why))
        raise of_status(400, headers={"Cache-Control": "no-store"}) from None
    person = provider.person(said.subject) if said.subject else None
    await _people(request).end_as_provider_says(person, said.provider_session, said.at, _from(request))
    return Response(headers={"Cache-Control": "no-store"})


@router.post("/sign-out", operation_id="sign_out")
async def sign_out(request: Request, fields: Fields) -> Response:
    """Of this browser, or everywhere."""
    session, people = _session(request), _people(request)
    if "everywhere" in fields:
        await people.sign_out_everywhere(session, _from(request))
    else:
        await people.sign_out(request.cookies[SESSION_COOKIE], session, _from(request))
    response = RedirectResponse(carried("/sign-in?left=true"), 303)
    forget_session(request, response, _settings(request))
    return response


@router.get("/account", operation_id="account_show")
async def account(request: Request) -> Response:
    return await _account_page(request, None)


@router.post("/account/password", operation_id="password_change")
async def change_password(request: Request, fields: Fields) -> Response:
    session = _session(request)
    name, old, new = session.principal.subject, fields.get("old", ""), fields.get("new", "")
    if session.method != "account":
        raise of_status(403)
    try:
        await _people(request).change_password(name, old, new, _from(request))
    except ValueError:
        return await _account_page(request, _UNFIT.filled(shortest=SHORTEST, longest=LONGEST), 422)
    except Refused:
        return await _account_page(request, _WRONG_PASSWORD, 403)
    except TooManyAttempts as many:
        return await _account_page(request, _TOO_MANY.filled(minutes=-(-many.seconds // 60)), 429)
    cookie = await _people(request).begin(session.principal, person_of(name), "account", _from(request))
    response = RedirectResponse(carried("/account"), 303)
    keep_session(request, response, cookie, _settings(request))
    return response


async def _with_token(request: Request, token: str) -> str:
    """The cookie of a session that ends with the token at the latest; raises `AuthError`."""
    authenticator = cast(Authenticator, request.app.state.authenticator)
    if not _TOKEN.fullmatch(token):
        raise AuthError("token-malformed", _NOT_A_TOKEN)
    principal, ends_at = await run_in_threadpool(authenticator.principal_until, token)
    person = f"token {principal.organisation} {principal.subject}"
    return await _people(request).begin(
        principal, person, "token", _from(request), datetime.fromtimestamp(ends_at, UTC)
    )


def _signed_in(request: Request, cookie: str, following: str) -> Response:
    response = RedirectResponse(carried(safe_path(following, _home(request))), 303)
    keep_session(request, response, cookie, _settings(request))
    return response


async def _sign_in_page(
    request: Request,
    following: str,
    error: Text | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    left: bool = False,
) -> Response:
    provider = _provider(request)
    content = {
        "page": _page(request, say("Accesso", "Sign in")),
        "error": error.read_in(spoken().language) if error else None,
        "following": safe_path(following, ""),
        "provider": provider.name if provider else None,
        "left": left,
        "leave_provider": await provider.sign_out_address(_here(request, "/sign-in")) if provider and left else None,
    }
    headers = {"Cache-Control": "no-store"} | (headers or {})
    response = templates.TemplateResponse(request, "sign_in.html", content, status, headers)
    keep_visit(request, response, _settings(request))
    return response


async def _account_page(request: Request, error: Text | None, status: int = 200) -> Response:
    session = _session(request)
    content = {
        "page": _page(request, say("Chi sono", "Who I am")),
        "session": session,
        "organisation": organisation_name(session.principal.ambito, session.principal.organisation),
        "role": TITLES[session.principal.role].read_in(spoken().language),
        "open_count": await _people(request).open_count(session.person),
        "error": error.read_in(spoken().language) if error else None,
        "shortest": SHORTEST,
        "longest": LONGEST,
    }
    return templates.TemplateResponse(request, "account.html", content, status, {"Cache-Control": "no-store"})


def _page(request: Request, title: str) -> Page:
    home = _home(request)
    return Page(
        title, ambito_name(_settings(request).ambito), [NavItem(say("Pagina iniziale", "First page"), home)], home
    )


def _session(request: Request) -> Session:
    """Who has come with a token has nothing to leave and no page about it."""
    session = cast(Session | None, getattr(request.state, "session", None))
    if session is None:
        raise Problem(403, "no-session", of_status(403).title, _NO_SESSION)
    return session


def _here(request: Request, path: str) -> str:
    """The address of one of our pages as the person's browser knows it."""
    settings, service = _settings(request), cast(Runtime, request.app.state.runtime).name
    return (settings.address_of(service) or str(request.base_url).rstrip("/")) + path


def _known_provider(request: Request) -> Provider:
    provider = _provider(request)
    if provider is None:
        raise of_status(404)
    return provider


def _provider(request: Request) -> Provider | None:
    return cast("Provider | None", request.app.state.provider)


def _people(request: Request) -> People:
    return cast(People, request.app.state.people)


def _settings(request: Request) -> Settings:
    return cast(Runtime, request.app.state.runtime).settings


def _home(request: Request) -> str:
    return cast(str, request.app.state.home)


def _from(request: Request) -> str:
    return network_of(request.client.host if request.client else "")


_WRONG = Text("Il nome o la password non sono giusti.", "The name or the password is wrong.")
_WRONG_PASSWORD = Text("La password attuale non è giusta.", "The present password is wrong.")
_UNFIT = Text(
    "La nuova password deve avere da {shortest} a {longest} caratteri.",
    "The new password must have {shortest} to {longest} characters.",
)
_TOO_MANY = Text(
    "Troppi tentativi: riprovare fra {minutes} minuti.", "Too many attempts: try again in {minutes} minutes."
)
_NOT_A_TOKEN = Text("Questo non è un token di accesso.", "This is not an access token.")
_NO_SESSION = Text("Riguarda chi è entrato con il browser.", "This is for who has signed in with a browser.")
