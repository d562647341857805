"""What the forecast is made from, folded from a file's events up to the day of the forecast."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from itertools import groupby
from typing import NamedTuple

from services.planner.domain.supply.occupancy import quarter_of
from services.planner.domain.supply.readiness import Readiness
from services.planner.domain.supply.refurbishment import Queue
from services.planner.domain.supply.works import Works
from services.planner.forecasting.event_file import FileEvent, Kind, planned_works

INSPECTED_WITHIN = timedelta(days=90)
"""A home given back longer ago, and not assignable since, needs works; before that nobody knows yet."""
INSPECTED_AHEAD = timedelta(days=31)
"""Owners date an inspection up to a month before the day the home was given back."""
CAPACITY_SEEN = timedelta(days=1096)
"""Refurbishments of the last 36 months show an owner's capacity."""


class Cell(NamedTuple):
    """One municipality, owner, size class and quarter: exits; openings less closings; their signed day ordinals."""

    exits: int = 0
    openings: int = 0
    offsets: int = 0


class Condition(Enum):
    ABSENT = auto()
    OCCUPIED = auto()
    WAITING = auto()
    IN_WORKS = auto()
    READY = auto()


@dataclass(slots=True)
class Outcomes:
    """One owner's homes: how they came back, and when homes were restored."""

    ready: int = 0
    needing_works: int = 0
    restored_on: list[date] = field(default_factory=list)


@dataclass(slots=True)
class History:
    """Everything before `on`; `backlogs` are the homes that wait for works, by municipality and owner."""

    on: date
    since: date
    cells: dict[tuple[str, str, str, int], Cell] = field(default_factory=dict)
    owners: dict[str, Outcomes] = field(default_factory=lambda: defaultdict(Outcomes))
    backlogs: Counter[tuple[str, str]] = field(default_factory=Counter)
    works: tuple[Works, ...] = ()

    @property
    def readiness(self) -> Mapping[str, Readiness]:
        return {name: Readiness(owner.ready, owner.needing_works) for name, owner in sorted(self.owners.items())}

    def queues(self) -> Mapping[str, Queue]:
        return {name: self._queue(name, owner) for name, owner in sorted(self.owners.items())}

    def _queue(self, name: str, owner: Outcomes) -> Queue:
        """Capacity is seen from the first completion on: before it, the first works were under way."""
        begins = max(self.since, self.on - CAPACITY_SEEN)
        restored = sorted(owner.restored_on)
        if restored and restored[0] > begins:
            begins = restored.pop(0)
        backlog = sum(homes for (_, whose), homes in self.backlogs.items() if whose == name)
        return Queue(sum(1 for day in restored if day >= begins), (self.on - begins).days, backlog)

    def add(self, event: FileEvent, exits: int, openings: int) -> None:
        key = (event.municipality, event.owner, event.size, quarter_of(event.on))
        cell = self.cells.get(key, Cell())
        self.cells[key] = Cell(
            cell.exits + exits, cell.openings + openings, cell.offsets + openings * event.on.toordinal()
        )


def fold(events: Iterable[FileEvent], on: date) -> History:
    """The history up to a day, exclusive, from events in their order."""
    past = [event for event in events if event.on < on]
    history = History(on, min((event.on for event in past), default=on))
    homes = sorted([event for event in past if event.kind is not Kind.WORKS_PLANNED], key=lambda event: event.unit)
    for _, timeline in groupby(homes, key=lambda event: event.unit):
        Home(history).live(timeline)
    history.works = tuple(works_of(past))
    return history


@dataclass(slots=True)
class Home:
    """Follows one home; what contradicts its condition changes nothing but what it counts."""

    history: History
    condition: Condition = Condition.ABSENT
    vacated_on: date | None = None
    inspected_on: date | None = None

    def live(self, timeline: Iterable[FileEvent]) -> None:
        for event in timeline:
            owner = self.history.owners[event.owner]
            was_occupied = self.condition is Condition.OCCUPIED
            self.condition = self._after(event, owner)
            is_occupied = self.condition is Condition.OCCUPIED
            self.history.add(event, int(event.kind is Kind.UNIT_VACATED), is_occupied - was_occupied)
        if self.condition in (Condition.WAITING, Condition.IN_WORKS):
            self.history.backlogs[event.municipality, event.owner] += 1
            if self.vacated_on is not None and self.vacated_on + INSPECTED_WITHIN < self.history.on:
                owner.needing_works += 1

    def _after(self, event: FileEvent, owner: Outcomes) -> Condition:
        match event.kind:
            case Kind.UNIT_REGISTERED:
                return Condition.OCCUPIED if event.ref == "occupied" else Condition.WAITING
            case Kind.UNIT_VACATED:
                self.vacated_on = event.on
                inspected, self.inspected_on = self.inspected_on, None
                if inspected is not None and event.on <= inspected + INSPECTED_AHEAD:
                    return self._ready(owner)
                return Condition.WAITING
            case Kind.UNIT_ASSIGNABLE:
                if self.condition is Condition.OCCUPIED:
                    self.inspected_on = event.on
                    return self.condition
                return self._ready(owner)
            case Kind.REFURB_STARTED | Kind.REFURB_COMPLETED:
                return self._restored(event, owner)
            case Kind.UNIT_LET:
                self._ready(owner)
                return Condition.OCCUPIED
            case Kind.WORKS_COMPLETED:
                return Condition.OCCUPIED if self.condition is Condition.OCCUPIED else Condition.READY
        return Condition.ABSENT

    def _ready(self, owner: Outcomes) -> Condition:
        if self.vacated_on is not None:
            owner.ready += 1
            self.vacated_on = None
        return Condition.READY

    def _restored(self, event: FileEvent, owner: Outcomes) -> Condition:
        if self.vacated_on is not None:
            owner.needing_works += 1
            self.vacated_on = None
        if event.kind is Kind.REFURB_STARTED:
            return Condition.IN_WORKS
        owner.restored_on.append(event.on)
        return Condition.READY


def works_of(events: Iterable[FileEvent]) -> Iterable[Works]:
    """Planned works with what was completed of them, in the order of their identifiers."""
    plans: dict[str, FileEvent] = {}
    completed: dict[str, list[date]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.WORKS_PLANNED:
            plans.setdefault(planned_works(event.ref).project, event)
        elif event.kind is Kind.WORKS_COMPLETED:
            completed[event.ref].append(event.on)
    for project, event in sorted(plans.items()):
        _, homes, declared_on = planned_works(event.ref)
        done = completed[project]
        last = max(done, default=None)
        yield Works(project, event.municipality, event.owner, homes, event.on, declared_on, len(done), last)
