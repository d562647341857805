"""The steps of an edition: what may follow what, whatever is tried, and what each step must tell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.lifecycle.transitions import (
    CARRIED,
    TRANSITIONS,
    EditionStanding,
    OutOfTurn,
    StatusStep,
    check_turn,
    edition_to_propose,
    kind_faults,
    step_faults,
)
from shared.events import Act, ActKind, EditionKind, Office, Organ, PlanStatus

TODAY = date(2026, 12, 10)
VOTED = date(2026, 12, 5)
ASSEMBLYS = Act(organ=Organ.ASSEMBLY_OF_MAYORS, kind=ActKind.RESOLUTION, number="12", on=VOTED)
LEGAL = {
    ("COLLECTING", "PROPOSED"),
    ("PROPOSED", "SUBMITTED_TO_ASSEMBLY"),
    ("SUBMITTED_TO_ASSEMBLY", "APPROVED"),
    ("SUBMITTED_TO_ASSEMBLY", "RETURNED"),
    ("RETURNED", "PROPOSED"),
    ("APPROVED", "TRANSMITTED_TO_REGION"),
    ("TRANSMITTED_TO_REGION", "PUBLISHED"),
    ("PUBLISHED", "SUPERSEDED"),
}
"""As domain.md §4 has them."""


def standing(status: PlanStatus, number: int = 1, kind: EditionKind = EditionKind.TRIENNIAL) -> EditionStanding:
    return EditionStanding(number, kind, status, VOTED)


def test_the_table_is_that_of_the_law_s_procedure() -> None:
    assert {(before, after) for before, follow in TRANSITIONS.items() for after in follow} == LEGAL
    assert TRANSITIONS.keys() == set(PlanStatus)


@given(st.lists(st.sampled_from(PlanStatus), max_size=40))
def test_no_sequence_reaches_a_status_that_the_table_does_not_allow(tried: list[PlanStatus]) -> None:
    status, walked = PlanStatus.COLLECTING, []
    for wanted in tried:
        try:
            check_turn(standing(status), wanted)
        except OutOfTurn:
            assert (str(status), str(wanted)) not in LEGAL
            continue
        walked.append((str(status), str(wanted)))
        status = wanted
    assert LEGAL.issuperset(walked)


@pytest.mark.parametrize(
    ("status", "number"), [(PlanStatus.RETURNED, 4), (PlanStatus.PUBLISHED, 5), (PlanStatus.PROPOSED, None)]
)
def test_which_edition_is_proposed_next(status: PlanStatus, number: int | None) -> None:
    last = standing(status, 4)
    if number is None:
        with pytest.raises(OutOfTurn):
            edition_to_propose(last)
    else:
        assert edition_to_propose(last) == number
    assert edition_to_propose(None) == 1


def test_a_triennium_begins_with_its_plan_and_goes_on_with_updates() -> None:
    update, amendment, triennial = EditionKind.YEARLY_UPDATE, EditionKind.AMENDMENT, EditionKind.TRIENNIAL
    published, returned = standing(PlanStatus.PUBLISHED), standing(PlanStatus.RETURNED, 2, amendment)
    allowed = [(None, triennial), (published, update), (published, amendment), (returned, amendment)]
    assert all(not list(kind_faults(last, kind)) for last, kind in allowed)
    refused = [(None, update), (published, triennial), (returned, update), (returned, triennial)]
    for last, kind in refused:
        [fault] = kind_faults(last, kind)
        assert (fault.field, fault.value) == ("/kind", kind)


def test_an_approval_with_the_assembly_s_act_has_no_fault() -> None:
    step = StatusStep(PlanStatus.APPROVED, VOTED, Office.ASSEMBLY_SECRETARIAT, (ASSEMBLYS,))
    assert list(step_faults(step, VOTED, TODAY)) == []


@given(
    status=st.sampled_from(sorted(CARRIED)),
    day=st.integers(-10, 10),
    organs=st.lists(st.sampled_from(Organ), max_size=4),
    act_day=st.integers(-10, 10),
    reason=st.sampled_from([None, "", "rivedere"]),
    office=st.sampled_from(Office),
)
def test_each_fault_is_named_and_nothing_else_is(
    status: PlanStatus, day: int, organs: list[Organ], act_day: int, reason: str | None, office: Office
) -> None:
    """Against the sentences of domain.md §4, written anew."""
    on, acted = VOTED + timedelta(days=day), TODAY + timedelta(days=act_day)
    acts = tuple(Act(organ=organ, kind=ActKind.RESOLUTION, number="1", on=acted) for organ in organs)
    is_vote = status in (PlanStatus.APPROVED, PlanStatus.RETURNED)
    step = StatusStep(status, on, office, acts, reason)
    strange = {
        PlanStatus.SUBMITTED_TO_ASSEMBLY: {Organ.ASSEMBLY_OF_MAYORS},
        PlanStatus.APPROVED: {Organ.LEAD_OFFICE},
        PlanStatus.RETURNED: {Organ.LEAD_OFFICE, Organ.MUNICIPAL_EXECUTIVE},
        PlanStatus.TRANSMITTED_TO_REGION: {Organ.ASSEMBLY_OF_MAYORS},
        PlanStatus.PUBLISHED: {Organ.ASSEMBLY_OF_MAYORS},
    }[status]
    expected = {f"/acts/{place}/organ" for place, organ in enumerate(organs) if organ in strange}
    expected |= {f"/acts/{place}/on" for place in range(len(organs)) if acted > TODAY}
    expected |= {"/on"} if on < VOTED or on > TODAY else set()
    expected |= {"/acts"} if status is PlanStatus.APPROVED and Organ.ASSEMBLY_OF_MAYORS not in organs else set()
    expected |= {"/reason"} if (status is PlanStatus.RETURNED) != bool(reason) else set()
    expected |= {"/office"} if is_vote != (office is Office.ASSEMBLY_SECRETARIAT) else set()
    faults = list(step_faults(step, VOTED, TODAY))
    assert sorted(fault.field for fault in faults) == sorted(expected)
    assert all(fault.rule.it and fault.rule.en and fault.remedy.it and fault.remedy.en for fault in faults)
