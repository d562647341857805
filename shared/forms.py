"""What browsers send back: the cookies of sign-in and of forms, a form's fields, and proof that it was our form.

A form carries a token derived from a cookie that no script and no other site can read, so nobody else can have made it.
A page needs two things for it: ``{{ form_token() }}`` inside its ``<form>``, and `Fields` in its handler.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated, Final, cast
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from shared.problems import Problem, Text, of_status, read_body
from shared.settings import Settings
from shared.uploads import Upload, is_multipart, read_form_with_file

SESSION_COOKIE: Final = "pianovivo_session"
VISIT_COOKIE: Final = "pianovivo_visit"
TOKEN_FIELD: Final = "form_token"
TOKEN_HEADER: Final = "X-Form-Token"
MAX_FORM_BYTES: Final = 1024 * 1024
MAX_FIELDS: Final = 1_000
VISIT_SECONDS: Final = 3_600
SHOWN_AGAIN: Final = (409, 422)
"""Refusals that whoever filled in the form can do something about."""
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")


def changes_something(request: Request) -> bool:
    """Whether the request's method may change something."""
    return request.method not in _SAFE_METHODS


def sign_in_address(request: Request) -> str:
    """Where to sign in, to come back to this page, unless it is one that changes something."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" if changes_something(request) or here == "/" else f"/sign-in?next={quote(here, safe='')}"


def derived(secret: str, purpose: str) -> str:
    """43 characters that only whoever has `secret` can have made."""
    return urlsafe_b64encode(hmac.digest(secret.encode(), purpose.encode(), "sha256")).rstrip(b"=").decode()


def visit_of(request: Request) -> str:
    """The secret of somebody who has not signed in yet, drawn at the first page that needs one (`keep_visit`)."""
    if not hasattr(request.state, "visit"):
        request.state.visit = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    return cast(str, request.state.visit)


def start_visit(request: Request) -> str:
    """Another secret: what one attempt to sign in was told is worth nothing in the next."""
    request.state.visit = secrets.token_urlsafe(32)
    return cast(str, request.state.visit)


def form_token(request: Request) -> str:
    """What a form of this browser carries."""
    is_signed_in = getattr(request.state, "session", None) is not None
    return derived(request.cookies[SESSION_COOKIE] if is_signed_in else visit_of(request), "form")


def reader_of(request: Request) -> str:
    """What a page for everyone depends on if somebody who has signed in reads it; nothing otherwise. For its ETag."""
    return form_token(request) if getattr(request.state, "session", None) else ""


async def fields(request: Request) -> Mapping[str, str]:
    """FastAPI dependency: the fields of a form; of a field that comes twice the last. Raises `Problem` 413 or 400."""
    if not hasattr(request.state, "fields") and _has_file(request):
        request.state.fields, request.state.upload = await read_form_with_file(request)
    elif not hasattr(request.state, "fields"):
        text = (await read_body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
        try:
            request.state.fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
        except ValueError:
            raise of_status(400) from None
    return cast(Mapping[str, str], request.state.fields)


Fields = Annotated[Mapping[str, str], Depends(fields)]


async def uploaded(request: Request) -> Upload:
    """FastAPI dependency: the file of a form; a form with a file is read by no route that does not ask for it."""
    await fields(request)
    return cast(Upload, getattr(request.state, "upload", Upload("", b"")))


Uploaded = Annotated[Upload, Depends(uploaded)]


def _has_file(request: Request) -> bool:
    wanted = cast(APIRoute, request.scope["route"]).dependant.dependencies
    return is_multipart(request) and any(one.call is uploaded for one in wanted)


async def check_form(request: Request) -> None:
    """Raises `Problem` 403 unless the request comes from a form of ours, or from a script that knows its token."""
    _refuse_cross_origin(request)
    given = request.headers.get(TOKEN_HEADER)
    if given is None and _is_form(request):
        given = (await fields(request)).get(TOKEN_FIELD)
    if given is None or not hmac.compare_digest(given.encode(), form_token(request).encode()):
        raise Problem(403, "form-token-missing", of_status(403).title, _NOT_OUR_FORM)


def _is_form(request: Request) -> bool:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return content_type == "application/x-www-form-urlencoded" or _has_file(request)


def _refuse_cross_origin(request: Request) -> None:
    """The second lock on the same door: what the browser itself says of where the request comes from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Old browsers lack Sec-Fetch-Site; every browser sends Origin with a POST of another site.
    is_own = (
        site in ("same-origin", "none") if site else origin is None or urlsplit(origin).netloc == request.url.netloc
    )
    if not is_own:
        raise Problem(403, "cross-origin-request", of_status(403).title, _CROSS_ORIGIN)


def safe_path(address: str | None, otherwise: str) -> str:
    """An address to go on to if it is one of ours: a path, which no browser reads as another site's."""
    is_path = address is not None and len(address) <= 2_000 and address.isprintable() and address.startswith("/")
    if not is_path or address is None or address.startswith("//") or "\\" in address or " " in address:
        return otherwise
    parts = urlsplit(address)
    return otherwise if parts.scheme or parts.netloc else address


def keep_session(request: Request, response: Response, cookie: str, settings: Settings) -> None:
    """Until the browser is closed; how long it is good the session itself says."""
    _keep(request, response, SESSION_COOKIE, cookie, None, settings, settings.session_domain)
    _keep(request, response, VISIT_COOKIE, "", 0, settings)


def forget_session(request: Request, response: Response, settings: Settings) -> None:
    _keep(request, response, SESSION_COOKIE, "", 0, settings, settings.session_domain)


def keep_visit(request: Request, response: Response, settings: Settings) -> None:
    _keep(request, response, VISIT_COOKIE, visit_of(request), VISIT_SECONDS, settings)


def _keep(
    request: Request,
    response: Response,
    name: str,
    value: str,
    max_age: int | None,
    settings: Settings,
    domain: str | None = None,
) -> None:
    is_secure = request.url.scheme == "https" or settings.is_public
    # Not "strict": whoever follows a link in a notice to our page, or comes back from the provider, is signed in.
    response.set_cookie(name, value, max_age, domain=domain, secure=is_secure, httponly=True, samesite="lax")


_CROSS_ORIGIN = Text("La richiesta viene da un altro sito.", "The request comes from another site.")
_NOT_OUR_FORM = Text(
    "Il modulo non è più valido: tornare alla pagina, ricaricarla e ripetere.",
    "The form is no longer valid: go back to the page, load it again and repeat.",
)
