"""Forms of the plan's steps: whatever is typed is kept, and each fault has a field to stand beside."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.api.edition_steps import NewStep, NewVote
from services.planner.domain.lifecycle.transitions import CARRIED, EditionStanding, StatusStep, offices_of, step_faults
from services.planner.pages.step_forms import Entry, Refused, StepForm, form_of, read_form
from shared.arrivals import read_value
from shared.events import EditionKind, Office, Organ, PlanStatus
from shared.problems import FieldError, Problem, invalid

TODAY = date(2026, 12, 10)
LAST = EditionStanding(1, EditionKind.TRIENNIAL, PlanStatus.PROPOSED, date(2026, 12, 5))
NAMES = ("on", "office", "reason", *(f"{organ}-{part}" for organ in Organ for part in ("kind", "number", "on")))
TEXTS = st.sampled_from(["", "  ", "2026-12-08", "2031-01-01", "ieri", "12", "131/2026", "dodici!", "NOTE", "x" * 50])


def entries(form: StepForm) -> dict[str, Entry]:
    return {entry.name: entry for entry in chain.from_iterable(group.entries for group in form.groups)}


def met(status: PlanStatus, typed: dict[str, str]) -> Problem | None:
    """What the API would answer to what was typed."""
    document, _ = read_form(status, typed)
    try:
        wanted = dict(read_value(NewVote if "status" in document else NewStep, document))
    except Problem as problem:
        return problem
    faults = [FieldError(*fault) for fault in step_faults(StatusStep(**{"status": status} | wanted), LAST.on, TODAY)]
    return invalid(faults) if faults else None


@given(st.sampled_from(sorted(CARRIED)), st.dictionaries(st.sampled_from(NAMES), TEXTS))
def test_whatever_is_typed_is_kept_and_every_fault_stands_beside_its_field(
    status: PlanStatus, typed: dict[str, str]
) -> None:
    empty = form_of(status, LAST, 7, TODAY, None)
    typed = {**{name: entry.value for name, entry in entries(empty).items()}, **typed, **empty.hidden}
    problem = met(status, typed)
    if problem is None:
        return
    form = form_of(status, LAST, 7, TODAY, Refused(status, typed, problem, read_form(status, typed)[1]))
    shown = entries(form)
    assert {name: entry.value for name, entry in shown.items() if name in typed} == {
        name: text for name, text in typed.items() if name in shown
    }
    assert form.faults
    for fault in form.faults:
        if "reason" in typed and not CARRIED[status].has_reason and fault.name is None:
            continue  # a field that the form has not, and that nobody can fill in on it
        assert fault.name in shown, fault
        assert fault.text in shown[fault.name].errors


@pytest.mark.parametrize("status", sorted(CARRIED))
def test_a_form_filled_in_by_its_labels_is_a_step_without_fault(status: PlanStatus) -> None:
    form = form_of(status, LAST, 7, TODAY, None)
    usual: dict[str, Any] = {"date": TODAY.isoformat(), "text": "12", "lines": "rivedere la parte quinta"}
    typed = {name: usual.get(entry.kind) or entry.value or entry.options[0][0] for name, entry in entries(form).items()}
    assert met(status, {**form.hidden, **typed}) is None
    document, _ = read_form(status, {**form.hidden, **typed})
    assert {act["organ"] for act in document["acts"]} == CARRIED[status].may_name


@pytest.mark.parametrize("status", [None, *PlanStatus])
def test_a_proposal_offers_the_kinds_that_may_be_proposed(status: PlanStatus | None) -> None:
    last = LAST._replace(status=status, on=LAST.on - timedelta(days=1)) if status else None
    form = form_of(PlanStatus.PROPOSED, last, 7, TODAY, None)
    kinds = [value for value, _ in entries(form)["kind"].options]
    if last is None or status is PlanStatus.RETURNED:
        assert kinds == ["TRIENNIAL"]
    else:
        assert kinds == ["YEARLY_UPDATE", "AMENDMENT"]
    assert read_form(PlanStatus.PROPOSED, {**form.hidden, "kind": kinds[0], "office": "MAYOR"})[0] == {
        "kind": kinds[0],
        "office": "MAYOR",
        "version": 7,
    }


def test_nobody_is_asked_for_an_office_where_there_is_one() -> None:
    assert form_of(PlanStatus.APPROVED, LAST, 7, TODAY, None).hidden["office"] == Office.ASSEMBLY_SECRETARIAT
    offered = entries(form_of(PlanStatus.PUBLISHED, LAST, 7, TODAY, None))["office"].options
    assert {value for value, _ in offered} == offices_of(PlanStatus.PUBLISHED)
