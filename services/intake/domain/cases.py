"""Checks of emergency cases: dates that can be, and no trace of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from services.intake.domain.faults import Fault
from shared.events import EmergencyCaseClosed, EmergencyCaseOpened, EmergencyCaseUpdated
from shared.problem_texts import Text

_DIGIT = "[0-9LMNPQRSTUV]"
# Letters stand for digits where two people would share a code (omocodia); words have letters only, codes have digits.
_TAX_CODE = re.compile(
    rf"(?=[A-Z0-9]{{6,14}}[0-9])[A-Z]{{6}}{_DIGIT}{{2}}[ABCDEHLMPRST]{_DIGIT}{{2}}[A-Z]{_DIGIT}{{3}}[A-Z]",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s._/-]+")
_EMAIL = re.compile(r"[^\s@]@[^\s@]")


def personal_data_faults(field: str, text: object) -> Iterator[Fault]:
    """A codice fiscale or an e-mail address in `text`. The fault never repeats the value."""
    if not isinstance(text, str):
        return
    if _TAX_CODE.search(_SEPARATORS.sub("", text)):
        found = Text("sembra un codice fiscale", "looks like a codice fiscale")
    elif _EMAIL.search(text):
        found = Text("sembra un indirizzo e-mail", "looks like an e-mail address")
    else:
        return
    yield Fault(
        "no-personal-data",
        field,
        None,
        Text(
            f"Il testo {found.it}: qui non si trasmettono dati personali.",
            f"The text {found.en}: no personal data are sent here.",
        ),
        Text(
            "Usare un riferimento che solo il Comune sa ricondurre al nucleo, per esempio un numero progressivo.",
            "Use a reference that only the municipality can trace to the household, for example a running number.",
        ),
    )


def case_faults(case: EmergencyCaseOpened | EmergencyCaseUpdated, today: date) -> Iterator[Fault]:
    if case.waiting_since > today:
        yield _not_after("/waiting_since", case.waiting_since, today)
    if case.deadline_on is not None and case.deadline_on < case.waiting_since:
        yield _not_before("/deadline_on", case.deadline_on, case.waiting_since)


def closure_faults(closure: EmergencyCaseClosed, waiting_since: date, today: date) -> Iterator[Fault]:
    if closure.closed_on > today:
        yield _not_after("/closed_on", closure.closed_on, today)
    if closure.closed_on < waiting_since:
        yield _not_before("/closed_on", closure.closed_on, waiting_since)


def _not_after(field: str, day: date, latest: date) -> Fault:
    rule = Text(f"La data non può superare il {latest:%d/%m/%Y}.", f"The date may not be after {latest}.")
    return Fault("date-in-the-future", field, day.isoformat(), rule, _CORRECT)


def _not_before(field: str, day: date, first: date) -> Fault:
    rule = Text(
        f"La data precede l’inizio dell’attesa ({first:%d/%m/%Y}).", f"The date is before the wait began ({first})."
    )
    return Fault("date-before-the-wait", field, day.isoformat(), rule, _CORRECT)


_CORRECT = Text("Correggere la data.", "Correct the date.")
