"""What the notifier asks its database. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Integer, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifier.domain.audience import Insight
from services.notifier.domain.moves import DEFAULT_THRESHOLD, FigureId
from services.notifier.domain.outcomes import DeliveryState, SubscriptionState
from services.notifier.tables import (
    INBOX,
    AttemptRow,
    DeliveryRow,
    HeardRow,
    NoticeRow,
    SubscriptionRow,
    ToldRow,
)
from shared.auth import Principal, Role
from shared.db import Database
from shared.events import derived
from shared.sql import among, insert_rows, matching, table_of, upsert_rows
from shared.territory import ambito as territory
from shared.territory import members_of, municipality_organisation

WRITERS = frozenset({Role.LEAD, Role.TECHNICAL_PARTNER})
"""Who writes the plan, and so is told of every household that it counts."""
DELIVERIES = "deliveries"
"""Signalled when a delivery may have come due."""
Told = dict[tuple[UUID, str], dict[FigureId, int]]
"""Values last told by subscription and municipality."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A subscription as it is read to be told: columns of its row, by the same names and in this order."""

    id: UUID
    ambito: str
    organisation: str
    channel: str
    municipalities: str
    threshold: int
    state: str
    url: str | None = None
    secret: str | None = None
    old_secret: str | None = None
    old_secret_until: datetime | None = None
    failing_since: datetime | None = None
    role: str | None = None

    def insight(self, municipality: str) -> Insight:
        """Who writes the plan is told everything of households, a municipality of its cases."""
        if self.role in WRITERS:
            return Insight.ALL
        return Insight.CASES if self.organisation == municipality_organisation(municipality) else Insight.NONE


_LISTENER = tuple(column.name for column in fields(Listener))
Audience = dict[tuple[str, str], list[Listener]]
"""Listeners by ambito and municipality; the whole ambito's under `all`."""


class PlanNotice(NamedTuple):
    """A notice about a plan as it is inserted: the columns of its row in their order."""

    id: UUID
    ambito: str
    organisation: str
    created_at: datetime
    kind: str
    subject: str
    text: str
    cause_id: UUID
    correlation_id: UUID
    plan_version: int | None
    plan_hash: str | None
    change: str | None = None
    read_at: datetime | None = None
    step: str | None = None
    discussion: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery and what it takes to make one attempt; `attempts` were made when it was claimed."""

    delivery_id: UUID
    attempts: int
    notice: PlanNotice
    listener: Listener


async def audience_of(session: AsyncSession, ambiti: Sequence[str]) -> Audience:
    """Who listens in these ambiti, inboxes first; every municipality has one for itself unless it ended it."""
    rows = await matching(session, SubscriptionRow, _LISTENER, ambito=list(ambiti))
    found = {listener.id: listener for ambito in ambiti for listener in _defaults(ambito)}
    found |= {listener.id: listener for listener in (Listener(*row) for row in rows)}
    audience: Audience = {}
    for listener in sorted(found.values(), key=lambda listener: (listener.channel, str(listener.id))):
        if listener.state == SubscriptionState.ACTIVE:
            for code in listener.municipalities.split(","):
                audience.setdefault((listener.ambito, code), []).append(listener)
    return audience


async def subscriptions_of(session: AsyncSession, who: Principal) -> list[SubscriptionRow]:
    """All that an organisation has not ended, its default one included."""
    mine = col(SubscriptionRow.organisation) == who.organisation, col(SubscriptionRow.ambito) == who.ambito
    found = await session.execute(select(SubscriptionRow).where(*mine).order_by(col(SubscriptionRow.id)))
    default = [listener for listener in _defaults(who.ambito) if listener.organisation == who.organisation]
    rows = {listener.id: _row(listener) for listener in default} | {row.id: row for row in found.scalars()}
    return [row for row in rows.values() if row.state != SubscriptionState.ENDED]


async def subscription_to_change(
    session: AsyncSession, who: Principal, subscription_id: UUID
) -> SubscriptionRow | None:
    """One of the organisation's, locked; its default one becomes a row of its own with its first change."""
    row = await session.get(SubscriptionRow, subscription_id, with_for_update=True)
    if row is None:
        row = next((_row(listener) for listener in _defaults(who.ambito) if listener.id == subscription_id), None)
    if row is None or (row.organisation, row.ambito) != (who.organisation, who.ambito):
        return None
    session.add(row)
    return None if row.state == SubscriptionState.ENDED else row


