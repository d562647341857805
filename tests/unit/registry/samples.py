"""One home's reports by name, and the transition table of domain.md written out a second time.

A *situation* is a state as text, with the state to go back to where there is one: `IN_NOTICE<FREE_ASSIGNABLE`.
A *kind* is a report's name, with what decides where it leads: `unit-vacated/ASSIGNABLE`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from shared.events import REPORTS
from shared.events.units import (
    InspectionOutcome,
    NoticePublished,
    OwnerKind,
    Report,
    ServiceType,
    Unit,
    UnitRegistered,
    UnitStatus,
    Works,
    WorksKind,
    WorksTerm,
)

OWNER = "comune-019036"
MANAGER = "aler-di-prova"
STRANGER = "comune-019035"
DAY = date(2026, 3, 1)
WORKS = Works(programme="P-1", kind=WorksKind.RENOVATION, expected_end_on=date(2027, 6, 30), cost=Decimal("25000.00"))
TERM = WorksTerm(kind=WORKS.kind, planned_on=DAY, declared_end_on=WORKS.expected_end_on)

ROWS = """
unit-vacated                 OCCUPIED > FREE_STATE_OF_FACT
unit-vacated/ASSIGNABLE      OCCUPIED > FREE_ASSIGNABLE
unit-vacated/STATE_OF_FACT   OCCUPIED > FREE_STATE_OF_FACT
unit-vacated/UNINHABITABLE   OCCUPIED > UNINHABITABLE
unit-inspected/ASSIGNABLE    FREE_STATE_OF_FACT > FREE_ASSIGNABLE
unit-inspected/STATE_OF_FACT FREE_STATE_OF_FACT > FREE_STATE_OF_FACT
unit-inspected/UNINHABITABLE FREE_STATE_OF_FACT > UNINHABITABLE
title-lost                   OCCUPIED > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  FREE_ASSIGNABLE > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  FREE_STATE_OF_FACT > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  IN_NOTICE<FREE_ASSIGNABLE > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  IN_NOTICE<FREE_STATE_OF_FACT > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  RESERVED_SAT > OCCUPIED_WITHOUT_TITLE
unit-occupied-without-title  UNINHABITABLE > OCCUPIED_WITHOUT_TITLE
unit-released/ASSIGNABLE     OCCUPIED_WITHOUT_TITLE > FREE_ASSIGNABLE
unit-released/STATE_OF_FACT  OCCUPIED_WITHOUT_TITLE > FREE_STATE_OF_FACT
unit-released/UNINHABITABLE  OCCUPIED_WITHOUT_TITLE > UNINHABITABLE
notice-published             FREE_ASSIGNABLE > IN_NOTICE<FREE_ASSIGNABLE
notice-published/works       FREE_ASSIGNABLE > IN_NOTICE<FREE_ASSIGNABLE
notice-published/works       FREE_STATE_OF_FACT > IN_NOTICE<FREE_STATE_OF_FACT
notice-closed                IN_NOTICE<FREE_ASSIGNABLE > FREE_ASSIGNABLE
notice-closed                IN_NOTICE<FREE_STATE_OF_FACT > FREE_STATE_OF_FACT
unit-assigned                IN_NOTICE<FREE_ASSIGNABLE > OCCUPIED
unit-assigned                IN_NOTICE<FREE_STATE_OF_FACT > OCCUPIED
unit-reserved-for-sat        FREE_ASSIGNABLE > RESERVED_SAT
sat-assigned                 RESERVED_SAT > OCCUPIED_SAT
sat-ended                    OCCUPIED_SAT > FREE_ASSIGNABLE
works-started                FREE_STATE_OF_FACT > IN_WORKS
works-started                UNINHABITABLE > IN_WORKS
works-completed              IN_WORKS > FREE_ASSIGNABLE
works-completed              IN_CONSTRUCTION > FREE_ASSIGNABLE
declared-uninhabitable       FREE_ASSIGNABLE > UNINHABITABLE
declared-uninhabitable       FREE_STATE_OF_FACT > UNINHABITABLE
disposal-approved            FREE_ASSIGNABLE > IN_DISPOSAL_PLAN<FREE_ASSIGNABLE
disposal-approved            FREE_STATE_OF_FACT > IN_DISPOSAL_PLAN<FREE_STATE_OF_FACT
disposal-approved            UNINHABITABLE > IN_DISPOSAL_PLAN<UNINHABITABLE
disposal-approved            OCCUPIED > IN_DISPOSAL_PLAN<OCCUPIED
disposal-withdrawn           IN_DISPOSAL_PLAN<FREE_ASSIGNABLE > FREE_ASSIGNABLE
disposal-withdrawn           IN_DISPOSAL_PLAN<FREE_STATE_OF_FACT > FREE_STATE_OF_FACT
disposal-withdrawn           IN_DISPOSAL_PLAN<UNINHABITABLE > UNINHABITABLE
disposal-withdrawn           IN_DISPOSAL_PLAN<OCCUPIED > OCCUPIED
unit-sold                    IN_DISPOSAL_PLAN<FREE_ASSIGNABLE > SOLD
unit-sold                    IN_DISPOSAL_PLAN<FREE_STATE_OF_FACT > SOLD
unit-sold                    IN_DISPOSAL_PLAN<UNINHABITABLE > SOLD
unit-sold                    IN_DISPOSAL_PLAN<OCCUPIED > SOLD
unit-bartered                IN_DISPOSAL_PLAN<FREE_ASSIGNABLE > BARTERED
unit-bartered                IN_DISPOSAL_PLAN<FREE_STATE_OF_FACT > BARTERED
unit-bartered                IN_DISPOSAL_PLAN<UNINHABITABLE > BARTERED
unit-bartered                IN_DISPOSAL_PLAN<OCCUPIED > BARTERED
valorised                    FREE_ASSIGNABLE > VALORISED<FREE_ASSIGNABLE
valorised                    FREE_STATE_OF_FACT > VALORISED<FREE_STATE_OF_FACT
valorisation-ended           VALORISED<FREE_ASSIGNABLE > FREE_ASSIGNABLE
valorisation-ended           VALORISED<FREE_STATE_OF_FACT > FREE_STATE_OF_FACT
unit-demolished              UNINHABITABLE > DEMOLISHED
unit-demolished              FREE_STATE_OF_FACT > DEMOLISHED
"""
FINAL = {"SOLD", "BARTERED", "DEMOLISHED"}
SITUATIONS = sorted(
    {place for row in ROWS.strip().splitlines() for place in row.split(maxsplit=1)[1].split(" > ")}
    | {"OCCUPIED_WITHOUT_TITLE", "IN_CONSTRUCTION"}
)

TABLE: dict[tuple[str, str], str] = {}
for row in ROWS.strip().splitlines():
    name, places = row.split(maxsplit=1)
    source, target = places.split(" > ")
    TABLE[source, name] = target
for place in set(SITUATIONS) - FINAL:
    TABLE[place, "unit-corrected"] = place
    TABLE[place, "works-rescheduled"] = place
    if place not in {"IN_WORKS", "IN_CONSTRUCTION"}:
        TABLE[place, "works-scheduled"] = place

EXTRAS: dict[str, dict[str, Any]] = {
    "notice-published": {"notice": "A-2026-1"},
    "notice-published/works": {"notice": "A-2026-1", "works_list": "Impianti", "works_cost": Decimal("7500.00")},
    "sat-assigned": {"ends_on": date(2030, 1, 1)},
    "works-scheduled": {"works": WORKS},
    "works-started": {"works": WORKS},
    "works-rescheduled": {"expected_end_on": date(2028, 1, 31)},
    "disposal-approved": {"programme": "ALI-2026"},
    "unit-corrected": {"rooms": 4},
}
KINDS = sorted({kind for _, kind in TABLE})


def report(kind: str, on: date = DAY, **changes: Any) -> Report:
    name, _, outcome = kind.partition("/")
    extra = dict(EXTRAS.get(kind, {}))
    if outcome in InspectionOutcome.__members__:
        extra["outcome"] = InspectionOutcome(outcome)
    return REPORTS[name](**{"unit_id": "U-1", "effective_on": on, **extra, **changes})


def kind_of(report: Report) -> str:
    if isinstance(report, NoticePublished):
        return report.name() + ("/works" if report.works_list else "")
    outcome = getattr(report, "outcome", None)
    return f"{report.name()}/{outcome}" if outcome else report.name()


def registered(status: str = "OCCUPIED", on: date = DAY, **changes: Any) -> UnitRegistered:
    plain: dict[str, Any] = {
        "unit_id": "U-1",
        "effective_on": on,
        "municipality": "019036",
        "owner": OWNER,
        "owner_kind": OwnerKind.MUNICIPALITY,
        "manager": MANAGER,
        "service_type": ServiceType.SAP,
        "net_area_m2": Decimal("54.30"),
        "rooms": 3,
        "accessible": False,
        "status": UnitStatus(status),
    }
    return UnitRegistered(**plain | changes)


def unit(situation: str = "OCCUPIED", since: date = DAY, **changes: Any) -> Unit:
    """A home in that situation, with works on its record, and seen by nobody if it is in the state of fact."""
    status, _, previous = situation.partition("<")
    plain = registered(status).model_dump(exclude={"effective_on", "works"})
    details = {
        "since": since,
        "works": WORKS,
        "works_term": TERM if changes.get("works", WORKS) else None,
        "previous_status": UnitStatus(previous) if previous else None,
        "pending_inspection": status == "FREE_STATE_OF_FACT",
    }
    return Unit(**plain | details | changes)


def situation_of(unit: Unit) -> str:
    return f"{unit.status}<{unit.previous_status}" if unit.previous_status else str(unit.status)
