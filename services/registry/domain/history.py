"""Storia bitemporale dell'alloggio: when each thing was true, and since when the registry has known it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

from services.registry.domain import refusals
from services.registry.domain.lifecycle import advance, apply, authorise
from services.registry.domain.refusals import Refusal
from shared.events.units import Moment, Report, ReportRetracted, Transition, Unit, UnitRegistered, ended_term

GRACE = timedelta(days=1)
"""How far ahead of its reception a report may take effect: an owner may send tomorrow's fact tonight, no later one."""


class Entry(NamedTuple):
    """One accepted report of a unit; `sequence` is its gapless place in the order of arrival."""

    sequence: int
    recorded_at: datetime
    report_id: UUID
    organisation: str
    report: Report


class Decision(NamedTuple):
    """What an accepted report makes of the unit, and how the unit's past changes by it.

    Old transitions, plus `transitions`, minus `withdrawn`, are exactly those of the whole history folded anew. Only a
    correction tells the course of the home from it on.
    """

    unit: Unit
    transitions: tuple[Transition, ...]
    withdrawn: tuple[Transition, ...] = ()
    course: tuple[Moment, ...] = ()


def needs_history(latest_on: date | None, report: Report) -> bool:
    """Whether the report is a correction (rettifica) or retracts one, to be decided over the unit's whole history.

    `latest_on` is the latest effective date among all accepted reports of the unit. `Unit.since` is not enough: works
    scheduled, inspections and data corrections leave it as it is, and a report from before them must not overrule them.
    """
    return latest_on is not None and (report.effective_on < latest_on or type(report) is ReportRetracted)


def decide(
    unit: Unit | None,
    history: Sequence[Entry] | None,
    report: Report,
    report_id: UUID,
    organisation: str,
    received_on: date,
) -> Decision:
    """Decide one report, received on `received_on` (Europe/Rome); raises `Refusal`.

    `history` holds every accepted report of the unit, and is asked only where `needs_history` says so.
    """
    if report.effective_on > received_on and report.effective_on - received_on > GRACE:
        raise refusals.effective_in_the_future(report, received_on)
    if history:
        return correct(history, report, report_id, organisation)
    if unit is not None and report.effective_on < unit.since:
        raise ValueError(f"a correction of unit {unit.unit_id} cannot be decided without its history")
    after = apply(unit, report, organisation)
    return Decision(after, transition(unit, after, report))


def transition(before: Unit | None, after: Unit, report: Report) -> tuple[Transition, ...]:
    """The change of state that `report` made; none when it left the state alone."""
    was = before.status if before else None
    if was is after.status:
        return ()
    made = Transition.believed(
        {
            "report": report.NAME,
            "on": report.effective_on,
            "before": was,
            "after": after.status,
            "net_area_m2": after.net_area_m2,
            "works_term": ended_term(before, after),
        }
    )
    return (made,)


def correct(history: Sequence[Entry], report: Report, report_id: UUID, organisation: str) -> Decision:
    """Put `report` at its true place in the (non-empty) history, or take out the one that it retracts, and fold again.

    Who may speak is judged by the unit as it is now; what was legal, by the unit as it was then. Raises `Refusal`,
    also when a later report, already accepted, would become illegal.
    """
    claims = [(entry.report_id, entry.report) for entry in _in_true_order(history)]
    now, withdrawn = None, list[Transition]()
    for _, claim in claims:
        now = _step(now, claim, withdrawn)
    authorise(now, report, organisation)

    unit, asserted, course = None, list[Transition](), list[Moment]()
    for claim_id, claim in _changed(claims, report, report_id):
        try:
            unit = _step(unit, claim, asserted)
        except Refusal as why:
            if claim is report:
                raise
            raise refusals.contradicts_later_report(report, claim, claim_id, why) from why
        told = {"report": claim.NAME, "report_id": claim_id, "on": claim.effective_on, "unit": unit}
        course.append(Moment.believed(told))
    assert unit is not None
    return Decision(unit, _without(asserted, withdrawn), _without(withdrawn, asserted), tuple(course))


def _changed(claims: list[tuple[UUID, Report]], report: Report, report_id: UUID) -> list[tuple[UUID, Report]]:
    if isinstance(report, ReportRetracted):
        target = next((claim for claim_id, claim in claims if claim_id == report.retracts), None)
        if target is None:
            raise refusals.nothing_to_retract(report)
        if type(target) is UnitRegistered:
            raise refusals.registration_stays(report)
        if target.effective_on != report.effective_on:
            raise refusals.retracts_another_day(report, target)
        return [claim for claim in claims if claim[1] is not target]
    at = bisect_right(claims, report.effective_on, key=lambda claim: claim[1].effective_on)
    if at == 0:
        raise refusals.before_registration(report, claims[0][1].effective_on)
    return [*claims[:at], (report_id, report), *claims[at:]]


def state_at(history: Iterable[Entry], true_on: date, known_at: datetime) -> Unit | None:
    """The unit as it was at the end of day `true_on`, as far as the registry knew at `known_at`."""
    arrived = sorted(history, key=lambda entry: entry.sequence)
    # A prefix of arrival, not a filter: clocks of replicas differ, and only prefixes are sure to be consistent.
    known = takewhile(lambda entry: entry.recorded_at <= known_at, arrived)
    return _fold(entry for entry in _in_true_order(known) if entry.report.effective_on <= true_on)


def _in_true_order(history: Iterable[Entry]) -> list[Entry]:
    """The reports that stand."""
    entries = list(history)
    gone = {entry.report.retracts for entry in entries if isinstance(entry.report, ReportRetracted)}
    standing = (e for e in entries if e.report_id not in gone and type(e.report) is not ReportRetracted)
    return sorted(standing, key=lambda entry: (entry.report.effective_on, entry.sequence))


def _fold(entries: Iterable[Entry]) -> Unit | None:
    unit: Unit | None = None
    for entry in entries:
        unit = advance(unit, entry.report)
    return unit


def _step(before: Unit | None, report: Report, transitions: list[Transition]) -> Unit:
    after = advance(before, report)
    transitions.extend(transition(before, after, report))
    return after


def _without(transitions: list[Transition], others: list[Transition]) -> tuple[Transition, ...]:
    """`transitions` that are not also in `others`, counted, in their order."""
    common = Counter(others)
    kept = list[Transition]()
    for step in transitions:
        if common[step]:
            common[step] -= 1
        else:
            kept.append(step)
    return tuple(kept)
