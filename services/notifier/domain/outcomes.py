"""What an attempt to deliver a webhook means for its delivery and for the endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.notifier.domain.retries import Verdict, next_attempt_at

PAUSE_AFTER: Final = timedelta(days=5)
"""An endpoint that has accepted nothing for so long is left alone; longer than one whole retry schedule (76 h)."""


class DeliveryState(StrEnum):
    """Where a webhook stands; `DISABLED` because its endpoint wants no more."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    EXHAUSTED = "EXHAUSTED"
    DISABLED = "DISABLED"


class SubscriptionState(StrEnum):
    """`PAUSED` by us, `DISABLED` by the endpoint (410), `ENDED` by the subscriber."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The state after an attempt; `failing_since` is None for an endpoint that accepts."""

    delivery: DeliveryState
    next_attempt_at: datetime | None
    subscription: SubscriptionState
    failing_since: datetime | None


def settle(
    verdict: Verdict,
    at: datetime,
    attempts: int,
    failing_since: datetime | None,
    jitter: float,
    retry_after: timedelta | None,
) -> Settlement:
    """Judge the `attempts`-th attempt of a schedule, made at `at`, on an active subscription."""
    active = SubscriptionState.ACTIVE
    if verdict is Verdict.DELIVERED:
        return Settlement(DeliveryState.DELIVERED, None, active, None)
    since = failing_since or at
    if verdict is Verdict.GONE:
        return Settlement(DeliveryState.DISABLED, None, SubscriptionState.DISABLED, since)
    following = next_attempt_at(attempts, at, jitter, retry_after, throttled=verdict is Verdict.THROTTLED)
    state = DeliveryState.EXHAUSTED if following is None else DeliveryState.PENDING
    return Settlement(state, following, SubscriptionState.PAUSED if at - since >= PAUSE_AFTER else active, since)
