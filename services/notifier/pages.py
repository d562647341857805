"""The inbox as pages, whole without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from services.notifier import store
from services.notifier.domain import wording
from services.notifier.domain.outcomes import DeliveryState
from services.notifier.tables import AttemptRow, DeliveryRow, NoticeRow, SubscriptionRow
from shared.auth import Principal
from shared.events import MunicipalityChange
from shared.pages import Column, NavItem, Page, carried, page_environment, say, speak, spoken
from shared.problems import Problem, Text
from shared.sign_in import Who
from shared.territory import ambito_name, names_of
from shared.web import Db
from shared.wording import amount

router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
templates = Jinja2Templates(env=page_environment(Path(__file__).parent / "templates"))

PAGE_SIZE: Final = 20
_NO_NOTICE: Final = Text("Avviso non trovato", "No such notice")
_NOT_YOURS: Final = Text(
    "L’avviso non esiste, o non è della vostra organizzazione.",
    "The notice does not exist, or is not of your organisation.",
)
_STATES: Final = {
    DeliveryState.PENDING: Text("in attesa", "waiting"),
    DeliveryState.DELIVERED: Text("consegnato", "delivered"),
    DeliveryState.EXHAUSTED: Text("non consegnato", "not delivered"),
    DeliveryState.DISABLED: Text("non voluto dal destinatario", "not wanted by the receiver"),
}


@router.get("/", operation_id="notifier_home")
async def home() -> Response:
    return RedirectResponse(carried("/inbox"), 303)


@router.get("/inbox", operation_id="notices_list")
async def inbox(
    request: Request, db: Db, who: Who, show: Literal["unread", "read"] | None = None, cursor: UUID | None = None
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
    page = _page(who, say("Avvisi", "Notices"), current=True)
    return templates.TemplateResponse(
        request, "inbox.html", {"page": page, "unread_count": count, "sections": sections, "turned": cursor is not None}
    )


@router.get("/inbox/{notice_id}", operation_id="notice_show")
async def notice(request: Request, db: Db, who: Who, notice_id: UUID) -> Response:
    async with db.reading() as session:
        row = await store.notice_of(session, who, notice_id)
        deliveries = await store.deliveries_of(session, notice_id) if row else []
    if row is None:
        raise _no_such_notice()
    content = {"page": _page(who, row.subject), "notice": row, **_figures(row), **_deliveries(deliveries)}
    return templates.TemplateResponse(request, "notice.html", content)


@router.post("/inbox/{notice_id}/read-mark", operation_id="notice_mark_read")
async def mark_read(db: Db, who: Who, notice_id: UUID) -> Response:
    async with db.transaction() as session:
        if not await store.mark_read(session, who, notice_id, datetime.now(UTC)):
            raise _no_such_notice()
    return RedirectResponse(carried("/inbox"), 303)


def _no_such_notice() -> Problem:
    return Problem(404, "no-such-notice", _NO_NOTICE, _NOT_YOURS)


def _page(who: Principal, title: str, *, current: bool = False) -> Page:
    nav = [NavItem(say("Avvisi", "Notices"), "/inbox", current=current)]
    return Page(title, ambito_name(who.ambito), nav, home="/inbox")


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
        "reasons": [wording.reason(cause, change.municipality, names_of(row.ambito)) for cause in change.causes],
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
