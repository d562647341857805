"""The file of events that `pianovivo planner forecast` and `backtest` read: one line an event, in any order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

HEADER = ["seq", "event_id", "date", "kind", "unit", "municipality", "owner", "size", "ref"]
MOST_LINES = 5_000_000
"""More is refused: the whole file is held in memory, to put its events in order."""


class EventFileError(ValueError):
    """A line that cannot be read, with its number."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class Kind(StrEnum):
    """Events on one day happen in this order."""

    UNIT_REGISTERED = "unit_registered"
    WORKS_PLANNED = "works_planned"
    WORKS_COMPLETED = "works_completed"
    UNIT_VACATED = "unit_vacated"
    UNIT_ASSIGNABLE = "unit_assignable"
    REFURB_STARTED = "refurb_started"
    REFURB_COMPLETED = "refurb_completed"
    UNIT_LET = "unit_let"
    UNIT_ALIENATED = "unit_alienated"
    EVENT_RETRACTED = "event_retracted"


KINDS = {kind.value: (kind, rank) for rank, kind in enumerate(Kind)}


class FileEvent(NamedTuple):
    """One event; its order is that of the fields: day, rank of its kind, identifier."""

    on: date
    rank: int
    event_id: str
    kind: Kind
    unit: str
    municipality: str
    owner: str
    size: str
    ref: str


class PlannedWorks(NamedTuple):
    """What the reference of `works_planned` says."""

    project: str
    homes: int
    declared_on: date


class EventFile(NamedTuple):
    """Events that were never retracted, each once, in order; and every municipality the file names."""

    events: tuple[FileEvent, ...]
    municipalities: frozenset[str]


def read_events(lines: Iterable[str]) -> EventFile:
    """The file's events, the same for any order, repetition and retraction of its lines.

    Raises:
        EventFileError: a line is malformed, or has the identifier of another event.
    """
    first_line: dict[str, int] = {}
    events: dict[str, FileEvent] = {}
    municipalities: set[str] = set()
    retracted: set[str] = set()
    for number, fields in _rows(lines):
        event = _parse(number, fields)
        known = events.setdefault(event.event_id, event)
        if known is not event and known != event:
            raise EventFileError(
                number,
                f"event_id {event.event_id!r} is that of line {first_line[event.event_id]}, whose event differs: "
                "give it one of its own, or repeat that line as it is",
            )
        first_line.setdefault(event.event_id, number)
        municipalities.add(event.municipality)
        if event.kind is Kind.EVENT_RETRACTED:
            retracted.add(event.ref)
    kept = [e for e in events.values() if e.kind is not Kind.EVENT_RETRACTED and e.event_id not in retracted]
    return EventFile(tuple(sorted(kept)), frozenset(municipalities))


def planned_works(ref: str) -> PlannedWorks:
    """`project:units:declared-date`; raises ValueError when it is not."""
    project, homes, declared = ref.rsplit(":", 2)
    if not project or not homes.isdecimal() or int(homes) == 0:
        raise ValueError(ref)
    return PlannedWorks(project, int(homes), date.fromisoformat(declared))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if header[:1] and header[0].startswith("\ufeff"):
            header[0] = header[0][1:]
        if header != HEADER:
            raise EventFileError(1, f"the header must be {','.join(HEADER)}")
        for fields in reader:
            if reader.line_num > MOST_LINES:
                raise EventFileError(
                    reader.line_num, f"the file has more than {MOST_LINES:,} lines: divide it by ambito"
                )
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise EventFileError(reader.line_num, f"no CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise EventFileError(reader.line_num + 1, f"no UTF-8: {error.reason}") from None


def _parse(number: int, fields: list[str]) -> FileEvent:
    if len(fields) != len(HEADER):
        raise EventFileError(number, f"{len(fields)} columns instead of {len(HEADER)}: {','.join(HEADER)}")
    seq, event_id, day, kind_name, unit, municipality, owner, size, ref = fields
    if not seq.isdecimal():
        raise EventFileError(number, f"seq {seq!r} is not a whole number: number the lines 0, 1, 2, ...")
    kind, rank = KINDS.get(kind_name, (None, 0))
    if kind is None:
        raise EventFileError(number, f"kind {kind_name!r} is none of {', '.join(KINDS)}")
    for name, value in (("event_id", event_id), ("municipality", municipality), ("owner", owner)):
        if not value:
            raise EventFileError(number, f"{name} is empty: every line names one")
    if problem := _problem_of_unit(kind, unit, size) or _problem_of_reference(kind, ref):
        raise EventFileError(number, problem)
    return FileEvent(_day(number, day), rank, event_id, kind, unit, municipality, owner, size, ref)


def _day(number: int, text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise EventFileError(number, f"date {text!r} is no day of the form YYYY-MM-DD") from None


def _problem_of_unit(kind: Kind, unit: str, size: str) -> str:
    if kind is Kind.WORKS_PLANNED:
        return "" if unit == "-1" else f"unit {unit!r} must be -1: planned works name no home"
    if not unit or unit.startswith("-"):
        return f"unit {unit!r} names no home"
    return (
        ""
        if size or kind is Kind.EVENT_RETRACTED
        else "size is empty: name the home’s size class, the same in all its lines"
    )


def _problem_of_reference(kind: Kind, ref: str) -> str:
    match kind:
        case Kind.UNIT_REGISTERED if ref not in ("occupied", "vacant"):
            return f"ref {ref!r} must be occupied or vacant"
        case Kind.WORKS_COMPLETED if not ref:
            return "ref is empty: it must name the project"
        case Kind.EVENT_RETRACTED if not ref:
            return "ref is empty: it must name the retracted event"
        case Kind.WORKS_PLANNED:
            try:
                planned_works(ref)
            except ValueError:
                return f"ref {ref!r} is not project:units:declared-date"
    return ""
