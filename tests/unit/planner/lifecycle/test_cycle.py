"""Whose declarations a cycle has, whose are missing, and whose default is on record."""

from __future__ import annotations

from services.planner.domain.lifecycle.cycle import cycle_of
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from shared.events import SubmissionDefaulted, SubmissionReceived
from tests.support.editions import EVERY_ROW, in_default, nil_rows
from tests.support.planner_room import registry_of
from tests.unit.planner.worlds import CREMONA, folded, submission

STATE = folded(registry_of(1).sent)
PLAN = method_of(PlannerSettings()).plan_of(STATE)
ALER = (CREMONA, "aler")


def defaulted(*keys: tuple[str, str], year: int = 2025) -> list[SubmissionDefaulted]:
    events = [in_default(*key, 1 + place, year).event for place, key in enumerate(keys)]
    return [event for event in events if isinstance(event, SubmissionDefaulted)]


def filed(*gone: tuple[str, str]) -> list[SubmissionReceived]:
    return [one.event for one in nil_rows(gone) if isinstance(one.event, SubmissionReceived)]


def test_expected_are_all_municipalities_and_every_owner_of_homes() -> None:
    nothing = cycle_of(PLAN, STATE, [])
    assert nothing.year == 2025
    assert sorted(nothing.missing) == sorted(EVERY_ROW)
    assert len(EVERY_ROW) == 48 + 1
    assert cycle_of(PLAN, STATE, filed()).missing == ()


def test_what_is_missing_and_in_default_is_still_missing_but_explained() -> None:
    cycle = cycle_of(PLAN, STATE, filed(ALER, EVERY_ROW[0]), defaulted(ALER))
    assert set(cycle.missing) == {ALER, EVERY_ROW[0]}
    assert cycle.unexplained == (EVERY_ROW[0],)


def test_a_row_that_came_after_its_default_is_not_missing() -> None:
    cycle = cycle_of(PLAN, STATE, filed(), defaulted(ALER))
    assert (cycle.missing, cycle.unexplained) == ((), ())


def test_another_year_s_row_or_default_does_not_count() -> None:
    later = submission(1, 3, 900, year=2026).event
    assert isinstance(later, SubmissionReceived)
    cycle = cycle_of(PLAN, STATE, [*filed(), later], defaulted(EVERY_ROW[0]))
    assert cycle.year == 2026
    assert len(cycle.unexplained) == 48
    assert ALER not in cycle.missing
