"""What the plan says of data that contradict the registry, the owner's other rows or an earlier plan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.checks.evidence import evidence_of
from services.planner.domain.checks.faults import RowKey
from services.planner.domain.checks.remarks import Remark, remarks_of
from services.planner.law import rules_on
from shared.events.base import Message
from shared.events.planning import Confirmation, YearForecast
from shared.events.submissions import AnnualColumns, SubmissionReceived
from shared.events.units import OwnerKind, UnitStatus
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry, message

ALER, ROW = "aler", RowKey("aler", CREMONA, 2026)
TODAY, YEARS = date(2026, 11, 20), (2027, 2028, 2029)
SINCE = date(2025, 1, 1)
RIGHT = {"stock_sap": 24, "assigned_previous_year": 1, "turnover_expected": 7, "free_now": 3, "assignable_total": 10}
WRONG = {
    "stock_sap": 25,
    "assigned_previous_year": 3,
    "turnover_expected": 0,
    "free_now": 2,
    "assignable_total": 2,
    "sat_units": 3,
}


def row(number: int, cycle_year: int = 2026, revision: int = 1, **changes: Any) -> Message:
    columns = {**RIGHT, **{name: value for name, value in changes.items() if name in AnnualColumns.model_fields}}
    told = {name: value for name, value in changes.items() if name not in AnnualColumns.model_fields}
    event = {
        "submission_id": UUID(int=number),
        "ambito": AMBITO,
        "cycle_year": cycle_year,
        "owner": ALER,
        "owner_kind": OwnerKind.ALER,
        "municipality": CREMONA,
        "revision": revision,
        "nil": False,
        "columns": AnnualColumns(**columns),
        "received_on": date(cycle_year, 11, 5),
        "late": True,
    }
    return message(SubmissionReceived(**event | told), number)


def homes() -> list[Message]:
    """24 homes since 2025: 20 let, one let in 2025 and one in 2026, two in works that end in 2028 and in 2030."""
    registry = TestRegistry()
    for number in range(20):
        registry.register(f"L{number}", UnitStatus.OCCUPIED, SINCE)
    for number, on in enumerate((date(2025, 6, 1), date(2026, 6, 1))):
        registry.register(f"H{number}", UnitStatus.FREE_ASSIGNABLE, SINCE)
        registry.report(f"H{number}", "unit-assigned", UnitStatus.OCCUPIED, on)
    registry.register("W2028", UnitStatus.IN_WORKS, SINCE, works_end_on=date(2028, 5, 31))
    registry.register("W2030", UnitStatus.IN_WORKS, SINCE, works_end_on=date(2030, 1, 1))
    return registry.sent


def three_years(turnover: int) -> tuple[YearForecast, ...]:
    return (YearForecast(year=2027, turnover_expected=turnover),)


def misdeclared() -> list[Message]:
    """One row that every check of the plan has something to say of."""
    return [*homes(), row(901, 2025, assigned_previous_year=0, forecast=three_years(7)), row(902, **WRONG)]


def remarks(messages: list[Message], on: date = TODAY) -> tuple[Remark, ...]:
    return remarks_of(evidence_of(messages), rules_on(on), YEARS, on)


def told(messages: list[Message], on: date = TODAY) -> dict[str, tuple[str, str]]:
    """Field and value of each remark but that of the works, by its code."""
    return {one.check.code: (one.field, one.check.value) for one in remarks(messages, on) if one.check.code != "V15"}


def test_one_row_can_contradict_everything() -> None:
    """24 homes and one assigned in 2025; a tenth of 24 is two; of two homes one is for an indigent household."""
    found = {one.check.code: one for one in remarks(misdeclared())}
    assert {code: (one.field, one.check.value) for code, one in found.items()} == {
        "V3": ("/columns/stock_sap", "25"),
        "V10": ("/columns/sat_units", "3"),
        "V11": ("/columns/sat_units", "3"),
        "V15": ("works.expected_end_on", "2030-01-01"),
        "V16": ("/columns/assigned_previous_year", "3"),
        "V17": ("/columns/turnover_expected", "0"),
    }
    assert {code: one.check.row for code, one in found.items()} == {
        "V3": ROW,
        "V10": RowKey(ALER, None, 2026),
        "V11": ROW,
        "V15": RowKey(ALER, CREMONA, 2027),
        "V16": ROW,
        "V17": RowKey(ALER, CREMONA, 2027),
    }
    assert "(24 alloggi): differenza +1" in found["V3"].check.rule.it
    assert "il limite è 2, il 10% di 24 alloggi" in found["V10"].check.rule.it
    assert (found["V16"].check.units, len(found["V3"].check.units)) == (("H0",), 24)
    assert found["V15"].check.units == ("W2030",)
    assert "il piano annuale dice 0, la riga 2027 del piano triennale 7" in found["V17"].check.rule.it
    assert all(one.check.remedy.it and one.check.remedy.en for one in found.values())


def test_a_row_that_agrees_with_the_registry_has_no_remark() -> None:
    assert told([*homes(), row(901, 2025, assigned_previous_year=0, forecast=three_years(7)), row(902)]) == {}


def test_stock_is_that_of_the_cut_off_and_before_it_there_is_nothing_to_compare_with() -> None:
    """The registry is counted on 31 October: a home registered on 1 November is not declared yet."""
    late = TestRegistry()
    late.register("NEW", UnitStatus.OCCUPIED, date(2026, 11, 1))
    assert told([*homes(), *late.sent, row(902)]) == {}
    assert "V3" in told([*homes(), row(902, stock_sap=20)], date(2026, 10, 31))
    assert "V3" not in told([*homes(), row(902, stock_sap=20)], date(2026, 10, 30))


def test_of_a_year_that_the_registry_did_not_see_whole_it_says_nothing() -> None:
    """Homes are known since 1 January 2025: 2025 is seen whole, 2024 is not."""
    assert "V16" not in told([*homes(), row(901, 2025, assigned_previous_year=9)])
    assert "V16" in told([*homes(), row(902, 2026, assigned_previous_year=9)])


def test_a_nil_return_says_that_there_are_no_homes() -> None:
    assert told([*homes(), row(902, nil=True, columns=None)])["V3"] == ("/columns/stock_sap", "0")


def test_a_mended_revision_takes_its_remarks_back_in_any_order() -> None:
    wrong, right = row(901, stock_sap=25), row(902, revision=2)
    assert told([*homes(), wrong, right]) == told([right, *homes(), wrong]) == {}


def test_a_confirmed_value_keeps_its_reason() -> None:
    reasons = (
        Confirmation(field="/columns/stock_sap", reason="un acquisto non ancora iscritto"),
        Confirmation(field="/forecast/0/turnover_expected", reason="un trasferimento"),
    )
    found = remarks([*homes(), row(902, stock_sap=25, forecast=three_years(9), confirmations=reasons)])
    assert {one.check.code: one.confirmed for one in found if one.check.code != "V15"} == {
        "V3": "un acquisto non ancora iscritto",
        "V17": "un trasferimento",
    }


def test_works_that_end_before_the_triennium_are_in_it_only_once_they_are_late() -> None:
    registry = TestRegistry()
    registry.register("W", UnitStatus.IN_WORKS, SINCE, works_end_on=date(2026, 11, 30))
    assert remarks(registry.sent, date(2026, 11, 30)) == ()
    [late] = remarks(registry.sent, date(2026, 12, 1))
    assert (late.check.code, late.check.value) == ("V15", "2026-11-30")
    registry.report("W", "works-completed", UnitStatus.FREE_ASSIGNABLE, date(2026, 11, 30))
    assert remarks(registry.sent, date(2026, 12, 1)) == ()


@pytest.mark.parametrize(("sat_units", "codes"), [(2, set()), (3, {"V10"})])
def test_sat_homes_are_added_up_over_the_owners_rows(sat_units: int, codes: set[str]) -> None:
    """A tenth of 24 is two: one in Cremona and one elsewhere are within it, two and one are not."""
    here = row(901, sat_units=sat_units - 1, assignable_total=10)
    there = row(902, sat_units=1, municipality="019098", stock_sap=0, assigned_previous_year=0)
    found = {one.check.code for one in remarks([*homes(), here, there])} - {"V15"}
    assert found == codes


@settings(max_examples=25, deadline=None)
@given(st.permutations(misdeclared()))
def test_the_order_in_which_things_were_heard_does_not_matter(messages: list[Message]) -> None:
    assert remarks(messages) == remarks(misdeclared())


def test_shares_the_owner_chose_count_as_reserved() -> None:
    """Of ten homes two are for indigent households and two, at 20 %, for the forces; seven SAT homes are too many."""
    reserved = row(902, assignable_total=10, forces_share=Decimal("0.2"), sat_units=7)
    [check] = [one.check for one in remarks([*homes(), reserved]) if one.check.code == "V11"]
    assert "Alloggi riservati 11 (2 per nuclei indigenti, 2 per forze" in check.rule.it
