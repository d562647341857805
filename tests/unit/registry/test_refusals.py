"""Every refusal reaches the owner: it fits the wire, in two languages, whatever the names in it."""

from __future__ import annotations

import inspect
import pickle
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain import refusals
from services.registry.domain.refusals import LABELS, Refusal
from shared.events.units import ReportRefused, ReportRetracted, UnitStatus
from tests.unit.registry.samples import registered, report, unit

LONGEST = "x" * 64
ARGUMENTS: dict[str, Any] = {
    "report": registered("IN_NOTICE", unit_id=LONGEST),
    "target": report("unit-occupied-without-title", unit_id=LONGEST),
    "later": report("unit-occupied-without-title", unit_id=LONGEST),
    "later_id": UUID(int=2**128 - 1),
    "unit": unit(unit_id=LONGEST, owner=LONGEST),
    "unit_id": LONGEST,
    "organisation": LONGEST,
    "status": UnitStatus.OCCUPIED_WITHOUT_TITLE,
    "legal_from": list(UnitStatus),
    "legal": list(UnitStatus),
    "ends_on": date(2026, 1, 2),
    "received_on": date(2026, 1, 2),
    "registered_on": date(2026, 1, 2),
}
RETRACTED = ReportRetracted(unit_id=LONGEST, effective_on=date(2026, 1, 2), retracts=UUID(int=1), reason="errore")
ARGUMENTS["why"] = refusals.illegal_transition(ARGUMENTS["later"], ARGUMENTS["status"], UnitStatus)
FACTORIES = [
    make
    for name, make in inspect.getmembers(refusals, inspect.isfunction)
    if make.__module__ == refusals.__name__ and not name.startswith("_")
]


def made(factory: Any) -> Refusal:
    taken = inspect.signature(factory).parameters
    retracts = taken["report"].annotation == "ReportRetracted" if "report" in taken else False
    arguments = ARGUMENTS | ({"report": RETRACTED} if retracts else {})
    refusal = factory(*(arguments[name] for name in taken))
    assert isinstance(refusal, Refusal)
    return refusal


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_refusal_fits_the_wire(factory: Any) -> None:
    refusal = made(factory)
    event = ReportRefused(
        unit_id="U-1",
        report="unit-vacated",
        report_id=UUID(int=1),
        organisation="aler-di-prova",
        rule=refusal.rule,
        reason_it=refusal.reason_it,
        reason_en=refusal.reason_en,
    )
    assert ReportRefused.read(event.write()) == event
    assert LONGEST in refusal.reason_it
    assert LONGEST in refusal.reason_en


def test_rule_codes_are_stable() -> None:
    # Owners' software and the planner's boards key on these codes: one may be added, none renamed.
    assert sorted(made(factory).rule for factory in FACTORIES) == [
        "already-registered",
        "before-registration",
        "contradicts-later-report",
        "effective-in-the-future",
        "forbidden-actor",
        "illegal-first-state",
        "illegal-transition",
        "no-inspection-pending",
        "no-works-to-reschedule",
        "nothing-to-correct",
        "nothing-to-retract",
        "only-owner-changes-manager",
        "outside-municipality",
        "registration-stays",
        "retracts-another-day",
        "sat-ends-before-start",
        "state-of-fact-needs-works",
        "unknown-unit",
        "works-missing",
    ]


def test_every_state_has_a_name_of_its_own_in_both_languages() -> None:
    assert set(LABELS) == set(UnitStatus)
    for language in (0, 1):
        assert len({names[language] for names in LABELS.values()}) == len(LABELS)


def test_a_refusal_survives_a_process_border() -> None:
    refusal = made(refusals.unknown_unit)
    again = pickle.loads(pickle.dumps(refusal))
    assert (again.rule, str(again)) == (refusal.rule, str(refusal))
