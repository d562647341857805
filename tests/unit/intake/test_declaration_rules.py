"""Rules V1, V4, V5, V6, V9 with numbers calculated by hand, and the deadline."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.parameters import CycleRules, Dated, in_force
from services.intake.domain.submissions import Declaration, declaration_faults
from shared.events import AnnualColumns, Confirmation, OwnerKind

RULES = CycleRules.of(2026)
COUNTS = st.integers(0, 1000)


def codes(kind: OwnerKind = OwnerKind.ALER, reason: str | None = None, **columns: Any) -> list[str]:
    confirmations = (Confirmation(field="/columns/turnover_expected", reason=reason),) if reason else ()
    declaration = Declaration(
        cycle_year=2026, municipality="019036", columns=AnnualColumns(**columns), confirmations=confirmations
    )
    return [fault.code for fault in declaration_faults(declaration, kind, RULES)]


def test_v1_nil_has_no_columns_and_anything_else_has() -> None:
    def of(nil: bool, columns: AnnualColumns | None) -> list[str]:
        declaration = Declaration(cycle_year=2026, municipality="019036", nil=nil, columns=columns)
        return [fault.code for fault in declaration_faults(declaration, OwnerKind.ALER, RULES)]

    assert of(True, None) == of(False, AnnualColumns()) == []
    assert of(True, AnnualColumns()) == of(False, None) == ["V1"]


@pytest.mark.parametrize(
    ("turnover", "reason", "expected"),
    [
        (6, None, []),  # 6 of 30 + 6 + 4 = 40 homes: exactly 15 %
        (7, None, ["V4"]),  # 17.5 %
        (7, "Un edificio si svuota", []),
        (7, "   ", ["V4"]),
        (40, "Tutti", []),
        (41, "Più di tutti", ["V4"]),
    ],
)
def test_v4_turnover_is_at_most_the_stock_and_above_15_percent_confirmed(
    turnover: int, reason: str | None, expected: list[str]
) -> None:
    counts = {"stock_sap": 30, "stock_sas": 6, "stock_sat": 4, "turnover_expected": turnover}
    assert codes(OwnerKind.ALER, reason, **counts, assignable_total=turnover) == expected


@given(parts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS), declared=st.integers(0, 6000))
def test_v5_holds_exactly_when_the_declared_total_is_the_sum(parts: tuple[int, ...], declared: int) -> None:
    b, c, d, free, turnover, f = parts

    def v5(total: int) -> bool:
        columns = AnnualColumns(
            stock_sap=1000,
            as_is_assignable=b,
            under_renovation_assignable=c,
            new_build_assignable=d,
            free_now=free,
            turnover_expected=turnover,
            conferred_by_private=f,
            assignable_total=total,
        )
        declaration = Declaration(cycle_year=2026, municipality="019036", columns=columns)
        faults = [f for f in declaration_faults(declaration, OwnerKind.ALER, RULES) if f.code == "V5"]
        for fault in faults:
            assert f"g = {total} " in fault.rule.it
            assert f" = {sum(parts)}." in fault.rule.en
        return bool(faults)

    assert not v5(sum(parts))
    assert v5(declared) == (declared != sum(parts))


@pytest.mark.parametrize(
    ("kind", "share", "expected"),
    [
        (OwnerKind.MUNICIPALITY, "0.1999", ["V6"]),
        (OwnerKind.MUNICIPALITY, "0.2", []),
        (OwnerKind.MUNICIPALITY, "0.25", []),
        (OwnerKind.ALER, "0.2000", []),
        (OwnerKind.ALER, "0.2001", ["V6"]),
        (OwnerKind.ACCREDITED_OPERATOR, "0.25", ["V6"]),
        (OwnerKind.ALER, None, []),
    ],
)
def test_v6_the_indigence_share_is_a_fifth_and_only_municipalities_go_above(
    kind: OwnerKind, share: str | None, expected: list[str]
) -> None:
    assert codes(kind, indigence_share=Decimal(share) if share else None) == expected


@pytest.mark.parametrize(
    ("share", "reason", "expected"),
    [("0.05", None, ["V9"]), ("0.05", "  ", ["V9"]), ("0.05", "Personale sanitario", []), ("0", None, [])],
)
def test_v9_an_extra_category_needs_a_reason(share: str, reason: str | None, expected: list[str]) -> None:
    assert codes(extra_category_share=Decimal(share), extra_category_reason=reason) == expected


def test_the_deadline_is_31_october_of_the_cycle_year() -> None:
    # R.R. 4/2017, art. 5(1)
    assert CycleRules.of(2026).deadline_on == date(2026, 10, 31)
    assert CycleRules.of(2031).deadline_on == date(2031, 10, 31)


def test_the_value_in_force_is_the_last_that_has_begun() -> None:
    history = (Dated(1, None, "a", "read"), Dated(2, date(2025, 3, 10), "b", "read"))
    assert [in_force(history, day).value for day in (date(2025, 3, 9), date(2025, 3, 10))] == [1, 2]
