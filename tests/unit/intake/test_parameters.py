"""The intake's legal parameters are the planner's law: same values, days, and whether they were read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.intake.domain import parameters
from services.intake.domain.parameters import CycleRules, Dated, DayOfYear
from services.planner.law import DatedValue
from services.planner.law import parameters as planner_law

SHARED = [
    *("SUBMISSION_DEADLINE", "INDIGENCE_SHARE", "FORCES_SHARE", "FORCES_CATEGORIES"),
    *("DISPOSAL_TOTAL_SHARE", "DISPOSAL_SOLD_SHARE", "DISPOSAL_VILLAGE_SHARE", "DISPOSAL_TOWN_SHARE"),
    *("DISPOSAL_VILLAGE_MAX_INHABITANTS", "DISPOSAL_TOWN_MAX_INHABITANTS"),
    *("OWNER_CATEGORIES_SHARE", "PLAUSIBLE_TURNOVER_SHARE"),
]


def written(value: object) -> object:
    if isinstance(value, DayOfYear):
        return f"{value.month:02}-{value.day:02}"
    return value if value is None or isinstance(value, tuple) else str(value)


def theirs(dated: DatedValue) -> tuple[object, date | None, str]:
    return dated.value, dated.valid_from, dated.status


def test_every_parameter_is_compared() -> None:
    here = {
        name for name, value in vars(parameters).items() if isinstance(value, tuple) and isinstance(value[0], Dated)
    }
    assert here == set(SHARED)


@pytest.mark.parametrize("name", SHARED)
def test_a_parameter_has_the_values_and_days_of_the_planners_law(name: str) -> None:
    mine = [(written(dated.value), dated.valid_from, dated.status) for dated in getattr(parameters, name)]
    assert mine == [theirs(dated) for dated in planner_law()[name.lower()]]


def test_the_triennium_is_the_three_calendar_years_that_follow() -> None:
    rules = CycleRules.of(2026)
    assert rules.years == (2027, 2028, 2029)
    assert [
        rules.holds(day) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2029, 12, 31), date(2030, 1, 1))
    ] == [*(False, True, True, False)]
    assert rules.deadline_on + timedelta(days=62) == date(2027, 1, 1)
