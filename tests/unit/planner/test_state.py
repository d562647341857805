"""The state is a sum: order, batches, shards and retractions do not show, and it agrees with a day-by-day count."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.holds import HoldStatus
from services.planner.domain.homes import OpenWorks
from services.planner.domain.outcomes import Outcomes
from services.planner.domain.rows import (
    CASE_COLUMNS,
    CELL_COLUMNS,
    CHOICE_COLUMNS,
    DECLARATION_COLUMNS,
    HOLD_COLUMNS,
    HOME_COLUMNS,
    MAKEUP_COLUMNS,
    OBJECTIVE_COLUMNS,
    OUTCOME_COLUMNS,
    STOCK_COLUMNS,
    TEXT_COLUMNS,
    restore,
    touched_rows,
)
from services.planner.domain.state import Cell, PlanState, fold, quarter
from shared.events.base import Message
from shared.events.decisions import (
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    ObjectiveSet,
    ObjectiveWithdrawn,
)
from shared.events.units import ReportRefused, UnitStatus, WorksKind
from tests.unit.planner.worlds import (
    AMBITO,
    CASTELVERDE,
    CREMONA,
    RULES,
    START,
    TestRegistry,
    case_closed,
    case_opened,
    chosen,
    empty,
    folded,
    hold_step,
    message,
    objective_step,
    section_written,
    submission,
)

FREE, LET, ROUGH = UnitStatus.FREE_ASSIGNABLE, UnitStatus.OCCUPIED, UnitStatus.FREE_STATE_OF_FACT
MOVES = [
    ("unit-vacated", FREE),
    ("unit-vacated", ROUGH),
    ("unit-vacated", UnitStatus.UNINHABITABLE),
    ("unit-assigned", LET),
    ("title-lost", UnitStatus.OCCUPIED_WITHOUT_TITLE),
    ("unit-inspected", FREE),
    ("works-started", UnitStatus.IN_WORKS),
    ("works-completed", FREE),
    ("disposal-approved", UnitStatus.IN_DISPOSAL_PLAN),
    ("disposal-withdrawn", FREE),
    ("unit-sold", UnitStatus.SOLD),
]
HOLDS = [
    hold_step(step, unit_id, "C1", number, 950 + number)
    for unit_id in ("U0", "U1")
    for number, step in enumerate((HoldPlaced, HoldExpired, HoldPlaced, HoldAccepted), start=1)
]

OBJECTIVES = [
    objective_step(ObjectiveSet, 1, 970),
    objective_step(ObjectiveWithdrawn, 2, 971),
    objective_step(ObjectiveSet, 1, 972, goal=2),
]
TEXTS = [
    section_written("strategie", 1, "Prima stesura.", 975),
    section_written("strategie", 2, "Seconda stesura.", 976),
    section_written("strategie", 1, "Di un altro triennio.", 977, first_year=2029),
    section_written("servizi", 1, "Servizi.", 978),
]


@st.composite
def registries(draw: st.DrawFn) -> TestRegistry:
    """Homes of two municipalities and two owners, with reports in any order of dates and some retracted."""
    registry = TestRegistry()
    count = draw(st.integers(1, 5))
    for number in range(count):
        registry.register(
            f"U{number}",
            draw(st.sampled_from([LET, FREE, UnitStatus.IN_WORKS])),
            START + timedelta(days=draw(st.integers(0, 30))),
            municipality=draw(st.sampled_from([CREMONA, CASTELVERDE])),
            owner=draw(st.sampled_from(["aler", "comune"])),
            area=draw(st.sampled_from([27, 46, 60, 200])),
        )
    for _ in range(draw(st.integers(0, 14))):
        unit_id = f"U{draw(st.integers(0, count - 1))}"
        if draw(st.integers(0, 4)) == 0 and len(registry.timelines[unit_id]) > 1:
            registry.retract(unit_id)
        else:
            kind, status = draw(st.sampled_from(MOVES))
            on = START + timedelta(days=draw(st.integers(31, 400)))
            end_on = START + timedelta(days=500) if status is UnitStatus.IN_WORKS and draw(st.booleans()) else None
            registry.report(unit_id, kind, status, on, end_on=end_on)
    return registry


@settings(max_examples=150, deadline=None)
@given(registries(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_any_shards_give_the_same_state(registry, random, shards) -> None:
    others = [case_opened("C1", 901), submission(1, 4, 902), submission(2, 3, 903), *HOLDS, *OBJECTIVES, *TEXTS]
    expected = folded(registry.sent + others)
    shuffled = registry.sent + others
    random.shuffle(shuffled)
    assert folded(shuffled) == expected
    parts = [folded(shuffled[start::shards]) for start in range(shards)]
    total = empty()
    for part in parts:
        total.merge(part)
    assert total == expected


@settings(max_examples=150, deadline=None)
@given(registries())
def test_the_state_agrees_with_the_homes_true_timelines_counted_day_by_day(registry) -> None:
    state = folded(registry.sent)
    until = START + timedelta(days=401)
    exits: Counter[tuple[str, str, int, int]] = Counter()
    assigned: Counter[tuple[str, str, int, int]] = Counter()
    lived: Counter[tuple[str, str, int]] = Counter()
    stock: Counter[tuple[str, str, UnitStatus]] = Counter()
    for unit_id, timeline in registry.timelines.items():
        unit = registry.units[unit_id]
        # R.R. 4/2017, art. 9: 27 m2 is below every band, 46 fits two people, 60 four, 200 six and more.
        place = (unit.municipality, unit.owner, {27: 0, 46: 2, 60: 4, 200: 6}[int(unit.net_area_m2)])
        stock[unit.municipality, unit.owner, timeline[-1].after] += 1
        for day in (START + timedelta(days=number) for number in range(401)):
            reached = [transition for transition in timeline if transition.on <= day]
            lived[place] += bool(reached) and reached[-1].after is LET
        for earlier, later in pairwise(timeline):
            if earlier.after is LET and later.report == "unit-vacated" and later.after is not LET:
                exits[*place, quarter(later.on)] += 1
            if earlier.after is not LET and later.report == "unit-assigned" and later.after is LET:
                assigned[*place, quarter(later.on)] += 1
    counted: Counter[tuple[str, str, int]] = Counter()
    for (municipality, owner, size, _), cell in state.cells.items():
        counted[municipality, owner, size] += cell.exposure(until)
    assert +counted == +lived
    assert {key: cell.exits for key, cell in state.cells.items() if cell.exits} == dict(exits)
    assert {key: cell.assigned for key, cell in state.cells.items() if cell.assigned} == dict(assigned)
    assert state.stock == dict(stock)
    assert Counter({key[:2] + key[4:]: 0 for key in state.makeup}) + Counter(by_status(state)) == stock
    told = [transition for timeline in registry.timelines.values() for transition in timeline]
    reports = Counter(transition.report for transition in told)
    ended = [sum(column) for column in zip(*state.outcomes.values(), (0,) * 7, strict=True)]
    # Restored or built, sold, withdrawn.
    assert [ended[0] + ended[1], ended[2], ended[3]] == [
        reports[kind] for kind in ("works-completed", "unit-sold", "disposal-withdrawn")
    ]
    vacant = {unit_id: unit.status for unit_id, unit in registry.units.items() if unit.status is not LET}
    assert {unit_id: home.status for (unit_id, _), home in state.homes.by_key.items() if home} == vacant


def by_status(state: PlanState) -> dict[tuple[str, str, UnitStatus], int]:
    found: Counter[tuple[str, str, UnitStatus]] = Counter()
    for (municipality, owner, _, _, status), homes in state.makeup.items():
        found[municipality, owner, status] += homes
    return dict(found)


def test_completed_works_tell_how_late_they_ended_and_a_retraction_takes_it_back() -> None:
    registry = TestRegistry()
    registry.register("U1", ROUGH)
    registry.report("U1", "works-started", UnitStatus.IN_WORKS, START, end_on=START + timedelta(days=100))
    before = folded(registry.sent)
    registry.report("U1", "works-rescheduled", UnitStatus.IN_WORKS, START, end_on=START + timedelta(days=140))
    registry.report("U1", "works-completed", FREE, START + timedelta(days=130))
    # 130 days instead of the 100 first declared: 1000 ln 1.3 = 262.36.
    assert folded(registry.sent).outcomes == {(CREMONA, "aler", 2026 * 4 + 1): Outcomes(1, 0, 0, 0, 1, 262, 262 * 262)}
    registry.retract("U1")
    assert folded(registry.sent).outcomes == before.outcomes == {}


def test_homes_in_works_count_by_their_latest_date_and_first_plan() -> None:
    registry = TestRegistry()
    registry.register("U1", ROUGH)
    registry.register("U2", UnitStatus.UNINHABITABLE)
    registry.report("U1", "works-started", UnitStatus.IN_WORKS, START, end_on=date(2026, 9, 1))
    registry.report("U1", "works-rescheduled", UnitStatus.IN_WORKS, date(2026, 8, 1), end_on=date(2026, 12, 1))
    homes = folded(registry.sent).homes
    works = OpenWorks(CREMONA, "aler", "P-1", WorksKind.RENOVATION, START, date(2026, 12, 1))
    assert (homes.works, homes.needing_works) == ({works: 1}, {(CREMONA, "aler"): 1})


def test_a_retracted_change_leaves_nothing_but_its_date_and_its_cause() -> None:
    registry = TestRegistry()
    registry.register("U1", LET)
    untouched = folded(registry.sent)
    registry.report("U1", "unit-vacated", FREE, START)
    registry.retract("U1")
    assert folded(registry.sent) == untouched


def test_let_and_vacated_count_as_openings_offsets_and_exits() -> None:
    registry = TestRegistry()
    registry.register("U1", LET, date(2026, 1, 10))
    registry.report("U1", "unit-vacated", FREE, date(2026, 2, 9))
    # +1 on 10 January, -1 on 9 February: 30 days occupied, whatever day one asks on.
    assert folded(registry.sent).cells == {(CREMONA, "aler", 4, 2026 * 4): Cell(1, 1, 0, -30)}
    assert folded(registry.sent).history[CREMONA, "aler", 4].exposure(date(2026, 12, 31)) == 30


@pytest.mark.parametrize(
    ("kind", "status"),
    [("title-lost", UnitStatus.OCCUPIED_WITHOUT_TITLE), ("disposal-approved", UnitStatus.IN_DISPOSAL_PLAN)],
)
def test_losing_the_title_or_entering_a_disposal_plan_is_no_exit(kind: str, status: UnitStatus) -> None:
    registry = TestRegistry()
    registry.register("U1", LET)
    registry.report("U1", kind, status, date(2026, 2, 1))
    total = folded(registry.sent).history[CREMONA, "aler", 4]
    assert (total.exits, total.openings, total.exposure(date(2026, 6, 1))) == (0, 0, 31)


def test_the_end_of_a_transitional_stay_is_no_exit() -> None:
    registry = TestRegistry()
    registry.register("U1", UnitStatus.OCCUPIED_SAT)
    registry.report("U1", "sat-ended", FREE, date(2026, 2, 1))
    assert folded(registry.sent).cells == {}


def test_cases_and_declarations_keep_the_latest_only() -> None:
    sent = [submission(2, 7, 1), submission(1, 9, 2), case_opened("C1", 3), case_opened("C2", 4), case_closed("C1", 5)]
    state = folded(sent)
    assert state.declarations[2026, "aler", CREMONA].assignable_total == 7
    assert set(state.cases) == {"C2"}


def test_of_a_home_s_holds_the_step_of_the_highest_number_is_right() -> None:
    placed, declined, again = (
        hold_step(step, "U1", case, number, 900 + number)
        for number, (step, case) in enumerate(((HoldPlaced, "C1"), (HoldDeclined, "C1"), (HoldPlaced, "C2")), start=1)
    )
    for sent in permutations((placed, declined, again)):
        hold = folded(list(sent)).holds["U1"]
        assert (hold.revision, hold.case_ref, hold.status) == (3, "C2", HoldStatus.HELD)


def test_an_event_the_plan_does_not_depend_on_is_refused() -> None:
    refused = ReportRefused(
        unit_id="U1",
        report="unit-sold",
        report_id=case_opened("C", 1).envelope.id,
        organisation="aler",
        rule="R1",
        reason_it="no",
        reason_en="no",
    )
    with pytest.raises(TypeError, match="report-refused"):
        fold(empty(), message(refused, 1))


class Tables:
    """What a store does with the deltas, on dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple, tuple]] = {name: {} for name in WIDTHS}

    def write(self, state: PlanState) -> None:
        deltas = touched_rows(state)
        for name, (key, width) in WIDTHS.items():
            delta = getattr(deltas, name)
            for row in delta.upserts:
                assert len(row) == width
                self.rows[name][row[:key]] = row
            for gone in delta.deletes:
                self.rows[name].pop(gone, None)
        state.settle()

    def load(self, reference_on: date | None) -> PlanState:
        return restore(AMBITO, RULES.bands, reference_on, **{name: rows.values() for name, rows in self.rows.items()})