@cache
def _defaults(ambito: str) -> tuple[Listener, ...]:
    return tuple(
        Listener(
            id=derived(f"notifier/default/{ambito}/{code}"),
            ambito=ambito,
            organisation=municipality_organisation(code),
            channel=INBOX,
            municipalities=code,
            threshold=DEFAULT_THRESHOLD,
            state=SubscriptionState.ACTIVE,
            role=Role.LEAD if code == territory(ambito).lead.istat_code else Role.MUNICIPALITY,
        )
        for code in sorted(members_of(ambito) or ())
    )


def _row(listener: Listener) -> SubscriptionRow:
    return SubscriptionRow(**asdict(listener))


async def heard_among(session: AsyncSession, event_ids: Sequence[UUID]) -> set[UUID]:
    return {event_id for (event_id,) in await matching(session, HeardRow, ("event_id",), event_id=list(event_ids))}


async def told_to(session: AsyncSession, subscriptions: Sequence[UUID], municipalities: Sequence[str]) -> Told:
    """What these subscriptions were last told of these municipalities."""
    where = {"subscription_id": list(subscriptions), "municipality": list(municipalities)}
    rows = await matching(session, ToldRow, ("subscription_id", "municipality", "figures"), **where)
    return {(subscription_id, municipality): orjson.loads(figures) for subscription_id, municipality, figures in rows}


def save_told(session: AsyncSession, told: Told) -> None:
    rows = [(*place, orjson.dumps(figures, option=orjson.OPT_SORT_KEYS).decode()) for place, figures in told.items()]
    upsert_rows(session, ToldRow, sorted(rows))


def add_heard(session: AsyncSession, event_ids: Iterable[UUID]) -> None:
    insert_rows(session, HeardRow, [(event_id,) for event_id in sorted(event_ids)], skip=True)


def add_notices(
    session: AsyncSession, notices: Sequence[PlanNotice], jobs: Sequence[Job], leased: Mapping[UUID, datetime]
) -> None:
    """Notices and their deliveries, due now or when their lease ends; identifiers are derived: what is there stays."""
    insert_rows(session, NoticeRow, notices, skip=True)
    deliveries = [
        (job.delivery_id, job.notice.id, job.listener.id, DeliveryState.PENDING, job.attempts, 0, due)
        for job in jobs
        for due in (leased.get(job.delivery_id, job.notice.created_at),)
    ]
    insert_rows(session, DeliveryRow, deliveries, skip=True)
    if len(leased) < len(jobs):
        Database.signal(session, DELIVERIES)


async def notices_of(
    session: AsyncSession, who: Principal, unread: bool | None, before: UUID | None, limit: int
) -> list[NoticeRow]:
    """The organisation's notices, newest first, `limit` of them older than the notice `before`."""
    at, notice_id = col(NoticeRow.created_at), col(NoticeRow.id)
    mine = and_(col(NoticeRow.organisation) == who.organisation, col(NoticeRow.ambito) == who.ambito)
    query = select(NoticeRow).where(mine)
    if unread is not None:
        query = query.where(col(NoticeRow.read_at).is_(None) if unread else col(NoticeRow.read_at).is_not(None))
    if before is not None:
        last = await notice_of(session, who, before)
        if last is None:
            return []
        query = query.where(or_(at < last.created_at, and_(at == last.created_at, notice_id < last.id)))
    return list((await session.execute(query.order_by(at.desc(), notice_id.desc()).limit(limit))).scalars())


async def unread_count(session: AsyncSession, who: Principal) -> int:
    mine = and_(col(NoticeRow.organisation) == who.organisation, col(NoticeRow.ambito) == who.ambito)
    query = select(func.count()).select_from(NoticeRow).where(mine, col(NoticeRow.read_at).is_(None))
    return int((await session.execute(query)).scalar_one())


