"""Lives of the synthetic homes: for each home its reports, legal in their order, each with the state it leads to.

A home draws from a random source of its own, so that changing one never changes another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import log
from random import Random
from typing import Any
from uuid import UUID

from deploy.demo.rates import AWAITING_INSPECTION, AWAITING_WORKS, FIRST_STATES, OUTCOMES, WORKS, YEARLY, Rates
from deploy.demo.stock import Home
from shared.events.base import derived
from shared.events.units import (
    DeclaredUninhabitable,
    DisposalApproved,
    DisposalWithdrawn,
    InspectionOutcome,
    NoticeClosed,
    NoticePublished,
    Report,
    SatAssigned,
    SatEnded,
    TitleLost,
    UnitAssigned,
    UnitBartered,
    UnitCorrected,
    UnitDemolished,
    UnitInspected,
    UnitOccupiedWithoutTitle,
    UnitRegistered,
    UnitReleased,
    UnitReservedForSat,
    UnitSold,
    UnitStatus,
    UnitVacated,
    ValorisationEnded,
    Valorised,
    Works,
    WorksCompleted,
    WorksKind,
    WorksRescheduled,
    WorksScheduled,
    WorksStarted,
)

# The registry's rules written again on purpose: the world is made without them, and tested against them.
_LEADS_TO: Mapping[type[Report], UnitStatus] = {
    TitleLost: UnitStatus.OCCUPIED_WITHOUT_TITLE,
    UnitOccupiedWithoutTitle: UnitStatus.OCCUPIED_WITHOUT_TITLE,
    NoticePublished: UnitStatus.IN_NOTICE,
    UnitAssigned: UnitStatus.OCCUPIED,
    UnitReservedForSat: UnitStatus.RESERVED_SAT,
    SatAssigned: UnitStatus.OCCUPIED_SAT,
    SatEnded: UnitStatus.FREE_ASSIGNABLE,
    WorksStarted: UnitStatus.IN_WORKS,
    WorksCompleted: UnitStatus.FREE_ASSIGNABLE,
    DeclaredUninhabitable: UnitStatus.UNINHABITABLE,
    DisposalApproved: UnitStatus.IN_DISPOSAL_PLAN,
    UnitSold: UnitStatus.SOLD,
    UnitBartered: UnitStatus.BARTERED,
    Valorised: UnitStatus.VALORISED,
    UnitDemolished: UnitStatus.DEMOLISHED,
}
_OUTCOME_LEADS_TO = {
    InspectionOutcome.ASSIGNABLE: UnitStatus.FREE_ASSIGNABLE,
    InspectionOutcome.STATE_OF_FACT: UnitStatus.FREE_STATE_OF_FACT,
    InspectionOutcome.UNINHABITABLE: UnitStatus.UNINHABITABLE,
}
_WORKS_STATES = (UnitStatus.IN_WORKS, UnitStatus.IN_CONSTRUCTION)

_WITHOUT_OUTCOME = 0.35
_SLIPPAGE = (log(1.3), 0.4)
"""Mean and deviation of log(actual / declared duration): what the planner believes before it sees data."""
_NEW_BUILD_DAYS = 900
_TENDER_DAYS = 240
"""Expected wait between the planning of works and their beginning."""
_SHORTEST_WORKS_DAYS = min(shortest for _, shortest, *_ in WORKS.values())
_SAT_DAYS = 365
"""Twelve months (D.G.R. XI/2063)."""
_PACE = (25, 1 / 25)
"""Gamma shape and scale: how much faster or slower than the mean homes are vacated in a municipality."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A report and who makes it."""

    organisation: str
    report: Report
    report_id: UUID


@dataclass(frozen=True, slots=True)
class Moment:
    """A claim and the state of the home from its effective date on."""

    claim: Claim
    status: UnitStatus
    works: Works | None

    @property
    def on(self) -> date:
        return self.claim.report.effective_on


