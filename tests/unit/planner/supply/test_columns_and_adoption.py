"""Columns b to g, the ranking of works, the division by size and service, and which value a cell adopts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.adopted import adopted_cells, declared_values, three_columns
from services.planner.domain.demotion import demoted
from services.planner.domain.forecast import Triennium, by_kind, forecast, prospect, supply_of
from services.planner.domain.moves import changes
from services.planner.domain.plan import FigureKey, canonical, compute, read
from services.planner.domain.state import PlanState, fold
from services.planner.domain.supply.adoption import Adopted, Basis, Choice, Quantity, adopt
from services.planner.domain.supply.breakdown import divide
from services.planner.domain.supply.columns import Channel, annual_supply
from services.planner.domain.supply.offer import Origin
from services.planner.domain.supply.outlook import Estimate
from services.planner.domain.supply.turnover import Window
from services.planner.domain.supply.works import Works, learn_slippage
from shared.events.base import Message
from shared.events.planning import YearForecast
from shared.events.units import ServiceType, UnitStatus
from tests.unit.planner.worlds import (
    CASTELVERDE,
    CREMONA,
    NAMES,
    RULES,
    START,
    TestRegistry,
    chosen,
    folded,
    message,
    submission,
)

TRIENNIUM = Triennium(2026)
PLACE = (CREMONA, "aler")
SAP = ServiceType.SAP


def world() -> TestRegistry:
    registry = TestRegistry()
    for number in range(30):
        registry.register(f"L{number}", UnitStatus.OCCUPIED, START - timedelta(days=500), area=46 + 15 * (number % 2))
    for number in range(4):
        registry.report(f"L{number}", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, START - timedelta(days=90 * number))
    registry.register("S1", UnitStatus.RESERVED_SAT, START)
    registry.register("N1", UnitStatus.IN_NOTICE, START)
    for number in range(6):
        registry.register(f"W{number}", UnitStatus.IN_WORKS, START, works_end_on=date(2026, 11, 1))
    registry.register("W9", UnitStatus.IN_WORKS, START, works_end_on=date(2028, 6, 1), municipality=CASTELVERDE)
    registry.register("R1", UnitStatus.UNINHABITABLE, START, area=100)
    return registry


def state() -> PlanState:
    return folded(world().sent)


def test_columns_come_out_of_the_same_figures() -> None:
    supply, outlooks = supply_of(state(), TRIENNIUM, START), forecast(state(), TRIENNIUM, START)
    found, means = annual_supply(supply)[PLACE], supply.offers[PLACE].means
    for window, year in enumerate(found):
        assert sum(year.channels.values()) == year.total == outlooks[PLACE].assignable[window].mean
        assert (
            year.channels[Channel.RENOVATED] == means[Origin.RENOVATION][window] + means[Origin.REFURBISHMENT][window]
        )
        assert year.channels[Channel.TURNOVER] == means[Origin.TURNOVER][window]
        assert year.channels[Channel.AS_IS] == year.channels[Channel.CONFERRED_BY_PRIVATE] == 0
    # Four free homes in the first year; the home in a notice is no supply any more.
    assert [year.channels[Channel.FREE] for year in found] == [4000, 0, 0, 4000]


def test_works_are_ranked_by_what_three_months_cost() -> None:
    ranked = prospect(state(), TRIENNIUM, START).works_at_risk
    assert [(works.municipality, works.homes) for works in ranked] == [(CREMONA, 6), (CASTELVERDE, 1)]
    assert ranked[0].lost[3] == sum(ranked[0].lost[:3])
    # An independent route: the slippage of projects, asked about windows that end three months sooner.
    begun = Works("P", CREMONA, "aler", 1, START, date(2026, 11, 1))
    slippage = learn_slippage([], START)
    before, after = (
        slippage.completion_probability(begun, START, Window(START, date(2027, 1, 1) - timedelta(days=days)))
        for days in (0, 91)
    )
    assert ranked[0].lost[0] == pytest.approx(6000 * (before - after), rel=0.12)


def test_parts_by_size_and_service_add_up() -> None:
    parts, outlooks = by_kind(state(), TRIENNIUM, START), forecast(state(), TRIENNIUM, START)
    for what in (0, 1):
        for window in range(4):
            total = sum(part[what][window] for key, part in parts.items() if key[:2] == PLACE)
            assert total == outlooks[PLACE][what][window].mean
    # R.R. 4/2017, art. 9: 46 m2 fits two people, 61 four, 100 six. Nobody lives in a home of 100 m2.
    assert {key[2:] for key in parts if key[:2] == PLACE} == {(2, SAP), (4, SAP), (6, SAP)}
    assert parts[*PLACE, 6, SAP].turnover == (0, 0, 0, 0)
    # The only home that waits for works nobody has planned is that one: all refurbishments are its.
    offer = supply_of(state(), TRIENNIUM, START).offers[PLACE]
    assert parts[*PLACE, 6, SAP].assignable == offer.means[Origin.REFURBISHMENT]
    assert parts[*PLACE, 4, SAP].assignable[3] > parts[*PLACE, 2, SAP].assignable[3] > 0


@given(
    st.integers(0, 10**6),
    st.dictionaries(st.tuples(st.integers(0, 6), st.sampled_from(ServiceType)), st.integers(1, 99)),
)
def test_divided_parts_add_up_and_lie_within_a_thousandth(total: int, weights: dict) -> None:
    found = divide(total, weights)
    assert sum(found.values()) == (total if weights else 0)
    for kind, part in found.items():
        assert abs(part - total * weights[kind] / sum(weights.values())) < 1


MODEL = Estimate(4200, 2, 7)
WHY = Choice(Basis.MODEL, "dichiarazione riferita a tutto il patrimonio, non al solo SAP", "e-1")


@pytest.mark.parametrize(
    ("declared", "choice", "basis", "value"),
    [
        (6, None, Basis.DECLARED, 6000),
        (0, None, Basis.DECLARED, 0),
        (None, None, Basis.MODEL, 4200),
        (6, WHY, Basis.MODEL, 4200),
        (6, WHY._replace(basis=Basis.DECLARED), Basis.DECLARED, 6000),
    ],
)
def test_declared_where_submitted_model_where_missing_or_a_reasoned_choice(
    declared: int | None, choice: Choice | None, basis: Basis, value: int
) -> None:
    found = adopt(declared, MODEL, choice)
    reason = choice.reason if choice else ""
    assert found == Adopted(declared, 4200, 2, 7, basis, value, reason, declared is None)


def test_a_choice_needs_a_reason_and_something_to_adopt() -> None:
    with pytest.raises(ValueError, match="gives no reason"):
        adopt(6, MODEL, WHY._replace(reason=" "))
    with pytest.raises(ValueError, match="never submitted"):
        adopt(None, MODEL, WHY._replace(basis=Basis.DECLARED))


def test_a_declaration_is_adopted_in_the_year_that_follows_only() -> None:
    held = folded([*world().sent, submission(1, 9, 901, year=2026)])
    outlooks = forecast(held, TRIENNIUM, START)
    found = dict(three_columns(adopted_cells(held, TRIENNIUM, START), outlooks, TRIENNIUM.years))
    assert found[*PLACE, 2027, Quantity.ASSIGNABLE].adopted == 9000
    assert found[*PLACE, 2027, Quantity.TURNOVER].declared == 0
    first = found[*PLACE, 2026, Quantity.ASSIGNABLE]
    assert (first.basis, first.adopted, first.is_estimated) == (Basis.MODEL, outlooks[PLACE].assignable[0].mean, True)
    fold(held, chosen(1, "MODEL"))
    again = dict(three_columns(adopted_cells(held, TRIENNIUM, START), outlooks, TRIENNIUM.years))
    model = again[*PLACE, 2027, Quantity.ASSIGNABLE]
    assert (model.basis, model.declared, model.adopted) == (Basis.MODEL, 9, outlooks[PLACE].assignable[1].mean)


@given(st.permutations([(1, "MODEL"), (2, "RULE"), (3, "MODEL"), (4, "RULE")]), st.integers(1, 4))
def test_the_last_choice_holds_in_any_order_and_a_choice_can_be_taken_back(order: list, last: int) -> None:
    told = [chosen(*one) for one in order if one[0] <= last]
    held = folded([*world().sent, submission(1, 9, 901, year=2026), *told])
    cell = adopted_cells(held, TRIENNIUM, START)[*PLACE, 2027, Quantity.ASSIGNABLE]
    assert cell.basis is (Basis.MODEL if last % 2 else Basis.DECLARED)


def test_three_year_rows_name_their_year_and_later_cycles_replace_earlier_ones() -> None:
    """Of 2027 the cycle 2025 says 3 exits and 5 homes in all; the cycle 2026 says 4 and 4 + 1 + 0 + 2 + 0."""
    rows = {
        2025: YearForecast(year=2027, turnover_expected=3, works_assignable=2),
        2026: YearForecast(year=2027, turnover_expected=4, works_assignable=1, as_is_assignable=2),
    }
    told = [told_years(number, year, row) for number, (year, row) in enumerate(rows.items(), start=800)]
    declared = dict(declared_values(folded(told), TRIENNIUM))
    assert declared[*PLACE, 2027, Quantity.TURNOVER] == 4
    assert declared[*PLACE, 2027, Quantity.ASSIGNABLE] == 4 + 1 + 0 + 2 + 0


def told_years(number: int, cycle_year: int, row: YearForecast) -> Message:
    event = submission(1, 9, number, year=cycle_year).event
    return message(event.model_copy(update={"forecast": (row,)}), number)


def test_adopted_figures_add_up_and_a_choice_moves_them() -> None:
    state = folded([*world().sent, submission(1, 9, 901, year=2026)])
    before = compute(state, TRIENNIUM, RULES, NAMES)
    state.settle()
    assert before.figures[FigureKey(*PLACE, "adopted_assignable", 2027)] == 9000
    for name in ("adopted_turnover", "adopted_assignable"):
        years = [before.figures[FigureKey(None, None, name, year)] for year in (2026, 2027, 2028, None)]
        assert sum(years[:3]) == years[3]
        owners = [value for key, value in before.figures.items() if key[2:] == (name, None) and key.owner]
        assert sum(owners) == years[3]
    fold(state, chosen(1, "MODEL"))
    after = compute(state, TRIENNIUM, RULES, NAMES, before)
    model = after.figures[FigureKey(*PLACE, "assignable_mean", 2027)]
    assert after.figures[FigureKey(*PLACE, "adopted_assignable", 2027)] == model
    [change] = changes(before, after, [])
    [moved] = change.figures
    assert (moved.figure, moved.owner, moved.year, moved.before, moved.after) == (
        *("adopted_assignable", PLACE[1], 2027),
        *(9000, model),
    )
    assert read(canonical(after), NAMES) == after
    assert canonical(after) == canonical(compute(state, TRIENNIUM, RULES, NAMES))


def test_a_demoted_forecast_gives_way_to_last_year_unless_somebody_said_otherwise() -> None:
    """Ten homes given back each January in Cremona and let again in February, for five years: last year knows better.

    Castelverde's homes stay as they are: nothing is demoted there.
    """
    registry = TestRegistry()
    for number in range(40):
        registry.register(f"L{number}", UnitStatus.OCCUPIED, date(2020, 1, 1))
        registry.register(f"C{number}", UnitStatus.OCCUPIED, date(2020, 1, 1), municipality=CASTELVERDE)
    for year in range(2021, 2026):
        for number in range(10):
            registry.report(f"L{number}", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, date(year, 1, 10))
            registry.report(f"L{number}", "unit-assigned", UnitStatus.OCCUPIED, date(year, 2, 10))
    registry.register("N1", UnitStatus.IN_NOTICE, START)
    state = folded(registry.sent)
    assert demoted(state.cells, START) - {None} == {CREMONA}
    cells = adopted_cells(state, TRIENNIUM, START)
    assert {key[0] for key in cells} == {CREMONA}
    assert cells[*PLACE, 2027, Quantity.TURNOVER].value(0) == 10_000
    plan = compute(state, TRIENNIUM, RULES, NAMES)
    assert plan.figures[FigureKey(*PLACE, "adopted_turnover", 2027)] == 10_000
    assert read(canonical(plan), NAMES) == plan
    fold(state, submission(1, 9, 901, year=2026))
    assert adopted_cells(state, TRIENNIUM, START)[*PLACE, 2027, Quantity.TURNOVER].basis is Basis.DECLARED
