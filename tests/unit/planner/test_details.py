"""The supply by size class and service type, and columns a-k: what divides the plan's figures adds up to them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.annual_columns import annual_columns, column_counts
from services.planner.domain.details import Detail, detail_of, details_of
from services.planner.domain.forecast import Triennium, by_kind, supply_of
from services.planner.domain.formulas import FORMULAS
from services.planner.domain.labels import COLUMN_LABELS, EVERY_LABEL, KIND_LABELS, label_it
from services.planner.domain.plan import FigureKey, compute
from services.planner.domain.state import PlanState
from shared.events.base import Message
from shared.events.planning import YearForecast
from shared.events.submissions import AnnualColumns
from shared.events.units import ServiceType, UnitStatus
from tests.unit.planner.test_forecast import states
from tests.unit.planner.test_state import registries
from tests.unit.planner.worlds import (
    CASTELVERDE,
    CREMONA,
    NAMES,
    RULES,
    START,
    TestRegistry,
    folded,
    message,
    submission,
)

FREE, LET = UnitStatus.FREE_ASSIGNABLE, UnitStatus.OCCUPIED
TRIENNIUM = Triennium(2026)
YEARS = (2026, 2027, 2028)
ALER = (CREMONA, "aler")


@settings(max_examples=60, deadline=None)
@given(registries() | states(), st.integers(0, 1100))
def test_parts_add_up_to_the_cells_they_divide_whatever_has_been_heard(heard: object, day: int) -> None:
    """Also of a state whose homes are not known by kind, and of homes that have gone or changed their size."""
    state = folded(heard.sent) if isinstance(heard, TestRegistry) else heard
    assert isinstance(state, PlanState)
    on = START + timedelta(days=day)
    parts, supply = by_kind(state, TRIENNIUM, on), supply_of(state, TRIENNIUM, on)
    for (municipality, owner), offer in supply.offers.items():
        own = {key[2:]: part for key, part in parts.items() if key[:2] == (municipality, owner)}
        for window in range(4):
            assert sum(part.assignable[window] for part in own.values()) == offer.total[window]
            for size in range(7):
                cells = supply.turnover.cells.get((municipality, owner, size))
                of_size = sum(part.turnover[window] for kind, part in own.items() if kind[0] == size)
                assert of_size == (cells[window].mean if cells else 0)


def declared(columns: AnnualColumns, number: int, *, year: int, rows: tuple[YearForecast, ...] = ()) -> Message:
    event = submission(1, 0, number, year=year).event
    return message(event.model_copy(update={"columns": columns, "forecast": rows}), number)


def told() -> list[Message]:
    """Cremona: ALER has 8 homes let, 3 free of which 1 is reserved, 1 sold; one was let by a notice in 2024."""
    registry = TestRegistry()
    for number in range(8):
        registry.register(f"L{number}", LET, date(2020, 1, 1))
    for number in range(3):
        registry.register(f"F{number}", FREE, date(2020, 1, 1), area=46)
    registry.report("F0", "unit-reserved-for-sat", UnitStatus.RESERVED_SAT, date(2025, 3, 1))
    registry.register("S0", FREE, date(2020, 1, 1))
    registry.report("S0", "unit-sold", UnitStatus.SOLD, date(2023, 5, 1))
    registry.register("C0", LET, date(2020, 1, 1), municipality=CASTELVERDE, owner="comune-019025")
    registry.report("L0", "unit-vacated", FREE, date(2023, 12, 1))
    registry.report("L0", "notice-published", UnitStatus.IN_NOTICE, date(2024, 1, 1))
    registry.report("L0", "unit-assigned", LET, date(2024, 2, 1))
    registry.report("F1", "unit-inspected", FREE, START)
    columns = AnnualColumns(
        stock_sap=12,
        as_is_assignable=2,
        free_now=2,
        turnover_expected=1,
        conferred_by_private=1,
        assignable_total=6,
        indigence_share=Decimal("0.2"),
        forces_share=Decimal("0.0125"),
        sat_units=1,
        assigned_previous_year=1,
    )
    rows = (
        YearForecast(year=2026, turnover_expected=9),
        YearForecast(year=2027, works_assignable=3, as_is_assignable=1),
    )
    return [*registry.sent, declared(columns, 901, year=2025, rows=rows)]


def columns_of(messages: list[Message]) -> dict[tuple[str, int | None], int | None]:
    state = folded(messages)
    plan = compute(state, TRIENNIUM, RULES, NAMES)
    found = annual_columns(state, plan, RULES)
    return {(key.figure.removeprefix("column_"), key.year): value for key, value in found.items() if key[:2] == ALER}


def test_columns_are_counted_forecast_or_declared_only() -> None:
    """The year 2026 was declared in 2025, when 2024 was the last year that was over."""
    found = columns_of(told())
    assert [found[f"stock_{service}", None] for service in ("sap", "sas", "sat")] == [11, 0, 0]
    assert found["sat_units", None] == 1
    assert [found["assigned_previous_year", year] for year in YEARS] == [1, 0, 0]
    assert found["free_now", 2026] == 2000
    assert [found["indigence_share", year] for year in YEARS] == [200, 200, 200]
    for name in ("as_is_assignable", "conferred_by_private", "forces_share", "local_police_share"):
        assert [found[name, year] for year in YEARS] == [None, None, None]
    for year in (*YEARS, None):
        parts = ("under_renovation_assignable", "new_build_assignable", "free_now", "turnover_expected")
        assert sum(found[name, year] or 0 for name in parts) == found["assignable_total", year]


def test_columns_have_what_was_declared_beside_them() -> None:
    """The year's columns come before a three-year row; a row tells some columns; 2028 nobody has told."""
    found = columns_of(told())
    assert [found["stock_sap_declared", year] for year in YEARS] == [12, None, None]
    assert [found["turnover_expected_declared", year] for year in YEARS] == [1, 0, None]
    assert [found["as_is_assignable_declared", year] for year in YEARS] == [2, 1, None]
    assert [found["assignable_total_declared", year] for year in YEARS] == [6, 3 + 1, None]
    # 1.25 % is 12.5 thousandths: half goes away from zero. The owner chose no share for the local police.
    assert found["forces_share_declared", 2026] == 13
    assert found["local_police_share_declared", 2026] is None


