"""What a rule that is not law yet would move: counted by hand on a small world."""

from __future__ import annotations

from datetime import date

import pytest

from services.planner.domain.forecast import Triennium
from services.planner.domain.rehearsal import Rehearsal, ShiftKind, rehearse
from services.planner.domain.state import PlanState
from services.planner.law import parameters, read_overlay, rules_on
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import CREMONA, NAMES, TestRegistry, case_opened, folded, submission

ON = date(2027, 1, 1)
LET, FREE = UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE
PEOPLE = {CREMONA: {2023: 4_000}}


def world(owner: str = "aler") -> PlanState:
    """Five homes, one of them free, an open case, and ten homes declared."""
    registry = TestRegistry()
    for number in range(5):
        registry.register(f"H{number}", FREE if number == 0 else LET, owner=owner)
    return folded([*registry.sent, case_opened("C1", 101), submission(1, 10, 102, owner=owner)])


def rehearsed(changes: str, state: PlanState | None = None) -> Rehearsal:
    overlay = read_overlay(changes, "future.yaml", parameters())
    laws = rules_on(ON), rules_on(ON, overlay)
    return rehearse(state or world(), Triennium(2026), laws, NAMES, PEOPLE)


def period(name: str, value: str, unit: str = "share") -> str:
    held = "valid_from: 2027-01-01, valid_to: null, article: art. 99, gazette: null, status: assumed"
    return f"{name}:\n  - {{value: {value}, unit: {unit}, {held}}}\n"


def moved(found: Rehearsal, kind: ShiftKind) -> dict[tuple[str | None, str], tuple[object, object]]:
    return {(s.municipality, s.what): (s.before, s.after) for s in found.shifts if s.kind is kind}


def test_the_same_law_moves_nothing() -> None:
    found = rehearsed(period("indigence_share", '"0.20"'))
    assert (found.parameters, found.shifts, found.warnings) == ((), (), ())


def test_a_larger_share_for_indigent_households_moves_the_quotas_and_nothing_else() -> None:
    """Of ten homes 2 were for indigent households, 2 for the forces, 2 for categories; of 0.25 x 10 = 2.5 are 3."""
    found = rehearsed(period("indigence_share", '"0.25"'))
    assert [(c.parameter, c.before.value, c.after.value) for c in found.parameters] == [
        ("indigence_share", "0.20", "0.25")
    ]
    assert {s.kind for s in found.shifts} == {ShiftKind.QUOTA}
    assert moved(found, ShiftKind.QUOTA) == {(CREMONA, "quota/INDIGENCE"): (2, 3)}
    assert found.shifts[0].articles == ("art. 99",)


def test_a_quota_that_ends_goes_to_none() -> None:
    found = rehearsed(period("owner_categories_share", "null"))
    assert moved(found, ShiftKind.QUOTA) == {(CREMONA, "quota/CATEGORIES"): (2, 0)}


def test_a_larger_set_aside_opens_actions_and_says_so_in_figures_and_caps() -> None:
    """A tenth of five homes is none: a lease is proposed; of half of five two may be set aside, one offered."""
    found = rehearsed(period("sat_set_aside_share", '"0.50"'))
    assert moved(found, ShiftKind.CAP) == {(None, "cap/sat"): (0, 2)}
    actions = {what: before for (_, what), (before, _) in moved(found, ShiftKind.ACTION).items()}
    assert {what for what, before in actions.items() if before is None} == {
        "OFFER_TO_CASE/H0/C1",
        "RESERVE_AS_SAT/H0/C1",
    }
    assert {what for what, before in actions.items() if before is not None} == {"ACTIVATE_LEASE//C1"}
    assert moved(found, ShiftKind.FIGURE)[CREMONA, "emergency_actions"] == (1, 2)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("aler", {(None, "cap/disposal"): (0, 1)}),  # 15 % of five is none, 20 % is one
        (f"comune-{CREMONA}", {}),  # 4,000 inhabitants: half of its own homes, whatever the general cap is
    ],
)
def test_disposal_caps_by_owner(owner: str, expected: dict) -> None:
    found = rehearsed(period("disposal_total_share", '"0.20"'), world(owner))
    assert moved(found, ShiftKind.CAP) == expected


def test_other_area_bands_are_warned_of() -> None:
    found = rehearsed(period("area_band_minimum", '["30", "40", "50", "60", "70", "80"]', "m2"))
    assert "rebuild the planner" in found.warnings[0]
