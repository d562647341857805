"""What the checks of the plan are made from: what owners declared, and what the registry knew, told by the events.

The live state is a sum and has forgotten which home was assigned when; the events have not. So the checks are made when
somebody asks for them, of the plan in force or as of any two days, and cost no event anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.planner.domain.checks.registry_counts import RegisteredHome
from services.planner.domain.chronicle import course
from services.planner.domain.homes import AWAITING_WORKS, Holding
from services.planner.domain.labels import STATUS_FIGURES
from shared.events.base import Message
from shared.events.submissions import AnnualColumns, SubmissionReceived
from shared.events.units import Moment, Unit, UnitAssigned, UnitChanged, UnitStatus, Works

RowPlace = tuple[int, str, str]
"""(cycle year, owner, municipality)."""
ASSIGNED = UnitAssigned.name()


class OwnedWorks(NamedTuple):
    """Lavori non conclusi di un ente in un comune, and the homes they are in."""

    owner: str
    municipality: str
    works: Works
    unit_ids: tuple[str, ...]


class CheckEvidence(NamedTuple):
    """Fonti delle verifiche: `rows` in force by place, the course of every home in true order, and whose it ever was.

    `holdings` has the courses of the homes that an owner ever had in a municipality.
    """

    rows: Mapping[RowPlace, SubmissionReceived]
    courses: Mapping[str, Sequence[Moment]]
    holdings: Mapping[Holding, Sequence[Sequence[Moment]]]

    def registered(self, owner: str, municipality: str, on: date) -> list[RegisteredHome]:
        """The owner's stock there as it was at the end of a day."""
        found = []
        for moments in self.holdings.get((municipality, owner), ()):
            past = [moment.unit for moment in moments if moment.on <= on]
            if past and past[-1].status in STATUS_FIGURES and _holding(past[-1]) == (municipality, owner):
                found.append(RegisteredHome(past[-1].unit_id, past[-1].service_type))
        return found

    def assigned_in(self, owner: str, municipality: str, year: int) -> list[str]:
        """Homes assigned in a year, each as often as it was."""
        return [
            moment.unit.unit_id
            for moments in self.holdings.get((municipality, owner), ())
            for moment in moments
            if moment.report == ASSIGNED and moment.on.year == year and _holding(moment.unit) == (municipality, owner)
        ]

    def knew_by(self, owner: str, municipality: str, on: date) -> bool:
        """Whether the registry had any home of the owner there by then: of a time before it, it can say nothing."""
        return any(moments[0].on <= on for moments in self.holdings.get((municipality, owner), ()))

    def stock(self) -> dict[tuple[str, str, UnitStatus], int]:
        """Every home ever registered, by municipality, owner and status."""
        found: dict[tuple[str, str, UnitStatus], int] = defaultdict(int)
        for moments in self.courses.values():
            unit = moments[-1].unit
            found[unit.municipality, unit.owner, unit.status] += 1
        return found

    def open_works(self) -> list[OwnedWorks]:
        """Works that are not done, of homes that wait for them; those of one programme, kind and end are told once."""
        found: dict[tuple[str, str, Works], list[str]] = defaultdict(list)
        for unit_id, moments in self.courses.items():
            unit = moments[-1].unit
            if unit.works is not None and unit.status in AWAITING_WORKS:
                told = unit.works.having({"cost": None})
                found[unit.owner, unit.municipality, told].append(unit_id)
        ordered = sorted(found.items(), key=lambda entry: (*entry[0][:2], entry[0][2].programme, entry[1]))
        return [OwnedWorks(*key, tuple(sorted(units))) for key, units in ordered]


def evidence_of(messages: Iterable[Message]) -> CheckEvidence:
    """The latest revision of each row, and each home's course; in whatever order the messages come."""
    rows: dict[RowPlace, SubmissionReceived] = {}
    facts: dict[str, list[UnitChanged]] = defaultdict(list)
    for message in messages:
        match message.event:
            case SubmissionReceived() as row:
                place = (row.cycle_year, row.owner, row.municipality)
                if place not in rows or row.revision > rows[place].revision:
                    rows[place] = row
            case UnitChanged() as fact:
                facts[fact.unit_id].append(fact)
    courses = {
        unit_id: moments
        for unit_id, told in sorted(facts.items())
        if (moments := course(sorted(told, key=lambda fact: fact.sequence)))
    }
    holdings: dict[Holding, list[Sequence[Moment]]] = defaultdict(list)
    for moments in courses.values():
        for holding in {_holding(moment.unit) for moment in moments}:
            holdings[holding].append(moments)
    return CheckEvidence(dict(sorted(rows.items())), courses, holdings)


def _holding(unit: Unit) -> Holding:
    return unit.municipality, unit.owner


def columns_of(row: SubmissionReceived) -> AnnualColumns:
    """The annual columns; a nil return says that all are zero."""
    return row.columns or AnnualColumns()