async def notice_of(session: AsyncSession, who: Principal, notice_id: UUID) -> NoticeRow | None:
    row = await session.get(NoticeRow, notice_id)
    return row if row and (row.organisation, row.ambito) == (who.organisation, who.ambito) else None


async def mark_read(session: AsyncSession, who: Principal, notice_id: UUID, at: datetime) -> bool:
    """Whether the organisation has this notice; the first mark stays."""
    row = await notice_of(session, who, notice_id)
    if row is not None:
        row.read_at = row.read_at or at
    return row is not None


async def deliveries_of(
    session: AsyncSession, notice_id: UUID
) -> list[tuple[DeliveryRow, SubscriptionRow, list[AttemptRow]]]:
    """A notice's webhooks, each with its attempts in order."""
    query = (
        select(DeliveryRow, SubscriptionRow)
        .join(SubscriptionRow, col(SubscriptionRow.id) == col(DeliveryRow.subscription_id))
        .where(col(DeliveryRow.notice_id) == notice_id)
        .order_by(col(DeliveryRow.id))
    )
    found = [(row.DeliveryRow, row.SubscriptionRow) for row in await session.execute(query)]
    made = select(AttemptRow).where(among(session, AttemptRow.delivery_id, [delivery.id for delivery, _ in found]))
    attempts: dict[UUID, list[AttemptRow]] = {}
    for attempt in (await session.execute(made.order_by(col(AttemptRow.number)))).scalars():
        attempts.setdefault(attempt.delivery_id, []).append(attempt)
    return [(delivery, subscription, attempts.get(delivery.id, [])) for delivery, subscription in found]


async def locked(session: AsyncSession, delivery_id: UUID) -> tuple[SubscriptionRow, DeliveryRow] | None:
    """A delivery and its subscription, locked in this order by everybody who changes them."""
    delivery = await session.get(DeliveryRow, delivery_id)
    if delivery is None:
        return None
    subscription = await session.get_one(SubscriptionRow, delivery.subscription_id, with_for_update=True)
    await session.refresh(delivery, with_for_update=True)
    return subscription, delivery


def make_due(session: AsyncSession, delivery: DeliveryRow, now: datetime) -> None:
    """Begin a delivery's schedule again."""
    delivery.state, delivery.step, delivery.next_attempt_at = DeliveryState.PENDING, 0, now
    Database.signal(session, DELIVERIES)


async def give_up_pending(session: AsyncSession, subscription_id: UUID) -> None:
    """What still waits for an endpoint that wants no more."""
    await session.execute(
        update(DeliveryRow)
        .where(col(DeliveryRow.subscription_id) == subscription_id)
        .where(col(DeliveryRow.state) == DeliveryState.PENDING)
        .values(state=DeliveryState.DISABLED, next_attempt_at=None)
    )


async def make_pending_due(session: AsyncSession, subscription_id: UUID, now: datetime) -> None:
    """What waited for an endpoint that is back."""
    await session.execute(
        update(DeliveryRow)
        .where(col(DeliveryRow.subscription_id) == subscription_id)
        .where(col(DeliveryRow.state) == DeliveryState.PENDING)
        .values(next_attempt_at=now)
    )
    Database.signal(session, DELIVERIES)


async def claim(
    session: AsyncSession, now: datetime, lease: timedelta, room: int, busy: Mapping[UUID, int], endpoint_limit: int
) -> list[Job]:
    """Take up to `room` due deliveries, oldest first, leaving no endpoint more than `endpoint_limit` with `busy`."""
    connection = await session.connection()
    limits = {"now": now, "room": room, "endpoint_limit": endpoint_limit, "full": _full(busy, endpoint_limit)}
    found = (await connection.execute(_DUE, limits)).all()
    jobs, width = [], len(PlanNotice._fields)
    for place, delivery_id, attempts, *values in found:
        job = Job(delivery_id, attempts, PlanNotice(*values[:width]), Listener(*values[width:]))
        if place <= endpoint_limit - busy.get(job.listener.id, 0):
            jobs.append(job)
    if jobs:
        await connection.execute(_LEASE_OUT, [{"which": job.delivery_id, "until": now + lease} for job in jobs])
    return jobs


