"""Homes that are not simply let, and what the plan sums of them: sums, so that no figure is found by looking at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.planner.domain.sums import add
from shared.events.units import Unit, UnitStatus, WorksKind

HomeKey = tuple[str, int]
"""(unit, the registry's sequence of the change that brought it to this state)."""
AWAITING_WORKS = frozenset(
    {UnitStatus.IN_WORKS, UnitStatus.IN_CONSTRUCTION, UnitStatus.FREE_STATE_OF_FACT, UnitStatus.UNINHABITABLE}
)
NEEDING_WORKS = frozenset({UnitStatus.FREE_STATE_OF_FACT, UnitStatus.UNINHABITABLE})
SUITABLE = frozenset({UnitStatus.RESERVED_SAT, UnitStatus.FREE_ASSIGNABLE})
COMING = frozenset({UnitStatus.FREE_STATE_OF_FACT, UnitStatus.IN_WORKS})


Holding = tuple[str, str]
"""(municipality, owner)."""


class OpenWorks(NamedTuple):
    """Lavori non conclusi: homes of one programme with the same dates; `expected_end_on` is the latest declared."""

    municipality: str
    owner: str
    programme: str
    kind: WorksKind
    planned_on: date
    expected_end_on: date


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
    previous_status: UnitStatus | None = None
    programme: str | None = None
    works_kind: WorksKind | None = None
    works_planned_on: date | None = None

    @property
    def holding(self) -> Holding:
        return self.municipality, self.owner

    @property
    def works(self) -> OpenWorks | None:
        """Works not completed yet; without a known beginning they count from the home's present state."""
        if self.works_end_on is None or self.status not in AWAITING_WORKS:
            return None
        kind = self.works_kind or WorksKind.EXTRAORDINARY_MAINTENANCE
        planned_on = self.works_planned_on or self.since
        return OpenWorks(self.municipality, self.owner, self.programme or "", kind, planned_on, self.works_end_on)

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
    of stands as None until its entry cancels it. By municipality and owner are counted those `awaiting_inspection`,
    those `needing_works` that nobody has planned, and those `leaving` that were free when they entered the disposal
    plan; `works` counts homes by their works; `suitable` has those that an emergency case could be given, `coming`
    those that could be made ready for one, `temporary` those assigned as transitional services.
    """

    by_key: dict[HomeKey, Home | None] = field(default_factory=dict)
    awaiting_inspection: dict[Holding, int] = field(default_factory=dict)
    needing_works: dict[Holding, int] = field(default_factory=dict)
    leaving: dict[Holding, int] = field(default_factory=dict)
    works: dict[OpenWorks, int] = field(default_factory=dict)
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
        if works := home.works:
            add(self.works, works, sign)
        elif home.pending_inspection and home.status in NEEDING_WORKS:
            add(self.awaiting_inspection, home.holding, sign)
        elif home.status in NEEDING_WORKS:
            add(self.needing_works, home.holding, sign)
        elif home.status is UnitStatus.IN_DISPOSAL_PLAN and home.previous_status is UnitStatus.FREE_ASSIGNABLE:
            add(self.leaving, home.holding, sign)


def vacant_home(unit: Unit, size: int, cause: str) -> Home:
    return Home(
        unit.status,
        unit.municipality,
        unit.owner,
        unit.manager,
        size,
        unit.accessible,
        unit.since,
        unit.pending_inspection,
        unit.works.expected_end_on if unit.works else None,
        unit.sat_ends_on,
        cause,
        unit.previous_status,
        unit.works.programme if unit.works else None,
        unit.works.kind if unit.works else None,
        unit.works_term.planned_on if unit.works_term else None,
    )
