"""Homes that are not simply let, and what the plan sums of them: sums, so that no figure is found by looking at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.planner.domain.sums import add
from shared.events.units import UnitStatus

HomeKey = tuple[str, int]
"""(unit, the registry's sequence of the change that brought it to this state)."""
AWAITING_WORKS = frozenset(
    {UnitStatus.IN_WORKS, UnitStatus.IN_CONSTRUCTION, UnitStatus.FREE_STATE_OF_FACT, UnitStatus.UNINHABITABLE}
)
SUITABLE = frozenset({UnitStatus.RESERVED_SAT, UnitStatus.FREE_ASSIGNABLE})
COMING = frozenset({UnitStatus.FREE_STATE_OF_FACT, UnitStatus.IN_WORKS})


class Home(NamedTuple):
    """Alloggio non occupato: what the plan needs to know of a home that is not simply let."""

    status: UnitStatus
    municipality: str
    owner: str
    manager: str
    size_class: int
    accessible: bool
    since: date
    pending_inspection: bool
    works_end_on: date | None
    sat_ends_on: date | None
    cause: str

    @property
    def bucket(self) -> Bucket:
        needs_reserving = self.status is not UnitStatus.RESERVED_SAT
        return Bucket(needs_reserving, self.municipality, self.accessible, self.size_class, self.owner)


class Bucket(NamedTuple):
    """Homes that are alike to every case."""

    needs_reserving: bool
    municipality: str
    accessible: bool
    size_class: int
    owner: str


@dataclass(slots=True)
class VacantHomes:
    """Homes by key, and their sums, kept as they come and go.

    A home enters with the change that made it vacant and leaves with the next one. One that leaves before it was heard
    of stands as None until its entry cancels it. `awaiting_inspection` counts homes by owner; `works_ending` those that
    await works by municipality, owner and expected end; `suitable` has those that an emergency case could be given,
    `coming` those that could be made ready for one, `temporary` those assigned as transitional services.
    """

    by_key: dict[HomeKey, Home | None] = field(default_factory=dict)
    awaiting_inspection: dict[str, int] = field(default_factory=dict)
    works_ending: dict[tuple[str, str, date], int] = field(default_factory=dict)
    suitable: dict[Bucket, dict[HomeKey, Home]] = field(default_factory=dict)
    coming: dict[Bucket, dict[HomeKey, Home]] = field(default_factory=dict)
    temporary: dict[HomeKey, Home] = field(default_factory=dict)

    def enter(self, key: HomeKey, home: Home) -> None:
        if key in self.by_key:
            del self.by_key[key]
        else:
            self.by_key[key] = home
            self._count(home, +1)
            if (buckets := self._buckets(home)) is not None:
                buckets.setdefault(home.bucket, {})[key] = home
            elif home.status is UnitStatus.OCCUPIED_SAT:
                self.temporary[key] = home

    def leave(self, key: HomeKey) -> None:
        if key not in self.by_key:
            self.by_key[key] = None
            return
        home = self.by_key.pop(key)
        if home is None:
            return
        self._count(home, -1)
        if (buckets := self._buckets(home)) is not None:
            alike = buckets[home.bucket]
            del alike[key]
            if not alike:
                del buckets[home.bucket]
        self.temporary.pop(key, None)

    def _buckets(self, home: Home) -> dict[Bucket, dict[HomeKey, Home]] | None:
        if home.status in SUITABLE:
            return self.suitable
        return self.coming if home.status in COMING else None

    def _count(self, home: Home, sign: int) -> None:
        if home.pending_inspection:
            add(self.awaiting_inspection, home.owner, sign)
        if home.works_end_on is not None and home.status in AWAITING_WORKS:
            add(self.works_ending, (home.municipality, home.owner, home.works_end_on), sign)
