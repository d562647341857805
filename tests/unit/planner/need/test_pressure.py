"""Pressure index: ratios by hand, Gamma quantiles from a printed table, ranks of intervals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.need.declared import DeclaredNeed
from services.planner.domain.need.pressure import Indicator, Inhabitants, gamma_quantile, rank_pressure
from tests.unit.planner.need.territories import NAMES, declarations


def people(households: int, aged: int = 140) -> Inhabitants:
    return Inhabitants(households, 1000, aged)


def test_indicators_are_shown_per_thousand() -> None:
    need = DeclaredNeed(applications_submitted=30, indigent_applicants=12, eviction_orders=7)
    ratios = rank_pressure({"101": need}, {"101": people(2_200)})["101"].ratios
    # 30 / 2.2 = 13.636; 12 / 0.03 = 400; 7 / 2.2 = 3.18; 140 of 1,000
    assert [(ratio.indicator, ratio.value) for ratio in ratios] == [
        (Indicator.APPLICATIONS, Decimal("13.6")),
        (Indicator.INDIGENT_APPLICANTS, Decimal("400.0")),
        (Indicator.EVICTIONS, Decimal("3.2")),
        (Indicator.AGED_75_PLUS, Decimal("140.0")),
    ]


def test_residents_are_counted_so_their_share_ranks_surely() -> None:
    found = rank_pressure({}, {"101": people(1, 100), "102": people(1, 200), "103": people(1, 300)})
    # shares of 10, 20 and 30 % against 20 % of all
    assert {name: pressure[:5] for name, pressure in found.items()} == {
        "101": (500, 500, 500, 3, 3),
        "102": (1000, 1000, 1000, 2, 2),
        "103": (1500, 1500, 1500, 1, 1),
    }


def test_small_municipalities_are_not_told_apart_and_a_large_one_is() -> None:
    def need(households: int, per_thousand: int) -> DeclaredNeed:
        return DeclaredNeed(
            applications_submitted=households * per_thousand // 1000, eviction_orders=households * per_thousand // 4000
        )

    sizes = {"101": (20_000, 40), "102": (20_000, 10), "103": (200, 15), "104": (200, 10)}
    declared = {name: need(*size) for name, size in sizes.items()}
    found = rank_pressure(declared, {name: people(size) for name, (size, _) in sizes.items()})
    assert (found["101"].first_rank, found["101"].last_rank) == (1, 1)
    assert found["102"].last_rank == 4
    assert found["103"].first_rank == found["104"].first_rank == 2
    assert found["103"].last_rank == found["104"].last_rank == 4


def test_what_is_not_declared_is_estimated_in_a_wider_interval() -> None:
    declared = {
        name: DeclaredNeed(applications_submitted=count) for name, count in {"a": 20, "b": 5, "c": 40, "d": 11}.items()
    }
    homes = {name: people(1000) for name in "abcde"}
    found = rank_pressure(declared, homes)
    assert found["e"].is_estimated
    assert not found["a"].is_estimated
    assert found["e"].high - found["e"].low > max(found[name].high - found[name].low for name in "abcd")


def test_without_any_indicator_there_is_no_order() -> None:
    assert rank_pressure({}, {"101": people(10, 0), "102": people(20, 0)}) == {}


@pytest.mark.parametrize(("z", "quantile"), [(-1.2816, 1.7448), (1.2816, 6.6808)])
def test_quantiles_of_a_gamma_variable(z: float, quantile: float) -> None:
    # Gamma of shape 4 is half a chi-square with 8 degrees of freedom: 3.4895 and 13.3616 at 10 and 90 %
    assert gamma_quantile(4.0, 1 / 4, z) == pytest.approx(quantile, abs=0.02)


@given(declarations, st.permutations(NAMES), st.integers(1, 5000))
def test_ranks_are_an_order_of_intervals(declared: dict[str, DeclaredNeed], names: list[str], size: int) -> None:
    homes = {name: people(size + 700 * place, 90 + place) for place, name in enumerate(NAMES)}
    found = rank_pressure(declared, homes)
    for pressure in found.values():
        assert 0 <= pressure.low <= pressure.value <= pressure.high
        assert 1 <= pressure.first_rank <= pressure.last_rank <= len(NAMES)
    for one in found.values():
        for two in found.values():
            if one.low > two.high:
                assert one.first_rank < two.first_rank or one.last_rank < two.last_rank
    # a rank that exists can be given to everybody at once: the order by index is one such
    by_index = sorted(found.values(), key=lambda pressure: -pressure.value)
    assert all(p.first_rank <= rank <= p.last_rank for rank, p in enumerate(by_index, 1))
    other = dict(zip(NAMES, names, strict=True))
    permuted = rank_pressure(
        {other[name]: need for name, need in declared.items()}, {other[name]: who for name, who in homes.items()}
    )
    assert permuted == {other[name]: pressure for name, pressure in found.items()}
