"""Webhooks from the notice to a receiver on a real socket: signed, repeated, given up, resumed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.exc import DBAPIError
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifier.delivery import Deliverer
from services.notifier.delivery.worker import CONCURRENCY, ENDPOINT_CONCURRENCY, LEASE
from services.notifier.tables import AttemptRow, DeliveryRow, NoticeRow, SubscriptionRow
from shared.bus.records import decode
from shared.events import Message, NoticeDelivered, NoticeFailed, PlanRecomputed
from shared.territory import ambito
from tests.component.notifier.room import (
    AMBITO,
    CASTELVERDE,
    CREMONA,
    NOW,
    Receiver,
    Room,
    change,
    count,
    mean,
    opened,
    receiving,
    recomputed,
)
from tests.support.waiting import until

CREMONAS = f"comune-{CREMONA}"
HOURS = timedelta(hours=1)


class Site:
    """A room, one endpoint, and a deliverer without jitter whose clock is the test."""

    def __init__(self, room: Room, receiver: Receiver) -> None:
        self.room, self.receiver = room, receiver
        self.deliverer = self.new_deliverer()

    def new_deliverer(self, **options: Any) -> Deliverer:
        policy = self.room.runtime.settings.address_policy  # type: ignore[attr-defined]
        return Deliverer(self.room.runtime.db, policy, **({"jitter": lambda: 0.0} | options))

    async def deliver(self, at: Any = NOW) -> int:
        """Attempt what is due at that instant; returns how many."""
        jobs, _ = await self.deliverer.claim(at)
        await asyncio.gather(*(self.deliverer.attempt(job, at) for job in jobs))
        return len(jobs)

    async def only_delivery(self) -> DeliveryRow:
        [delivery] = await self.room.rows(DeliveryRow)
        return delivery

    async def webhook_news(self) -> list[Any]:
        return [message.event for message in await self.room.said() if message.event.channel == "webhook"]  # type: ignore[attr-defined]


@pytest.fixture
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    statuses = getattr(request, "param", (204,))
    async with receiving(*statuses) as receiver, opened(tmp_path, receiver.endpoint) as room:
        yield Site(room, receiver)


def answers(*statuses: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("site", [statuses], indirect=True, ids=str)


async def test_a_notice_arrives_signed_and_whole(site: Site) -> None:
    created = await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(7, change(CASTELVERDE, mean(9000, 10000))))
    now = datetime.now(UTC)  # who verifies looks at the clock
    assert await site.deliver(now) == 1
    [received], [notice] = site.receiver.received, await site.room.notices()
    verified = Webhook(created["secret"]).verify(received.body, received.headers)
    assert verified == json.loads(received.body)
    assert (verified["type"], received.headers["webhook-id"]) == ("plan.changed", str(notice.id))
    assert received.headers["content-type"] == "application/json"
    data = verified["data"]
    assert (data["subject"], data["plan"]) == (
        "Castelverde: cambia 1 numero del piano",
        {"version": 7, "hash": f"{7:064x}"},
    )
    assert [(f["figure"], f["year"], f["before"], f["after"]) for f in data["figures"]] == [
        ("assignable_mean", 2027, 9000, 10000)
    ]
    assert data["causes"][0]["kind"] == "unit-vacated"
    delivery, [attempt] = await site.only_delivery(), await site.room.rows(AttemptRow)
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == ("DELIVERED", 1, None)
    assert (attempt.status, attempt.error, attempt.attempted_at, attempt.body_head) == (204, None, now, "")
    assert await site.webhook_news() == [
        NoticeDelivered(notice_id=notice.id, organisation=CREMONAS, channel="webhook", attempts=1)
    ]
    assert await site.deliver(NOW + 100 * HOURS) == 0


async def test_both_secrets_sign_for_24_hours_after_a_rotation(site: Site) -> None:
    created = await site.room.subscribe(site.receiver.url)
    async with site.room.client() as client:
        answer = await client.post(f"/subscriptions/{created['id']}/secret-rotation")
        assert answer.headers["cache-control"] == "no-store"
        rotated = answer.json()
    now = datetime.now(UTC)
    for version, at in ((1, now), (2, now + 25 * HOURS)):
        await site.room.consume(recomputed(version, change(CREMONA, count(0, version))))
        await site.deliver(at)
    during, after = site.receiver.received
    for secret in (rotated["secret"], created["secret"]):
        assert Webhook(secret).verify(during.body, during.headers)
    assert [len(r.headers["webhook-signature"].split()) for r in (during, after)] == [2, 1]


async def test_a_receiver_with_another_secret_refuses_ours(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    other = await site.room.subscribe(site.receiver.url, [CASTELVERDE])
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    await site.deliver()
    [received] = site.receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(other["secret"]).verify(received.body, received.headers)


@answers(500)
async def test_a_failing_endpoint_is_tried_on_the_published_schedule_then_given_up(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    minutes, hours = 60, 3600
    waits = [0, 5, 5 * minutes, 30 * minutes, *(n * hours for n in (2, 5, 10, 14, 20, 24))]
    for offset in accumulate(waits):
        at = NOW + timedelta(seconds=offset)
        assert await site.deliver(at - timedelta(seconds=1)) == 0
        assert await site.deliver(at) == 1
    attempts = await site.room.rows(AttemptRow, AttemptRow.number)
    assert len(attempts) == 10
    assert {(attempt.status, attempt.body_head) for attempt in attempts} == {(500, "fatto")}
    assert len({received.headers["webhook-id"] for received in site.receiver.received}) == 1
    assert (await site.only_delivery()).state == "EXHAUSTED"
    [notice] = await site.room.notices()
    assert await site.webhook_news() == [
        NoticeFailed(notice_id=notice.id, organisation=CREMONAS, channel="webhook", attempts=10, error="HTTP 500")
    ]


@answers(503, 204)
async def test_a_replay_begins_the_schedule_again_and_only_for_its_organisation(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    await site.deliver()
    path = f"/deliveries/{(await site.only_delivery()).id}/replay"
    async with site.room.client("comune-019026") as stranger, site.room.client() as owner:
        assert (await stranger.post(path)).status_code == 404
        assert (await owner.post(path)).json()["state"] == "PENDING"
    # A replay is due by the real clock, which `NOW` may be long behind.
    assert await site.deliver(datetime.now(UTC) + timedelta(seconds=1)) == 1
    delivery = await site.only_delivery()
    assert (delivery.state, delivery.attempts, delivery.step) == ("DELIVERED", 2, 1)


async def test_who_dies_between_post_and_writing_it_down_sends_the_same_id_again(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))

    def die() -> float:
        raise InterruptedError("the process is killed after the POST")

    site.deliverer = site.new_deliverer(jitter=die)
    with pytest.raises(InterruptedError):
        await site.deliver()
    site.deliverer = site.new_deliverer()
    assert await site.deliver(NOW + LEASE - timedelta(seconds=1)) == 0
    assert await site.deliver(NOW + LEASE) == 1
    first, second = site.receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert [event.attempts for event in await site.webhook_news()] == [1]


@answers(410)
async def test_an_endpoint_that_is_gone_is_disabled_and_its_organisation_warned(site: Site) -> None:
    created = await site.room.subscribe(site.receiver.url)
    await site.room.consume(*(recomputed(n, change(CREMONA, count(0, n))) for n in range(1, 5)))
    jobs, _ = await site.deliverer.claim(NOW)
    await site.deliverer.attempt(jobs[0], NOW)
    assert {row.state for row in await site.room.rows(DeliveryRow)} == {"DISABLED"}
    [warning] = [row for row in await site.room.rows(NoticeRow) if row.kind == "endpoint.disabled"]
    assert warning.subject == "Notifiche chiuse verso 127.0.0.1"
    async with site.room.client() as client:
        path = f"/deliveries/{jobs[0].delivery_id}/replay"
        assert (await client.post(path)).status_code == 409
        site.receiver.statuses = [204]
        resumed = await client.post(f"/subscriptions/{created['id']}/resumption")
        assert (resumed.status_code, resumed.json()["state"]) == (200, "ACTIVE")
        assert (await client.post(path)).status_code == 202
    assert await site.deliver(NOW + HOURS) == 1


@answers(500)
async def test_an_endpoint_that_fails_for_five_days_is_paused_and_what_waits_is_sent_when_it_is_resumed(
    site: Site,
) -> None:
    created = await site.room.subscribe(site.receiver.url)
    for day in range(5):
        at = NOW + timedelta(days=day)
        await site.room.consume(recomputed(day + 1, change(CREMONA, count(day, day + 1)), at=at))
        await site.deliver(at)
    assert await site.deliver(NOW + timedelta(days=5)) > 0
    [warning] = [row for row in await site.room.rows(NoticeRow) if row.kind == "endpoint.paused"]
    assert warning.text.startswith("L’indirizzo 127.0.0.1 non accetta notifiche da 5 giorni")
    assert await site.deliver(NOW + timedelta(days=6)) == 0
    site.receiver.statuses = [204]
    waiting = [row for row in await site.room.rows(DeliveryRow) if row.state == "PENDING"]
    async with site.room.client() as client:
        await client.post(f"/subscriptions/{created['id']}/resumption")
    sent = 0
    while round_count := await site.deliver(NOW + timedelta(days=7)):
        sent += round_count
    assert sent == len(waiting) > 0


async def test_an_ended_subscription_forgets_its_secret_and_what_waited_for_it(site: Site) -> None:
    created = await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    async with site.room.client() as client:
        assert (await client.delete(f"/subscriptions/{created['id']}")).status_code == 204
    assert (await site.deliver(), site.receiver.received) == (0, [])
    [row] = await site.room.rows(SubscriptionRow)
    assert (row.state, row.secret, (await site.only_delivery()).state) == ("ENDED", None, "DISABLED")


async def test_attempts_cannot_be_rewritten(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    await site.deliver()
    for statement in (update(AttemptRow).values(status=500), delete(AttemptRow)):
        with pytest.raises(DBAPIError, match="only ever added"):
            async with site.room.runtime.db.transaction() as session:
                await session.execute(statement)


async def test_no_endpoint_gets_more_than_its_share_and_two_deliverers_never_share_a_delivery(site: Site) -> None:
    for threshold in ("0.1", "0.2"):
        await site.room.subscribe(site.receiver.url, threshold=threshold)
    await site.room.consume(*(recomputed(n, change(CREMONA, count(0, n))) for n in range(1, CONCURRENCY + 2)))
    first, _ = await site.deliverer.claim(NOW)
    again, due = await site.deliverer.claim(NOW)
    assert (len(first), again, due) == (2 * ENDPOINT_CONCURRENCY, [], None)
    second, _ = await site.new_deliverer().claim(NOW)
    assert len({job.delivery_id for job in first + second}) == 4 * ENDPOINT_CONCURRENCY


@asynccontextmanager
async def running(room: Room) -> AsyncIterator[None]:
    """The room with its deliverer at work."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.runtime.tasks[0]())  # type: ignore[arg-type]
        await asyncio.sleep(0)
        yield
        task.cancel()


