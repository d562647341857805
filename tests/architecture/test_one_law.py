"""intake checks by parameters of its own, since services never import each other: they are the planner's law."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.intake.domain import parameters as intake
from services.intake.domain.parameters import CycleRules, DayOfYear, in_force
from services.planner.law import parameters, rules_on

YEARS = range(2017, 2031)
CHANGES = {dated.valid_from for history in parameters().values() for dated in history} - {None}
DAYS = sorted({day - timedelta(days=back) for day in CHANGES if day for back in (0, 1)} | {date(2030, 1, 1)})


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_intake_and_planner_hold_the_same_values(on: date) -> None:
    rules = rules_on(on)
    assert in_force(intake.INDIGENCE_SHARE, on).value == rules.quotas.indigence_share
    assert in_force(intake.SUBMISSION_DEADLINE, on).value == DayOfYear(*rules.deadlines.submission)
    assert in_force(intake.PLAUSIBLE_TURNOVER_SHARE, on).value == rules.planning.plausible_turnover_share
    for history, name in (
        (intake.INDIGENCE_SHARE, "indigence_share"),
        (intake.SUBMISSION_DEADLINE, "submission_deadline"),
        (intake.PLAUSIBLE_TURNOVER_SHARE, "plausible_turnover_share"),
    ):
        assert in_force(history, on).status == rules.sources[name].status


def test_no_parameter_of_intakes_is_left_out() -> None:
    histories = {name for name, value in vars(intake).items() if isinstance(value, tuple)}
    assert histories == {"INDIGENCE_SHARE", "SUBMISSION_DEADLINE", "PLAUSIBLE_TURNOVER_SHARE"}


@pytest.mark.parametrize("year", YEARS)
def test_a_cycle_is_judged_by_the_law_of_its_first_day(year: int) -> None:
    rules = rules_on(date(year, 1, 1))
    cycle = CycleRules.of(year)
    assert (cycle.deadline_on.month, cycle.deadline_on.day) == rules.deadlines.submission
    assert cycle.indigence_share.value == rules.quotas.indigence_share
