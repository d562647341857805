"""Correcting one contested cell (numero contestato): who may, until when, and what follows from the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.domain.faults import Fault
from services.intake.domain.submissions import Declaration
from shared.events import Confirmation, SubmissionReceived
from shared.events.base import LongText
from shared.events.contests import cell_value, with_cell
from shared.events.planning import Count
from shared.problem_texts import Text


class Correction(BaseModel):
    """Rettifica di un dato contestato: the right count, and why it is that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contest_id: UUID
    value: Count
    reason: LongText


class OpenCell(NamedTuple):
    """Dato contestato: where it stands, and until when it can be corrected."""

    path: str
    deadline_on: date
    is_open: bool


def corrected(
    declaration: SubmissionReceived, path: str, correction: Correction, judge: Callable[[Declaration], Iterable[Fault]]
) -> tuple[SubmissionReceived, list[Fault]]:
    """The declaration with that one cell changed, and what `judge` finds invalid in it.

    What the change makes implausible, there or where the row says the same again, its reason confirms.
    """
    changed = with_cell(declaration, path, correction.value).having({"contest_id": correction.contest_id})
    faults = list(judge(_as_sent(changed)))
    doubted = {fault.field: correction.reason for fault in faults if fault.is_implausible}
    said = {one.field: one.reason for one in changed.confirmations} | doubted
    confirmations = tuple(Confirmation(field=field, reason=reason) for field, reason in said.items())
    return changed.having({"confirmations": confirmations}), [fault for fault in faults if not fault.is_implausible]


def _as_sent(row: SubmissionReceived) -> Declaration:
    return Declaration.believed({name: getattr(row, name) for name in Declaration.model_fields})


def correction_faults(
    declaration: SubmissionReceived, cell: OpenCell | None, correction: Correction, on: date
) -> Iterator[Fault]:
    """Why the cell cannot be corrected now; nothing if it can."""
    if cell is None:
        yield Fault("no-contest", "/contest_id", str(correction.contest_id), _NO_CONTEST, _SEND_ALL)
    elif not cell.is_open:
        yield Fault("contest-closed", "/contest_id", str(correction.contest_id), _CLOSED, _SEND_ALL)
    elif on > cell.deadline_on:
        yield Fault("contest-past", "/contest_id", str(correction.contest_id), _past(cell.deadline_on), _SEND_ALL)
    elif correction.value == cell_value(declaration.columns, declaration.forecast, cell.path):
        yield Fault("no-change", "/value", str(correction.value), _NO_CHANGE, _ANSWER)


def _past(deadline_on: date) -> Text:
    return Text(
        f"Il termine per correggere questo dato era il {deadline_on:%d/%m/%Y}.",
        f"The deadline for correcting this value was {deadline_on}.",
    )


_NO_CONTEST = Text(
    "Nessuna contestazione di questo numero riguarda un dato di questa dichiarazione.",
    "No contest of this number is about a value of this declaration.",
)
_CLOSED = Text("La contestazione è chiusa.", "The contest is closed.")
_SEND_ALL = Text(
    "Per cambiare altri dati trasmettere una revisione dell’intera riga (POST /submissions).",
    "To change other values send a revision of the whole row (POST /submissions).",
)
_NO_CHANGE = Text("Il dato dichiarato è già questo.", "The declared value is this already.")
_ANSWER = Text(
    "Se il dato è giusto, rispondere alla contestazione senza correggerlo.",
    "If the value is right, answer the contest without correcting it.",
)
