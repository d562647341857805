"""Corrections and as-of questions, by hand-made cases and against a slow oracle that knows only the literal table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.registry.domain import Decision, Entry, Refusal, decide, needs_history, state_at
from services.registry.domain.history import transition
from services.registry.domain.lifecycle import apply
from shared.events.units import Report, ReportRetracted, Transition, Unit, UnitRegistered, UnitStatus
from tests.unit.registry.samples import (
    DAY,
    MANAGER,
    OWNER,
    STRANGER,
    TABLE,
    WORKS,
    kind_of,
    registered,
    report,
    situation_of,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TODAY = date(2030, 1, 1)


def march(day: int) -> date:
    return date(2026, 3, day)


@dataclass
class Home:
    """One home's record as the handler keeps it: what is now, what was said, and the sum of what was published."""

    unit: Unit | None = None
    latest_on: date | None = None
    history: list[Entry] = field(default_factory=list)
    published: Counter[Transition] = field(default_factory=Counter)

    def tell(self, claim: Report, organisation: str = OWNER) -> Decision:
        history = self.history[::-1] if needs_history(self.latest_on, claim) else None
        number = len(self.history) + 1
        decision = decide(self.unit, history, claim, UUID(int=number), organisation, TODAY)
        recorded_at = NOON + timedelta(minutes=number)
        self.history.append(Entry(number, recorded_at, UUID(int=number), organisation, claim))
        self.unit = decision.unit
        self.latest_on = max(self.latest_on or claim.effective_on, claim.effective_on)
        self.published.update(decision.transitions)
        self.published.subtract(decision.withdrawn)
        return decision


def told(*claims: Report) -> Home:
    home = Home()
    for claim in claims:
        home.tell(claim)
    return home


def in_true_order(claims: list[Report]) -> tuple[Unit | None, Counter[Transition]]:
    """The same reports as if each had arrived on its day."""
    unit, transitions = None, Counter[Transition]()
    for claim in sorted(claims, key=lambda claim: claim.effective_on):
        before, unit = unit, apply(unit, claim, OWNER)
        transitions.update(transition(before, unit, claim))
    return unit, transitions


def situation_on(claims: list[Report], on: date) -> str | None:
    """Oracle: walk the literal table, day by day."""
    situation: str | None = None
    for claim in sorted(claims, key=lambda claim: claim.effective_on):
        if claim.effective_on > on:
            break
        situation = str(claim.status) if isinstance(claim, UnitRegistered) else TABLE[situation or "", kind_of(claim)]
    return situation


def step(kind: str, on: date, before: str | None, after: str) -> Transition:
    was = UnitStatus(before) if before else None
    area = registered().net_area_m2
    return Transition(report=kind, on=on, before=was, after=UnitStatus(after), net_area_m2=area)


def test_an_ordinary_report_asserts_one_transition_or_none() -> None:
    home = Home()
    first = home.tell(registered("OCCUPIED", march(1)))
    assert first.transitions == (step("unit-registered", march(1), None, "OCCUPIED"),)
    vacated = home.tell(report("unit-vacated", march(2)))
    assert vacated.transitions == (step("unit-vacated", march(2), "OCCUPIED", "FREE_STATE_OF_FACT"),)
    assert home.tell(report("unit-inspected/STATE_OF_FACT", march(3))).transitions == ()
    assert home.tell(report("unit-corrected", march(4))).transitions == ()