async def next_due(session: AsyncSession, busy: Mapping[UUID, int], endpoint_limit: int) -> datetime | None:
    """When the next delivery comes due whose endpoint has room."""
    connection = await session.connection()
    return (await connection.execute(_NEXT_DUE, {"full": _full(busy, endpoint_limit)})).scalar_one_or_none()


async def deliver(session: AsyncSession, job: Job) -> bool:
    """Close a claimed delivery that has arrived, in one statement.

    Returns whether that is all there is to write: not if somebody has settled it since, or its endpoint had failed.
    """
    connection = await session.connection()
    which = {"which": job.delivery_id, "claimed_attempts": job.attempts}
    return (await connection.execute(_DELIVERED, which)).rowcount == 1


def _full(busy: Mapping[UUID, int], endpoint_limit: int) -> list[UUID]:
    return [subscription_id for subscription_id, count in busy.items() if count >= endpoint_limit]


# Made once: putting these statements together takes longer than running them.
_DELIVERY, _NOTICE, _SUBSCRIPTION = (table_of(model) for model in (DeliveryRow, NoticeRow, SubscriptionRow))
_OF_DELIVERY = _SUBSCRIPTION.c.id == _DELIVERY.c.subscription_id
_OPEN = and_(
    _SUBSCRIPTION.c.state == SubscriptionState.ACTIVE, _SUBSCRIPTION.c.id.not_in(bindparam("full", expanding=True))
)
_READY = and_(_DELIVERY.c.state == DeliveryState.PENDING, _DELIVERY.c.next_attempt_at <= bindparam("now"))
_PLACE = func.row_number().over(
    partition_by=_DELIVERY.c.subscription_id, order_by=(_DELIVERY.c.next_attempt_at, _DELIVERY.c.id)
)
_RANKED = (
    select(_DELIVERY.c.id, _PLACE.label("place")).join(_SUBSCRIPTION, _OF_DELIVERY).where(_READY, _OPEN).subquery()
)
_DUE = (
    select(_RANKED.c.place, _DELIVERY.c.id, _DELIVERY.c.attempts)
    .add_columns(*(_NOTICE.c[name] for name in PlanNotice._fields), *(_SUBSCRIPTION.c[name] for name in _LISTENER))
    .join(_DELIVERY, _DELIVERY.c.id == _RANKED.c.id)
    .join(_SUBSCRIPTION, _OF_DELIVERY)
    .join(_NOTICE, _NOTICE.c.id == _DELIVERY.c.notice_id)
    # `_READY` once more: a row that another replica has taken since is judged by its new state.
    .where(_READY, _RANKED.c.place <= bindparam("endpoint_limit"))
    .order_by(_DELIVERY.c.next_attempt_at)
    .limit(bindparam("room", type_=Integer))
    .with_for_update(skip_locked=True, of=_DELIVERY)
)
_LEASE_OUT = _DELIVERY.update().where(_DELIVERY.c.id == bindparam("which")).values(next_attempt_at=bindparam("until"))
_NEXT_DUE = (
    select(_DELIVERY.c.next_attempt_at)
    .join(_SUBSCRIPTION, _OF_DELIVERY)
    .where(_DELIVERY.c.state == DeliveryState.PENDING, _OPEN)
    .order_by(_DELIVERY.c.next_attempt_at)
    .limit(1)
)
_DELIVERED = (
    _DELIVERY.update()
    .where(
        _DELIVERY.c.id == bindparam("which"),
        _DELIVERY.c.attempts == bindparam("claimed_attempts"),
        _DELIVERY.c.state == DeliveryState.PENDING,
        exists().where(_OF_DELIVERY, _SUBSCRIPTION.c.failing_since.is_(None)),
    )
    .values(
        state=DeliveryState.DELIVERED,
        attempts=_DELIVERY.c.attempts + 1,
        step=_DELIVERY.c.step + 1,
        next_attempt_at=None,
    )
)