@dataclass(frozen=True, slots=True)
class Life:
    """A home and its moments, in order of time; the first is its registration."""

    home: Home
    moments: tuple[Moment, ...]

    def at(self, on: date) -> Moment:
        """The moment in force at the end of that day (the registration for days before it)."""
        return next((m for m in reversed(self.moments) if m.on <= on), self.moments[0])


def live(seed: int, home: Home, start: date, until: date) -> Life:
    """What happens to the home from `start` to `until`, both included."""
    pace = Random(f"{seed}/pace/{home.municipality}").gammavariate(*_PACE)
    course = _Course(seed, home, Random(f"{seed}/life/{home.unit_id}"), pace, start)
    moments = []
    for number, report in enumerate(course.reports()):
        if report.effective_on > until:
            break
        organisation = home.manager if number else home.owner
        claim = Claim(organisation, report, report_id(seed, home.unit_id, str(number)))
        moments.append(Moment(claim, course.status, course.works))
    return Life(home, tuple(moments))


def report_id(seed: int, unit_id: str, part: str) -> UUID:
    return derived(f"demo/{seed}/{unit_id}/{part}")


@dataclass(slots=True)
class _Course:
    """The course of one life while it is drawn."""

    seed: int
    home: Home
    rng: Random
    pace: float
    today: date
    status: UnitStatus = UnitStatus.OCCUPIED
    previous: UnitStatus = UnitStatus.OCCUPIED
    works: Works | None = None
    is_pending: bool = False
    works_done_on: date = date.max
    sat_ends_on: date = date.max

    def reports(self) -> Iterator[Report]:
        """The reports of the home, endless unless it leaves the stock; the state is the one after the last."""
        yield self._registered()
        while kind := self._next_kind():
            report = kind(unit_id=self.home.unit_id, effective_on=self.today, **self._details(kind))
            self._follow(report)
            yield report

    def _registered(self) -> UnitRegistered:
        home = self.home
        if home.new_build:
            self.status = UnitStatus.IN_CONSTRUCTION
            ends_on = self.today + timedelta(days=_NEW_BUILD_DAYS)
            self.works = Works(programme=home.new_build, kind=WorksKind.NEW_BUILD, expected_end_on=ends_on)
            # One source for the whole building: its homes are finished together.
            self._draw_end(self.works, self.today, Random(f"{self.seed}/{home.new_build}"))
        else:
            self.status = self.rng.choices(list(FIRST_STATES), list(FIRST_STATES.values()))[0]
            if self.status is UnitStatus.IN_WORKS:
                begun_on = self.today - timedelta(days=self.rng.randrange(_SHORTEST_WORKS_DAYS))
                self.works = self._plan_works(begun_on)
                self._draw_end(self.works, begun_on, self.rng)
        return UnitRegistered(
            unit_id=home.unit_id,
            effective_on=self.today,
            municipality=home.municipality,
            owner=home.owner,
            owner_kind=home.owner_kind,
            manager=home.manager,
            service_type=home.service_type,
            net_area_m2=home.net_area_m2,
            rooms=home.rooms,
            accessible=home.accessible,
            status=self.status,
            works=self.works,
        )

    def _next_kind(self) -> type[Report] | None:
        """Which report comes next; `today` becomes its effective date. None once the home has left the stock."""
        if self.works and self.status in _WORKS_STATES:
            # Owners find out that works are late on the day they should have ended.
            late = self.works_done_on > self.works.expected_end_on
            self.today = self.works.expected_end_on if late else self.works_done_on
            return WorksRescheduled if late else WorksCompleted
        if self.status is UnitStatus.OCCUPIED_SAT:
            self.today = self.sat_ends_on + timedelta(days=self.rng.randint(-90, 30))
            return SatEnded
        if not (rates := self._rates()):
            return None
        self.today += timedelta(days=1 + int(self.rng.expovariate(sum(rates.values())) * 365.25))
        return self.rng.choices(list(rates), list(rates.values()))[0]

    def _rates(self) -> Rates:
        if self.is_pending:
            return AWAITING_INSPECTION
        if self.works:
            return AWAITING_WORKS
        rates = YEARLY.get(self.status, {})
        return {kind: rate * self.pace if kind is UnitVacated else rate for kind, rate in rates.items()}

    def _details(self, kind: type[Report]) -> dict[str, Any]:
        """What the report says besides the home and the date."""
        if kind is UnitVacated and self.rng.random() < _WITHOUT_OUTCOME:
            return {"outcome": None}
        if kind in (UnitVacated, UnitInspected, UnitReleased):
            return {"outcome": self.rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]}
        if kind is NoticePublished:
            return {"notice": f"SIM-AVV-{self.today.year}-{1 + self.today.month // 7}"} | self._state_of_fact()
        if kind is SatAssigned:
            return {"ends_on": self.today + timedelta(days=_SAT_DAYS)}
        if kind is WorksRescheduled:
            # As hopeful as before: three quarters of what is really left.
            left = (self.works_done_on - self.today).days
            return {"expected_end_on": self.today + timedelta(days=max(60, left * 3 // 4))}
        if kind is WorksStarted:
            return {"works": self._plan_works(self.today)}
        if kind is WorksScheduled:
            return {"works": self._plan_works(self.today + timedelta(days=_TENDER_DAYS))}
        if kind is DisposalApproved:
            return {"programme": f"SIM-PA-{self.home.owner}-{self.today.year}"}
        if kind is UnitCorrected:
            return {"net_area_m2": self.home.net_area_m2 + Decimal(self.rng.randint(-150, 150)).scaleb(-2)}
        return {}

    def _state_of_fact(self) -> dict[str, Any]:
        if self.status is not UnitStatus.FREE_STATE_OF_FACT:
            return {}
        # R.R. 4/2017, art. 10: works of at most EUR 8,000.
        cost = Decimal(self.rng.randrange(1_500, 8_001, 50))
        return {"works_list": "Tinteggiatura, revisione degli impianti e dei serramenti", "works_cost": cost}

    def _plan_works(self, begins_on: date) -> Works:
        """The works scheduled before, or else new ones, with a term that counts from `begins_on`."""
        kind = self.works.kind if self.works else self.rng.choices(list(WORKS), [w[0] for w in WORKS.values()])[0]
        _, shortest, longest, cheapest, dearest = WORKS[kind]
        ends_on = begins_on + timedelta(days=self.rng.randint(shortest, longest))
        if self.works:
            return self.works.model_copy(update={"expected_end_on": ends_on})
        return Works(
            programme=f"SIM-PR-{self.home.owner}-{begins_on.year}",
            kind=kind,
            expected_end_on=ends_on,
            cost=Decimal(self.rng.randrange(cheapest, dearest, 100)),
        )

    def _draw_end(self, works: Works, begun_on: date, rng: Random) -> None:
        """When the works under way will really end: most slip."""
        declared = (works.expected_end_on - begun_on).days
        really = begun_on + timedelta(days=round(declared * rng.lognormvariate(*_SLIPPAGE)))
        self.works_done_on = max(really, self.today + timedelta(days=1))

    def _follow(self, report: Report) -> None:
        """The state after the report."""
        after = _LEADS_TO.get(type(report), self.status)
        match report:
            case UnitVacated(outcome=outcome) | UnitInspected(outcome=outcome) | UnitReleased(outcome=outcome):
                after = _OUTCOME_LEADS_TO[outcome] if outcome else UnitStatus.FREE_STATE_OF_FACT
                self.is_pending = outcome is None
            case NoticeClosed() | DisposalWithdrawn() | ValorisationEnded():
                after = self.previous
            case WorksScheduled(works=works):
                self.works = works
            case WorksStarted(works=works):
                self.works = works
                self._draw_end(works, self.today, self.rng)
            case WorksRescheduled(expected_end_on=ends_on) if self.works:
                self.works = self.works.model_copy(update={"expected_end_on": ends_on})
            case WorksCompleted():
                self.works = None
            case SatAssigned(ends_on=ends_on):
                self.sat_ends_on = ends_on
        if after is not self.status:
            self.previous, self.status = self.status, after
