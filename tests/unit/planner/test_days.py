"""Days: when the next one begins in Italy, what it moves in a plan to which nothing is reported, and its cause."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.days import LONGEST_PAUSE, pause_after
from services.planner.domain.causes import cause_of
from services.planner.domain.emergency.actions import ActionKind
from services.planner.domain.forecast import Triennium
from services.planner.domain.moves import causes_of, changes
from services.planner.domain.plan import Method
from services.planner.domain.withholding import plan_hash
from services.planner.law import rules_on
from shared.civil_time import ROME
from shared.events import Cause
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import (
    AMBITO,
    CASTELVERDE,
    CREMONA,
    NAMES,
    START,
    TestRegistry,
    case_opened,
    day_began,
    folded,
)

METHOD = Method(Triennium(2026), rules_on, lambda _: NAMES)
SAT_ENDS = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2026-11-23T22:59:30", 30),  # 23:59:30 in Rome, an hour ahead of UTC in winter
        ("2026-11-23T23:00:00", 600),  # midnight itself: the day has begun
        ("2026-07-01T21:59:00", 60),  # two hours ahead in summer
        ("2026-07-01T22:59:30", 600),
        ("2026-03-28T22:59:00", 60),  # the clocks go forward on the 29th
        ("2026-10-25T22:59:00", 60),  # they have gone back this morning
        ("2026-11-23T12:00:00", 600),
    ],
)
def test_the_clock_is_looked_at_again_at_midnight_in_rome_or_soon(at: str, seconds: float) -> None:
    assert pause_after(datetime.fromisoformat(at).replace(tzinfo=UTC)) == seconds


@given(st.datetimes(datetime(2017, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_no_day_begins_during_a_pause(at: datetime) -> None:
    pause = timedelta(seconds=pause_after(at))
    assert timedelta(0) < pause <= timedelta(seconds=LONGEST_PAUSE)
    just_before = at + pause - timedelta(microseconds=1)
    assert just_before.astimezone(ROME).date() == at.astimezone(ROME).date()


def town() -> TestRegistry:
    """Ten let homes of which two were given back, one in works that should have ended, one let for a while."""
    registry = TestRegistry()
    for number in range(10):
        registry.register(f"U{number}", UnitStatus.OCCUPIED)
    registry.register("C1", UnitStatus.OCCUPIED, municipality=CASTELVERDE)
    registry.register("T1", UnitStatus.OCCUPIED_SAT, sat_ends_on=SAT_ENDS)
    registry.register("W1", UnitStatus.IN_WORKS, works_end_on=date(2026, 12, 1))
    for unit in ("U0", "U1"):
        registry.report(unit, "unit-vacated", UnitStatus.FREE_ASSIGNABLE, date(2026, 2, 3))
    return registry


def test_a_stay_ends_on_a_quiet_day() -> None:
    """The last day of the stay is still its own: only the next one asks for the home back."""
    sent = town().sent
    for on, kinds in ((SAT_ENDS, []), (SAT_ENDS + timedelta(1), [ActionKind.END_SAT])):
        plan = METHOD.plan_of(folded([*sent, day_began(on, 90)]))
        assert (plan.reference_on, [action.kind for action in plan.actions]) == (on, kinds)


def test_the_first_day_of_a_quarter_teaches_what_the_last_one_has_shown() -> None:
    """Two exits of February count from the 1st of April on (ADR 18), also where nobody was given a home back."""
    state = folded([*town().sent, day_began(date(2026, 3, 31), 90)])
    last = METHOD.plan_of(state)
    state.settle()
    state.see(date(2026, 4, 1))
    first = METHOD.plan_of(state, last)
    cause = cause_of(day_began(date(2026, 4, 1), 91))
    moved = {change.municipality: change for change in changes(last, first, [cause])}
    assert moved.keys() == {CREMONA, CASTELVERDE}
    assert all(change.causes == (cause,) for change in moved.values())
    assert "turnover_mean" in {figure.figure for figure in moved[CASTELVERDE].figures}
    assert plan_hash(first) == plan_hash(METHOD.plan_of(state))


@given(st.lists(st.dates(START, date(2029, 12, 31)), max_size=5), st.randoms(use_true_random=False))
def test_the_latest_day_counts_in_any_order(days: list[date], random: Random) -> None:
    messages = [*town().sent, case_opened("E1", 900)]
    reached = max([*days, date(2026, 2, 3)])
    for number, on in enumerate(days):
        messages.insert(random.randint(0, len(messages)), day_began(on, 1000 + number))
    assert plan_hash(METHOD.plan_of(folded(messages))) == plan_hash(
        METHOD.plan_of(folded([*town().sent, case_opened("E1", 900), day_began(reached, 90)]))
    )


def test_a_day_is_a_cause_of_the_whole_ambito() -> None:
    day = cause_of(day_began(date(2026, 11, 24), 7))
    assert day == Cause(
        event_id=UUID(int=7), kind="day-began", subject=AMBITO, municipality=CREMONA, on=date(2026, 11, 24)
    )


def test_the_last_day_is_told_first_and_everywhere() -> None:
    earlier, day = (cause_of(day_began(date(2026, 11, on), on)) for on in (23, 24))
    here, there = (
        Cause(event_id=UUID(int=n), kind="unit-vacated", subject="U", municipality=where, on=START)
        for n, where in ((1, CREMONA), (2, CASTELVERDE))
    )
    batch = [here, earlier, there, day]
    assert causes_of(CREMONA, batch) == (day, here)
    assert causes_of(CASTELVERDE, batch) == (day, there)
    assert causes_of("019098", batch) == (day, here, there)
    assert causes_of("019098", [earlier]) == (earlier,)
