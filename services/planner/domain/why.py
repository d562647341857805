"""Perché questo numero: what a figure is made of, down to the events that it stands on.

A total opens into its parts, by municipality and by owner. A count that has no parts opens into the homes, emergency
cases or declarations that it counts, each with the events that decide it: take one of them away and the figure is
another; take away an event that is not named and it is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.planner.domain.annual_columns import column_counts
from services.planner.domain.causes import cause_of
from services.planner.domain.chronicle import state_as_of, true_on
from services.planner.domain.labels import COLUMN_LABELS
from services.planner.domain.plan import FigureKey
from services.planner.domain.rules import AreaBands
from services.planner.domain.sheets import count_sheets
from shared.events.base import Message
from shared.events.contests import ContestAnswered, ContestSettled, FigureContested
from shared.events.decisions import (
    AdoptionChosen,
    DayBegan,
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReturned,
    ObjectiveSet,
    ObjectiveWithdrawn,
    SectionWritten,
)
from shared.events.submissions import (
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    EmergencyCaseUpdated,
    SubmissionDefaulted,
    SubmissionReceived,
)
from shared.events.units import UnitChanged


class Subject(NamedTuple):
    """What a count counts: a home, an emergency case or a declaration."""

    kind: str
    name: str


class Cited(NamedTuple):
    """One subject of a count: what it adds, and the events that decide it.

    `effect` is 0 where it is not counted any more, because of these events. Each event alone decides, or, where
    `is_joint`, only all of them together: a home registered as free and inspected later is free by either.
    """

    subject: Subject
    effect: int
    events: tuple[UUID, ...]
    is_joint: bool
    on: date


class Part(NamedTuple):
    """A figure that another one is the sum of."""

    key: FigureKey
    value: int


def parts_of(figures: Mapping[FigureKey, int | None], key: FigureKey) -> tuple[Part, ...]:
    """The figures that add up to this one: the municipalities' for the ambito, the owners' for a municipality.

    None for a figure that is no sum: a band's end, and a count of what has no owner.
    """
    if key.figure.endswith(("_low", "_high")):
        return ()
    if key.municipality is None:
        found = [other for other in figures if other.municipality and other._replace(municipality=None) == key]
    elif key.owner is None:
        found = [other for other in figures if other.owner and other._replace(owner=None) == key]
    else:
        found = []
    found.sort(key=lambda other: (other.municipality or "", other.owner or ""))
    return tuple(Part(other, value) for other in found if (value := figures[other]))


def subjects_of(messages: Iterable[Message]) -> dict[Subject, list[Message]]:
    """The messages of each home, case and declaration, in order of arrival; no count is made of days."""
    found: dict[Subject, list[Message]] = defaultdict(list)
    for message in messages:
        if not isinstance(message.event, DayBegan):
            found[subject_of(message)].append(message)
    return found


def subject_of(message: Message) -> Subject:
    match message.event:
        case UnitChanged(unit_id=unit_id):
            return Subject("unit", unit_id)
        case HoldPlaced() | HoldAccepted() | HoldDeclined() | HoldExpired() | HoldReturned() as step:
            return Subject("hold", step.unit_id)
        case AdoptionChosen() as choice:
            return Subject("choice", f"{choice.municipality}/{choice.owner}/{choice.year}/{choice.quantity}")
        case ObjectiveSet(objective_id=objective) | ObjectiveWithdrawn(objective_id=objective):
            return Subject("objective", str(objective))
        case SectionWritten(section=section):
            return Subject("text", section)
        case FigureContested() | ContestAnswered() | ContestSettled() as step:
            return Subject("contest", str(step.contest_id))
        case SubmissionReceived() | SubmissionDefaulted() as row:
            return Subject("declaration", f"{row.municipality}/{row.owner}")
        case EmergencyCaseOpened(case_ref=ref) | EmergencyCaseUpdated(case_ref=ref) | EmergencyCaseClosed(case_ref=ref):
            return Subject("case", ref)
        case _:
            raise TypeError(f"no figure depends on {message.event.TYPE}")


def cited(key: FigureKey, bands: AreaBands, subjects: Mapping[Subject, Sequence[Message]]) -> Iterator[Cited]:
    """The subjects that decide a count of one municipality; what they add is the count."""
    for subject, messages in subjects.items():
        if not any(_municipality(message) == key.municipality for message in messages):
            continue
        found = _counted(key, bands, messages)
        decisive = [
            message for message in messages if _counted(key, bands, [m for m in messages if m is not message]) != found
        ]
        joint = _latest_that_decide(key, bands, messages, found) if found and not decisive else []
        if named := decisive or joint:
            events = tuple(message.envelope.id for message in named)
            yield Cited(subject, found, events, bool(joint), max(map(true_on, named)))


def _municipality(message: Message) -> str:
    return cause_of(message).municipality


def _latest_that_decide(key: FigureKey, bands: AreaBands, messages: Sequence[Message], found: int) -> list[Message]:
    for first in range(len(messages) - 1, -1, -1):
        if _counted(key, bands, messages[:first]) != found:
            return list(messages[first:])
    return []


def _counted(key: FigureKey, bands: AreaBands, messages: Sequence[Message]) -> int:
    """The count, if there were nothing else: homes, cases and declarations count each for themselves."""
    assert key.municipality is not None
    if not messages:
        return 0
    state = state_as_of("", bands, messages)
    if key.figure in COLUMN_LABELS:
        return column_counts(state).get(key, 0)
    sheets = count_sheets(state, {key.municipality})
    sheet = sheets.get(key.municipality)
    return sheet.counts.get((key.owner, key.figure, key.year), 0) if sheet else 0
