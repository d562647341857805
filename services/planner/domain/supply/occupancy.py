"""Occupied home-days and exits, from whole numbers that are summed and never replayed.

A let on day d opens a home (+1, d), a home given back closes it (-1, d) and is an exit; up to any day T the occupied
home-days are openings x T - offsets. Everything here is exact, so no order of events, cells or shards can show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

MILLION = 1_000_000


class Occupancy(Protocol):
    """One cell's events in one quarter: `openings` less closings, and the sum of their signed day ordinals."""

    @property
    def exits(self) -> int: ...
    @property
    def openings(self) -> int: ...
    @property
    def offsets(self) -> int: ...


SizeT = TypeVar("SizeT", int, str)
Place = tuple[str, str, SizeT]
"""(municipality, owner, size class)."""
PlaceQuarter = tuple[str, str, SizeT, int]
"""The same and the quarter, in quarters since year 0."""
Kind = tuple[str, SizeT]
"""(owner, size class): what homes have in common across municipalities."""


@dataclass(slots=True)
class Past:
    """What is known up to the reference date: exits, occupied home-days, homes occupied now."""

    exits: int = 0
    home_days: int = 0
    occupied: int = 0

    def add(self, cell: Occupancy, until: int) -> None:
        self.exits += cell.exits
        self.home_days += cell.openings * until - cell.offsets
        self.occupied += cell.openings


def pasts(history: Mapping[PlaceQuarter[SizeT], Occupancy], on: date) -> dict[Place[SizeT], Past]:
    """By municipality, owner and size class."""
    found: dict[Place[SizeT], Past] = defaultdict(Past)
    until = on.toordinal()
    for (municipality, owner, size, _), cell in history.items():
        found[municipality, owner, size].add(cell, until)
    return found


def pooled(places: Mapping[Place[SizeT], Past]) -> dict[Kind[SizeT], Past]:
    """By owner and size class."""
    found: dict[Kind[SizeT], Past] = defaultdict(Past)
    for (_, owner, size), past in places.items():
        total = found[owner, size]
        total.exits += past.exits
        total.home_days += past.home_days
        total.occupied += past.occupied
    return found


def by_quarter(
    history: Mapping[PlaceQuarter[SizeT], Occupancy], on: date
) -> dict[int, tuple[int, dict[Kind[SizeT], int]]]:
    """For each quarter up to the reference date: the exits, and the home-days of each owner and size."""
    events: dict[int, list[tuple[Kind[SizeT], Occupancy]]] = defaultdict(list)
    for (_, owner, size, quarter), cell in history.items():
        events[quarter].append(((owner, size), cell))
    found: dict[int, tuple[int, dict[Kind[SizeT], int]]] = {}
    standing: dict[Kind[SizeT], int] = {}
    for quarter in range(min(events, default=0), quarter_of(on) + 1 if events else 0):
        begins, ends = first_day(quarter), min(first_day(quarter + 1), on.toordinal())
        days, exits = ends - begins, 0
        home_days = {kind: homes * days for kind, homes in standing.items()}
        for kind, cell in events.get(quarter, ()):
            exits += cell.exits
            home_days[kind] = home_days.get(kind, 0) + cell.openings * ends - cell.offsets
            standing[kind] = standing.get(kind, 0) + cell.openings
        found[quarter] = exits, home_days
    return found


def weighted_home_days(
    history: Mapping[PlaceQuarter[SizeT], Occupancy], weights: Mapping[int, int], on: date
) -> dict[Place[SizeT], int]:
    """Home-days of each place, those of a quarter counted with its weight in millionths."""
    later, ahead = {}, 0
    for quarter in sorted(weights, reverse=True):
        later[quarter] = ahead
        ahead += weights[quarter] * (min(first_day(quarter + 1), on.toordinal()) - first_day(quarter))
    ends = {quarter: min(first_day(quarter + 1), on.toordinal()) for quarter in weights}
    found: dict[Place[SizeT], int] = defaultdict(int)
    for (municipality, owner, size, quarter), cell in history.items():
        within = cell.openings * ends[quarter] - cell.offsets
        found[municipality, owner, size] += within * weights[quarter] + cell.openings * later[quarter]
    return found


def quarter_of(on: date) -> int:
    """Quarters since year 0."""
    return on.year * 4 + (on.month - 1) // 3


def first_day(quarter: int) -> int:
    return date(quarter // 4, quarter % 4 * 3 + 1, 1).toordinal()
