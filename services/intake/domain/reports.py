"""Checks of a unit report at the door; whether it is legal for the home is the registry's decision."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date, timedelta

from services.intake.domain.access import municipality_faults
from services.intake.domain.faults import Fault
from shared.events import Report, UnitRegistered
from shared.problem_texts import Text

AHEAD = timedelta(days=1)
"""A clock that runs ahead, or a report prepared in the evening, may name tomorrow."""


def report_faults(
    report: Report, organisation: str, ambito: str, members: AbstractSet[str] | None, today: date
) -> Iterator[Fault]:
    """What forbids to pass on this report, received on `today` (in Rome)."""
    latest = today + AHEAD
    if report.effective_on > latest:
        yield Fault(
            "effective-in-the-future",
            "/effective_on",
            report.effective_on.isoformat(),
            Text(
                f"Si segnalano fatti avvenuti: la data di effetto non può superare il {latest:%d/%m/%Y}.",
                f"Reports are about facts that happened: the effective date may not be after {latest}.",
            ),
            Text("Correggere la data, o inviare quando avviene.", "Correct the date, or send it when it happens."),
        )
    if isinstance(report, UnitRegistered):
        yield from municipality_faults(organisation, ambito, members, report.municipality, "/municipality")
