"""Other rules in a what-if: those in force change nothing, others what they say; and an address asks what it says."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import Method
from services.planner.domain.what_if import Hypothesis, Vacancies, WhatIf, suppose
from services.planner.law import rules_on
from services.planner.law.supposed import ADJUSTABLE, SupposedLaw, SupposedRule, fault_of, is_share
from services.planner.pages.supposing import MOST, OFFERED, Typed, supposed
from shared.events import Message, UnitStatus
from tests.unit.planner.worlds import AMBITO, CREMONA, NAMES, TestRegistry, case_opened, submission

METHOD = Method(Triennium(2026), rules_on, lambda _: NAMES)
PEOPLE = {CREMONA: {2023: 4_000}}


def world() -> list[Message]:
    """Five homes, one of them free, an open case, and ten homes declared."""
    registry = TestRegistry()
    for number in range(5):
        registry.register(f"H{number}", UnitStatus.FREE_ASSIGNABLE if number == 0 else UnitStatus.OCCUPIED)
    return [*registry.sent, case_opened("C1", 101), submission(1, 10, 102, owner="aler")]


def outcome(law: SupposedLaw, *hypotheses: Hypothesis) -> WhatIf:
    messages = world()
    state = state_as_of(AMBITO, METHOD.bands, messages)
    plan = METHOD.plan_of(state)
    rules = law.rules(plan.rules_on) if law else None
    return suppose(plan, state, messages, METHOD, hypotheses, rules, PEOPLE)


def in_force(parameter: str) -> Decimal:
    value = rules_on(METHOD.plan_of(state_as_of(AMBITO, METHOD.bands, world())).rules_on).sources[parameter].value
    assert isinstance(value, str)
    return Decimal(value)


@given(st.sets(st.sampled_from(sorted(ADJUSTABLE))), st.booleans())
def test_the_rules_in_force_supposed_are_the_plan_itself(parameters: set[str], is_dated: bool) -> None:
    on = METHOD.plan_of(state_as_of(AMBITO, METHOD.bands, world())).rules_on if is_dated else None
    found = outcome(SupposedLaw(on, tuple(SupposedRule(name, in_force(name)) for name in sorted(parameters))))
    assert (found.drift.differences, found.parameters, found.limits) == ((), (), ())
    assert found.drift.before == found.drift.after


@given(st.sampled_from(sorted(ADJUSTABLE)), st.decimals(0, 1, places=4), st.integers(0, 4))
def test_whatever_is_supposed_every_difference_is_the_sum_of_its_causes(
    parameter: str, share: Decimal, homes: int
) -> None:
    least, most = ADJUSTABLE[parameter]
    rule = SupposedRule(parameter, share if is_share(parameter) else Decimal(least + int(share * (most - least))))
    assert fault_of(rule) is None
    given_back = [Vacancies(CREMONA, "aler", homes, UnitStatus.FREE_ASSIGNABLE)] * bool(homes)
    for one in outcome(SupposedLaw(None, (rule,)), *given_back).drift.differences:
        assert one.before + sum(one.amounts.values()) == one.after


def test_a_larger_share_grants_more_homes_and_caps_move_with_theirs() -> None:
    """Of ten homes 0.2 are 2, 0.25 are 2.5, rounded up; of five homes a tenth is none, a half two."""
    rules = SupposedRule("indigence_share", Decimal("0.25")), SupposedRule("sat_set_aside_share", Decimal("0.5"))
    found = outcome(SupposedLaw(None, rules))
    assert {(one.what, one.before, one.after) for one in found.limits} == {
        ("quota/INDIGENCE", 2, 3),
        ("cap/sat", 0, 2),
    }
    assert [(one.parameter, one.after.value, one.after.status) for one in found.parameters] == [
        ("indigence_share", "0.25", "assumed"),
        ("sat_set_aside_share", "0.5", "assumed"),
    ]


def test_the_rules_of_another_day_are_those_of_that_day() -> None:
    """In 2024 the share for the forces was 10 %, and owners had none of their own: of ten homes 1 and none."""
    found = outcome(SupposedLaw(date(2024, 1, 1)))
    assert {(one.what, one.before, one.after) for one in found.limits} == {
        ("quota/FORCES", 2, 1),
        ("quota/CATEGORIES", 2, 0),
    }


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("indigence_share", "1.01"),
        ("indigence_share", "0.12345"),
        ("backlog_clearance", "0"),
        ("disposal_village_max_inhabitants", "0.5"),
        ("area_band_minimum", "1"),
    ],
)
def test_what_is_out_of_bounds_is_told(parameter: str, value: str) -> None:
    fault = fault_of(SupposedRule(parameter, Decimal(value)))
    assert fault is not None
    assert fault.it != fault.en


SHARES = sorted(name for name in OFFERED if is_share(name))
TEXTS = st.sampled_from(["", "0", "1", "7", "200", "201", "-1", "x", "12,5", "100", "150"])
TYPED = st.builds(
    Typed,
    alloggi=TEXTS,
    comune=st.sampled_from(["", CREMONA]),
    ente=st.sampled_from(["", "aler-bcm"]),
    programma=st.sampled_from(["", "PR-2026-01"]),
    fine=st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    casi=TEXTS,
    comune_casi=st.sampled_from(["", CREMONA]),
    nucleo=TEXTS,
    regole_al=st.none() | st.dates(date(2017, 1, 1), date(2040, 1, 1)),
    regola=st.lists(st.sampled_from(["", *SHARES]), max_size=3).map(tuple),
    valore=st.lists(TEXTS, max_size=3).map(tuple),
)


@given(TYPED)
def test_the_shared_address_asks_the_same(asked: Typed) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(urlencode(asked.query), keep_blank_values=True):
        found[name].append(value)
    several = {name: tuple(found.pop(name, ())) for name in ("regola", "valore")}
    days = {name: date.fromisoformat(found.pop(name)[0]) for name in ("fine", "regole_al") if name in found}
    again = Typed(**{name: values[0] for name, values in found.items()}, **days, **several)
    assert supposed(again) == supposed(asked)


@given(TYPED)
def test_nothing_that_was_typed_is_left_out_silently(asked: Typed) -> None:
    """Each group that has anything but nought in it became a hypothesis or a rule, or a fault."""
    found = supposed(asked)
    homes = any((asked.alloggi, asked.comune, asked.ente)) and asked.alloggi != "0"
    cases = any((asked.casi, asked.comune_casi)) and asked.casi != "0"
    works = bool(asked.programma or asked.fine)
    rules = sum(any(row) for row in asked.rules)
    assert len(found.hypotheses) + len(found.law.values) + len(found.faults) == homes + cases + works + rules
    for hypothesis in found.hypotheses:
        if isinstance(hypothesis, Vacancies):
            assert 1 <= hypothesis.home_count <= MOST
