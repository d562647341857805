"""Annex of contested numbers: which, by whom, until when, and how each ended; what was said about them is not told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.planner.document.cells import owner_name, table
from services.planner.document.model import Cell, Column, ColumnKind, Table
from services.planner.domain.contests import ContestStatus, ContestStep, contests_of, status_of
from services.planner.domain.parts import Material
from services.planner.domain.plan import key_of
from shared.events import ContestSettled
from shared.problem_texts import Text
from shared.wording import amount

STATUSES: Final = {
    ContestStatus.OPEN: Text("aperta", "open"),
    ContestStatus.ANSWERED: Text("con risposta, aperta", "answered, open"),
    ContestStatus.CORRECTED: Text("chiusa: numero corretto", "closed: figure corrected"),
    ContestStatus.CONFIRMED: Text("chiusa: numero confermato", "closed: figure confirmed"),
    ContestStatus.WITHDRAWN: Text("ritirata", "withdrawn"),
    ContestStatus.EXPIRED: Text("scaduta senza correzione", "expired, not corrected"),
}
COLUMNS: Final = (
    *(Column("Comune"), Column("Numero"), Column("Proprietario"), Column("Contestato da")),
    *(Column("Dal", ColumnKind.DAY), Column("Entro il", ColumnKind.DAY)),
    *(Column("Prima"), Column("Dopo"), Column("Esito")),
)
NOTE: Final = (
    "Solo l’ente che ne risponde può correggere il dato contestato, fino al termine; il termine è un’assunzione di "
    "lavoro, non una norma."
)


def contested_numbers(material: Material) -> Table:
    names = material.plan.names
    return table("Numeri contestati", COLUMNS, (_row(step, names) for step in contests_of(material.state)), NOTE)


def _row(step: ContestStep, names: Mapping[str, str]) -> tuple[Cell, ...]:
    whose = key_of(step.figure).owner
    return (
        Cell(names.get(step.municipality, step.municipality)),
        Cell(step.label_it),
        Cell(owner_name(whose, names) if whose else "tutti"),
        Cell(owner_name(step.contester, names)),
        Cell(step.contested_on),
        Cell(step.deadline_on),
        Cell(amount(step.measure, step.value)),
        after(step),
        Cell(STATUSES[status_of(step)].it),
    )


def after(step: ContestStep) -> Cell:
    """What the figure was corrected to; nothing where it was not."""
    if not isinstance(step, ContestSettled) or step.new_value is None:
        return Cell(None, instead="")
    return Cell(amount(step.measure, step.new_value))