WIDTHS = {
    "cells": (4, len(CELL_COLUMNS)),
    "stock": (3, len(STOCK_COLUMNS)),
    "makeup": (5, len(MAKEUP_COLUMNS)),
    "outcomes": (3, len(OUTCOME_COLUMNS)),
    "homes": (2, len(HOME_COLUMNS)),
    "cases": (1, len(CASE_COLUMNS)),
    "declarations": (3, len(DECLARATION_COLUMNS)),
    "holds": (1, len(HOLD_COLUMNS)),
    "objectives": (1, len(OBJECTIVE_COLUMNS)),
    "texts": (2, len(TEXT_COLUMNS)),
    "choices": (4, len(CHOICE_COLUMNS)),
}


@settings(max_examples=60, deadline=None)
@given(registries(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_writing_only_what_was_touched_restores_the_whole_state(registry, random, batch) -> None:
    sent: list[Message] = [*registry.sent, case_opened("C1", 901), submission(1, 4, 902), *HOLDS, *OBJECTIVES]
    sent += [chosen(1, "MODEL"), chosen(2, "RULE"), *TEXTS]
    random.shuffle(sent)
    state, tables = empty(), Tables()
    for start in range(0, len(sent), batch):
        for one in sent[start : start + batch]:
            fold(state, one)
        tables.write(state)
        state = tables.load(state.reference_on)
    assert state == folded(sent)


def test_an_event_touches_its_own_keys_only() -> None:
    registry = TestRegistry()
    registry.register("U1", LET)
    registry.register("U2", LET, municipality=CASTELVERDE)
    state = folded(registry.sent)
    state.settle()
    registry.report("U1", "unit-vacated", FREE, START)
    fold(state, registry.sent[-1])
    assert state.touched.municipalities == {CREMONA}
    assert state.touched.homes == {("U1", 2)}
    assert state.touched.stock == {(CREMONA, "aler", LET), (CREMONA, "aler", FREE)}
    assert state.touched.cells == {(CREMONA, "aler", 4, 2026 * 4)}
