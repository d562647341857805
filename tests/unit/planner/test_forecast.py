"""The supply model asked about the plan's state: windows, coherence, and what each home counts as."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.forecast import (
    Triennium,
    forecast,
    inventory_of,
    learned_of,
    queues_of,
    readiness_of,
    still_learned,
    supply_of,
)
from services.planner.domain.rounding import half_up, tenths
from services.planner.domain.state import Cell, PlanState, Touched, quarter
from services.planner.domain.supply.offer import Offer, Origin
from services.planner.domain.supply.refurbishment import Queue
from services.planner.domain.supply.turnover import learn
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import CASTELVERDE, CREMONA, START, TestRegistry, empty, folded

FREE, LET, ROUGH = UnitStatus.FREE_ASSIGNABLE, UnitStatus.OCCUPIED, UnitStatus.FREE_STATE_OF_FACT
TRIENNIUM = Triennium(2026)
ZERO = (0, 0, 0)
NONE = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("reference_on", "days"),
    [
        (date(2025, 12, 1), (396, 365, 366)),
        (date(2026, 1, 1), (365, 365, 366)),
        (date(2026, 12, 31), (1, 365, 366)),
        (date(2027, 7, 1), (0, 184, 366)),
        (date(2029, 1, 1), (0, 0, 0)),
        (date(2031, 5, 5), (0, 0, 0)),
    ],
)
def test_windows_hold_what_lies_ahead(reference_on: date, days: tuple[int, ...]) -> None:
    assert tuple(window.days for window in TRIENNIUM.windows(reference_on)) == days


def let(count: int, municipality: str = CREMONA, owner: str = "aler", prefix: str = "U") -> TestRegistry:
    registry = TestRegistry()
    for number in range(count):
        registry.register(f"{prefix}{number}", LET, START, municipality=municipality, owner=owner)
    return registry


def offer(registry: TestRegistry, on: date = START, triennium: Triennium = TRIENNIUM) -> Offer:
    return supply_of(folded(registry.sent), triennium, on).offers[CREMONA, "aler"]


def test_without_history_the_prior_speaks() -> None:
    registry = let(100)
    outlook = forecast(folded(registry.sent), TRIENNIUM, START)[None, None]
    # 100 homes x 365 days / 10,436 = 3.4975; the leap year 366 days: 3.5071; 4 of 10 ready: 1.3992, 1.4028.
    assert [estimate.mean for estimate in outlook.turnover] == [3498, 3498, 3507, 10503]
    assert offer(registry).means[Origin.TURNOVER] == (1399, 1399, 1403, 4201)
    # Of the 6.3 that need works an owner without a past is taken to restore about half.
    assert 1500 < offer(registry).means[Origin.REFURBISHMENT][3] < 3500


def test_readiness_is_what_inspections_said() -> None:
    registry = let(10)
    registry.report("U0", "unit-vacated", FREE, START + timedelta(days=100))
    registry.report("U1", "unit-vacated", ROUGH, START + timedelta(days=50))
    assert readiness_of(folded(registry.sent)) == {"aler": (1, 1)}


def test_a_home_waiting_for_its_inspection_is_ready_as_often_as_others_were() -> None:
    registry = TestRegistry()
    registry.register("U0", LET)
    registry.report("U0", "unit-vacated", ROUGH, START, pending=True)
    assert readiness_of(folded(registry.sent)) == {"aler": (0, 0)}
    # Nobody lives there any more: no exits; the one home, 4 of 10 ready, in the first year ahead.
    assert offer(registry).means[Origin.TURNOVER] == (400, 0, 0, 400)
    registry.report("U0", "unit-inspected", FREE, START)
    assert readiness_of(folded(registry.sent)) == {"aler": (1, 0)}
    assert offer(registry).means[Origin.FREE] == (1000, 0, 0, 1000)


def test_each_home_counts_once_and_where_it_belongs() -> None:
    registry = TestRegistry()
    registry.register("free", FREE)
    registry.register("as-is", ROUGH)
    registry.register("as-is-with-works", ROUGH, works_end_on=date(2027, 3, 1))
    registry.register("works", UnitStatus.IN_WORKS, works_end_on=date(2026, 12, 31))
    registry.register("new", UnitStatus.IN_CONSTRUCTION, works_end_on=date(2028, 12, 31))
    for status in (UnitStatus.IN_NOTICE, UnitStatus.RESERVED_SAT, UnitStatus.VALORISED, UnitStatus.UNINHABITABLE):
        registry.register(status.value, status)
    state = folded(registry.sent)
    inventory = inventory_of(state, START, learned_of(state, START))
    assert inventory.free == {(CREMONA, "aler"): 1}
    assert inventory.waiting == {(CREMONA, "aler"): 2}  # in the state of fact and uninhabitable, no works planned
    assert sum(inventory.works.values()) == 3
    found = offer(registry).means
    assert found[Origin.FREE] == (1000, 0, 0, 1000)
    assert found[Origin.TURNOVER] == NONE
    # Three homes in works, none surely done in time.
    assert 0 < found[Origin.RENOVATION][0] < 1000
    assert found[Origin.RENOVATION][3] == sum(found[Origin.RENOVATION][:3]) < 3000


def test_a_home_that_was_free_may_come_out_of_the_disposal_plan() -> None:
    registry = TestRegistry()
    for number in range(4):
        registry.register(f"U{number}", FREE)
        registry.report(f"U{number}", "disposal-approved", UnitStatus.IN_DISPOSAL_PLAN, START)
    registry.report("U0", "unit-sold", UnitStatus.SOLD, START)
    registry.report("U1", "unit-sold", UnitStatus.SOLD, START)
    registry.report("U2", "disposal-withdrawn", FREE, START)
    # Two sold, one withdrawn: (1 + 1) / (3 + 2) of the one left, known by the end of the triennium.
    assert offer(registry).means[Origin.DISPOSAL_WITHDRAWN] == (0, 0, 400, 400)
    assert offer(registry).means[Origin.FREE] == (1000, 0, 0, 1000)


def test_works_that_are_declared_to_end_later_yield_less() -> None:
    means = []
    for end_on in (date(2026, 9, 1), date(2026, 12, 1), date(2027, 9, 1)):
        registry = TestRegistry()
        registry.register("U0", UnitStatus.IN_WORKS, works_end_on=end_on)
        means.append(offer(registry).means[Origin.RENOVATION])
    assert means[0][0] > means[1][0] > means[2][0]
    assert means[0][3] > means[1][3] > means[2][3]


def test_what_is_free_belongs_to_the_first_year_still_ahead() -> None:
    registry = TestRegistry()
    registry.register("free", FREE)
    state = folded(registry.sent)
    assert forecast(state, TRIENNIUM, date(2027, 2, 1))[None, None].assignable[1].mean == 1000
    assert forecast(state, TRIENNIUM, date(2029, 1, 1))[None, None].assignable == (ZERO,) * 4


def test_no_stock_is_exactly_nothing() -> None:
    assert forecast(empty(), TRIENNIUM, START) == {(None, None): ((ZERO,) * 4, (ZERO,) * 4)}


def test_without_exits_the_mean_falls_with_exposure_and_stays_above_nothing() -> None:
    state = folded(let(50).sent)
    triennia = [Triennium(year) for year in (2026, 2036, 2046)]
    means = [forecast(state, t, date(t.first_year, 1, 1))[None, None].turnover[0].mean for t in triennia]
    assert means == sorted(means, reverse=True)
    assert means[-1] > 0


@st.composite
def states(draw: st.DrawFn) -> PlanState:
    """Homes let, free and in need of works in two municipalities, some exits in the quarters before."""
    state = empty()
    towns, owners = st.sampled_from([CREMONA, CASTELVERDE]), st.sampled_from(["aler", "comune"])
    for municipality, owner, size in draw(st.lists(st.tuples(towns, owners, st.integers(1, 4)))):
        homes, began = draw(st.integers(0, 40)), START - timedelta(days=draw(st.integers(0, 900)))
        state.add_stock((municipality, owner, LET), homes)
        state.add_stock((municipality, owner, FREE), homes // 7)
        opened = Cell(0, 0, homes, homes * began.toordinal())
        state.add_cell((municipality, owner, size, quarter(began)), opened)
        state.add_cell((municipality, owner, size, quarter(START)), Cell(draw(st.integers(0, 3)), 0, 0, 0))
    return state


@settings(max_examples=40, deadline=None)
@given(states(), st.integers(0, 1100))
def test_means_add_up_and_bands_are_ordered(state: PlanState, day: int) -> None:
    outlooks = forecast(state, TRIENNIUM, START + timedelta(days=day))
    for what in (0, 1):
        for place in range(4):
            cells = {scope: outlook[what][place] for scope, outlook in outlooks.items()}
            for municipality in {scope[0] for scope in cells if scope[0]}:
                parts = sum(cell.mean for (m, owner), cell in cells.items() if m == municipality and owner)
                assert cells[municipality, None].mean == parts
            assert cells[None, None].mean == sum(cell.mean for (m, owner), cell in cells.items() if m and not owner)
            assert all(0 <= cell.low <= cell.high for cell in cells.values())
        for outlook in outlooks.values():
            assert outlook[what][3].mean == sum(estimate.mean for estimate in outlook[what][:3])


def test_an_owners_capacity_shows_from_its_first_refurbishment_on() -> None:
    """Homes are known since January 2025, and the first was restored in August: what follows 1 July counts."""
    registry = TestRegistry()
    registry.register("L0", LET, date(2025, 1, 10))
    registry.register("R0", ROUGH, date(2025, 1, 10))
    registry.report("R0", "works-started", UnitStatus.IN_WORKS, date(2025, 3, 1), end_on=date(2025, 6, 30))
    registry.report("R0", "works-completed", FREE, date(2025, 8, 1))
    registry.register("W0", ROUGH, date(2025, 2, 1), owner="comune")
    queues = queues_of(folded(registry.sent), {"aler", "comune"}, START)
    assert queues["aler"] == Queue(1, (START - date(2025, 7, 1)).days, 0)
    assert queues["comune"] == Queue(0, (START - date(2025, 1, 1)).days, 1)


def test_the_total_of_homes_sharing_a_rate_is_wider_than_a_sum_of_independent_ones() -> None:
    state = empty()
    for number in range(40):
        place = (f"0190{number:02d}", "aler")
        state.add_stock((*place, LET), 50)
        state.add_cell((*place, 4, quarter(START)), Cell(0, 0, 50, 50 * START.toordinal()))
    low, high = forecast(state, TRIENNIUM, START)[None, None].turnover[3][1:]
    # 2,000 homes x 1,096 days / 10,436 = 210: Poisson alone would give 210 +- 1.2816 x 14.5, a width of 37. The common
    # factor's log variance is 0.1276 before any history, 0.12^2 / 4 x 13 x 25 / 72 more is walked in 12 quarters: an sd
    # of 210 x sqrt(exp(0.1438) - 1) = 83 and so, without the multipliers', a width of about 2 x 1.2816 x 84 = 215.
    assert 195 < high - low < 260


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (0, 7, 0)]
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_thousandths_are_published_in_tenths() -> None:
    assert [tenths(value) for value in (49, 50, 149, 150)] == [0, 1, 1, 2]


def test_within_a_quarter_a_home_given_back_moves_only_what_is_counted_where_it_stands() -> None:
    registry = let(60, CREMONA, prefix="C")
    for number in range(40):
        registry.register(f"V{number}", LET, START, municipality=CASTELVERDE, owner="comune")
    for days in range(10, 80, 10):
        registry.report(f"C{days // 10}", "unit-vacated", FREE, START + timedelta(days))
    now = START + timedelta(100)  # in the second quarter
    registry.report("C10", "unit-vacated", FREE, now)
    before = forecast(folded(registry.sent), TRIENNIUM, now)
    registry.report("C11", "unit-vacated", FREE, now)
    after = forecast(folded(registry.sent), TRIENNIUM, now)
    assert after[CASTELVERDE, None] == before[CASTELVERDE, None]
    assert after[CREMONA, None].turnover[-1].mean < before[CREMONA, None].turnover[-1].mean  # one home fewer is let
    assert after[CREMONA, None].assignable[0].mean > before[CREMONA, None].assignable[0].mean
    # From the next quarter on it also tells of rates, and of everybody's.
    then = START + timedelta(185)
    late = forecast(folded(registry.sent), TRIENNIUM, then)
    assert late[CASTELVERDE, None].turnover[1] != after[CASTELVERDE, None].turnover[1]


def test_rates_are_those_that_everything_before_the_quarter_shows() -> None:
    registry = let(60)
    for number in range(8):
        registry.report(f"U{number}", "unit-vacated", FREE, START + timedelta(5 + 11 * number))
    state, on = folded(registry.sent), START + timedelta(100)
    learned, begun = learned_of(state, on), date(2026, 4, 1)
    assert learned.on == begun
    past = [message for message in registry.sent if message.event.effective_on < begun]
    oracle = learn(folded(past).cells, begun)
    assert (learned.rates, learned.factor, learned.division) == (oracle.rates, oracle.factor, oracle.division)
    early, late = (
        Touched(cells={(CREMONA, "aler", 2, quarter(START))}),
        Touched(cells={(CREMONA, "aler", 2, quarter(on))}),
    )
    assert still_learned(learned, late, on) is learned
    assert still_learned(learned, early, on) is None
    assert still_learned(learned, Touched(), date(2026, 7, 1)) is None
