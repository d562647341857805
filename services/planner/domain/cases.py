"""Emergency cases as the plan knows them: an opaque reference and what a home must have, never a household."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from shared.events.submissions import EmergencyCaseOpened, EmergencyCaseUpdated


class Case(NamedTuple):
    """Caso di emergenza abitativa aperto; `cause` is the event that last changed it.

    `blameless_arrears` (*morosità incolpevole*): the household is about to lose a home whose rent it could not pay.
    """

    municipality: str
    household_size: int
    accessible: bool
    urgency_class: int
    waiting_since: date
    deadline_on: date | None
    blameless_arrears: bool
    cause: str


def opened(event: EmergencyCaseOpened | EmergencyCaseUpdated, cause: str) -> Case:
    return Case(**{name: getattr(event, name) for name in Case._fields if name != "cause"}, cause=cause)


def statutory_order(reference: str, case: Case) -> tuple[int, date, str]:
    """Urgency class, then waiting date (D.G.R. XI/2063); the reference settles the rest."""
    return case.urgency_class, case.waiting_since, reference