def test_a_correction_rewrites_the_past_after_its_date() -> None:
    home = told(registered("FREE_ASSIGNABLE", march(1)), report("unit-occupied-without-title", march(20)))
    decision = home.tell(report("declared-uninhabitable", march(15)))
    assert decision.transitions == (
        step("declared-uninhabitable", march(15), "FREE_ASSIGNABLE", "UNINHABITABLE"),
        step("unit-occupied-without-title", march(20), "UNINHABITABLE", "OCCUPIED_WITHOUT_TITLE"),
    )
    assert decision.withdrawn == (
        step("unit-occupied-without-title", march(20), "FREE_ASSIGNABLE", "OCCUPIED_WITHOUT_TITLE"),
    )
    assert (decision.unit.status, decision.unit.since) == (UnitStatus.OCCUPIED_WITHOUT_TITLE, march(20))
    assert [(moment.report_id, moment.on, moment.unit.status) for moment in decision.course] == [
        (UUID(int=1), march(1), UnitStatus.FREE_ASSIGNABLE),
        (UUID(int=3), march(15), UnitStatus.UNINHABITABLE),
        (UUID(int=2), march(20), UnitStatus.OCCUPIED_WITHOUT_TITLE),
    ]


def test_a_correction_leaves_alone_the_transitions_it_does_not_change() -> None:
    home = told(registered("FREE_ASSIGNABLE", march(1)), report("unit-occupied-without-title", march(20)))
    decision = home.tell(report("unit-corrected", march(15)))
    assert (decision.unit.rooms, decision.transitions, decision.withdrawn) == (4, (), ())


def test_a_correction_that_a_later_report_contradicts_is_refused_naming_it() -> None:
    home = told(registered("FREE_ASSIGNABLE", march(1)), report("notice-published", march(10)))
    with pytest.raises(Refusal) as caught:
        home.tell(report("declared-uninhabitable", march(5)))
    assert caught.value.rule == "contradicts-later-report"
    for reason in (caught.value.reason_it, caught.value.reason_en):
        assert "notice-published" in reason
        assert str(UUID(int=2)) in reason
        assert "UNINHABITABLE" in reason


def test_a_correction_illegal_on_its_own_day_is_refused_for_that_day() -> None:
    home = told(registered("OCCUPIED", march(1)), report("unit-vacated/ASSIGNABLE", march(10)))
    with pytest.raises(Refusal) as caught:
        home.tell(report("notice-published", march(5)))
    assert caught.value.rule == "illegal-transition"
    assert "On 2026-03-05" in caught.value.reason_en


def test_reports_of_one_day_stand_in_order_of_arrival() -> None:
    home = told(registered("OCCUPIED", march(1)))
    squatted = report("unit-occupied-without-title", march(5))
    with pytest.raises(Refusal, match="illegal-transition"):
        home.tell(squatted)
    home.tell(report("unit-vacated", march(5)))
    assert home.tell(squatted).unit.status is UnitStatus.OCCUPIED_WITHOUT_TITLE


def test_a_late_data_correction_does_not_overrule_a_later_one() -> None:
    home = told(registered(on=march(1)), report("unit-corrected", march(20), rooms=5))
    late = report("unit-corrected", march(10), rooms=2, accessible=True)
    assert needs_history(home.latest_on, late)
    after = home.tell(late).unit
    assert (after.rooms, after.accessible) == (5, True)


def retracted(number: int, on: date) -> ReportRetracted:
    return ReportRetracted(unit_id="U-1", effective_on=on, retracts=UUID(int=number), reason="alloggio sbagliato")


def test_a_retracted_report_was_never_true() -> None:
    home = told(registered("OCCUPIED", march(1)), report("unit-vacated/ASSIGNABLE", march(10)))
    decision = home.tell(retracted(2, march(10)))
    assert (decision.unit.status, decision.unit.since) == (UnitStatus.OCCUPIED, march(1))
    assert decision.withdrawn == (step("unit-vacated", march(10), "OCCUPIED", "FREE_ASSIGNABLE"),)
    assert decision.transitions == ()
    at = NOON + timedelta(hours=1)
    assert state_at(home.history, march(31), at) == decision.unit
    known = state_at(home.history, march(31), home.history[1].recorded_at)
    assert known is not None
    assert known.status is UnitStatus.FREE_ASSIGNABLE


