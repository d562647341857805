"""What a count is made of: each cited event decides it, and no other does; parts add up exactly."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import FigureKey, Plan, compute
from services.planner.domain.why import Cited, Subject, cited, parts_of, subjects_of
from shared.events.base import Message
from shared.events.units import UnitStatus
from tests.unit.planner.test_chronicle import WORLDS, Claim, told
from tests.unit.planner.worlds import (
    AMBITO,
    CREMONA,
    NAMES,
    RULES,
    TestRegistry,
    case_closed,
    case_opened,
    day_began,
    submission,
)
from tests.unit.registry.samples import OWNER

MARCH = date(2026, 3, 1)


def plan_of(messages: list[Message]) -> Plan:
    return compute(state_as_of(AMBITO, RULES.bands, messages), Triennium(2026), RULES, NAMES)


def inputs(key: FigureKey, messages: list[Message]) -> list[Cited]:
    return list(cited(key, RULES.bands, subjects_of(messages)))


def value(key: FigureKey, messages: list[Message]) -> int:
    return plan_of(messages).figures.get(key, 0)


def without(messages: list[Message], events: tuple[UUID, ...]) -> list[Message]:
    return [message for message in messages if message.envelope.id not in events]


COUNTS = [("occupied", OWNER), ("free_assignable", OWNER), ("needing_works", OWNER), ("stock_total", OWNER)]


@settings(max_examples=60)
@given(WORLDS, st.sampled_from(COUNTS))
def test_what_is_cited_decides_and_nothing_else(world: tuple[list[Claim], ...], count: tuple[str, str]) -> None:
    messages = told(claim for home in world for claim in home)
    figure, owner = count
    key = FigureKey(CREMONA, owner, figure, None)
    now, found = value(key, messages), inputs(key, messages)
    assert sum(one.effect for one in found) == now
    alone = {event for one in found if not one.is_joint for event in one.events}
    for message in messages:
        changed = value(key, without(messages, (message.envelope.id,))) != now
        assert changed == (message.envelope.id in alone)
    for one in found:
        if one.is_joint:
            assert value(key, without(messages, one.events)) != now


def test_a_home_that_left_is_cited_by_the_event_that_took_it_away() -> None:
    registry = TestRegistry()
    registry.register("U-1", UnitStatus.FREE_ASSIGNABLE)
    registry.register("U-2", UnitStatus.FREE_ASSIGNABLE)
    registry.report("U-2", "notice-published", UnitStatus.IN_NOTICE, MARCH)
    assert inputs(FigureKey(CREMONA, "aler", "free_assignable", None), registry.sent) == [
        Cited(Subject("unit", "U-1"), 1, (UUID(int=1),), False, date(2026, 1, 1)),
        Cited(Subject("unit", "U-2"), 0, (UUID(int=3),), False, MARCH),
    ]


def test_open_cases_and_declarations_are_cited() -> None:
    messages = [case_opened("C-1", 1), case_opened("C-2", 2), case_closed("C-2", 3), submission(1, 3, 4)]
    cases = inputs(FigureKey(CREMONA, None, "open_cases", None), messages)
    assert [(one.subject.name, one.effect, one.events) for one in cases] == [
        ("C-1", 1, (UUID(int=1),)),
        ("C-2", 0, (UUID(int=3),)),
    ]
    declared = inputs(FigureKey(CREMONA, "aler", "declared_assignable_total", 2027), [*messages, submission(2, 5, 5)])
    assert [(one.effect, one.events) for one in declared] == [(5, (UUID(int=5),))]


@settings(max_examples=40)
@given(WORLDS)
def test_parts_add_up(world: tuple[list[Claim], ...]) -> None:
    plan = plan_of(told(claim for home in world for claim in home))
    for key, found in plan.figures.items():
        parts = parts_of(plan.figures, key)
        if parts:
            assert sum(part.value for part in parts) == found


def test_no_count_is_made_of_days() -> None:
    """Not even where there are so many that asking each would take long."""
    registry = TestRegistry()
    registry.register("U-1", UnitStatus.OCCUPIED)
    days = [day_began(date.fromordinal(MARCH.toordinal() + number), 1000 + number) for number in range(2000)]
    key = FigureKey(CREMONA, "aler", "occupied", None)
    assert inputs(key, [*registry.sent, *days]) == inputs(key, registry.sent) != []
