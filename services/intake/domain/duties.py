"""Who has to declare what in a cycle year, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.intake.domain.access import owner_kind
from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import missing_parts
from shared.events import OwnerKind, SubmissionDefaulted, SubmissionReceived, Unit, UnitChanged, UnitStatus
from shared.problem_texts import Text
from shared.territory import municipality_organisation

GONE = frozenset({UnitStatus.SOLD, UnitStatus.BARTERED, UnitStatus.DEMOLISHED})


class RowKey(NamedTuple):
    """Who declares, and about which municipality."""

    owner: str
    municipality: str


class RowState(StrEnum):
    """Stato della trasmissione of a due row."""

    SUBMITTED = "SUBMITTED"
    NIL = "NIL"
    MISSING = "MISSING"
    IN_DEFAULT = "IN_DEFAULT"


@dataclass(frozen=True, slots=True)
class DueRow:
    """Riga attesa (R.R. 4/2017, art. 5): an owner's data of one municipality; `homes` are those in the registry.

    It is late if nothing came by the deadline; `missing_parts` are those of the current revision.
    """

    owner: str
    owner_kind: OwnerKind
    municipality: str
    homes: int
    state: RowState
    late: bool
    submission_id: UUID | None = None
    revision: int | None = None
    missing_parts: tuple[str, ...] = ()
    reason: str | None = None


def home_moves(fact: UnitChanged) -> Iterator[tuple[RowKey, int]]:
    """By how much a fact changes the number of homes of an owner in a municipality."""
    for unit, change in ((fact.before, -1), (fact.after, +1)):
        if unit is not None and unit.status not in GONE:
            yield _key(unit), change


def due_keys(homes: Mapping[RowKey, int], members: AbstractSet[str] | None) -> set[RowKey]:
    """Owners where they have homes, and every municipality for itself: who has none says so (`nil`)."""
    own = {RowKey(municipality_organisation(code), code) for code in members or ()}
    return own | {key for key, count in homes.items() if count > 0}


def due_rows(
    homes: Mapping[RowKey, int],
    members: AbstractSet[str] | None,
    revisions: Iterable[SubmissionReceived],
    defaults: Iterable[SubmissionDefaulted],
    rules: CycleRules,
    today: date,
) -> list[DueRow]:
    """Every row that is due, and those that came without being due, by municipality and owner."""
    received: dict[RowKey, list[SubmissionReceived]] = {}
    for revision in revisions:
        received.setdefault(RowKey(revision.owner, revision.municipality), []).append(revision)
    reasons = {RowKey(default.owner, default.municipality): default.reason for default in defaults}
    keys = sorted(due_keys(homes, members) | received.keys(), key=lambda key: (key.municipality, key.owner))
    return [
        _received_row(key, homes.get(key, 0), received[key])
        if key in received
        else _absent_row(key, homes.get(key, 0), reasons.get(key), is_late=today > rules.deadline_on)
        for key in keys
    ]


def default_faults(key: RowKey, is_due: bool, is_received: bool, rules: CycleRules, today: date) -> Iterator[Fault]:
    """What forbids to put on record that an owner did not send its data."""
    if today <= rules.deadline_on:
        rule = Text(
            f"Il termine scade il {rules.deadline_on:%d/%m/%Y}: prima non c’è inadempienza.",
            f"The deadline is {rules.deadline_on}: there is no default before it.",
        )
        yield Fault("default-before-deadline", "/cycle_year", str(rules.deadline_on.year), rule, _WAIT)
    if is_received:
        rule = Text(
            f"{key.owner} ha già trasmesso i dati di questo Comune.",
            f"{key.owner} has sent the data of this municipality.",
        )
        yield Fault("default-of-received-row", "/owner", key.owner, rule, _LOOK)
    elif not is_due:
        rule = Text(
            f"Da {key.owner} non sono attesi dati per il Comune {key.municipality}.",
            f"No data of municipality {key.municipality} are due from {key.owner}.",
        )
        yield Fault("default-of-undue-row", "/owner", key.owner, rule, _LOOK)


def _received_row(key: RowKey, homes: int, revisions: Sequence[SubmissionReceived]) -> DueRow:
    first, *_ = in_order = sorted(revisions, key=lambda revision: revision.revision)
    current = in_order[-1]
    return DueRow(
        owner=key.owner,
        owner_kind=current.owner_kind,
        municipality=key.municipality,
        homes=homes,
        state=RowState.NIL if current.nil else RowState.SUBMITTED,
        late=first.late,
        submission_id=current.submission_id,
        revision=current.revision,
        missing_parts=tuple(missing_parts(current)),
    )


def _absent_row(key: RowKey, homes: int, reason: str | None, *, is_late: bool) -> DueRow:
    return DueRow(
        owner=key.owner,
        owner_kind=owner_kind(key.owner),
        municipality=key.municipality,
        homes=homes,
        state=RowState.MISSING if reason is None else RowState.IN_DEFAULT,
        late=is_late,
        reason=reason,
    )


def _key(unit: Unit) -> RowKey:
    return RowKey(unit.owner, unit.municipality)


_WAIT = Text("Attendere la scadenza.", "Wait for the deadline.")
_LOOK = Text("Controllare le righe in /submissions/status.", "See the rows in /submissions/status.")
