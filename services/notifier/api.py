"""Subscriptions, the inbox and deliveries over HTTP. The organisation is the token's, never the request's."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.delivery import EndpointRefused, parse_endpoint
from services.notifier.domain import moves
from services.notifier.domain.outcomes import DeliveryState, SubscriptionState
from services.notifier.domain.signatures import secret_from
from services.notifier.settings import NotifierSettings
from services.notifier.tables import WEBHOOK, WHOLE_AMBITO, AttemptRow, DeliveryRow, NoticeRow, SubscriptionRow
from shared.auth import Principal, current_principal
from shared.events import IstatCode, MunicipalityChange
from shared.problems import FieldError, Problem, Text, field_errors, invalid, json_body, of_status
from shared.territory import members_of
from shared.web import Db, settings_of

router = APIRouter()
Who = Annotated[Principal, Depends(current_principal)]
MAX_SUBSCRIPTIONS: Final = 50
OLD_SECRET_VALID: Final = timedelta(hours=24)
Url = Annotated[str, Field(max_length=2048)]
Threshold = Annotated[
    Decimal, Field(ge=Decimal("0.1"), le=10_000, decimal_places=3, description="in homes; counts move by whole homes")
]
Secret = Annotated[str, Field(max_length=100, description="whsec_...: shown this once")]


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Links(Answer):
    next: str | None = Field(None, max_length=400)


class NewSubscription(BaseModel):
    """What to be told, and where; without a threshold every change of a tenth of a home."""

    model_config = ConfigDict(extra="forbid")

    channel: Literal["inbox", "webhook"]
    url: Url | None = None
    municipalities: Annotated[list[IstatCode], Field(min_length=1, max_length=400)] | Literal["all"]
    threshold: Threshold = Decimal("0.1")


class Subscription(Answer):
    """Iscrizione agli avvisi."""

    id: UUID
    channel: Literal["inbox", "webhook"]
    url: Url | None
    municipalities: Annotated[list[IstatCode], Field(max_length=400)] | Literal["all"]
    threshold: Threshold
    state: SubscriptionState
    failing_since: datetime | None


class SubscriptionList(Answer):
    items: list[Subscription] = Field(max_length=MAX_SUBSCRIPTIONS + 1)
    links: Links = Field(alias="_links")


class CreatedSubscription(Subscription):
    """The only answer that ever shows the secret of a webhook."""

    secret: Secret | None


class RotatedSecret(Answer):
    """Until `old_secret_valid_until` every webhook carries two signatures."""

    secret: Secret
    old_secret_valid_until: datetime


class Notice(Answer):
    """Avviso; `figures` of `change` count from the values last told to this organisation."""

    id: UUID
    kind: str = Field(max_length=64)
    created_at: datetime
    read_at: datetime | None
    subject: str = Field(max_length=300)
    text: str = Field(max_length=100_000)
    plan_version: int | None = Field(ge=1, le=2**63 - 1)
    plan_hash: str | None = Field(max_length=64)
    change: MunicipalityChange | None


class NoticePage(Answer):
    """Newest first."""

    items: list[Notice] = Field(max_length=200)
    links: Links = Field(alias="_links")


class Attempt(Answer):
    number: int = Field(ge=1, le=2**31 - 1)
    attempted_at: datetime
    status: int | None = Field(ge=100, le=999)
    error: str | None = Field(max_length=500)
    duration_ms: int = Field(ge=0, le=2**31 - 1)
    body_head: str = Field(max_length=2000)


class Delivery(Answer):
    """A notice on its way to one webhook."""

    id: UUID
    subscription_id: UUID
    state: DeliveryState
    next_attempt_at: datetime | None
    attempts: list[Attempt] = Field(max_length=1000)


class NoticeDetail(Notice):
    deliveries: list[Delivery] = Field(max_length=MAX_SUBSCRIPTIONS)


_NEW_SUBSCRIPTION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": NewSubscription.model_json_schema()}},
    }
}


@router.post(
    "/subscriptions",
    operation_id="subscription_add",
    summary="Nuova iscrizione agli avvisi",
    tags=["subscriptions"],
    status_code=201,
    openapi_extra=_NEW_SUBSCRIPTION,
)
async def subscribe(request: Request, response: Response, db: Db, who: Who) -> CreatedSubscription:
    wanted = await _wanted(request, who)
    row = _subscription_row(wanted, who)
    async with db.transaction() as session:
        if len(await store.subscriptions_of(session, who)) >= MAX_SUBSCRIPTIONS:
            raise _conflict("too-many-subscriptions", _TOO_MANY.filled(limit=MAX_SUBSCRIPTIONS))
        session.add(row)
    response.headers["Location"] = f"/subscriptions/{row.id}"
    response.headers["Cache-Control"] = "no-store"
    return CreatedSubscription(**_shown(row).model_dump(), secret=row.secret)


@router.get(
    "/subscriptions", operation_id="subscriptions_list", summary="Iscrizioni agli avvisi", tags=["subscriptions"]
)
async def subscriptions(db: Db, who: Who) -> SubscriptionList:
    async with db.reading() as session:
        rows = await store.subscriptions_of(session, who)
    return SubscriptionList(items=[_shown(row) for row in rows], _links=Links())


@router.get(
    "/subscriptions/{subscription_id}",
    operation_id="subscription_show",
    summary="Un'iscrizione agli avvisi",
    tags=["subscriptions"],
)
async def subscription(db: Db, who: Who, subscription_id: UUID) -> Subscription:
    async with db.reading() as session:
        rows = await store.subscriptions_of(session, who)
    found = next((row for row in rows if row.id == subscription_id), None)
    if found is None:
        raise _unknown("subscription")
    return _shown(found)


@router.delete(
    "/subscriptions/{subscription_id}",
    operation_id="subscription_end",
    summary="Fine di un'iscrizione",
    tags=["subscriptions"],
    status_code=204,
)
async def unsubscribe(db: Db, who: Who, subscription_id: UUID) -> None:
    async with db.transaction() as session:
        row = await store.subscription_to_change(session, who, subscription_id)
        if row is None:
            raise _unknown("subscription")
        row.state, row.secret, row.old_secret = SubscriptionState.ENDED, None, None
        await store.give_up_pending(session, row.id)


@router.post(
    "/subscriptions/{subscription_id}/secret-rotation",
    operation_id="subscription_secret_rotate",
    summary="Nuovo segreto per le firme; il vecchio vale ancora 24 ore",
    tags=["subscriptions"],
)
async def rotate_secret(response: Response, db: Db, who: Who, subscription_id: UUID) -> RotatedSecret:
    until = datetime.now(UTC) + OLD_SECRET_VALID
    async with db.transaction() as session:
        row = await _webhook(session, who, subscription_id)
        secret = secret_from(secrets.token_bytes(32))
        row.old_secret, row.old_secret_until, row.secret = row.secret, until, secret
    response.headers["Cache-Control"] = "no-store"
    return RotatedSecret(secret=secret, old_secret_valid_until=until)


@router.post(
    "/subscriptions/{subscription_id}/resumption",
    operation_id="subscription_resume",
    summary="Riattiva un'iscrizione sospesa o disattivata",
    tags=["subscriptions"],
)
async def resume(db: Db, who: Who, subscription_id: UUID) -> Subscription:
    async with db.transaction() as session:
        row = await _webhook(session, who, subscription_id)
        row.state, row.failing_since = SubscriptionState.ACTIVE, None
        await store.make_pending_due(session, row.id, datetime.now(UTC))
    return _shown(row)


@router.get("/notices", operation_id="notices_list", summary="Avvisi ricevuti, dal più recente", tags=["notices"])
async def notices(
    db: Db,
    who: Who,
    cursor: UUID | None = None,
    unread: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    async with db.reading() as session:
        rows = await store.notices_of(session, who, unread, cursor, limit + 1)
    query = "" if unread is None else f"&unread={str(unread).lower()}"
    following = f"/notices?cursor={rows[limit - 1].id}&limit={limit}{query}" if len(rows) > limit else None
    return NoticePage(items=[_notice(row) for row in rows[:limit]], _links=Links(next=following))


@router.get("/notices/{notice_id}", operation_id="notice_show", summary="Un avviso e i suoi invii", tags=["notices"])
async def notice(db: Db, who: Who, notice_id: UUID) -> NoticeDetail:
    async with db.reading() as session:
        row = await store.notice_of(session, who, notice_id)
        if row is None:
            raise _unknown("notice")
        found = await store.deliveries_of(session, notice_id)
    deliveries = [_delivery(delivery, attempts) for delivery, _, attempts in found]
    return NoticeDetail(**_members(row), deliveries=deliveries)


@router.put(
    "/notices/{notice_id}/read-mark",
    operation_id="notice_mark_read",
    summary="Segna un avviso come letto",
    tags=["notices"],
    status_code=204,
)
async def mark_read(db: Db, who: Who, notice_id: UUID) -> None:
    async with db.transaction() as session:
        if not await store.mark_read(session, who, notice_id, datetime.now(UTC)):
            raise _unknown("notice")


@router.post(
    "/deliveries/{delivery_id}/replay",
    operation_id="delivery_replay",
    summary="Ripete l'invio di un avviso",
    tags=["notices"],
    status_code=202,
)
async def replay(db: Db, who: Who, delivery_id: UUID) -> Delivery:
    async with db.transaction() as session:
        found = await store.locked(session, delivery_id)
        if found is None or (found[0].organisation, found[0].ambito) != (who.organisation, who.ambito):
            raise _unknown("delivery")
        subscription, delivery = found
        if subscription.state != SubscriptionState.ACTIVE:
            raise _conflict("subscription-not-active", _NOT_ACTIVE)
        store.make_due(session, delivery, datetime.now(UTC))
    return _delivery(delivery, [])


async def _wanted(request: Request, who: Principal) -> NewSubscription:
    document = await json_body(request, 16_384)
    try:
        wanted = NewSubscription.model_validate(document)
    except ValidationError as error:
        raise invalid(field_errors(error, document)) from None
    members = members_of(who.ambito) or frozenset()
    foreign = [] if wanted.municipalities == "all" else [code for code in wanted.municipalities if code not in members]
    errors = [FieldError("/municipalities", code, _FOREIGN, _FOREIGN_REMEDY) for code in foreign[:100]]
    if (wanted.channel == WEBHOOK) != (wanted.url is not None):
        errors.append(FieldError("/url", None, _URL_FOR_WEBHOOK, _URL_REMEDY))
    if wanted.url is not None:
        try:
            parse_endpoint(wanted.url, cast(NotifierSettings, settings_of(request)).address_policy)
        except EndpointRefused as refusal:
            errors.append(FieldError("/url", None, _REFUSED_URL.filled(reason=refusal), _PUBLIC_HTTPS))
    if errors:
        raise invalid(errors)
    return wanted


def _subscription_row(wanted: NewSubscription, who: Principal) -> SubscriptionRow:
    codes = [WHOLE_AMBITO] if wanted.municipalities == "all" else sorted(set(wanted.municipalities))
    return SubscriptionRow(
        id=uuid4(),
        ambito=who.ambito,
        organisation=who.organisation,
        channel=wanted.channel,
        municipalities=",".join(codes),
        threshold=moves.thousandths(wanted.threshold),
        state=SubscriptionState.ACTIVE,
        created_at=datetime.now(UTC),
        url=wanted.url,
        secret=secret_from(secrets.token_bytes(32)) if wanted.channel == WEBHOOK else None,
    )


async def _webhook(session: AsyncSession, who: Principal, subscription_id: UUID) -> SubscriptionRow:
    row = await store.subscription_to_change(session, who, subscription_id)
    if row is None:
        raise _unknown("subscription")
    if row.channel != WEBHOOK:
        raise _conflict("not-a-webhook", _NOT_A_WEBHOOK)
    return row


def _shown(row: SubscriptionRow) -> Subscription:
    return Subscription(
        id=row.id,
        channel=cast(Literal["inbox", "webhook"], row.channel),
        url=row.url,
        municipalities="all" if row.municipalities == WHOLE_AMBITO else list(row.codes),
        threshold=Decimal(row.threshold) / 1000,
        state=SubscriptionState(row.state),
        failing_since=row.failing_since,
    )


def _members(row: NoticeRow) -> dict[str, Any]:
    members = {name: getattr(row, name) for name in Notice.model_fields if name != "change"}
    return members | {"change": MunicipalityChange.model_validate_json(row.change) if row.change else None}


def _notice(row: NoticeRow) -> Notice:
    return Notice(**_members(row))


def _delivery(row: DeliveryRow, attempts: list[AttemptRow]) -> Delivery:
    return Delivery(
        id=row.id,
        subscription_id=row.subscription_id,
        state=DeliveryState(row.state),
        next_attempt_at=row.next_attempt_at,
        attempts=[Attempt(**attempt.model_dump(exclude={"delivery_id"})) for attempt in attempts],
    )


def _unknown(what: str) -> Problem:
    return Problem(404, f"unknown-{what}", of_status(404).title, _UNKNOWN[what])


def _conflict(code: str, detail: Text) -> Problem:
    return Problem(409, code, of_status(409).title, detail)


_UNKNOWN: Final = {
    "subscription": Text(
        "La vostra organizzazione non ha questa iscrizione.", "Your organisation has no such subscription."
    ),
    "notice": Text("La vostra organizzazione non ha questo avviso.", "Your organisation has no such notice."),
    "delivery": Text("La vostra organizzazione non ha questo invio.", "Your organisation has no such delivery."),
}
_TOO_MANY = Text("Le iscrizioni sono al massimo {limit}.", "There are at most {limit} subscriptions.")
_NOT_ACTIVE = Text("L'iscrizione non è attiva: riattivarla prima.", "The subscription is not active: resume it first.")
_NOT_A_WEBHOOK = Text("L'iscrizione non invia a un indirizzo web.", "The subscription is not a webhook.")
_FOREIGN = Text("Il comune non è dell'ambito.", "The municipality is not of the ambito.")
_FOREIGN_REMEDY = Text("Indicare codici ISTAT dell'ambito.", "Give ISTAT codes of the ambito.")
_URL_FOR_WEBHOOK = Text(
    "L'indirizzo serve per webhook, e solo per webhook.", "A webhook has an URL, and nothing else has."
)
_URL_REMEDY = Text("Aggiungere o togliere il campo.", "Add or remove the field.")
_REFUSED_URL = Text("L'indirizzo non è ammesso.", "{reason}.")
_PUBLIC_HTTPS = Text(
    "Indicare un indirizzo https pubblico, senza nome utente e su una porta ammessa.",
    "Give a public https address without user name, on an allowed port.",
)
