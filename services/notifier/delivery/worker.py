"""The background task that sends due webhooks, a few at a time, and settles every attempt.

A delivery is claimed, posted and settled in three steps, of which the database sees the first and the last. Who dies
in between leaves a lease that runs out: the webhook is sent again under the same id, by which its receiver can tell.
Nothing is polled: the commit that makes a delivery due gives a signal, and the next due instant is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.delivery.http import AddressPolicy, Outcome, post
from services.notifier.domain import wording
from services.notifier.domain.outcomes import PAUSE_AFTER, DeliveryState, Settlement, SubscriptionState, settle
from services.notifier.domain.payloads import plan_changed
from services.notifier.domain.retries import verdict
from services.notifier.domain.signatures import signed_headers
from services.notifier.store import Job
from services.notifier.tables import WEBHOOK, AttemptRow, DeliveryRow, NoticeRow, SubscriptionRow
from shared.bus import outbox
from shared.db import Database
from shared.events import (
    SOURCE,
    Envelope,
    Message,
    MunicipalityChange,
    NoticeDelivered,
    NoticeFailed,
    derived,
)

log = structlog.get_logger()

CONCURRENCY: Final = 16
ENDPOINT_CONCURRENCY: Final = 2
LEASE: Final = timedelta(seconds=60)
"""Six times what one attempt may take: nobody loses a claim he is still working on."""
LONGEST_SLEEP: Final = 60.0
"""Seconds that a signal costs which was lost together with its connection."""
KEPT_BODY: Final = 2000
"""Characters of an answer that are written down."""


class Deliverer:
    """One replica's share of the deliveries; replicas claim from the same table without waiting for each other."""

    def __init__(
        self,
        db: Database,
        policy: AddressPolicy,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._db, self._policy, self._clock, self._jitter = db, policy, clock, jitter
        self._busy: Counter[UUID] = Counter()

    async def run(self) -> None:
        """Deliver until cancelled; what is being sent then is sent again after its lease."""
        self._busy.clear()
        with self._db.waiting(store.DELIVERIES) as woken:
            async with asyncio.TaskGroup() as sending:
                while True:
                    woken.clear()
                    now = self._clock()
                    jobs, due = await self.claim(now)
                    for job in jobs:
                        sending.create_task(self._send(job, woken), name=f"webhook-{job.delivery_id}")
                    seconds = LONGEST_SLEEP if due is None else (due - now).total_seconds()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(max(0.0, min(seconds, LONGEST_SLEEP))):
                            await woken.wait()

    async def claim(self, now: datetime) -> tuple[list[Job], datetime | None]:
        """Deliveries to attempt now, leased to us, and when the next one comes due that there is room for."""
        room = CONCURRENCY - self._busy.total()
        if room <= 0:
            return [], None
        async with self._db.transaction() as session:
            jobs = await store.claim(session, now, LEASE, room, self._busy, ENDPOINT_CONCURRENCY)
            busy = self._busy + Counter(job.subscription.id for job in jobs)
            due = await store.next_due(session, busy, ENDPOINT_CONCURRENCY) if len(jobs) < room else None
        self._busy.update(job.subscription.id for job in jobs)
        return jobs, due

    async def attempt(self, job: Job, at: datetime) -> None:
        """Post a claimed delivery once and settle it."""
        try:
            outcome = await self._post(job, at)
            async with self._db.transaction() as session:
                outbox.put(session, await settled(session, job, at, outcome, self._jitter()))
        finally:
            self._busy[job.subscription.id] -= 1

    async def _send(self, job: Job, woken: asyncio.Event) -> None:
        try:
            await self.attempt(job, self._clock())
        except Exception as error:
            log.warning("attempt-not-settled", delivery=str(job.delivery_id), error=repr(error))
        finally:
            woken.set()

    async def _post(self, job: Job, at: datetime) -> Outcome:
        assert job.subscription.url
        body = body_of(job.notice)
        signed = signed_headers(str(job.notice.id), at, body, valid_secrets(job.subscription, at))
        headers = {"content-type": "application/json", **signed}
        return await post(job.subscription.url, body, headers, policy=self._policy)


def body_of(notice: NoticeRow) -> bytes:
    assert notice.change
    assert notice.plan_version
    assert notice.plan_hash
    change = MunicipalityChange.model_validate_json(notice.change)
    plan = notice.ambito, notice.plan_version, notice.plan_hash
    return plan_changed(notice.id, notice.created_at, *plan, notice.subject, notice.text, change)


def valid_secrets(subscription: SubscriptionRow, at: datetime) -> list[str]:
    """The current secret, and while it rotates the old one after it."""
    assert subscription.secret
    until = subscription.old_secret_until
    is_rotating = subscription.old_secret is not None and until is not None and at < until
    return [subscription.secret, *([subscription.old_secret] if is_rotating and subscription.old_secret else [])]


async def settled(session: AsyncSession, job: Job, at: datetime, outcome: Outcome, jitter: float) -> list[Message]:
    """Write an attempt down with what follows from it; returns what the bus is to be told."""
    found = await store.locked(session, job.delivery_id)
    assert found is not None
    subscription, delivery = found
    delivery.attempts += 1
    session.add(_attempt(delivery, at, outcome))
    if delivery.state != DeliveryState.PENDING:
        return []  # a lease ran out and another replica was first
    delivery.step += 1
    judged = verdict(outcome.status, outcome.error)
    after = settle(judged, at, delivery.step, subscription.failing_since, jitter, outcome.retry_after)
    delivery.state, delivery.next_attempt_at = after.delivery, after.next_attempt_at
    subscription.failing_since = after.failing_since
    if subscription.state == SubscriptionState.ACTIVE and after.subscription is not SubscriptionState.ACTIVE:
        await _close(session, subscription, delivery, after, at)
    return _news(job.notice, delivery, at, outcome)


def _attempt(delivery: DeliveryRow, at: datetime, outcome: Outcome) -> AttemptRow:
    return AttemptRow(
        delivery_id=delivery.id,
        number=delivery.attempts,
        attempted_at=at,
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        body_head=outcome.body_head[:KEPT_BODY],
    )


async def _close(
    session: AsyncSession, subscription: SubscriptionRow, delivery: DeliveryRow, after: Settlement, at: datetime
) -> None:
    """Stop sending to an endpoint, and warn its organisation where it still reads: in the inbox."""
    assert subscription.url
    subscription.state = after.subscription
    host = urlsplit(subscription.url).hostname or subscription.url
    if after.subscription is SubscriptionState.DISABLED:
        await store.give_up_pending(session, subscription.id)
        said = wording.disabled(host)
    else:
        said = wording.paused(host, PAUSE_AFTER.days)
    warning = derived(f"notifier/warning/{delivery.id}/{delivery.attempts}")
    session.add(
        NoticeRow(
            id=warning,
            ambito=subscription.ambito,
            organisation=subscription.organisation,
            created_at=at,
            kind=f"endpoint.{after.subscription.lower()}",
            subject=said[0],
            text=wording.text(said[1]),
            cause_id=delivery.id,
            correlation_id=warning,
        )
    )


def _news(notice: NoticeRow, delivery: DeliveryRow, at: datetime, outcome: Outcome) -> list[Message]:
    """What the topic of notices hears of a delivery that has come to its end."""
    if delivery.state == DeliveryState.PENDING:
        return []
    organisation, attempts = notice.organisation, delivery.attempts
    event: NoticeDelivered | NoticeFailed
    if delivery.state == DeliveryState.DELIVERED:
        event = NoticeDelivered(notice_id=notice.id, organisation=organisation, channel=WEBHOOK, attempts=attempts)
    else:
        error = outcome.error or f"HTTP {outcome.status}"
        event = NoticeFailed(
            notice_id=notice.id, organisation=organisation, channel=WEBHOOK, attempts=attempts, error=error
        )
    envelope = Envelope(
        id=derived(f"notifier/{event.TYPE}/{delivery.id}/{attempts}"),
        source=SOURCE + "notifier",
        time=at,
        subject=str(notice.id),
        ambito=notice.ambito,
        correlation_id=notice.correlation_id,
        causation_id=notice.cause_id,
    )
    return [Message(envelope, event)]
