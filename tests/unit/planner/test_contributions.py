"""The limits of the solidarity contribution, which a measure's article names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.planner.domain.checks.contributions import contribution_checks
from services.planner.domain.checks.faults import RowKey
from services.planner.law import rules_on
from shared.events.planning import AccessMeasure

RULES = rules_on(date(2026, 1, 1))
ROW = RowKey("comune-019036", "019036", 2026)
INDIGENT, DIFFICULTY = "R.R. 11/2019, art. 3", "R.R. 11/2019, art. 5"


def measure(rule: str, budget: str, households: int) -> AccessMeasure:
    return AccessMeasure(name="Contributo", budget_eur=Decimal(budget), households=households, rule_of_origin=rule)


@pytest.mark.parametrize(
    ("rule", "budget", "households", "is_above"),
    [
        (INDIGENT, "3700", 2, False),  # 2 x 1,850
        (INDIGENT, "3700.01", 2, True),
        (DIFFICULTY, "5400", 2, False),  # 2 x 2,700
        (DIFFICULTY, "5401", 2, True),
        (DIFFICULTY, "5401", 0, False),  # not spent yet
        ("L.R. 16/2016, titolo V", "99999", 1, False),
    ],
)
def test_the_contribution_of_a_household_is_limited(rule: str, budget: str, households: int, *, is_above: bool) -> None:
    assert bool(list(contribution_checks(ROW, [measure(rule, budget, households)], RULES))) is is_above


def test_the_message_has_both_amounts_and_the_article_and_names_the_measure() -> None:
    [check] = contribution_checks(ROW, [measure(INDIGENT, "1", 1), measure(INDIGENT, "1900", 1)], RULES)
    assert check.rule.it == (
        "1.900,00 euro per 1 nucleo familiare superano il contributo massimo: 1.850,00 euro all’anno per nucleo, "
        "in tutto 1.850,00 euro (R.R. 11/2019, art. 3)."
    )
    assert (check.column, check.parameters) == ("measures.1.budget_eur", ("solidarity_indigent",))
