"""intake checks by parameters of its own, since services never import each other: they are the planner's law."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.intake.domain import parameters as intake
from services.intake.domain.parameters import CycleRules, Dated, DayOfYear, in_force
from services.planner.domain.rules import Rules
from services.planner.law import parameters, rules_on

YEARS = range(2017, 2031)
CHANGES = {dated.valid_from for history in parameters().values() for dated in history} - {None}
DAYS = sorted({day - timedelta(days=back) for day in CHANGES if day for back in (0, 1)} | {date(2030, 1, 1)})


def values(rules: Rules) -> dict[str, object]:
    """What intake's parameters must be under the planner's rules, by name."""
    quotas, disposal = rules.quotas, rules.disposal
    return {
        "INDIGENCE_SHARE": quotas.indigence_share,
        "FORCES_SHARE": quotas.forces_share,
        "FORCES_CATEGORIES": quotas.forces_categories,
        "OWNER_CATEGORIES_SHARE": quotas.owner_categories_share,
        "DISPOSAL_TOTAL_SHARE": disposal.total_share,
        "DISPOSAL_SOLD_SHARE": disposal.sold_share,
        "DISPOSAL_VILLAGE_SHARE": disposal.village_share,
        "DISPOSAL_VILLAGE_MAX_INHABITANTS": disposal.village_max_inhabitants,
        "DISPOSAL_TOWN_SHARE": disposal.town_share,
        "DISPOSAL_TOWN_MAX_INHABITANTS": disposal.town_max_inhabitants,
        "SUBMISSION_DEADLINE": DayOfYear(*rules.deadlines.submission),
        "PLAUSIBLE_TURNOVER_SHARE": rules.planning.plausible_turnover_share,
    }


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_intake_and_planner_hold_the_same_values(on: date) -> None:
    rules = rules_on(on)
    for name, value in values(rules).items():
        mine = in_force(getattr(intake, name), on)
        assert mine.value == value, name
        assert mine.status == rules.sources[name.lower()].status, name


def test_no_parameter_of_intakes_is_left_out() -> None:
    histories = {n for n, value in vars(intake).items() if isinstance(value, tuple) and isinstance(value[0], Dated)}
    assert histories == values(rules_on(date(2026, 1, 1))).keys()


@pytest.mark.parametrize("year", YEARS)
def test_a_cycle_is_judged_by_the_law_of_the_day_its_data_are_due(year: int) -> None:
    cycle = CycleRules.of(year)
    rules = rules_on(cycle.deadline_on)
    assert (cycle.deadline_on.month, cycle.deadline_on.day) == rules.deadlines.submission
    assert cycle.indigence_share.value == rules.quotas.indigence_share
    assert cycle.forces_share.value == rules.quotas.forces_share
    assert cycle.forces_categories.value == rules.quotas.forces_categories
    assert cycle.owner_categories_share.value == rules.quotas.owner_categories_share
