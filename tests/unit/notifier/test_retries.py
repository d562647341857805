"""When a delivery is tried again, against the schedule printed in Standard Webhooks 1.0."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.retries import (
    JITTER_SHARE,
    LONGEST_RETRY_AFTER,
    SCHEDULE,
    Verdict,
    next_attempt_at,
    parse_retry_after,
    verdict,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Column "Time since start" of the specification's example table.
SINCE_START = (
    *("0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05"),
    *("7:35:05", "17:35:05", "31:35:05", "51:35:05", "75:35:05"),
)

jitters = st.floats(min_value=0, max_value=1, exclude_max=True)
attempt_counts = st.integers(min_value=0, max_value=len(SCHEDULE) - 1)
waits = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3650))
maybe_waits = st.none() | waits


def test_without_jitter_the_attempts_fall_on_the_published_times() -> None:
    instant, elapsed = START, []
    for attempt_count in range(len(SINCE_START)):
        planned = next_attempt_at(attempt_count, instant, jitter=0.0)
        assert planned is not None
        instant = planned
        seconds = int((instant - START).total_seconds())
        elapsed.append(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}")
    assert tuple(elapsed) == SINCE_START
    assert next_attempt_at(len(SINCE_START), instant, jitter=0.0) is None


@given(attempt_count=st.integers(min_value=len(SCHEDULE), max_value=10**6), jitter=jitters, asked=maybe_waits)
def test_there_are_never_more_attempts_than_the_schedule_has(
    attempt_count: int, jitter: float, asked: timedelta | None
) -> None:
    assert next_attempt_at(attempt_count, START, jitter, asked, throttled=True) is None


@given(attempt_count=attempt_counts, jitter=jitters)
def test_the_wait_lies_between_the_schedule_and_the_schedule_plus_jitter(attempt_count: int, jitter: float) -> None:
    planned = next_attempt_at(attempt_count, START, jitter)
    assert planned is not None
    assert SCHEDULE[attempt_count] <= planned - START <= SCHEDULE[attempt_count] * (1 + JITTER_SHARE)


@given(attempt_count=st.integers(min_value=0, max_value=len(SCHEDULE) - 2), earlier=jitters, later=jitters)
def test_waits_never_shrink_whatever_the_jitters(attempt_count: int, earlier: float, later: float) -> None:
    first, second = next_attempt_at(attempt_count, START, earlier), next_attempt_at(attempt_count + 1, START, later)
    assert first is not None
    assert second is not None
    assert first <= second


@given(attempt_count=attempt_counts, smaller=jitters, larger=jitters)
def test_more_jitter_is_never_earlier(attempt_count: int, smaller: float, larger: float) -> None:
    smaller, larger = sorted((smaller, larger))
    first, second = next_attempt_at(attempt_count, START, smaller), next_attempt_at(attempt_count, START, larger)
    assert first is not None
    assert second is not None
    assert first <= second


@given(attempt_count=attempt_counts, jitter=jitters, asked=waits, throttled=st.booleans())
def test_retry_after_is_kept_within_a_day(attempt_count: int, jitter: float, asked: timedelta, throttled: bool) -> None:
    planned = next_attempt_at(attempt_count, START, jitter, asked, throttled=throttled)
    assert planned is not None
    assert planned - START >= min(asked, LONGEST_RETRY_AFTER)
    assert planned - START <= max(SCHEDULE[attempt_count], LONGEST_RETRY_AFTER) * (1 + JITTER_SHARE)


def test_throttled_without_retry_after_doubles_the_interval() -> None:
    # 3 attempts made: the 4th is due after 30 minutes, throttled after 60; half the jitter adds a tenth: 66.
    assert next_attempt_at(3, START, 0.0, throttled=True) == START + timedelta(minutes=60)
    assert next_attempt_at(3, START, 0.5, throttled=True) == START + timedelta(minutes=66)


def test_a_short_retry_after_replaces_the_doubling_but_not_the_schedule() -> None:
    assert next_attempt_at(3, START, 0.0, timedelta(seconds=7), throttled=True) == START + timedelta(minutes=30)


def test_the_wait_is_elapsed_time_across_the_change_to_summer_time() -> None:
    # 29 March 2026: Rome skips 02:00-03:00. 00:30+01:00 is 23:30 UTC; two hours later it is 01:30 UTC.
    before = datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/Rome"))
    assert next_attempt_at(4, before, 0.0) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt_count", "instant", "jitter"),
    [(-1, START, 0.0), (0, START, 1.0), (0, START, -0.1), (0, START, float("nan")), (0, START.replace(tzinfo=None), 0)],
)
def test_nonsense_is_refused(attempt_count: int, instant: datetime, jitter: float) -> None:
    with pytest.raises(ValueError, match="must"):
        next_attempt_at(attempt_count, instant, jitter)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (200, None, Verdict.DELIVERED),
        (204, None, Verdict.DELIVERED),
        (299, None, Verdict.DELIVERED),
        (410, None, Verdict.GONE),
        (429, None, Verdict.THROTTLED),
        (502, None, Verdict.THROTTLED),
        (504, None, Verdict.THROTTLED),
        (301, None, Verdict.FAILED),
        (308, None, Verdict.FAILED),
        (199, None, Verdict.FAILED),
        (400, None, Verdict.FAILED),
        (404, None, Verdict.FAILED),
        (500, None, Verdict.FAILED),
        (503, None, Verdict.FAILED),
        (None, "connection refused", Verdict.FAILED),
        (200, "connection reset in the body", Verdict.FAILED),
        (410, "connection reset in the body", Verdict.FAILED),
        (429, "connection reset in the body", Verdict.THROTTLED),
    ],
)
def test_verdict(status: int | None, error: str | None, expected: Verdict) -> None:
    assert verdict(status, error) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("Mon, 02 Mar 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 02 Mar 2026 09:02:00 -0000", timedelta(minutes=2)),
        ("Mon, 02 Mar 2026 08:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("9" * 5000, None),
        ("", None),
        ("soon", None),
    ],
)
def test_retry_after_header(value: str, expected: timedelta | None) -> None:
    assert parse_retry_after(value, START) == expected


@given(st.text() | st.from_regex(r"Mon, [0-9]{1,9} (Mar|[a-z]{3}) [0-9]{1,12} [0-9:]{0,12} [+-]?[0-9A-Z]{0,12}"))
def test_no_retry_after_header_breaks_the_parser(value: str) -> None:
    parsed = parse_retry_after(value, START)
    assert parsed is None or parsed >= timedelta(0)
