"""Avvisi: the inbox of an organisation over HTTP, and how its notices were delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.api.subscriptions import MAX_SUBSCRIPTIONS, ArrivedBare
from services.notifier.domain.discussion import EVENTS, Discussion
from services.notifier.domain.outcomes import DeliveryState, SubscriptionState
from services.notifier.tables import AttemptRow, DeliveryRow, NoticeRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, not_found, once
from shared.events import MunicipalityChange, PlanStatusChanged
from shared.idempotency import Answer
from shared.openapi import problems, responses
from shared.problems import Problem, Text, of_status
from shared.sign_in import Who
from shared.web import Db

router = APIRouter(tags=["notices"])


class Notice(Shape):
    """Avviso; `figures` of `change` count from the values last told to this organisation.

    `step` is what became of a proposed plan, `discussion` of a contested number or a comment, if it is about that.
    """

    id: UUID
    kind: str = Field(max_length=64)
    created_at: datetime
    read_at: datetime | None
    subject: str = Field(max_length=300)
    text: str = Field(max_length=100_000)
    plan_version: int | None = Field(ge=1, le=2**63 - 1, json_schema_extra={"format": "int64"})
    plan_hash: str | None = Field(max_length=64)
    change: MunicipalityChange | None
    step: PlanStatusChanged | None
    discussion: Discussion | None


class NoticePage(Shape):
    """Newest first."""

    items: list[Notice] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


class Attempt(Shape):
    number: int = Field(ge=1, le=2**31 - 1)
    attempted_at: datetime
    status: int | None = Field(ge=100, le=999)
    error: str | None = Field(max_length=500)
    duration_ms: int = Field(ge=0, le=2**31 - 1)
    body_head: str = Field(max_length=2000)


class Delivery(Shape):
    """A notice on its way to one webhook."""

    id: UUID
    subscription_id: UUID
    state: DeliveryState
    next_attempt_at: datetime | None
    attempts: list[Attempt] = Field(max_length=1000)

    @classmethod
    def of(cls, row: DeliveryRow, attempts: list[AttemptRow]) -> Delivery:
        return cls(
            id=row.id,
            subscription_id=row.subscription_id,
            state=DeliveryState(row.state),
            next_attempt_at=row.next_attempt_at,
            attempts=[Attempt(**attempt.model_dump(exclude={"delivery_id"})) for attempt in attempts],
        )


class NoticeDetail(Notice):
    deliveries: list[Delivery] = Field(max_length=MAX_SUBSCRIPTIONS)


@router.get(
    "/notices",
    operation_id="notices_list",
    summary="Avvisi ricevuti, dal più recente",
    description="Gli avvisi della propria organizzazione; unread sceglie quelli da leggere o già letti.",
)
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
    items = [Notice(**_members(row)) for row in rows[:limit]]
    return NoticePage(items=items, _links=PageLinks(next=following))


@router.get(
    "/notices/{notice_id}",
    operation_id="notice_show",
    summary="Un avviso e i suoi invii",
    description="Che cosa è cambiato e perché, e ogni tentativo di consegna.",
    responses=problems(404),
)
async def notice(db: Db, who: Who, notice_id: UUID) -> NoticeDetail:
    async with db.reading() as session:
        row = await store.notice_of(session, who, notice_id)
        if row is None:
            raise not_found(f"/notices/{notice_id}")
        found = await store.deliveries_of(session, notice_id)
    deliveries = [Delivery.of(delivery, attempts) for delivery, _, attempts in found]
    return NoticeDetail(**_members(row), deliveries=deliveries)


@router.put(
    "/notices/{notice_id}/read-mark",
    operation_id="notice_mark_read",
    summary="Segna un avviso come letto",
    description="La prima lettura resta; ripeterla non cambia nulla.",
    status_code=204,
    responses=problems(404),
)
async def mark_read(db: Db, who: Who, notice_id: UUID) -> None:
    async with db.transaction() as session:
        if not await store.mark_read(session, who, notice_id, datetime.now(UTC)):
            raise not_found(f"/notices/{notice_id}")


@router.post(
    "/deliveries/{delivery_id}/replay",
    operation_id="delivery_replay",
    summary="Ripete l’invio di un avviso",
    description="Ricomincia da capo il calendario dei tentativi; lo stato si legge nell’avviso.",
    status_code=202,
    responses=responses({202: (Delivery, "Sarà inviato di nuovo")}, 404, 409),
    response_class=Response,
)
async def replay(db: Db, arrival: ArrivedBare, delivery_id: UUID) -> Response:
    return await once(db, arrival, partial(_replay, delivery_id))


async def _replay(delivery_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    found, who = await store.locked(session, delivery_id), arrival.who
    if found is None or (found[0].organisation, found[0].ambito) != (who.organisation, who.ambito):
        raise not_found(f"/deliveries/{delivery_id}")
    subscription, delivery = found
    if subscription.state != SubscriptionState.ACTIVE:
        raise Problem(409, "subscription-not-active", of_status(409).title, _NOT_ACTIVE)
    store.make_due(session, delivery, arrival.at)
    return answer(202, Delivery.of(delivery, []), Location=f"/notices/{delivery.notice_id}")


def _members(row: NoticeRow) -> dict[str, Any]:
    members = {name: getattr(row, name) for name in Notice.model_fields}
    change = MunicipalityChange.model_validate_json(row.change) if row.change else None
    step = PlanStatusChanged.read(row.step.encode()) if row.step else None
    discussion = EVENTS[row.kind].read(row.discussion.encode()) if row.discussion else None
    return members | {"change": change, "step": step, "discussion": discussion}


_NOT_ACTIVE = Text("L’iscrizione non è attiva: riattivarla prima.", "The subscription is not active: resume it first.")