def test_nothing_to_declare_is_zero_and_nothing_declared_is_none() -> None:
    nil = message(submission(1, 0, 901, year=2025).event.model_copy(update={"nil": True, "columns": None}), 901)
    assert columns_of([*told()[:-1], nil])["stock_sap_declared", 2026] == 0
    assert columns_of(told()[:-1])["stock_sap_declared", 2026] is None


def test_what_is_counted_of_a_year_to_come_is_not_known() -> None:
    """In 2025 nobody knows who will be let a home in 2026, which the plan's third year counts."""
    found = columns_of(told()[:-2])
    assert [found["assigned_previous_year", year] for year in YEARS] == [1, 0, None]


def test_details_add_up_to_municipalities_and_the_ambito_and_to_the_plan() -> None:
    state = folded(told())
    plan = compute(state, TRIENNIUM, RULES, NAMES)
    for detail in Detail:
        found = details_of(detail, state, plan, RULES)
        assert {key.figure for key in found} <= EVERY_LABEL.keys() & FORMULAS.keys()
        assert {detail_of(key.figure) for key in found} == {detail}
        for key, value in found.items():
            if key.owner is None and value is not None:
                is_part = [
                    other
                    for other in found
                    if other.owner
                    and key == other._replace(municipality=key.municipality and other.municipality, owner=None)
                ]
                assert value == sum(found[other] or 0 for other in is_part)
    kinds = details_of(Detail.KINDS, state, plan, RULES)
    for what in ("turnover", "assignable"):
        for year in (*YEARS, None):
            for place in (ALER, (CREMONA, None), (None, None)):
                own = [
                    v or 0 for key, v in kinds.items() if key[:2] == place and key.year == year and what in key.figure
                ]
                assert sum(own) == plan.figures[FigureKey(*place, f"{what}_mean", year)]


def test_a_detail_is_none_of_the_plans_own_figures() -> None:
    plan = compute(folded(told()), TRIENNIUM, RULES, NAMES)
    assert not {key.figure for key in plan.figures} & (COLUMN_LABELS.keys() | KIND_LABELS.keys())
    assert detail_of("turnover_mean") is None


@pytest.mark.parametrize(
    ("figure", "year", "text"),
    [
        ("turnover_size_1_sap", None, "Alloggi che si liberano nel triennio, per 1 persona, SAP"),
        ("assignable_size_6_sas", 2027, "Alloggi assegnabili nel 2027, per 6 o più persone, SAS"),
        ("column_as_is_assignable", 2027, "Colonna b: assegnabili nello stato di fatto, 2027 (solo dichiarato)"),
        ("column_sat_units_declared", 2027, "Colonna j: destinati ai servizi transitori, 2027, dichiarato"),
    ],
)
def test_details_are_called_by_what_they_are(figure: str, year: int | None, text: str) -> None:
    assert label_it(figure, year) == text


def test_a_shard_of_the_events_counts_its_share() -> None:
    """What a figure is explained by: homes and declarations count each for themselves."""
    messages = told()
    whole = column_counts(folded(messages))
    assert whole[FigureKey(*ALER, "column_stock_sap", None)] == 11
    alone = [m for m in messages if getattr(m.event, "unit_id", "").startswith(("F", "S"))]
    assert column_counts(folded(alone))[FigureKey(*ALER, "column_stock_sap", None)] == 3


def test_a_service_type_without_homes_has_no_part() -> None:
    assert {key[3] for key in by_kind(folded(told()), TRIENNIUM, START)} == {ServiceType.SAP}
