"""The need: hand calculations for single municipalities, and what must hold whatever is declared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.need.assessment import assess_need
from services.planner.domain.need.coverage import coverage
from services.planner.domain.need.declared import BACKLOG, Component, DeclaredNeed
from services.planner.domain.need.evidence import NeedMethod
from tests.unit.planner.need.territories import (
    ALL,
    COUNTED,
    NAMES,
    NOW,
    bands_of,
    declarations,
    every_need,
    households,
    needs,
    switches,
    territories,
)

Declarations = Mapping[str, DeclaredNeed]
Households = Mapping[str, int]


def test_counts_that_may_overlap_are_between_the_largest_and_their_sum() -> None:
    found = assess_need({"101": DeclaredNeed(**COUNTED)}, {"101": 1000}, NeedMethod(components=NOW))
    whole = found.ambito.whole
    # max 40, sum 70, middle 55; without flows the need of three years is B, the yearly flow B / 5 = 11 (8 to 14)
    assert whole.backlog == whole.need == (40, 55_000, 70)
    assert whole.yearly == (8, 11_000, 14)
    assert whole.arrivals == whole.departures == (0, 0, 0)


def test_lists_that_are_linked_give_one_number() -> None:
    need = DeclaredNeed(**COUNTED, linked_total=52, by_household_size=(20, 15, 10, 4, 2, 1))
    found = assess_need({"101": need}, {"101": 1000}, NeedMethod(years_to_clear=4, components=NOW))
    assert found.ambito.whole.backlog == (52, 52_000, 52)
    assert found.ambito.whole.yearly == (13, 13_000, 13)  # 52 / 4
    assert [need.backlog.central for need in found.ambito.by_size] == [20_000, 15_000, 10_000, 4_000, 2_000, 1_000]
    assert found.ambito.by_size[0].need == (20, 20_000, 20)


def test_who_links_its_lists_leaves_nothing_to_estimate() -> None:
    declared = {"101": DeclaredNeed(**COUNTED), "102": DeclaredNeed(admitted_unsatisfied=20, linked_total=26)}
    found = assess_need(declared, {"101": 1000, "102": 1000}, NeedMethod(components=NOW)).municipalities["102"]
    assert found.whole.backlog == (26, 26_000, 26)
    assert [use.is_estimated for use in found.uses] == [False]


def test_the_union_of_all_counts_bounds_the_union_of_some() -> None:
    # Without the 40 admitted, the rest is 10 + 4 + 6 + 2 + 8 = 30 at most and 10 at least; of 52 distinct households
    # 52 - 40 = 12 are certainly in none of the admitted, so in the rest: 12 to 30, middle 21.
    need = DeclaredNeed(**COUNTED, linked_total=52)
    method = NeedMethod(components=NOW - {Component.ADMITTED_UNSATISFIED})
    assert assess_need({"101": need}, {"101": 1000}, method).ambito.whole.backlog == (12, 21_000, 30)


def test_two_municipalities_add_up() -> None:
    declared = {"101": DeclaredNeed(**COUNTED), "102": DeclaredNeed(**COUNTED, linked_total=50)}
    found = assess_need(declared, {"101": 1000, "102": 800}, NeedMethod(components=NOW))
    # 55 + 50 = 105; limits of overlap are no chances and add up: 40 + 50 and 70 + 50
    assert found.ambito.whole.need == (90, 105_000, 120)
    assert found.ambito.whole.yearly.central == 21_000  # 105 / 5


def test_three_years_are_what_waits_and_what_comes_less_what_goes() -> None:
    history = dict.fromkeys(range(2015, 2025), 30)
    need = DeclaredNeed(**COUNTED, newly_admitted=history, left_without_assignment=dict.fromkeys(range(2015, 2025), 12))
    whole = assess_need({"101": need}, {"101": 3000}, NeedMethod()).ambito.whole
    # ten equal years of 30 and 12: the forecast is theirs, but for the half household and the prior's four
    assert whole.arrivals.central == pytest.approx(30_000, rel=0.02)
    assert whole.departures.central == pytest.approx(12_000, rel=0.02)
    flow = whole.arrivals.central - whole.departures.central
    assert whole.need.central == 55_000 + 3 * flow
    assert whole.yearly.central == 11_000 + flow  # B / 5 and the flow


def test_who_leaves_had_been_waiting() -> None:
    need = DeclaredNeed(admitted_unsatisfied=2, left_without_assignment=dict.fromkeys(range(2015, 2025), 9))
    found = assess_need({"101": need}, {"101": 3000}, NeedMethod())
    assert found.ambito.whole.need.central == found.ambito.whole.yearly.central == 0


def test_what_one_does_not_say_is_estimated_from_the_others_and_marked() -> None:
    declared = {name: DeclaredNeed(**COUNTED) for name in NAMES[:4]}
    found = assess_need(declared, dict.fromkeys(NAMES, 2000), NeedMethod(components=NOW))
    missing = found.municipalities["105"]
    assert (found.declared_count, missing.is_declared) == (4, False)
    assert all(use.is_estimated for use in missing.uses)
    assert len(missing.uses) == len(BACKLOG)
    # as many households as the others, all of whom say the same: about the same counts, in a wider band
    assert missing.whole.backlog.central == pytest.approx(55_000, rel=0.15)
    assert missing.whole.backlog.low < 40
    assert missing.whole.backlog.high > 70
    assert not any(use.is_estimated for use in found.municipalities["101"].uses)
    assert all(use.is_estimated for use in found.ambito.uses)


def test_what_nobody_says_counts_nothing_and_is_named() -> None:
    found = assess_need({"101": DeclaredNeed(overcrowded=5)}, {"101": 900, "102": 900}, NeedMethod())
    assert set(found.unknown) == ALL - {Component.OVERCROWDED}
    assert [use.component for use in found.ambito.uses] == [Component.OVERCROWDED]


def test_nothing_declared_at_all() -> None:
    found = assess_need({}, {"101": 900}, NeedMethod())
    assert found.ambito.whole.need == (0, 0, 0)
    assert (found.declared_count, found.ambito.is_declared) == (0, False)


@pytest.mark.parametrize(
    ("need", "field", "both_numbers", "backlog"),
    [
        (DeclaredNeed(**COUNTED, linked_total=39), "linked_total", (39, 40), (40, 55_000, 70)),
        (DeclaredNeed(**COUNTED, linked_total=71), "linked_total", (71, 70), (40, 55_000, 70)),
        (
            DeclaredNeed(**COUNTED, by_household_size=(20, 10, 5, 3, 1, 0)),
            *("by_household_size", (39, 40), (40, 55_000, 70)),
        ),
        (
            DeclaredNeed(**COUNTED, linked_total=52, by_household_size=(20, 10, 5, 3, 1, 0)),
            *("by_household_size", (39, 52), (52, 52_000, 52)),
        ),
    ],
)
def test_a_contradiction_is_named_with_both_numbers_and_left_out(
    need: DeclaredNeed, field: str, both_numbers: tuple[int, int], backlog: tuple[int, int, int]
) -> None:
    found = assess_need({"101": need}, {"101": 1000}, NeedMethod(components=NOW))
    (fault,) = found.faults
    assert (fault.municipality, fault.field, (fault.declared, fault.other)) == ("101", field, both_numbers)
    assert all(str(number) in fault.text_it for number in both_numbers)
    assert found.ambito.whole.backlog == backlog
    assert found.ambito.by_size == ()


def test_more_admitted_or_indigent_than_applied_is_a_contradiction() -> None:
    need = DeclaredNeed(applications_submitted=100, households_admitted=101, indigent_applicants=102)
    faults = assess_need({"101": need}, {"101": 1000}, NeedMethod()).faults
    assert [(fault.field, fault.declared, fault.other) for fault in faults] == [
        ("households_admitted", 101, 100),
        ("indigent_applicants", 102, 100),
    ]


def test_strangers_and_no_time_to_clear_are_refused() -> None:
    with pytest.raises(ValueError, match="not in the ambito: 999"):
        assess_need({"999": DeclaredNeed()}, {"101": 1}, NeedMethod())
    with pytest.raises(ValueError, match="at least 1, not 0"):
        assess_need({}, {"101": 1}, NeedMethod(years_to_clear=0))


def test_the_result_does_not_depend_on_the_process() -> None:
    """Hash seed, locale and time zone: the bytes are the same."""
    program = (
        "from tests.unit.planner.need.territories import COUNTED, NAMES; "
        "from services.planner.domain.need.assessment import assess_need; "
        "from services.planner.domain.need.declared import DeclaredNeed; "
        "from services.planner.domain.need.evidence import NeedMethod; "
        "need = DeclaredNeed(**COUNTED, by_household_size=(20, 10, 5, 3, 1, 1), newly_admitted={2022: 9, 2023: 14}); "
        "print(assess_need(dict.fromkeys({*NAMES[:4]}, need), {n: 90 * int(n) for n in {*NAMES}}, NeedMethod()))"
    )
    found = set()
    for seed, locale, zone in (("0", "C", "UTC"), ("1", "it_IT.UTF-8", "Europe/Rome"), ("77", "C", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone, "PYTHONPATH": "."}
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        found.add(re.sub(r"components=frozenset\(.*?\)", "", run.stdout))
    assert len(found) == 1
    assert "TerritoryNeed" in found.pop()


@given(declarations, households, switches, st.integers(1, 12))
def test_everything_adds_up_and_bands_are_ordered(
    declared: Declarations, homes: Households, on: frozenset[Component], years: int
) -> None:
    found = assess_need(declared, homes, NeedMethod(years, on))
    for need in every_need(found):
        for band in bands_of(need):
            assert 0 <= 1000 * band.low <= band.central <= 1000 * band.high
    wholes = [territory.whole for territory in found.municipalities.values()]
    for place, band in enumerate(bands_of(found.ambito.whole)):
        assert band.central == sum(bands_of(whole)[place].central for whole in wholes)
    for territory in territories(found):
        for place, band in enumerate(bands_of(territory.whole) if territory.by_size else ()):
            assert band.central == sum(bands_of(need)[place].central for need in territory.by_size)


@given(declarations, households, switches)
def test_need_follows_from_its_published_parts(
    declared: Declarations, homes: Households, on: frozenset[Component]
) -> None:
    for territory in assess_need(declared, homes, NeedMethod(5, on)).municipalities.values():
        whole = territory.whole
        flow = whole.arrivals.central - whole.departures.central
        assert whole.need.central == max(whole.backlog.central + 3 * flow, 0)
        assert abs(5 * whole.yearly.central - max(whole.backlog.central + 5 * flow, 0)) <= 2


@given(declarations, households, st.permutations(NAMES))
def test_permuting_municipalities_permutes_the_need(
    declared: Declarations, homes: Households, names: list[str]
) -> None:
    other = dict(zip(NAMES, names, strict=True))
    one = assess_need(declared, homes, NeedMethod())
    shuffled = {other[name]: need for name, need in reversed(declared.items())}
    two = assess_need(shuffled, {other[name]: count for name, count in homes.items()}, NeedMethod())
    assert {other[name]: found for name, found in one.municipalities.items()} == two.municipalities
    assert one.ambito == two.ambito


@given(declarations, households, switches, st.sampled_from(list(Component)))
def test_what_adds_never_raises_when_switched_off_and_what_deducts_never_lowers(
    declared: Declarations, homes: Households, on: frozenset[Component], component: Component
) -> None:
    with_it = assess_need(declared, homes, NeedMethod(5, on | {component}))
    without = assess_need(declared, homes, NeedMethod(5, on - {component}))
    sign = -1 if component is Component.LEFT_WITHOUT_ASSIGNMENT else 1
    for name, territory in with_it.municipalities.items():
        other = without.municipalities[name].whole
        assert sign * other.need.central <= sign * territory.whole.need.central
        assert sign * other.need.high <= sign * territory.whole.need.high
    assert sign * without.ambito.whole.need.central <= sign * with_it.ambito.whole.need.central
    assert sign * without.ambito.whole.need.high <= sign * with_it.ambito.whole.need.high


@given(needs(), needs(), st.integers(1, 30_000))
def test_a_municipality_that_says_nothing_has_a_wider_band_than_one_that_says_what_is_estimated(
    one: DeclaredNeed, two: DeclaredNeed, size: int
) -> None:
    homes = {"101": 5000, "102": size, "103": 4000}
    missing = assess_need({"101": one, "102": two}, homes, NeedMethod(components=NOW)).municipalities["103"]
    centres = [use.households.central for use in missing.uses]
    band = missing.whole.need
    # Declared, the same households would be between the largest of these and their sum, and nowhere else.
    assert 1000 * band.low <= max(centres, default=0)
    assert 1000 * band.high >= sum(centres)
    if any(centres):
        assert 1000 * (band.high - band.low) > sum(centres) - max(centres)


@given(declarations, households, st.integers(0, 900), st.integers(0, 900), st.integers(0, 300))
def test_more_supply_never_lowers_coverage(
    declared: Declarations, homes: Households, low: int, wide: int, more: int
) -> None:
    need = assess_need(declared, homes, NeedMethod()).ambito.whole.need
    supply = type(need)(low, 1000 * low + 500 * wide, low + wide)
    larger = type(need)(low + more, supply.central + 1000 * more, low + wide + more)
    before, after = coverage(supply, need), coverage(larger, need)
    for was, now in zip(before, after, strict=True):
        assert (was is None) == (now is None)
        assert was is None or now is None or was <= now
    known = [share for share in before if share is not None]
    assert known == sorted(known)
