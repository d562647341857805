"""The inbox as pages, whole without JavaScript, and signing in with an access token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool

from services.notifier import store
from services.notifier.domain import wording
from services.notifier.domain.outcomes import DeliveryState
from services.notifier.tables import AttemptRow, DeliveryRow, NoticeRow, SubscriptionRow
from shared.auth import Principal
from shared.events import MunicipalityChange
from shared.pages import Column, NavItem, Page, carried, page_environment, say, speak, spoken
from shared.problems import Problem, Text, read_body
from shared.sign_in import SESSION_COOKIE, Attempt, principal_of
from shared.territory import ambito, members_of
from shared.web import Db, settings_of
from shared.wording import amount

router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
templates = Jinja2Templates(env=page_environment(Path(__file__).parent / "templates"))

PAGE_SIZE: Final = 20
_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,8192}")
_NOT_A_TOKEN: Final = Text("Questo non è un token di accesso.", "This is not an access token.")
_NO_NOTICE: Final = Text("Avviso non trovato", "No such notice")
_NOT_YOURS: Final = Text(
    "L'avviso non esiste, o non è della vostra organizzazione.",
    "The notice does not exist, or is not of your organisation.",
)
_STATES: Final = {
    DeliveryState.PENDING: Text("in attesa", "waiting"),
    DeliveryState.DELIVERED: Text("consegnato", "delivered"),
    DeliveryState.EXHAUSTED: Text("non consegnato", "not delivered"),
    DeliveryState.DISABLED: Text("non voluto dal destinatario", "not wanted by the receiver"),
}


async def signed_in(attempt: Attempt) -> Principal:
    """Who looks at a page; whoever has not signed in is sent to do so."""
    if isinstance(attempt, Principal):
        return attempt
    raise HTTPException(303, headers={"Location": carried("/sign-in")}) if attempt.status == 401 else attempt


Reader = Annotated[Principal, Depends(signed_in)]


@router.get("/")
async def home() -> Response:
    return RedirectResponse(carried("/inbox"), 303)


@router.get("/inbox")
async def inbox(
    request: Request, db: Db, who: Reader, show: Literal["unread", "read"] | None = None, cursor: UUID | None = None
) -> Response:
    """Unread notices first, then those read; `show` turns the pages of one of the two."""
    sections = []
    async with db.reading() as session:
        count = await store.unread_count(session, who)
        for name, title in (("unread", say("Da leggere", "Unread")), ("read", say("Già letti", "Read"))):
            if show in (None, name):
                rows = await store.notices_of(session, who, name == "unread", cursor, PAGE_SIZE + 1)
                following = f"/inbox?show={name}&cursor={rows[PAGE_SIZE - 1].id}" if len(rows) > PAGE_SIZE else None
                sections.append({"name": name, "title": title, "notices": rows[:PAGE_SIZE], "next": following})
    page = _page(request, who, say("Avvisi", "Notices"), current=True)
    return templates.TemplateResponse(
        request, "inbox.html", {"page": page, "unread_count": count, "sections": sections, "turned": cursor is not None}
    )


@router.get("/inbox/{notice_id}")
async def notice(request: Request, db: Db, who: Reader, notice_id: UUID) -> Response:
    async with db.reading() as session:
        row = await store.notice_of(session, who, notice_id)
        deliveries = await store.deliveries_of(session, notice_id) if row else []
    if row is None:
        raise Problem(404, "no-such-notice", _NO_NOTICE, _NOT_YOURS)
    content = {"page": _page(request, who, row.subject), "notice": row, **_figures(row), **_deliveries(deliveries)}
    return templates.TemplateResponse(request, "notice.html", content)


@router.post("/inbox/{notice_id}/read-mark")
async def mark_read(db: Db, who: Reader, notice_id: UUID) -> Response:
    async with db.transaction() as session:
        await store.mark_read(session, who, notice_id, datetime.now(UTC))
    return RedirectResponse(carried("/inbox"), 303)


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    return _sign_in_page(request, None)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """The pasted token is judged exactly as its cookie will be: is it valid, and does this very site ask?"""
    form = parse_qs((await read_body(request, 16_384)).decode("ascii", "replace"))
    token = "".join(form.get("token", [""])[0].split())
    if not _TOKEN.fullmatch(token):
        return _sign_in_page(request, _NOT_A_TOKEN)
    kept = [item for item in request.scope["headers"] if item[0] not in (b"cookie", b"authorization")]
    cookie = (b"cookie", f"{SESSION_COOKIE}={token}".encode())
    try:
        await run_in_threadpool(principal_of, Request({**request.scope, "headers": [*kept, cookie]}))
    except Problem as problem:
        if problem.status != 401:
            raise
        return _sign_in_page(request, problem.detail)
    response = RedirectResponse(carried("/inbox"), 303)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION_COOKIE, token, path="/", secure=secure, httponly=True, samesite="strict")
    return response


@router.post("/sign-out")
async def sign_out(_who: Reader) -> Response:
    response = RedirectResponse(carried("/sign-in"), 303)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _sign_in_page(request: Request, error: Text | None) -> Response:
    page = Page(say("Accesso", "Sign in"), _ambito_name(settings_of(request).ambito), home="/inbox")
    content = {"page": page, "error": error.read_in(spoken().language) if error else None}
    return templates.TemplateResponse(request, "sign_in.html", content, 401 if error else 200)


def _page(request: Request, who: Principal, title: str, *, current: bool = False) -> Page:
    nav = [NavItem(say("Avvisi", "Notices"), "/inbox", current=current)]
    return Page(title, _ambito_name(who.ambito), nav, home="/inbox", organisation=_organisation_name(who))


def _organisation_name(who: Principal) -> str:
    name = _names(who.ambito).get(who.istat_code or "")
    return f"Comune di {name}" if name else who.organisation


def _ambito_name(code: str) -> str:
    return code if members_of(code) is None else ambito(code).name


def _names(code: str) -> dict[str, str]:
    return {} if members_of(code) is None else {m.istat_code: m.name for m in ambito(code).municipalities}


def _figures(row: NoticeRow) -> dict[str, Any]:
    """The table of what moved, and the sentences that say why (all causes, not only the first)."""
    if row.change is None:
        return {"rows": (), "columns": (), "reasons": row.text.splitlines()}
    change = MunicipalityChange.model_validate_json(row.change)
    return {
        "columns": (
            Column(say("Numero del piano", "Figure of the plan")),
            Column(say("Prima", "Before")),
            Column(say("Ora", "Now")),
        ),
        "rows": [
            (wording.figure_name(f), amount(f.measure, f.before), amount(f.measure, f.after)) for f in change.figures
        ],
        "reasons": [wording.reason(cause, change.municipality, _names(row.ambito)) for cause in change.causes],
    }


def _deliveries(found: Sequence[tuple[DeliveryRow, SubscriptionRow, list[AttemptRow]]]) -> dict[str, Any]:
    """Webhooks of a notice by the host they go to: the path of an address may be a secret."""
    return {
        "delivery_columns": (
            Column(say("Indirizzo", "Address")),
            Column(say("Stato", "State")),
            Column(say("Tentativi", "Attempts"), "number"),
            Column(say("Ultimo esito", "Last outcome")),
        ),
        "deliveries": [
            (
                urlsplit(subscription.url or "").hostname,
                _STATES[DeliveryState(delivery.state)].read_in(spoken().language),
                delivery.attempts,
                _answer(attempts[-1]) if attempts else None,
            )
            for delivery, subscription, attempts in found
        ],
    }


def _answer(attempt: AttemptRow) -> str:
    return say("nessuna risposta", "no answer") if attempt.status is None else f"HTTP {attempt.status}"
