"""When a webhook delivery is tried again (Standard Webhooks 1.0, "Deliverability and reliability")."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Wait before the 1st, 2nd, ... attempt: the specification's own example schedule."""

# Jitter only ever adds, so a Retry-After is never undercut;
# one fifth is the most that keeps the waits in order (20 h * 1.2 = 24 h).
JITTER_SHARE: Final = 0.2

LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
"""A receiver may ask for patience, but not park a delivery for years."""

THROTTLING_STATUSES: Final = frozenset({429, 502, 504})


class Verdict(StrEnum):
    """What one attempt means for the delivery and for its endpoint."""

    DELIVERED = "delivered"
    GONE = "gone"
    THROTTLED = "throttled"
    FAILED = "failed"


def verdict(status: int | None, error: str | None) -> Verdict:
    """Judge one attempt by the HTTP status received, if any, and the transport error, if any.

    An exchange that broke after its status line proves neither acceptance nor farewell: trying again is harmless
    (the webhook-id stays the same), a lost notice or a wrongly disabled endpoint is not.
    A redirect is a failure: it is never followed.
    """
    if status in THROTTLING_STATUSES:
        return Verdict.THROTTLED
    if status is None or error is not None:
        return Verdict.FAILED
    if status == 410:
        return Verdict.GONE
    return Verdict.DELIVERED if 200 <= status <= 299 else Verdict.FAILED


def next_attempt_at(
    attempt_count: int,
    last_attempt_at: datetime,
    jitter: float,
    retry_after: timedelta | None = None,
    *,
    throttled: bool = False,
) -> datetime | None:
    """Instant (UTC) of the next attempt, or None when the schedule is exhausted.

    Args:
        attempt_count: attempts already made; 0 plans the first one.
        last_attempt_at: aware instant of the last attempt, or of the event when there was none yet.
        jitter: drawn by the caller, in [0, 1).
        retry_after: what the receiver asked for, with whatever status; counted up to `LONGEST_RETRY_AFTER`.
        throttled: the last attempt was `Verdict.THROTTLED`; without a `retry_after` the interval doubles.

    Raises:
        ValueError: a negative count, a jitter outside [0, 1) or a naive instant.
    """
    if attempt_count < 0 or not 0 <= jitter < 1:
        raise ValueError(f"attempt_count {attempt_count} must be >= 0 and jitter {jitter} in [0, 1)")
    if last_attempt_at.tzinfo is None:
        raise ValueError(f"last_attempt_at {last_attempt_at} must carry a time zone")
    if attempt_count >= len(SCHEDULE):
        return None
    wait = SCHEDULE[attempt_count]
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_RETRY_AFTER))
    elif throttled:
        wait *= 2
    # Adding to a Europe/Rome instant would add wall-clock time and be an hour off across a DST change.
    return last_attempt_at.astimezone(UTC) + wait * (1 + JITTER_SHARE * jitter)


def parse_retry_after(value: str, now: datetime) -> timedelta | None:
    """The wait a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None when it is unreadable."""
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser is lenient, its errors are not uniform
        return None
    # "-0000" yields a naive date; HTTP dates are UTC whatever they say.
    instant = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    return max(timedelta(0), instant - now)
