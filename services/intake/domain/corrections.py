"""Correcting one contested cell (numero contestato): who may, until when, and what follows from the change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.domain.faults import Fault
from services.intake.domain.submissions import Declaration
from shared.events import Confirmation, SubmissionReceived, ThreeYearData
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
    declaration: SubmissionReceived, path: str, correction: Correction
) -> tuple[SubmissionReceived, Declaration]:
    """The declaration with that one cell changed, as an event and as what the validator reads.

    The reason confirms the new value should it be implausible; a reason given for the old one is no reason for it.
    """
    field = _pointer(declaration, path)
    changed = with_cell(declaration, path, correction.value)
    kept = tuple(one for one in changed.confirmations if one.field != field)
    confirmations = (*kept, Confirmation(field=field, reason=correction.reason))
    changed = changed.having({"confirmations": confirmations, "contest_id": correction.contest_id})
    parts = {name: getattr(changed, name) for name in ThreeYearData.model_fields}
    own = {name: getattr(changed, name) for name in ("cycle_year", "municipality", "nil", "columns")}
    return changed, Declaration.believed(parts | own)


def _pointer(declaration: SubmissionReceived, path: str) -> str:
    """Where the validator sees the cell: rows of years are counted."""
    part, _, name = path.rpartition("/")
    if part == "columns":
        return f"/{path}"
    years = [row.year for row in declaration.forecast or ()]
    return f"/forecast/{years.index(int(part.removeprefix('forecast/')))}/{name}"


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
    "Per cambiare altri dati trasmettere una revisione dell'intera riga (POST /submissions).",
    "To change other values send a revision of the whole row (POST /submissions).",
)
_NO_CHANGE = Text("Il dato dichiarato è già questo.", "The declared value is this already.")
_ANSWER = Text(
    "Se il dato è giusto, rispondere alla contestazione senza correggerlo.",
    "If the value is right, answer the contest without correcting it.",
)
