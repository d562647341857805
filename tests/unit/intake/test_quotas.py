"""V7, V8: which share could be kept for whom on which date, and the homes a share comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.parameters import CycleRules
from services.intake.domain.quotas import Quotas, quota_faults, quotas_of
from shared.events import AnnualColumns, OwnerKind

SHARES = st.decimals(0, 1, places=4)


def found(cycle_year: int, kind: OwnerKind = OwnerKind.MUNICIPALITY, **columns: Any) -> list[tuple[str, str]]:
    shares = {name: Decimal(value) if name.endswith("share") else value for name, value in columns.items()}
    faults = quota_faults(AnnualColumns(**shares), kind, CycleRules.of(cycle_year))
    return [(fault.code, fault.field) for fault in faults]


@pytest.mark.parametrize(
    ("cycle_year", "share", "expected"),
    [
        (2018, "0.01", ["V7"]),  # data due 31 October 2018: the share exists from 12 March 2019
        (2019, "0.10", []),
        (2019, "0.11", ["V7"]),
        (2024, "0.20", ["V7"]),  # due 31 October 2024: R.R. 2/2025 is of 10 March 2025
        (2025, "0.20", []),
        (2025, "0.2001", ["V7"]),
        (2018, "0", []),
    ],
)
def test_v7_forces_have_up_to_10_percent_from_2019_and_20_from_2025(
    cycle_year: int, share: str, expected: list[str]
) -> None:
    assert [code for code, _ in found(cycle_year, forces_share=share)] == expected


def test_v7_local_police_shares_the_ceiling_from_2025_and_has_no_share_before() -> None:
    assert found(2024, forces_share="0.10", local_police_share="0.05") == [("V7", "/columns/local_police_share")]
    assert found(2025, forces_share="0.15", local_police_share="0.05") == []
    assert found(2025, forces_share="0.15", local_police_share="0.06") == [("V7", "/columns/forces_share")]


@pytest.mark.parametrize(
    ("cycle_year", "share", "expected"), [(2024, "0.05", ["V8"]), (2025, "0.20", []), (2025, "0.21", ["V8"])]
)
def test_v8_categories_of_the_owners_choice_have_up_to_20_percent_from_2025(
    cycle_year: int, share: str, expected: list[str]
) -> None:
    reason = "Personale sanitario"
    assert [c for c, _ in found(cycle_year, extra_category_share=share, extra_category_reason=reason)] == expected


def test_sentences_name_share_and_article_in_both_languages() -> None:
    rules = CycleRules.of(2025)
    columns = AnnualColumns(forces_share=Decimal("0.15"), local_police_share=Decimal("0.06"))
    [fault] = quota_faults(columns, OwnerKind.ALER, rules)
    assert fault.value == "0.21"
    assert fault.rule.it == (
        "La quota per le Forze di polizia e i Vigili del fuoco, con la polizia locale, può arrivare al 20% "
        "(R.R. 4/2017, art. 4(3)d bis, come modificato dal R.R. 2/2025)."
    )
    assert fault.rule.en.startswith("The share for police and fire brigade, with the local police, may be up to 20%")
    [early] = quota_faults(AnnualColumns(forces_share=Decimal("0.05")), OwnerKind.ALER, CycleRules.of(2018))
    assert early.rule.it == (
        "Al 31/10/2018 le norme non prevedono una quota per le Forze di polizia e i Vigili del fuoco "
        "(R.R. 4/2017, art. 4(3))."
    )
    assert early.rule.en == "On 2018-10-31 the law has no share for police and fire brigade (R.R. 4/2017, art. 4(3))."


def test_shares_together_are_at_most_all_homes() -> None:
    # 0.70 + 0.20 + 0.10 = 1; one ten-thousandth more is too much.
    shares = {"forces_share": "0.20", "extra_category_share": "0.10", "extra_category_reason": "Personale sanitario"}
    assert found(2025, indigence_share="0.70", **shares) == []
    assert found(2025, indigence_share="0.7001", **shares) == [("quotas-sum", "/columns/indigence_share")]


def test_at_least_rounds_up_and_up_to_rounds_down() -> None:
    # Of 21 homes: 0.20 -> 4.2 -> 5; 0.10 -> 2.1 -> 2; 0.05 -> 1.05 -> 1; 0.20 -> 4.2 -> 4.
    columns = AnnualColumns(
        assignable_total=21,
        indigence_share=Decimal("0.20"),
        forces_share=Decimal("0.10"),
        local_police_share=Decimal("0.05"),
        extra_category_share=Decimal("0.20"),
    )
    assert quotas_of(columns, CycleRules.of(2026)) == Quotas(5, 2, 1, 4)
    # One home in a village: the share for indigent households takes it, declared or not.
    assert quotas_of(AnnualColumns(assignable_total=1), CycleRules.of(2026)) == Quotas(1, 0, 0, 0)
    assert quotas_of(AnnualColumns(), CycleRules.of(2026)) == Quotas(0, 0, 0, 0)


@given(units=st.integers(0, 100_000), indigence=SHARES, forces=SHARES)
def test_rounding_is_never_off_by_a_home(units: int, indigence: Decimal, forces: Decimal) -> None:
    columns = AnnualColumns(assignable_total=units, indigence_share=indigence, forces_share=forces)
    quotas = quotas_of(columns, CycleRules.of(2026))
    assert 0 <= quotas.indigence_units - indigence * units < 1
    assert 0 <= forces * units - quotas.forces_units < 1