def test_a_report_between_others_is_retracted_where_the_later_ones_stay_legal() -> None:
    home = told(
        registered("FREE_ASSIGNABLE", march(1)),
        report("notice-published", march(5)),
        report("notice-closed", march(8)),
        report("declared-uninhabitable", march(20)),
    )
    with pytest.raises(Refusal, match="contradicts-later-report"):
        home.tell(retracted(2, march(5)))
    decision = home.tell(retracted(4, march(20)))
    assert decision.unit.status is UnitStatus.FREE_ASSIGNABLE


def test_what_cannot_be_retracted() -> None:
    home = told(registered("OCCUPIED", march(1)), report("unit-vacated/ASSIGNABLE", march(10)))
    for wrong, rule in (
        (retracted(1, march(1)), "registration-stays"),
        (retracted(9, march(10)), "nothing-to-retract"),
        (retracted(2, march(9)), "retracts-another-day"),
    ):
        with pytest.raises(Refusal, match=rule):
            home.tell(wrong)
    with pytest.raises(Refusal, match="forbidden-actor"):
        home.tell(retracted(2, march(10)), STRANGER)
    home.tell(retracted(2, march(10)))
    with pytest.raises(Refusal, match="nothing-to-retract"):
        home.tell(retracted(2, march(10)))


def test_who_may_correct_is_who_may_speak_now() -> None:
    home = told(registered(on=march(1)), report("unit-corrected", march(10), manager=STRANGER))
    late = report("title-lost", march(5))
    with pytest.raises(Refusal, match="forbidden-actor"):
        home.tell(late, MANAGER)
    assert home.tell(late, STRANGER).unit.status is UnitStatus.OCCUPIED_WITHOUT_TITLE


def test_nothing_is_known_before_the_registration() -> None:
    home = told(registered(on=march(10)))
    with pytest.raises(Refusal, match="before-registration"):
        home.tell(report("unit-vacated", march(9)))
    with pytest.raises(Refusal, match="already-registered"):
        home.tell(registered(on=march(1)))


@pytest.mark.parametrize(("days", "accepted"), [(0, True), (1, True), (2, False), (400, False)])
def test_a_report_is_about_a_fact_that_happened(days: int, accepted: bool) -> None:
    home = told(registered(on=march(1)))
    claim = report("title-lost", TODAY + timedelta(days=days))
    if accepted:
        assert home.tell(claim).unit.since == claim.effective_on
    else:
        with pytest.raises(Refusal, match="effective-in-the-future"):
            home.tell(claim)


def test_a_correction_is_never_decided_without_its_history() -> None:
    home = told(registered(on=march(10)))
    with pytest.raises(ValueError, match="history"):
        decide(home.unit, None, report("title-lost", march(9)), UUID(int=9), OWNER, TODAY)


def test_as_of_both_axes() -> None:
    home = told(registered("FREE_ASSIGNABLE", march(1)), report("unit-occupied-without-title", march(20)))
    home.tell(report("declared-uninhabitable", march(15)))

    def status(day: int, known: int) -> str | None:
        unit = state_at(home.history, march(day), NOON + timedelta(minutes=known))
        return unit.status if unit else None

    assert [status(17, known) for known in (0, 1, 2, 3)] == [
        None,
        "FREE_ASSIGNABLE",
        "FREE_ASSIGNABLE",
        "UNINHABITABLE",
    ]
    assert [status(day, 3) for day in (1, 14, 15, 20)] == [
        "FREE_ASSIGNABLE",
        "FREE_ASSIGNABLE",
        "UNINHABITABLE",
        "OCCUPIED_WITHOUT_TITLE",
    ]


def test_a_replica_with_a_late_clock_does_not_break_the_past() -> None:
    home = told(registered("OCCUPIED", march(1)), report("unit-vacated", march(2)), report("works-started", march(3)))
    first, second, third = home.history
    early = Entry(3, NOON, third.report_id, OWNER, third.report)
    unit = state_at([early, first, second], march(9), first.recorded_at)
    assert unit is not None
    assert unit.status is UnitStatus.OCCUPIED


