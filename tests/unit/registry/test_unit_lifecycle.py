"""The lifecycle against a second, literal copy of its table, and what each report leaves on the record."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.lifecycle import RULES, apply
from services.registry.domain.refusals import Refusal
from shared.events import REPORTS
from shared.events.units import InspectionOutcome, Unit, UnitStatus, Works, WorksTerm
from tests.unit.registry.samples import (
    DAY,
    FINAL,
    KINDS,
    MANAGER,
    OWNER,
    SITUATIONS,
    STRANGER,
    TABLE,
    WORKS,
    registered,
    report,
    situation_of,
    unit,
)

LATER = date(2026, 5, 1)


def refused(before: Unit | None, claim: Any, organisation: str = OWNER) -> Refusal:
    with pytest.raises(Refusal) as caught:
        apply(before, claim, organisation)
    return caught.value


def test_the_samples_speak_of_every_state_and_every_report() -> None:
    assert {situation.partition("<")[0] for situation in SITUATIONS} == set(UnitStatus)
    moving = set(REPORTS) - {"unit-registered", "report-retracted"}
    assert {kind.partition("/")[0] for kind in KINDS} == moving
    assert set(RULES) == {REPORTS[name] for name in moving}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_table_is_the_lifecycle(situation: str, kind: str) -> None:
    before, claim = unit(situation), report(kind, LATER)
    expected = TABLE.get((situation, kind))
    if expected is None:
        without_works = (situation, kind) == ("FREE_STATE_OF_FACT", "notice-published")
        assert refused(before, claim).rule == ("state-of-fact-needs-works" if without_works else "illegal-transition")
    else:
        after = apply(before, claim, OWNER)
        assert situation_of(after) == expected
        assert after.since == (before.since if after.status is before.status else LATER)


def test_an_illegal_transition_names_state_report_and_the_states_it_is_legal_from() -> None:
    refusal = refused(unit("UNINHABITABLE"), report("notice-published/works", LATER))
    for part in ("UNINHABITABLE", "notice-published", "FREE_ASSIGNABLE", "FREE_STATE_OF_FACT"):
        assert part in refusal.reason_it
        assert part in refusal.reason_en
    assert "01/05/2026" in refusal.reason_it
    assert "IN_WORKS" not in refusal.reason_it


@pytest.mark.parametrize("situation", sorted(set(SITUATIONS) - FINAL))
@pytest.mark.parametrize("actor", [STRANGER, "", "comune-01903", OWNER.upper()])
def test_only_owner_and_manager_speak_of_a_home(situation: str, actor: str) -> None:
    claim = report("unit-corrected", LATER)
    assert refused(unit(situation), claim, actor).rule == "forbidden-actor"
    assert apply(unit(situation), claim, MANAGER) == apply(unit(situation), claim, OWNER)


def test_only_the_owner_changes_the_manager() -> None:
    change = report("unit-corrected", LATER, manager=STRANGER)
    assert refused(unit(), change, MANAGER).rule == "only-owner-changes-manager"
    assert apply(unit(), change, OWNER).manager == STRANGER
    same = report("unit-corrected", LATER, manager=MANAGER, rooms=5)
    assert apply(unit(), same, MANAGER).rooms == 5


def test_a_correction_changes_what_it_names_and_nothing_else() -> None:
    before = unit("IN_NOTICE<FREE_ASSIGNABLE")
    after = apply(before, report("unit-corrected", LATER, net_area_m2=Decimal("55.10"), accessible=True), OWNER)
    named = {"rooms": 4, "net_area_m2": Decimal("55.10"), "accessible": True}
    assert after.model_dump() == before.model_dump() | named


def test_a_correction_of_owner_or_municipality_is_refused_and_not_ignored() -> None:
    body = b'{"unit_id": "U-1", "effective_on": "2026-05-01", "owner": "comune-019035", "municipality": "019035"}'
    assert refused(unit(), REPORTS["unit-corrected"].read(body)).rule == "nothing-to-correct"


@pytest.mark.parametrize("status", list(UnitStatus))
def test_first_states(status: UnitStatus) -> None:
    # A home cannot enter the registry gone, nor in a state that would later need an unknown earlier one or an end date.
    without_origin = {"IN_NOTICE", "IN_DISPOSAL_PLAN", "VALORISED", "OCCUPIED_SAT"}
    claim = registered(status, works=WORKS)
    if status in FINAL | without_origin:
        assert refused(None, claim).rule == "illegal-first-state"
    else:
        home = apply(None, claim, OWNER)
        assert home == unit(status, pending_inspection=False)


@pytest.mark.parametrize("status", ["IN_WORKS", "IN_CONSTRUCTION"])
def test_a_home_in_works_is_registered_with_them(status: str) -> None:
    assert refused(None, registered(status)).rule == "works-missing"


@pytest.mark.parametrize(
    ("owner", "manager", "actor", "rule"),
    [
        ("comune-019036", "aler-x", "comune-019036", None),
        ("comune-019036", "aler-x", "aler-x", None),
        ("comune-019036", "aler-x", "comune-019035", "forbidden-actor"),
        ("comune-019035", "aler-x", "comune-019035", "outside-municipality"),
        ("aler-x", "comune-019035", "comune-019035", "outside-municipality"),
        ("comune-019035", "aler-x", "aler-x", None),
    ],
)
def test_who_registers_a_home_of_cremona(owner: str, manager: str, actor: str, rule: str | None) -> None:
    claim = registered(municipality="019036", owner=owner, manager=manager)
    if rule:
        assert refused(None, claim, actor).rule == rule
    else:
        assert apply(None, claim, actor).owner == owner


def test_a_home_is_registered_once_and_before_anything_else() -> None:
    assert refused(unit(), registered()).rule == "already-registered"
    assert refused(None, report("unit-vacated")).rule == "unknown-unit"


def test_vacated_without_outcome_waits_for_its_inspection() -> None:
    waiting = apply(unit("OCCUPIED"), report("unit-vacated", LATER), OWNER)
    assert waiting.pending_inspection
    seen = apply(waiting, report("unit-inspected/STATE_OF_FACT", date(2026, 5, 20)), OWNER)
    assert (seen.status, seen.since, seen.pending_inspection) == (UnitStatus.FREE_STATE_OF_FACT, LATER, False)
    assert refused(seen, report("unit-inspected/ASSIGNABLE", date(2026, 6, 1))).rule == "no-inspection-pending"


@pytest.mark.parametrize("outcome", list(InspectionOutcome))
def test_vacated_with_outcome_waits_for_nothing(outcome: InspectionOutcome) -> None:
    assert not apply(unit("OCCUPIED"), report(f"unit-vacated/{outcome}", LATER), OWNER).pending_inspection


@pytest.mark.parametrize(
    ("leave", "back", "pending"),
    [
        ("disposal-approved", "disposal-withdrawn", True),
        ("valorised", "valorisation-ended", True),
        ("notice-published/works", "notice-closed", False),
        ("unit-occupied-without-title", "unit-released/STATE_OF_FACT", False),
    ],
)
def test_an_inspection_stays_due_until_somebody_has_seen_the_home(leave: str, back: str, pending: bool) -> None:
    after = apply(apply(unit("FREE_STATE_OF_FACT"), report(leave, LATER), OWNER), report(back, LATER), OWNER)
    assert after.status is UnitStatus.FREE_STATE_OF_FACT
    assert after.pending_inspection is pending


@pytest.mark.parametrize("missing", ["works_list", "works_cost"])
def test_a_notice_in_the_state_of_fact_needs_both_works_list_and_cost(missing: str) -> None:
    claim = report("notice-published/works", LATER, **{missing: None})
    assert refused(unit("FREE_STATE_OF_FACT"), claim).rule == "state-of-fact-needs-works"
    assert apply(unit("FREE_ASSIGNABLE"), claim, OWNER).status is UnitStatus.IN_NOTICE


def test_the_end_of_a_transitional_assignment_is_kept_until_it_ends() -> None:
    reserved = unit("RESERVED_SAT")
    ends_on = date(2027, 5, 1)
    let = apply(reserved, report("sat-assigned", LATER, ends_on=ends_on), OWNER)
    assert let.sat_ends_on == ends_on
    assert apply(let, report("sat-ended", date(2027, 8, 1)), OWNER).sat_ends_on is None
    assert refused(reserved, report("sat-assigned", LATER, ends_on=LATER)).rule == "sat-ends-before-start"


def test_works_are_kept_from_schedule_to_completion() -> None:
    home = apply(unit("FREE_STATE_OF_FACT", works=None), report("works-scheduled", LATER), OWNER)
    assert home.works == WORKS
    home = apply(home, report("works-rescheduled", LATER), OWNER)
    moved = Works(**WORKS.model_dump() | {"expected_end_on": date(2028, 1, 31)})
    assert home.works == moved
    started = moved.model_copy(update={"cost": Decimal("31000.00")})
    home = apply(home, report("works-started", LATER, works=started), OWNER)
    assert home.works == started
    # Neither the new date nor the start, which tells of the same programme once more, changes what was declared first.
    assert home.works_term == WorksTerm(kind=WORKS.kind, planned_on=LATER, declared_end_on=WORKS.expected_end_on)
    done = apply(home, report("works-completed", LATER), OWNER)
    assert (done.works, done.works_term) == (None, None)


def test_works_of_another_programme_have_a_term_of_their_own() -> None:
    other = WORKS.model_copy(update={"programme": "P-2", "expected_end_on": date(2029, 1, 1)})
    home = apply(unit("FREE_STATE_OF_FACT"), report("works-started", LATER, works=other), OWNER)
    assert home.works_term == WorksTerm(kind=WORKS.kind, planned_on=LATER, declared_end_on=other.expected_end_on)


def test_works_that_are_not_there_cannot_be_rescheduled() -> None:
    assert refused(unit("OCCUPIED", works=None), report("works-rescheduled")).rule == "no-works-to-reschedule"


@pytest.mark.parametrize("kind", ["unit-sold", "unit-bartered", "unit-demolished"])
def test_a_home_that_is_gone_promises_nothing(kind: str) -> None:
    source = next(situation for situation, known in sorted(TABLE) if known == kind)
    gone = apply(unit(source), report(kind, LATER), OWNER)
    assert (gone.works, gone.previous_status, gone.pending_inspection) == (None, None, False)


@given(st.data())
def test_any_legal_walk_leaves_a_consistent_record(data: st.DataObject) -> None:
    home, on = apply(None, registered(on=DAY), OWNER), DAY
    for _ in range(data.draw(st.integers(0, 25))):
        on += timedelta(days=data.draw(st.integers(0, 40)))
        legal = sorted(kind for situation, kind in TABLE if situation == situation_of(home))
        if not legal:
            break
        before, kind = home, data.draw(st.sampled_from(legal))
        try:
            home = apply(home, report(kind, on), OWNER)
        except Refusal as refusal:
            if refusal.rule not in {"no-inspection-pending", "no-works-to-reschedule"}:
                raise
            continue
        assert situation_of(home) == TABLE[situation_of(before), kind]
        assert Unit.model_validate(home.model_dump()) == home
        assert DAY <= home.since <= on
        assert (home.sat_ends_on is not None) == (home.status is UnitStatus.OCCUPIED_SAT)
        assert home.works is not None or home.status is not UnitStatus.IN_WORKS
        identity = ("unit_id", "municipality", "owner", "owner_kind", "manager")
        assert all(getattr(home, field) == getattr(before, field) for field in identity)
