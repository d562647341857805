"""Drift adds up exactly, figure by figure and in any order of the causes, and ends in the other plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.drift import PROGRAM, TIME, Drift, drift, steps_between
from services.planner.domain.drift import RULES as RULES_CHANGED
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import FigureKey, Method, Plan
from services.planner.domain.rules import Rules
from services.planner.law import rules_on
from shared.events.base import Message
from shared.events.units import UnitStatus
from tests.unit.planner.test_chronicle import WORLDS, Claim, told
from tests.unit.planner.worlds import (
    AMBITO,
    CREMONA,
    NAMES,
    TestRegistry,
    case_closed,
    case_opened,
    day_began,
    submission,
)

METHOD = Method(Triennium(2026), rules_on, lambda _: NAMES)


def plan_of(messages: Sequence[Message]) -> Plan:
    return METHOD.plan_of(state_as_of(AMBITO, METHOD.bands, messages))


def between(before: Sequence[Message], after: Sequence[Message], random: Random | None = None) -> Drift:
    steps = steps_between(before, after)
    if random:
        random.shuffle(steps)
    return drift(AMBITO, before, steps, METHOD)


@settings(max_examples=60, deadline=None)
@given(WORLDS, st.integers(0, 24), st.integers(0, 24), st.randoms(use_true_random=False))
def test_the_sum_is_exact_in_any_order_of_the_causes(
    world: tuple[list[Claim], ...], first: int, second: int, random: Random
) -> None:
    """Also backwards, from a later plan to an earlier one."""
    facts = told(claim for home in world for claim in home)
    messages = [*facts, case_opened("C-1", 900), submission(1, 3, 901)]
    for day in (day_began(date(2026, 2, 10), 902), day_began(date(2027, 2, 1), 903)):
        messages.insert(random.randint(0, len(messages)), day)
    before, after = messages[:first], messages[: second % len(messages)]
    found = between(before, after, random)
    was, now = plan_of(before), plan_of(after)
    keys = was.figures.keys() | now.figures.keys()
    moved = {key for key in keys if was.figures.get(key, 0) != now.figures.get(key, 0)}
    assert moved <= {one.key for one in found.differences}
    for one in found.differences:
        assert (one.before, one.after) == (was.figures.get(one.key, 0), now.figures.get(one.key, 0))
        assert one.before + sum(one.amounts.values()) == one.after


def test_each_cause_has_what_it_moved() -> None:
    registry = TestRegistry()
    for unit in ("U-1", "U-2", "U-3"):
        registry.register(unit, UnitStatus.OCCUPIED)
    before = [*registry.sent, case_opened("C-1", 90)]
    registry.report("U-1", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, date(2026, 3, 1))
    registry.report("U-2", "unit-vacated", UnitStatus.UNINHABITABLE, date(2026, 3, 2))
    after = [*registry.sent, case_opened("C-1", 90), case_closed("C-1", 91)]
    found = between(before, after)
    assert [(reason.kind, reason.events) for reason in found.reasons] == [
        (TIME, ()),
        ("unit-vacated", (UUID(int=4),)),
        ("unit-vacated", (UUID(int=5),)),
        ("emergency-case-closed", (UUID(int=91),)),
    ]
    amounts = {one.key: one.amounts for one in found.differences}
    assert amounts[FigureKey(CREMONA, None, "occupied", None)] == {1: -1, 2: -1}
    assert amounts[FigureKey(CREMONA, None, "free_assignable", None)] == {1: 1}
    assert amounts[FigureKey(CREMONA, None, "open_cases", None)] == {3: -1}
    assert 0 in amounts[FigureKey(CREMONA, None, "turnover_mean", 2026)]


def test_days_that_began_are_told_as_time() -> None:
    """Three quiet days, the last of them two years on: one reason, which names them and has all that moved."""
    registry = TestRegistry()
    for unit in ("U-1", "U-2", "U-3"):
        registry.register(unit, UnitStatus.OCCUPIED)
    registry.report("U-1", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, date(2026, 3, 1))
    began = (date(2026, 3, 2), date(2026, 3, 3), date(2028, 3, 4))
    days = [day_began(on, number) for number, on in enumerate(began, 90)]
    after = [*registry.sent, *days]
    found = between(registry.sent, after)
    assert found.reasons == ((TIME, None, tuple(day.envelope.id for day in days)),)
    assert {place for one in found.differences for place in one.amounts} == {0}
    assert (found.before, found.after) == (plan_of(registry.sent), plan_of(after))
    assert found.after.reference_on == date(2028, 3, 4)
    back = between(after, registry.sent)
    assert back.reasons == found.reasons
    assert (back.before, back.after) == (found.after, found.before)


def test_many_causes_are_told_by_kind_and_municipality() -> None:
    registry = TestRegistry()
    for number in range(70):
        registry.register(f"U-{number}", UnitStatus.OCCUPIED)
    found = between([], registry.sent)
    assert [(reason.kind, reason.municipality, len(reason.events)) for reason in found.reasons] == [
        (TIME, None, 0),
        ("unit-registered", CREMONA, 70),
    ]


def test_a_change_of_the_rules_is_a_cause_of_its_own() -> None:
    """Ten homes ever registered allow one to be set aside (10 %): reserve and offer; with none a lease is proposed."""
    registry = TestRegistry()
    for number in range(10):
        registry.register(f"U-{number}", UnitStatus.FREE_ASSIGNABLE)
    messages = [*registry.sent, case_opened("C-1", 90)]
    stricter = replace(METHOD, law=lambda on: _without_sat(rules_on(on)))
    found = drift(AMBITO, messages, [], METHOD, by=stricter)
    assert [reason.kind for reason in found.reasons] == [TIME, RULES_CHANGED]
    amounts = {one.key: one.amounts for one in found.differences}
    assert amounts[FigureKey(None, None, "emergency_actions", None)] == {1: 1 - 2}


def _without_sat(rules: Rules) -> Rules:
    return replace(rules, sat=replace(rules.sat, set_aside_share=Decimal(0)))


def test_what_a_plan_was_frozen_with_and_the_events_no_longer_give_is_a_cause_of_its_own() -> None:
    """Frozen with one home fewer than the same events give now; then another one is registered."""
    registry = TestRegistry()
    registry.register("U-1", UnitStatus.FREE_ASSIGNABLE)
    before = list(registry.sent)
    registry.register("U-2", UnitStatus.FREE_ASSIGNABLE)
    frozen, steps = plan_of([]), steps_between(before, registry.sent)
    found = drift(AMBITO, before, steps, METHOD, frozen=frozen)
    kinds = [reason.kind for reason in found.reasons]
    assert kinds == [TIME, "unit-registered", PROGRAM]
    [free] = [one for one in found.differences if one.key == FigureKey(CREMONA, None, "free_assignable", None)]
    assert (free.before, free.after, dict(free.amounts)) == (0, 2, {1: 1, 2: 1})
    for one in found.differences:
        assert one.before + sum(one.amounts.values()) == one.after
    same = drift(AMBITO, before, steps, METHOD, frozen=plan_of(before))
    assert PROGRAM not in [reason.kind for reason in same.reasons]