CASES = [
    (start, late, later)
    for start in ("OCCUPIED", "OCCUPIED_WITHOUT_TITLE", "FREE_ASSIGNABLE", "RESERVED_SAT", "UNINHABITABLE")
    for late in sorted(kind for place, kind in TABLE if place == start)
    for later in sorted(kind for place, kind in TABLE if place == start)
]


@pytest.mark.parametrize(("start", "late", "later"), CASES)
def test_every_correction_before_one_later_report(start: str, late: str, later: str) -> None:
    home = told(registered(start, march(1), works=WORKS), report(later, march(20)))
    corrected = TABLE[start, late]
    end = TABLE.get((corrected, later))
    if end is None:
        with pytest.raises(Refusal, match="contradicts-later-report"):
            home.tell(report(late, march(10)))
        return
    assert situation_of(home.tell(report(late, march(10))).unit) == end
    path = [(march(1), None, start), (march(10), start, corrected), (march(20), corrected, end)]
    moves = [(on, before and before.split("<")[0], after.split("<")[0]) for on, before, after in path]
    now = [(step.on, step.before, step.after) for step in home.published.elements()]
    assert sorted(now, key=lambda move: move[0]) == [move for move in moves if move[1] != move[2]]


MAY_REFUSE = {"contradicts-later-report", "no-inspection-pending", "no-works-to-reschedule"}


@st.composite
def homes(draw: st.DrawFn) -> Home:
    """A home told about in any order of days: each report is legal on its own day, as far as was known."""
    home = told(registered(draw(st.sampled_from(["OCCUPIED", "FREE_ASSIGNABLE", "UNINHABITABLE"])), DAY))
    for day in draw(st.lists(st.integers(0, 60), min_size=1, max_size=16)):
        on = DAY + timedelta(days=day)
        situation = situation_on([entry.report for entry in home.history], on)
        legal = sorted(kind for place, kind in TABLE if place == situation)
        for kind in draw(st.permutations(legal)):
            changes = {"rooms": draw(st.integers(1, 9))} if kind == "unit-corrected" else {}
            try:
                home.tell(report(kind, on, **changes))
                break
            except Refusal as refusal:
                if refusal.rule not in MAY_REFUSE:
                    raise
    return home


@settings(max_examples=300)
@given(homes())
def test_any_order_of_arrival_is_a_fold_in_true_order(home: Home) -> None:
    again = Home()
    for entry in home.history:
        again.tell(entry.report)
        unit, transitions = in_true_order([entry.report for entry in again.history])
        assert again.unit == unit
        assert again.published == transitions


@given(homes(), st.integers(-2, 62), st.integers(-1, 22))
def test_as_of_equals_the_oracle(home: Home, day: int, minute: int) -> None:
    on, known_at = DAY + timedelta(days=day), NOON + timedelta(minutes=minute)
    known = [entry.report for entry in home.history if entry.recorded_at <= known_at]
    unit = state_at(home.history[::-1], on, known_at)
    assert (situation_of(unit) if unit else None) == situation_on(known, on)
    in_force = [claim for claim in known if claim.effective_on <= on]
    assert unit == in_true_order(in_force)[0]


@given(homes(), st.randoms(use_true_random=False))
def test_another_order_of_arrival_ends_the_same(home: Home, random: Random) -> None:
    first, *claims = [entry.report for entry in home.history]
    assume(len({claim.effective_on for claim in claims}) == len(claims))
    random.shuffle(claims)
    other, waiting = told(first), claims
    while waiting:
        refused: list[Report] = []
        for claim in waiting:
            try:
                other.tell(claim)
            except Refusal:
                refused.append(claim)
        assume(len(refused) < len(waiting))
        waiting = refused
    assert other.unit == home.unit
    assert other.published == home.published
