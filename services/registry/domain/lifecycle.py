"""Ciclo di vita dell'alloggio: which report is legal in which state, and the unit it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any, Generic, TypeVar, cast

from services.registry.domain import refusals
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
    Unit,
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
    WorksRescheduled,
    WorksScheduled,
    WorksStarted,
    WorksTerm,
)

S = UnitStatus
R = TypeVar("R", bound=Report)
Details = dict[str, Any]
"""Fields of the unit other than its state that a report sets."""


class To(Enum):
    """Where a report leads when no single state is named."""

    BY_OUTCOME = auto()
    PREVIOUS = auto()
    SAME = auto()


def _no_details(unit: Unit, report: Report) -> Details:
    return {}


@dataclass(frozen=True, slots=True)
class Rule(Generic[R]):
    """One row of the transition table; `details` checks what else the report needs and gives the fields it sets."""

    report: type[R]
    sources: AbstractSet[UnitStatus]
    to: UnitStatus | To
    details: Callable[[Unit, R], Details] = _no_details


def _await_inspection(unit: Unit, report: UnitVacated) -> Details:
    return {"pending_inspection": report.outcome is None}


def _inspect(unit: Unit, report: UnitInspected) -> Details:
    if not unit.pending_inspection:
        raise refusals.no_inspection_pending(report)
    return {"pending_inspection": False}


def _publish(unit: Unit, report: NoticePublished) -> Details:
    if unit.status is S.FREE_STATE_OF_FACT and (report.works_list is None or report.works_cost is None):
        raise refusals.state_of_fact_needs_works(report)
    # Nobody can list the works of a home that nobody has seen: the notice stands for the inspection.
    return {"pending_inspection": False}


def _start_sat(unit: Unit, report: SatAssigned) -> Details:
    if report.ends_on <= report.effective_on:
        raise refusals.sat_ends_before_start(report, report.ends_on)
    return {"sat_ends_on": report.ends_on}


def _end_sat(unit: Unit, report: SatEnded) -> Details:
    return {"sat_ends_on": None}


def _plan_works(unit: Unit, report: WorksScheduled | WorksStarted) -> Details:
    return {"works": report.works, "works_term": _term_of(unit, report.works, report.effective_on)}


def _term_of(unit: Unit | None, works: Works, on: date) -> WorksTerm:
    """Works told of once more, as when they start, keep the term they were planned with."""
    known = unit.works if unit else None
    if unit and known and unit.works_term and (known.programme, known.kind) == (works.programme, works.kind):
        return unit.works_term
    return WorksTerm.believed({"kind": works.kind, "planned_on": on, "declared_end_on": works.expected_end_on})


def _move_works(unit: Unit, report: WorksRescheduled) -> Details:
    if unit.works is None:
        raise refusals.no_works_to_reschedule(report)
    return {"works": unit.works.having({"expected_end_on": report.expected_end_on})}


def _drop_works(unit: Unit, report: Report) -> Details:
    return {"works": None, "works_term": None}


def _correct(unit: Unit, report: UnitCorrected) -> Details:
    given = {name: value for name in CORRECTABLE if (value := getattr(report, name)) is not None}
    # The wire drops fields it does not know, so an attempt on municipality or owner arrives here as an empty one.
    if not given:
        raise refusals.nothing_to_correct(report)
    return given


CORRECTABLE = tuple(UnitCorrected.model_fields.keys() - Report.model_fields.keys())
FREE = frozenset({S.FREE_ASSIGNABLE, S.FREE_STATE_OF_FACT})
TERMINAL = frozenset({S.SOLD, S.BARTERED, S.DEMOLISHED})
OPEN = frozenset(S) - TERMINAL
UNDER_WORKS = frozenset({S.IN_WORKS, S.IN_CONSTRUCTION})
FIRST = OPEN - {S.IN_NOTICE, S.OCCUPIED_SAT, S.IN_DISPOSAL_PLAN, S.VALORISED}
"""States in which a home can enter the registry: those that need no earlier state or date to be left again."""

TABLE: tuple[Rule[Any], ...] = (
    Rule(UnitVacated, {S.OCCUPIED}, To.BY_OUTCOME, _await_inspection),
    Rule(UnitInspected, {S.FREE_STATE_OF_FACT}, To.BY_OUTCOME, _inspect),
    Rule(TitleLost, {S.OCCUPIED}, S.OCCUPIED_WITHOUT_TITLE),
    Rule(UnitOccupiedWithoutTitle, FREE | {S.IN_NOTICE, S.RESERVED_SAT, S.UNINHABITABLE}, S.OCCUPIED_WITHOUT_TITLE),
    Rule(UnitReleased, {S.OCCUPIED_WITHOUT_TITLE}, To.BY_OUTCOME),
    Rule(NoticePublished, FREE, S.IN_NOTICE, _publish),
    Rule(NoticeClosed, {S.IN_NOTICE}, To.PREVIOUS),
    Rule(UnitAssigned, {S.IN_NOTICE}, S.OCCUPIED),
    Rule(UnitReservedForSat, {S.FREE_ASSIGNABLE}, S.RESERVED_SAT),
    Rule(SatAssigned, {S.RESERVED_SAT}, S.OCCUPIED_SAT, _start_sat),
    Rule(SatEnded, {S.OCCUPIED_SAT}, S.FREE_ASSIGNABLE, _end_sat),
    Rule(WorksScheduled, OPEN - UNDER_WORKS, To.SAME, _plan_works),
    Rule(WorksStarted, {S.FREE_STATE_OF_FACT, S.UNINHABITABLE}, S.IN_WORKS, _plan_works),
    Rule(WorksRescheduled, OPEN, To.SAME, _move_works),
    Rule(WorksCompleted, UNDER_WORKS, S.FREE_ASSIGNABLE, _drop_works),
    Rule(DeclaredUninhabitable, FREE, S.UNINHABITABLE),
    Rule(DisposalApproved, FREE | {S.UNINHABITABLE, S.OCCUPIED}, S.IN_DISPOSAL_PLAN),
    Rule(DisposalWithdrawn, {S.IN_DISPOSAL_PLAN}, To.PREVIOUS),
    Rule(UnitSold, {S.IN_DISPOSAL_PLAN}, S.SOLD, _drop_works),
    Rule(UnitBartered, {S.IN_DISPOSAL_PLAN}, S.BARTERED, _drop_works),
    Rule(Valorised, FREE, S.VALORISED),
    Rule(ValorisationEnded, {S.VALORISED}, To.PREVIOUS),
    Rule(UnitDemolished, {S.FREE_STATE_OF_FACT, S.UNINHABITABLE}, S.DEMOLISHED, _drop_works),
    Rule(UnitCorrected, OPEN, To.SAME, _correct),
)
RULES: dict[type[Report], Rule[Any]] = {rule.report: rule for rule in TABLE}

RETURNING = frozenset(status for rule in TABLE if rule.to is To.PREVIOUS for status in rule.sources)
"""States that remember where the home came from."""

OUTCOMES: dict[InspectionOutcome | None, UnitStatus] = {
    InspectionOutcome.ASSIGNABLE: S.FREE_ASSIGNABLE,
    InspectionOutcome.STATE_OF_FACT: S.FREE_STATE_OF_FACT,
    InspectionOutcome.UNINHABITABLE: S.UNINHABITABLE,
    None: S.FREE_STATE_OF_FACT,
}

MUNICIPALITY = "comune-"
"""Organisations of municipalities are named `comune-` and the six-digit ISTAT code."""


def apply(unit: Unit | None, report: Report, organisation: str) -> Unit:
    """The unit as `report` of `organisation` leaves it; raises `Refusal`."""
    authorise(unit, report, organisation)
    return advance(unit, report)


def authorise(unit: Unit | None, report: Report, organisation: str) -> None:
    """Refuse an organisation that may not say this of the unit as it is now, and reports that miss their unit."""
    if unit is None:
        if type(report) is not UnitRegistered:
            raise refusals.unknown_unit(report)
        if organisation not in (report.owner, report.manager):
            raise refusals.forbidden_actor(report.unit_id, organisation)
        if organisation.startswith(MUNICIPALITY) and organisation != MUNICIPALITY + report.municipality:
            raise refusals.outside_municipality(report, organisation)
        return
    if type(report) is UnitRegistered:
        raise refusals.already_registered(report)
    if organisation != unit.owner:
        if organisation != unit.manager:
            raise refusals.forbidden_actor(unit.unit_id, organisation)
        if type(report) is UnitCorrected and report.manager not in (None, unit.manager):
            raise refusals.manager_not_by_owner(unit, organisation)


def advance(unit: Unit | None, report: Report) -> Unit:
    """One step of the fold over an accepted history: `apply` without asking who speaks."""
    if unit is None:
        return _enrol(cast(UnitRegistered, report))
    rule = RULES[type(report)]
    status = unit.status
    if status not in rule.sources:
        raise refusals.illegal_transition(report, status, rule.sources)
    details = rule.details(unit, report)
    after = _target(rule.to, unit, report)
    if after is status:
        return unit.having(details)
    aside = after in RETURNING
    changes: Details = {
        "status": after,
        "since": report.effective_on,
        "previous_status": status if aside else None,
        # A stay aside (disposal, valorisation) inspects nothing; every other change of state says how the home is.
        "pending_inspection": unit.pending_inspection and (aside or rule.to is To.PREVIOUS),
    }
    changes.update(details)
    return unit.having(changes)


def _target(to: UnitStatus | To, unit: Unit, report: Report) -> UnitStatus:
    if to is To.SAME:
        return unit.status
    if to is To.BY_OUTCOME:
        return OUTCOMES[cast(UnitVacated | UnitInspected | UnitReleased, report).outcome]
    if to is To.PREVIOUS:
        # Never absent: a home cannot be registered in a returning state, and `advance` remembers on the way in.
        return cast(UnitStatus, unit.previous_status)
    return to


def _enrol(report: UnitRegistered) -> Unit:
    if report.status not in FIRST:
        raise refusals.illegal_first_state(report, FIRST)
    if report.status in UNDER_WORKS and report.works is None:
        raise refusals.works_missing(report)
    return Unit(
        unit_id=report.unit_id,
        municipality=report.municipality,
        owner=report.owner,
        owner_kind=report.owner_kind,
        manager=report.manager,
        service_type=report.service_type,
        net_area_m2=report.net_area_m2,
        rooms=report.rooms,
        accessible=report.accessible,
        address=report.address,
        status=report.status,
        since=report.effective_on,
        works=report.works,
        works_term=_term_of(None, report.works, report.effective_on) if report.works else None,
    )
