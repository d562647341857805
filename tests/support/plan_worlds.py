"""A simulated ambito as the plan hears of it: the file's events as facts of the registry, folded into the plan's state.

What the file does not say and the registry always does is added as an office would report it: an inspection a month
after a home was given back that is not assignable by then, and the end that works on a home were declared to have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.planner.domain.state import PlanState, fold_unit
from services.planner.forecasting.event_file import FileEvent, Kind, planned_works
from services.planner.law import rules_on
from shared.events.units import (
    OwnerKind,
    ServiceType,
    Transition,
    Unit,
    UnitChanged,
    UnitStatus,
    Works,
    WorksKind,
    WorksTerm,
)

AREAS = {"S": Decimal(30), "M": Decimal(50), "L": Decimal(60), "XL": Decimal(100)}
INSPECTED_AFTER = timedelta(days=31)
REFURBISHED_IN = timedelta(days=120)
"""Declared by whoever begins works on a home; the simulated ones take a third longer."""
FREE, LET, ROUGH = UnitStatus.FREE_ASSIGNABLE, UnitStatus.OCCUPIED, UnitStatus.FREE_STATE_OF_FACT
NOBODY = UUID(int=0)


@dataclass
class Register:
    """Anagrafe: each home as it stands, and the state that its changes make."""

    state: PlanState
    units: dict[str, Unit] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    building: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inspected: set[str] = field(default_factory=set)

    def take(self, event: FileEvent) -> None:
        match event.kind:
            case Kind.UNIT_REGISTERED:
                status = LET if event.ref == "occupied" else ROUGH
                self.change(event.unit, event.on, "unit-registered", status, self.home(event, event.unit))
            case Kind.WORKS_PLANNED:
                self.plan(event)
            case Kind.WORKS_COMPLETED:
                waiting = self.building[event.ref]
                name = waiting.pop(0) if waiting else ""
                if name:
                    self.change(name, event.on, "works-completed", FREE)
                    self.units[event.unit], self.sequences[event.unit] = self.units.pop(name), self.sequences[name]
            case Kind.UNIT_VACATED:
                is_ready = event.unit in self.inspected
                self.inspected.discard(event.unit)
                changes = {"pending_inspection": not is_ready}
                self.change(event.unit, event.on, "unit-vacated", FREE if is_ready else ROUGH, changes)
            case Kind.UNIT_ASSIGNABLE if self.units[event.unit].status is LET:
                self.inspected.add(event.unit)
            case Kind.UNIT_ASSIGNABLE:
                self.change(event.unit, event.on, "unit-inspected", FREE)
            case Kind.REFURB_STARTED:
                self.change(
                    event.unit,
                    event.on,
                    "works-started",
                    UnitStatus.IN_WORKS,
                    works_to(event.on + REFURBISHED_IN, event.on),
                )
            case Kind.REFURB_COMPLETED:
                self.change(event.unit, event.on, "works-completed", FREE)
            case Kind.UNIT_LET:
                self.change(event.unit, event.on, "unit-assigned", LET)
            case Kind.UNIT_ALIENATED:
                self.change(event.unit, event.on, "unit-sold", UnitStatus.SOLD)

    def plan(self, event: FileEvent) -> None:
        """Homes of a programme, all to be done by the same day."""
        programme, homes, declared_on = planned_works(event.ref)
        for number in range(homes):
            name = f"{programme}-{number}"
            self.building[programme].append(name)
            works = works_to(declared_on, event.on, programme, WorksKind.NEW_BUILD)
            self.change(name, event.on, "unit-registered", UnitStatus.IN_CONSTRUCTION, self.home(event, name) | works)

    def home(self, event: FileEvent, name: str) -> dict[str, Any]:
        return {
            "unit_id": name,
            "municipality": event.municipality,
            "owner": event.owner,
            "owner_kind": OwnerKind.ALER,
            "manager": event.owner,
            "service_type": ServiceType.SAP,
            "net_area_m2": AREAS.get(event.size, AREAS["M"]),
            "rooms": 3,
            "accessible": False,
            "address": None,
            "previous_status": None,
            "sat_ends_on": None,
        }

    def change(self, name: str, on: date, report: str, status: UnitStatus, told: dict[str, Any] | None = None) -> None:
        before = self.units.get(name)
        gone = {"pending_inspection": False, "works": None, "works_term": None}
        values = (before.__dict__ if before else {}) | gone | (told or {}) | {"status": status, "since": on}
        after = Unit.believed(values)
        ended = before.works_term if before is not None and report == "works-completed" else None
        step = {"report": report, "on": on, "before": before.status if before else None, "after": status}
        transition = Transition.believed(step | {"net_area_m2": after.net_area_m2, "works_term": ended})
        self.sequences[name] += 1
        fact = {
            "unit_id": name,
            "ambito": self.state.ambito,
            "sequence": self.sequences[name],
            "report": report,
            "report_id": NOBODY,
            "organisation": after.owner,
            "effective_on": on,
            "before": before,
            "after": after,
            "transitions": (transition,),
            "withdrawn": (),
            "course": (),
        }
        fold_unit(self.state, UnitChanged.believed(fact), report)
        self.units[name] = after

    def inspect(self, on: date) -> None:
        """Who was given a home back a month ago has seen it."""
        for name, unit in self.units.items():
            if unit.pending_inspection and unit.since + INSPECTED_AFTER <= on:
                self.change(name, unit.since + INSPECTED_AFTER, "unit-inspected", ROUGH)


def works_to(
    end_on: date, planned_on: date, programme: str = "-", kind: WorksKind = WorksKind.RENOVATION
) -> dict[str, Any]:
    works = {"programme": programme, "kind": kind, "expected_end_on": end_on, "cost": None}
    term = {"kind": kind, "planned_on": planned_on, "declared_end_on": end_on}
    return {"works": Works.believed(works), "works_term": WorksTerm.believed(term)}


def state_before(events: Iterable[FileEvent], on: date) -> PlanState:
    """The plan's state of everything before a day."""
    register = Register(PlanState("simulated", rules_on(on).bands))
    for event in events:
        if event.on < on:
            register.take(event)
    register.inspect(on)
    return register.state
