"""Quotas of the year's homes: examples by hand, and what holds for any number of homes and any shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.quotas import FORMULAS, OwnerYear, QuotaKind, admitted_shares, divide, divide_by_owner
from services.planner.law import parameters, rules_on
from shared.events.units import OwnerKind

ALER, COMUNE = OwnerKind.ALER, OwnerKind.MUNICIPALITY
NOW = rules_on(date(2026, 1, 1)).quotas
IN_2020 = rules_on(date(2020, 1, 1)).quotas
IN_2018 = rules_on(date(2018, 1, 1)).quotas
SHARES = st.none() | st.decimals(0, 1, places=4)
YEARS = st.builds(
    OwnerYear,
    st.sampled_from(["aler", "comune-019036", "coop"]),
    st.sampled_from(OwnerKind),
    st.sampled_from(["019036", "019025", "019098"]),
    st.integers(0, 5_000),
    SHARES,
    SHARES,
    SHARES,
    SHARES,
    st.integers(0, 500),
)
RULES = st.sampled_from([NOW, IN_2020, IN_2018])


def year(available: int, kind: OwnerKind = ALER, **chosen: object) -> OwnerYear:
    return OwnerYear("aler", kind, "019036", available, **chosen)


def granted(one: OwnerYear, rules=NOW) -> tuple[int, ...]:
    division = divide(one, rules)
    return (*(quota.granted for quota in division.quotas), division.ordinary)


TENTH, FIFTH = Decimal("0.10"), Decimal("0.20")


@pytest.mark.parametrize(
    ("homes", "expected"),
    [
        (0, (0, 0, 0, 0, 0, 0)),
        (1, (1, 0, 0, 0, 0, 0)),  # ceil(0.2) = 1: the only free home of a village is for an indigent household
        (4, (1, 0, 0, 0, 2, 1)),  # ceil(0.8) = 1; floor(0.4) = 0 each; two set aside
        (5, (1, 0, 0, 1, 2, 1)),  # exactly a fifth is one, not two; floor(0.2 x 5) = 1 for categories
        (6, (2, 0, 0, 1, 2, 1)),  # ceil(1.2) = 2
        (10, (2, 1, 1, 2, 2, 2)),  # 2 + 1 + 1 + 2, two set aside, two left
        (107, (22, 10, 10, 21, 2, 42)),  # ALER's homes in Cremona in 2019: ceil(21.4), floor(10.7), floor(21.4)
    ],
)
def test_homes_by_quota_counted_by_hand(homes: int, expected: tuple[int, ...]) -> None:
    chosen = {"forces_share": TENTH, "local_police_share": TENTH, "categories_share": FIFTH, "sat_units": 2}
    assert granted(year(homes, **chosen)) == expected


def test_with_two_homes_what_comes_first_is_served_first() -> None:
    """ceil(0.2 x 2) = 1 for indigence, none for the others, and one is left of the three wanted as SAT."""
    assert granted(year(2, sat_units=3)) == (1, 0, 0, 0, 1, 0)


def test_only_municipalities_may_go_above_the_indigence_share() -> None:
    assert granted(year(10, ALER, indigence_share=Decimal("0.40")))[0] == 2
    assert granted(year(10, COMUNE, indigence_share=Decimal("0.40")))[0] == 4
    assert granted(year(10, COMUNE, indigence_share=TENTH))[0] == 2, "never below the law’s"


def test_shares_are_those_of_the_rule_set() -> None:
    chosen = year(100, forces_share=FIFTH, local_police_share=TENTH, categories_share=FIFTH)
    assert granted(chosen, IN_2018) == (20, 0, 0, 0, 0, 80)  # no quota but the indigents' before 12 March 2019
    assert granted(chosen, IN_2020) == (20, 10, 0, 0, 0, 70)  # up to a tenth, police and fire brigade only
    assert granted(chosen, NOW) == (20, 20, 0, 20, 0, 40)  # a fifth for forces and local police together
    assert admitted_shares(year(1, forces_share=TENTH, local_police_share=FIFTH), NOW)[1:3] == (TENTH, TENTH)


def test_aler_divides_by_municipality_and_other_owners_in_all() -> None:
    """One home in each of three villages: three indigence homes of ALER's, one of a cooperative's (ceil(0.6))."""
    villages = ("019001", "019002", "019003")
    aler = [OwnerYear("aler", ALER, village, 1) for village in villages]
    coop = [OwnerYear("coop", OwnerKind.ACCREDITED_OPERATOR, village, 1) for village in villages]
    divisions = divide_by_owner([*coop, *aler], NOW)
    assert [(d.owner, d.municipality, d.granted(QuotaKind.INDIGENCE), d.ordinary) for d in divisions] == [
        *(("aler", village, 1, 0) for village in villages),
        ("coop", None, 1, 2),
    ]


@given(YEARS, RULES)
def test_quotas_never_exceed_what_there_is_and_add_up_to_it(one: OwnerYear, rules) -> None:
    division = divide(one, rules)
    assert all(0 <= quota.granted <= quota.wanted for quota in division.quotas)
    assert division.ordinary >= 0
    assert sum(quota.granted for quota in division.quotas) + division.ordinary == one.available
    later_unserved = False
    for quota in division.quotas:
        assert not later_unserved or quota.granted == 0, "a later quota was served before an earlier one was full"
        later_unserved = later_unserved or quota.granted < quota.wanted


@given(YEARS, RULES)
def test_rounding_agrees_with_fractions(one: OwnerYear, rules) -> None:
    division = divide(one, rules)
    for quota in division.quotas[:-1]:
        exact = Fraction(quota.share or 0) * one.available
        assert quota.wanted == (ceil(exact) if quota.kind is QuotaKind.INDIGENCE else floor(exact))


@given(st.lists(YEARS, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(years: list[OwnerYear], chance) -> None:
    unique = list({(one.owner, one.municipality): one for one in years}.values())
    mixed = unique[:]
    chance.shuffle(mixed)
    assert divide_by_owner(mixed, NOW) == divide_by_owner(unique, NOW)
    assert sum(division.available for division in divide_by_owner(unique, NOW)) == sum(y.available for y in unique)


def test_every_quota_says_how_it_is_made_by_parameters_that_exist() -> None:
    assert FORMULAS.keys() == set(QuotaKind)
    assert {name for formula in FORMULAS.values() for name in formula.parameters} <= parameters().keys()
