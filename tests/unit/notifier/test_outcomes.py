"""What attempts mean for a delivery and its endpoint, against the schedule counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.domain.outcomes import PAUSE_AFTER, DeliveryState, Settlement, SubscriptionState, settle
from services.notifier.domain.retries import Verdict

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACTIVE = SubscriptionState.ACTIVE


def judged(verdict: Verdict, attempts: int = 1, failing_since: datetime | None = None) -> Settlement:
    return settle(verdict, AT, attempts, failing_since, 0.0, None)


def test_acceptance_ends_the_delivery_and_clears_the_endpoint() -> None:
    since = AT - timedelta(days=30)
    assert judged(Verdict.DELIVERED, 3, since) == Settlement(DeliveryState.DELIVERED, None, ACTIVE, None)


def test_a_first_failure_is_tried_again_after_five_seconds_and_starts_the_endpoints_clock() -> None:
    expected = Settlement(DeliveryState.PENDING, AT + timedelta(seconds=5), ACTIVE, AT)
    assert judged(Verdict.FAILED) == expected


def test_throttling_doubles_the_wait() -> None:
    assert judged(Verdict.THROTTLED, 2).next_attempt_at == AT + timedelta(minutes=10)


def test_the_tenth_failure_exhausts_the_schedule() -> None:
    since = AT - timedelta(hours=76)
    assert judged(Verdict.FAILED, 10, since) == Settlement(DeliveryState.EXHAUSTED, None, ACTIVE, since)


@pytest.mark.parametrize(("early", "state"), [(timedelta(seconds=1), ACTIVE), (timedelta(), SubscriptionState.PAUSED)])
def test_five_days_of_failures_pause_the_endpoint_but_not_the_delivery(
    early: timedelta, state: SubscriptionState
) -> None:
    after = judged(Verdict.FAILED, 2, AT - PAUSE_AFTER + early)
    assert (after.delivery, after.subscription) == (DeliveryState.PENDING, state)


def test_gone_disables_both_at_once() -> None:
    after = judged(Verdict.GONE)
    assert (after.delivery, after.subscription) == (DeliveryState.DISABLED, SubscriptionState.DISABLED)