async def all_settled(room: Room) -> bool:
    return all(row.state == "DELIVERED" for row in await room.rows(DeliveryRow))


async def test_the_running_service_delivers_what_a_commit_brings_without_claiming_it(tmp_path: Path) -> None:
    async with receiving(204) as receiver, opened(tmp_path, receiver.endpoint) as room:
        await room.subscribe(receiver.url)
        claims: list[str] = []
        engine = room.runtime.db.engine.sync_engine
        event.listen(
            engine, "before_cursor_execute", lambda *a: claims.append(a[2]) if "row_number()" in a[2] else None
        )

        async def has_looked_around() -> bool:
            return bool(claims)

        async with running(room):
            await until(has_looked_around)
            claims.clear()
            await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
            await until(lambda: all_settled(room), seconds=5)
    assert (len(receiver.received), claims) == (1, [])


async def broken_off(room: Room, plan: Message) -> None:
    """What the consumer does with a plan whose transaction fails after everything was saved."""
    handlers = room.runtime.handlers
    assert handlers
    async with room.runtime.db.transaction() as session:
        work = await handlers.load(session, [plan])
        handlers.on[PlanRecomputed](plan, work)
        await handlers.save(session, work)
        raise InterruptedError("before the commit")


async def test_a_transaction_that_is_undone_delivers_nothing(tmp_path: Path) -> None:
    async with receiving(204) as receiver, opened(tmp_path, receiver.endpoint) as room:
        await room.subscribe(receiver.url)
        plan = recomputed(1, change(CREMONA, count(0, 1)))
        async with running(room):
            with pytest.raises(InterruptedError):
                await broken_off(room, decode(plan))
            assert (receiver.received, await room.rows(DeliveryRow)) == ([], [])
            await room.consume(plan)
            await until(lambda: all_settled(room), seconds=5)
    assert len(receiver.received) == 1


async def test_more_than_an_endpoint_has_room_for_is_delivered_all_the_same(tmp_path: Path) -> None:
    async with receiving(204) as receiver, opened(tmp_path, receiver.endpoint) as room:
        await room.subscribe(receiver.url)
        async with running(room):
            codes = [municipality.istat_code for municipality in ambito(AMBITO).municipalities]
            await room.consume(recomputed(1, *(change(code, count(0, 1)) for code in codes)))
            await until(lambda: all_settled(room), seconds=20)
    assert len({received.headers["webhook-id"] for received in receiver.received}) == len(receiver.received) == 48


@answers(500, 204)
async def test_an_endpoint_that_failed_and_accepts_again_counts_as_accepting(site: Site) -> None:
    await site.room.subscribe(site.receiver.url)
    await site.room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    await site.deliver()
    [failing] = await site.room.rows(SubscriptionRow)
    assert failing.failing_since == NOW
    assert await site.deliver(NOW + HOURS) == 1
    [row] = await site.room.rows(SubscriptionRow)
    assert (row.failing_since, (await site.only_delivery()).state) == (None, "DELIVERED")
