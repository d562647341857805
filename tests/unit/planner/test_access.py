"""Measures for access and keeping of the home: totals, and the limits of the solidarity contribution."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.access import (
    AccessAim,
    AccessMeasure,
    Contribution,
    access_totals,
    contribution_checks,
    households_affordable,
)
from services.planner.law import rules_on

RULES = rules_on(date(2026, 1, 1))
CREMONA, SORESINA = "019036", "019098"


def measure(
    identifier: str, where: str | None, budget: str, households: int, contribution: Contribution | None = None
) -> AccessMeasure:
    title, rule = "Contributo", "R.R. 11/2019, art. 3"
    return AccessMeasure(
        identifier, title, AccessAim.KEEPING, where, 2026, Decimal(budget), households, rule, contribution
    )


def test_totals_by_municipality_and_ambito_by_hand() -> None:
    measures = [
        measure("M1", CREMONA, "10000.50", 4),
        measure("M2", CREMONA, "200.25", 1)._replace(year=2027),
        measure("M3", SORESINA, "99.25", 2),
        measure("M4", None, "1000", 10),
    ]
    found = {(t.municipality, t.year): (t.budget_eur, t.households, t.measures) for t in access_totals(measures)}
    assert found == {
        (None, None): (Decimal("11300.00"), 17, ("M1", "M2", "M3", "M4")),
        (None, 2026): (Decimal("11099.75"), 16, ("M1", "M3", "M4")),
        (None, 2027): (Decimal("200.25"), 1, ("M2",)),
        (CREMONA, None): (Decimal("10200.75"), 5, ("M1", "M2")),
        (CREMONA, 2026): (Decimal("10000.50"), 4, ("M1",)),
        (CREMONA, 2027): (Decimal("200.25"), 1, ("M2",)),
        (SORESINA, None): (Decimal("99.25"), 2, ("M3",)),
        (SORESINA, 2026): (Decimal("99.25"), 2, ("M3",)),
    }


@pytest.mark.parametrize(
    ("contribution", "budget", "households", "affordable", "is_above"),
    [
        (Contribution.INDIGENT, "3700", 2, 2, False),  # 2 x 1,850
        (Contribution.INDIGENT, "3700.01", 2, 2, True),
        (Contribution.INDIGENT, "1849.99", 1, 0, False),
        (Contribution.DIFFICULTY, "5400", 2, 2, False),  # 2 x 2,700
        (Contribution.DIFFICULTY, "5401", 2, 2, True),
        (Contribution.DIFFICULTY, "5401", 0, 2, False),  # not spent yet
        (None, "99999", 1, None, False),
    ],
)
def test_the_contribution_of_a_household_is_limited(contribution, budget, households, affordable, is_above) -> None:
    one = measure("M1", CREMONA, budget, households, contribution)
    assert households_affordable(one, RULES) == affordable
    assert bool(list(contribution_checks(one, "comune-019036", RULES))) is is_above


def test_the_message_has_both_amounts_and_the_article() -> None:
    one = measure("M1", CREMONA, "1900", 1, Contribution.INDIGENT)
    [check] = contribution_checks(one, "comune-019036", RULES)
    assert check.rule.it == (
        "1.900,00 euro per 1 nucleo familiare superano il contributo massimo: 1.850,00 euro all'anno per nucleo, "
        "in tutto 1.850,00 euro (R.R. 11/2019, art. 3)."
    )
    assert check.parameters == ("solidarity_indigent",)


def test_impossible_measures_are_refused() -> None:
    with pytest.raises(ValueError, match="identifier M1"):
        access_totals([measure("M1", None, "1", 1), measure("M1", CREMONA, "1", 1)])
    with pytest.raises(ValueError, match="M1: a budget"):
        access_totals([measure("M1", None, "-1", 1)])


@given(
    st.lists(
        st.tuples(st.sampled_from([CREMONA, SORESINA, None]), st.decimals(0, 10**7, places=2), st.integers(0, 999)),
        max_size=8,
    )
)
def test_the_ambito_is_the_sum_of_its_municipalities_and_its_own(rows) -> None:
    measures = [measure(f"M{at}", where, str(budget), homes) for at, (where, budget, homes) in enumerate(rows)]
    totals = {(t.municipality, t.year): t for t in access_totals(reversed(measures))}
    if measures:
        whole = totals[None, None]
        own = [one for one in measures if one.municipality is None]
        parts = [total for (municipality, year), total in totals.items() if municipality and year is None]
        assert whole.budget_eur == sum(one.budget_eur for one in [*parts, *own])
        assert whole.households == sum(one.households for one in [*parts, *own])
