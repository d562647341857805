"""The background task that sends due webhooks, a few at a time, and settles every attempt.

A delivery is claimed, posted and settled in three steps, of which the database sees the first and the last. Who dies
in between leaves a lease that runs out: the webhook is sent again under the same id, by which its receiver can tell.
Nothing is polled: a new delivery is leased to this process by the commit that brings it, as long as there is room for
it; otherwise the commit that makes a delivery due gives a signal, and the next due instant is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.delivery.http import AddressPolicy, Outcome, post
from services.notifier.domain import wording
from services.notifier.domain.discussion import EVENTS
from services.notifier.domain.outcomes import PAUSE_AFTER, DeliveryState, Settlement, SubscriptionState, settle
from services.notifier.domain.payloads import discussed, plan_changed, plan_status_changed
from services.notifier.domain.retries import Verdict, verdict
from services.notifier.domain.signatures import signed_headers
from services.notifier.store import Job, Listener, PlanNotice
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
    PlanStatusChanged,
    derived,
)
from shared.sql import insert_rows

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
        self._begin: Callable[[Job], object] | None = None

    async def run(self) -> None:
        """Deliver until cancelled; what is being sent then is sent again after its lease."""
        self._busy.clear()
        with self._db.waiting(store.DELIVERIES) as woken:
            async with asyncio.TaskGroup() as sending:
                self._begin = lambda job: sending.create_task(self._send(job, woken), name=f"webhook-{job.delivery_id}")
                try:
                    await self._keep_claiming(self._begin, woken)
                finally:
                    self._begin = None

    async def _keep_claiming(self, begin: Callable[[Job], object], woken: asyncio.Event) -> None:
        while True:
            woken.clear()
            now = self._clock()
            jobs, due = await self.claim(now)
            for job in jobs:
                begin(job)
            seconds = LONGEST_SLEEP if due is None else (due - now).total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(seconds, LONGEST_SLEEP))):
                    await woken.wait()

    def lease(self, session: AsyncSession, jobs: Sequence[Job]) -> Mapping[UUID, datetime]:
        """Lease new deliveries to us with the very transaction that brings them; they are sent when it has committed.

        As many as there is room for; those left over are claimed as usual.
        """
        now, busy, mine = self._clock(), self._busy.copy(), []
        for job in jobs if self._begin else ():
            has_room = busy.total() < CONCURRENCY and busy[job.listener.id] < ENDPOINT_CONCURRENCY
            if has_room and job.notice.created_at <= now:
                busy[job.listener.id] += 1
                mine.append(job)
        Database.afterwards(session, lambda: self._begin_all(mine))
        return {job.delivery_id: now + LEASE for job in mine}

    def _begin_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self._begin:
                self._busy[job.listener.id] += 1
                self._begin(job)

    async def claim(self, now: datetime) -> tuple[list[Job], datetime | None]:
        """Deliveries to attempt now, leased to us, and when the next one comes due that there is room for."""
        room = CONCURRENCY - self._busy.total()
        if room <= 0:
            return [], None
        async with self._db.transaction() as session:
            jobs = await store.claim(session, now, LEASE, room, self._busy, ENDPOINT_CONCURRENCY)
            busy = self._busy + Counter(job.listener.id for job in jobs)
            due = await store.next_due(session, busy, ENDPOINT_CONCURRENCY) if len(jobs) < room else None
        self._busy.update(job.listener.id for job in jobs)
        return jobs, due

    async def attempt(self, job: Job, at: datetime) -> bool:
        """Post a claimed delivery once and settle it; returns whether it has arrived."""
        try:
            outcome = await self._post(job, at)
            async with self._db.transaction() as session:
                outbox.put(session, await settled(session, job, at, outcome, self._jitter()))
        finally:
            self._busy[job.listener.id] -= 1
        return verdict(outcome.status, outcome.error) is Verdict.DELIVERED

    async def _send(self, job: Job, woken: asyncio.Event) -> None:
        """Attempt, then look for more where there was no room before, or for when to try again."""
        has_arrived = False
        try:
            has_arrived = await self.attempt(job, self._clock())
        except Exception as error:
            log.warning("attempt-not-settled", delivery=str(job.delivery_id), error=repr(error))
        finally:
            at_endpoint, in_all = self._busy[job.listener.id] + 1, self._busy.total() + 1
            if not has_arrived or at_endpoint >= ENDPOINT_CONCURRENCY or in_all >= CONCURRENCY:
                woken.set()

    async def _post(self, job: Job, at: datetime) -> Outcome:
        assert job.listener.url
        body = body_of(job.notice)
        signed = signed_headers(str(job.notice.id), at, body, valid_secrets(job.listener, at))
        headers = {"content-type": "application/json", **signed}
        return await post(job.listener.url, body, headers, policy=self._policy)


def body_of(notice: PlanNotice) -> bytes:
    if notice.step is not None:
        step = PlanStatusChanged.read(notice.step.encode())
        return plan_status_changed(notice.id, notice.created_at, notice.subject, notice.text, step)
    if notice.discussion is not None:
        event = EVENTS[notice.kind].read(notice.discussion.encode())
        return discussed(notice.id, notice.created_at, notice.subject, notice.text, event)
    assert notice.change is not None
    assert notice.plan_version is not None
    assert notice.plan_hash is not None
    change = MunicipalityChange.model_validate_json(notice.change)
    plan = notice.ambito, notice.plan_version, notice.plan_hash
    return plan_changed(notice.id, notice.created_at, *plan, notice.subject, notice.text, change)


def valid_secrets(listener: Listener, at: datetime) -> list[str]:
    """The current secret, and while it rotates the old one after it."""
    assert listener.secret
    until = listener.old_secret_until
    is_rotating = until is not None and at < until
    return [listener.secret, *([listener.old_secret] if is_rotating and listener.old_secret else [])]


async def settled(session: AsyncSession, job: Job, at: datetime, outcome: Outcome, jitter: float) -> list[Message]:
    """Write an attempt down with what follows from it; returns what the bus is to be told."""
    judged = verdict(outcome.status, outcome.error)
    if judged is Verdict.DELIVERED and job.listener.failing_since is None and await store.deliver(session, job):
        await _write_down(session, job.delivery_id, job.attempts + 1, at, outcome)
        return [_news(job, DeliveryState.DELIVERED, job.attempts + 1, at, outcome)]
    found = await store.locked(session, job.delivery_id)
    assert found is not None
    subscription, delivery = found
    delivery.attempts += 1
    await _write_down(session, delivery.id, delivery.attempts, at, outcome)
    if delivery.state != DeliveryState.PENDING:
        return []  # a lease ran out and another replica was first
    delivery.step += 1
    after = settle(judged, at, delivery.step, subscription.failing_since, jitter, outcome.retry_after)
    delivery.state, delivery.next_attempt_at = after.delivery, after.next_attempt_at
    subscription.failing_since = after.failing_since
    if subscription.state == SubscriptionState.ACTIVE and after.subscription is not SubscriptionState.ACTIVE:
        await _close(session, subscription, delivery, after, at)
    if delivery.state == DeliveryState.PENDING:
        return []
    return [_news(job, after.delivery, delivery.attempts, at, outcome)]


async def _write_down(session: AsyncSession, delivery_id: UUID, number: int, at: datetime, outcome: Outcome) -> None:
    made = delivery_id, number, at, outcome.status, outcome.error, outcome.duration_ms, outcome.body_head[:KEPT_BODY]
    insert_rows(session, AttemptRow, [made])


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


def _news(job: Job, state: DeliveryState, attempts: int, at: datetime, outcome: Outcome) -> Message:
    """What the topic of notices hears of a delivery that has come to its end."""
    organisation = job.notice.organisation
    said: NoticeDelivered | NoticeFailed
    if state is DeliveryState.DELIVERED:
        said = NoticeDelivered(notice_id=job.notice.id, organisation=organisation, channel=WEBHOOK, attempts=attempts)
    else:
        error = outcome.error or f"HTTP {outcome.status}"
        said = NoticeFailed(
            notice_id=job.notice.id, organisation=organisation, channel=WEBHOOK, attempts=attempts, error=error
        )
    envelope = Envelope(
        id=derived(f"notifier/{said.TYPE}/{job.delivery_id}/{attempts}"),
        source=SOURCE + "notifier",
        time=at,
        subject=str(job.notice.id),
        ambito=job.notice.ambito,
        correlation_id=job.notice.correlation_id,
        causation_id=job.notice.cause_id,
    )
    return Message(envelope, said)
