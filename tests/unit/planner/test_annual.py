"""Columns a-k summed over owners and territories: the sums, and every error of scope by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.annual import Amount, AnnualScope, ScopeProblem, aggregate

CREMA, IZANO = "Crema", "Izano"


def amount(value: int, territory: str | None = CREMA, owner: str | None = "comune", service=None, year=2019) -> Amount:
    return Amount("free_now", AnnualScope(territory, owner, service, year), value)


def test_sums_of_ambito_territory_and_owner_by_hand() -> None:
    sums = aggregate([amount(3), amount(2, owner="aler"), amount(1, IZANO), amount(4, None, "coop")], 2019)
    assert sums.faults == ()
    found = {(t.scope.territory, t.scope.owner): t.value for t in sums.totals}
    assert found == {(None, None): 10, (CREMA, None): 5, (IZANO, None): 1} | {
        (None, "comune"): 4,
        (None, "aler"): 2,
        (None, "coop"): 4,
    }
    whole = sums.total("free_now")
    assert whole is not None
    assert sum(part.value for part in whole.parts) == whole.value
    assert sums.total("turnover_expected") is None, "not published is not zero"


@pytest.mark.parametrize(
    ("stray", "problem"),
    [
        (amount(3), ScopeProblem.COUNTED_TWICE),
        (amount(4), ScopeProblem.COUNTED_TWICE),
        (amount(5, None, None), ScopeProblem.TOTAL_AMONG_PARTS),
        (amount(3, None, "comune"), ScopeProblem.TOTAL_AMONG_PARTS),
        (amount(5, CREMA, None), ScopeProblem.ALL_OWNERS_BESIDE_ONE),
        (amount(3, year=2018), ScopeProblem.OTHER_YEAR),
        (amount(3, "Milano"), ScopeProblem.NOT_IN_AMBITO),
    ],
)
def test_what_would_count_a_home_twice_or_does_not_belong_is_left_out_and_named(stray, problem) -> None:
    sums = aggregate([stray, amount(3), amount(2, owner="aler")], 2019, [CREMA, IZANO])
    assert [fault.problem for fault in sums.faults] == [problem]
    assert sums.total("free_now").value == 5
    told = sums.faults[0].told()
    assert f"già liberi = {sums.faults[0].amount.value} (" in told.it
    assert "the number is not added" in told.en


def test_all_services_beside_one_of_them() -> None:
    sums = aggregate([amount(3, service="SAP"), amount(1, service="SAS"), amount(4)], 2019)
    assert [fault.problem for fault in sums.faults] == [ScopeProblem.ALL_SERVICES_BESIDE_ONE]
    assert sums.total("free_now").value == 4


def test_an_owners_number_for_the_whole_ambito_is_a_part_beside_other_owners() -> None:
    """As ALER's in the plan of Crema: 29 of ALER's in the ambito and 3 of a municipality's are 32."""
    sums = aggregate([amount(29, None, "aler"), amount(3)], 2019)
    assert (sums.faults, sums.total("free_now").value) == ((), 32)


PLACES = st.tuples(st.sampled_from([CREMA, IZANO, "Soncino"]), st.sampled_from(["comune", "aler"]))


@given(st.dictionaries(PLACES, st.integers(0, 99)), st.integers(0, 999), st.randoms(use_true_random=False))
def test_parts_add_up_in_any_order_and_a_total_among_them_changes_nothing(parts, total, chance) -> None:
    amounts = [amount(value, *place) for place, value in parts.items()]
    mixed = [*amounts, amount(total, None, None)]
    chance.shuffle(mixed)
    plain, sums = aggregate(amounts, 2019), aggregate(mixed, 2019)
    if parts:
        assert plain.totals == sums.totals
        assert sums.total("free_now").value == sum(parts.values())
        by_territory = [t.value for t in sums.totals if t.scope.territory is not None]
        assert sum(by_territory) == sum(parts.values())
    assert len(sums.faults) == bool(parts)
