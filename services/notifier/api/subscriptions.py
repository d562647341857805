"""Iscrizioni agli avvisi: what an organisation wants to be told, and where. It is the token's, never the request's."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.delivery import EndpointRefused, parse_endpoint
from services.notifier.domain import moves
from services.notifier.domain.addresses import AddressPolicy
from services.notifier.domain.outcomes import SubscriptionState
from services.notifier.domain.signatures import secret_from
from services.notifier.settings import NotifierSettings
from services.notifier.tables import WEBHOOK, WHOLE_AMBITO, SubscriptionRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, not_found, once, read_value
from shared.auth import Principal
from shared.events import IstatCode
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.sign_in import Who
from shared.territory import members_of
from shared.web import Db, settings_of

router = APIRouter(tags=["subscriptions"])
MAX_SUBSCRIPTIONS: Final = 50
OLD_SECRET_VALID: Final = timedelta(hours=24)
Url = Annotated[str, Field(max_length=2048)]
Threshold = Annotated[
    Decimal, Field(ge=Decimal("0.1"), le=10_000, decimal_places=3, description="in homes; counts move by whole homes")
]
Secret = Annotated[str, Field(max_length=100, description="whsec_...: shown this once")]
Arrived = Annotated[Arrival, Depends(arriving(16_384))]
ArrivedBare = Annotated[Arrival, Depends(arriving(None))]


class NewSubscription(Shape):
    """What to be told, and where; without a threshold every change of a tenth of a home."""

    channel: Literal["inbox", "webhook"]
    url: Url | None = None
    municipalities: Annotated[list[IstatCode], Field(min_length=1, max_length=400)] | Literal["all"]
    threshold: Threshold = Decimal("0.1")


class Subscription(Shape):
    """Iscrizione agli avvisi."""

    id: UUID
    channel: Literal["inbox", "webhook"]
    url: Url | None
    municipalities: Annotated[list[IstatCode], Field(max_length=400)] | Literal["all"]
    threshold: Threshold
    state: SubscriptionState
    failing_since: datetime | None

    @classmethod
    def of(cls, row: SubscriptionRow) -> Subscription:
        return cls(
            id=row.id,
            channel=cast(Literal["inbox", "webhook"], row.channel),
            url=row.url,
            municipalities="all" if row.municipalities == WHOLE_AMBITO else list(row.codes),
            threshold=Decimal(row.threshold) / 1000,
            state=SubscriptionState(row.state),
            failing_since=row.failing_since,
        )


class SubscriptionList(Shape):
    items: list[Subscription] = Field(max_length=MAX_SUBSCRIPTIONS + 1)
    links: PageLinks = Field(alias="_links")


class CreatedSubscription(Subscription):
    """The only answer that ever shows the secret of a webhook."""

    secret: Secret | None


class RotatedSecret(Shape):
    """Until `old_secret_valid_until` every webhook carries two signatures."""

    secret: Secret
    old_secret_valid_until: datetime


@router.post(
    "/subscriptions",
    operation_id="subscription_add",
    summary="Nuova iscrizione agli avvisi",
    description="Nella casella degli avvisi, o a un indirizzo web (Standard Webhooks 1.0).",
    status_code=201,
    responses=responses({201: (CreatedSubscription, "Iscritta; il segreto si vede solo qui")}, 409),
    openapi_extra=body(
        "NewSubscription",
        "Che cosa sapere, e dove",
        webhook={"channel": "webhook", "url": "https://avvisi.example/in", "municipalities": "all", "threshold": "0.5"},
        inbox={"channel": "inbox", "municipalities": ["019036"]},
    ),
    response_class=Response,
)
async def subscribe(request: Request, db: Db, arrival: Arrived) -> Response:
    policy = cast(NotifierSettings, settings_of(request)).address_policy
    return await once(db, arrival, partial(_subscribe, policy))


async def _subscribe(policy: AddressPolicy, arrival: Arrival, session: AsyncSession) -> Answer:
    wanted = read_value(NewSubscription, arrival.document)
    _check(wanted, arrival.who, policy)
    if len(await store.subscriptions_of(session, arrival.who)) >= MAX_SUBSCRIPTIONS:
        raise _conflict("too-many-subscriptions", _TOO_MANY.filled(limit=MAX_SUBSCRIPTIONS))
    row = _row(wanted, arrival)
    session.add(row)
    created = CreatedSubscription(**Subscription.of(row).model_dump(), secret=row.secret)
    return answer(201, created, Location=f"/subscriptions/{row.id}", Cache_Control="no-store")


@router.get(
    "/subscriptions",
    operation_id="subscriptions_list",
    summary="Iscrizioni agli avvisi",
    description="Quelle che la propria organizzazione non ha concluso.",
)
async def subscriptions(db: Db, who: Who) -> SubscriptionList:
    async with db.reading() as session:
        rows = await store.subscriptions_of(session, who)
    return SubscriptionList(items=[Subscription.of(row) for row in rows], _links=PageLinks())


@router.get(
    "/subscriptions/{subscription_id}",
    operation_id="subscription_show",
    summary="Un’iscrizione agli avvisi",
    description="L’iscrizione e il suo stato, senza il segreto.",
    responses=problems(404),
)
async def subscription(db: Db, who: Who, subscription_id: UUID) -> Subscription:
    async with db.reading() as session:
        rows = await store.subscriptions_of(session, who)
    found = next((row for row in rows if row.id == subscription_id), None)
    if found is None:
        raise not_found(f"/subscriptions/{subscription_id}")
    return Subscription.of(found)


@router.delete(
    "/subscriptions/{subscription_id}",
    operation_id="subscription_end",
    summary="Fine di un’iscrizione",
    description="Non arriverà più nulla; ciò che era in attesa non parte.",
    status_code=204,
    responses=problems(404),
)
async def unsubscribe(db: Db, who: Who, subscription_id: UUID) -> None:
    async with db.transaction() as session:
        row = await _own(session, who, subscription_id)
        row.state, row.secret, row.old_secret = SubscriptionState.ENDED, None, None
        await store.give_up_pending(session, row.id)


@router.post(
    "/subscriptions/{subscription_id}/secret-rotation",
    operation_id="subscription_secret_rotate",
    summary="Nuovo segreto per le firme; il vecchio vale ancora 24 ore",
    description="Per 24 ore ogni invio porta le due firme, così che il destinatario possa cambiare con calma.",
    responses=responses({200: (RotatedSecret, "Il nuovo segreto, che si vede solo qui")}, 404, 409),
    response_class=Response,
)
async def rotate_secret(db: Db, arrival: ArrivedBare, subscription_id: UUID) -> Response:
    return await once(db, arrival, partial(_rotate, subscription_id))


async def _rotate(subscription_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    row = await _webhook(session, arrival.who, subscription_id)
    until, secret = arrival.at + OLD_SECRET_VALID, secret_from(secrets.token_bytes(32))
    row.old_secret, row.old_secret_until, row.secret = row.secret, until, secret
    return answer(200, RotatedSecret(secret=secret, old_secret_valid_until=until), Cache_Control="no-store")


@router.post(
    "/subscriptions/{subscription_id}/resumption",
    operation_id="subscription_resume",
    summary="Riattiva un’iscrizione sospesa o disattivata",
    description="Ciò che era in attesa parte subito.",
    responses=responses({200: (Subscription, "Riattivata")}, 404, 409),
    response_class=Response,
)
async def resume(db: Db, arrival: ArrivedBare, subscription_id: UUID) -> Response:
    return await once(db, arrival, partial(_resume, subscription_id))


async def _resume(subscription_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    row = await _webhook(session, arrival.who, subscription_id)
    row.state, row.failing_since = SubscriptionState.ACTIVE, None
    await store.make_pending_due(session, row.id, arrival.at)
    return answer(200, Subscription.of(row))


def _check(wanted: NewSubscription, who: Principal, policy: AddressPolicy) -> None:
    members = members_of(who.ambito) or frozenset()
    foreign = [] if wanted.municipalities == "all" else [code for code in wanted.municipalities if code not in members]
    errors = [FieldError("/municipalities", code, _FOREIGN, _FOREIGN_REMEDY) for code in foreign[:100]]
    if (wanted.channel == WEBHOOK) != (wanted.url is not None):
        errors.append(FieldError("/url", None, _URL_FOR_WEBHOOK, _URL_REMEDY))
    if wanted.url is not None:
        try:
            parse_endpoint(wanted.url, policy)
        except EndpointRefused as refusal:
            errors.append(FieldError("/url", None, _REFUSED_URL.filled(reason=refusal), _PUBLIC_HTTPS))
    if errors:
        raise invalid(errors)


def _row(wanted: NewSubscription, arrival: Arrival) -> SubscriptionRow:
    codes = [WHOLE_AMBITO] if wanted.municipalities == "all" else sorted(set(wanted.municipalities))
    return SubscriptionRow(
        id=arrival.new_id(),
        ambito=arrival.who.ambito,
        organisation=arrival.who.organisation,
        channel=wanted.channel,
        role=arrival.who.role,
        municipalities=",".join(codes),
        threshold=moves.thousandths(wanted.threshold),
        state=SubscriptionState.ACTIVE,
        created_at=arrival.at,
        url=wanted.url,
        secret=secret_from(secrets.token_bytes(32)) if wanted.channel == WEBHOOK else None,
    )


async def _own(session: AsyncSession, who: Principal, subscription_id: UUID) -> SubscriptionRow:
    row = await store.subscription_to_change(session, who, subscription_id)
    if row is None:
        raise not_found(f"/subscriptions/{subscription_id}")
    return row


async def _webhook(session: AsyncSession, who: Principal, subscription_id: UUID) -> SubscriptionRow:
    row = await _own(session, who, subscription_id)
    if row.channel != WEBHOOK:
        raise _conflict("not-a-webhook", _NOT_A_WEBHOOK)
    return row


def _conflict(code: str, detail: Text) -> Problem:
    return Problem(409, code, of_status(409).title, detail)


_TOO_MANY = Text("Le iscrizioni sono al massimo {limit}.", "There are at most {limit} subscriptions.")
_NOT_A_WEBHOOK = Text("L’iscrizione non invia a un indirizzo web.", "The subscription is not a webhook.")
_FOREIGN = Text("Il comune non è dell’ambito.", "The municipality is not of the ambito.")
_FOREIGN_REMEDY = Text("Indicare codici ISTAT dell’ambito.", "Give ISTAT codes of the ambito.")
_URL_FOR_WEBHOOK = Text(
    "L’indirizzo serve per webhook, e solo per webhook.", "A webhook has an URL, and nothing else has."
)
_URL_REMEDY = Text("Aggiungere o togliere il campo.", "Add or remove the field.")
_REFUSED_URL = Text("L’indirizzo non è ammesso.", "{reason}.")
_PUBLIC_HTTPS = Text(
    "Indicare un indirizzo https pubblico, senza nome utente e su una porta ammessa.",
    "Give a public https address without user name, on an allowed port.",
)
