"""E se…: what the plan would be if something happened that has not. Hypotheses become events, and are never written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from services.planner.domain.chronicle import course
from services.planner.domain.drift import Drift, Reason, Step, drift
from services.planner.domain.plan import Method, Plan
from services.planner.domain.rehearsal import ParameterChange, Shift, limit_shifts, parameter_changes
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from services.planner.domain.strategies.disposals import Inhabitants
from shared.events.base import Envelope, Event, Message, derived
from shared.events.submissions import EmergencyCaseOpened
from shared.events.units import Transition, Unit, UnitChanged, UnitStatus, UnitVacated, WorksRescheduled
from shared.wording import organisation_name


class Vacancies(NamedTuple):
    """Rilasci ipotizzati: so many homes of an owner in a municipality, and the state they come back in."""

    municipality: str
    owner: str
    home_count: int
    status: UnitStatus


class WorksMoved(NamedTuple):
    """Lavori spostati: the homes of a programme, or one home, are ready on another day."""

    programme: str | None
    unit_id: str | None
    expected_end_on: date


class Cases(NamedTuple):
    """Casi ipotizzati: so many new emergency cases alike."""

    municipality: str
    case_count: int
    household_size: int
    urgency_class: int
    accessible: bool


Hypothesis = Vacancies | WorksMoved | Cases


class Impossible(ValueError):
    """Ipotesi impossibile: which one, and what there is instead."""

    def __init__(self, place: int, italian: str, english: str) -> None:
        super().__init__(english)
        self.place, self.italian, self.english = place, italian, english


class WhatIf(NamedTuple):
    """Esito di un'ipotesi: the plan beside the one supposed and, of other rules, what they say, grant and cap."""

    drift: Drift
    parameters: tuple[ParameterChange, ...]
    limits: tuple[Shift, ...]


class KnownHome(NamedTuple):
    """Alloggio com'è ora, and how many facts are known of it."""

    unit: Unit
    sequence: int


def suppose(
    plan: Plan,
    state: PlanState,
    messages: Sequence[Message],
    method: Method,
    hypotheses: Sequence[Hypothesis],
    rules: Rules | None = None,
    inhabitants: Inhabitants = MappingProxyType({}),
) -> WhatIf:
    """What the hypotheses and, last, another rule set would make of a plan, which follows from state and messages.

    Raises:
        Impossible: there are no such homes or works.
    """
    last = max(messages, key=lambda message: message.envelope.time)
    steps = _steps(plan, messages, hypotheses, last)
    by = replace(method, law=lambda _: rules) if rules else None
    found = drift(plan.ambito, messages, steps, method, reference_on=plan.reference_on, by=by)
    if rules is None:
        return WhatIf(found, (), ())
    # Hypotheses move homes from state to state: nobody declares or owns another number of them.
    laws = method.law(plan.reference_on), rules
    return WhatIf(found, parameter_changes(*laws), limit_shifts(state, laws, inhabitants))


def _steps(plan: Plan, messages: Sequence[Message], hypotheses: Sequence[Hypothesis], known: Message) -> list[Step]:
    """Each hypothesis as a step of drift, true today and known after the message `known`; raises `Impossible`."""
    homes = standing(messages)
    steps = []
    for place, hypothesis in enumerate(hypotheses):
        events = list(_events(place, hypothesis, homes, plan))
        told = tuple(_message(known, f"{place}/{number}", event) for number, event in enumerate(events))
        for event in events:
            if isinstance(event, UnitChanged):
                homes[event.unit_id] = KnownHome(event.after, event.sequence)
        municipality = None if isinstance(hypothesis, WorksMoved) else hypothesis.municipality
        steps.append(Step(Reason(_kind(hypothesis), municipality, ()), told))
    return steps


def standing(messages: Sequence[Message]) -> dict[str, KnownHome]:
    """Every home as it is now."""
    facts: dict[str, list[UnitChanged]] = defaultdict(list)
    for message in messages:
        if isinstance(message.event, UnitChanged):
            facts[message.event.unit_id].append(message.event)
    found = {}
    for unit_id, told in sorted(facts.items()):
        told.sort(key=lambda fact: fact.sequence)
        found[unit_id] = KnownHome(course(told)[-1].unit, told[-1].sequence)
    return found


def _events(place: int, hypothesis: Hypothesis, homes: dict[str, KnownHome], plan: Plan) -> Iterator[Event]:
    match hypothesis:
        case Vacancies():
            yield from _vacated(place, hypothesis, homes, plan)
        case WorksMoved():
            yield from _moved(place, hypothesis, homes, plan)
        case Cases():
            for number in range(hypothesis.case_count):
                yield EmergencyCaseOpened(
                    case_ref=f"ipotesi-{place + 1}-{number + 1}",
                    municipality=hypothesis.municipality,
                    household_size=hypothesis.household_size,
                    accessible=hypothesis.accessible,
                    urgency_class=hypothesis.urgency_class,
                    waiting_since=plan.reference_on,
                )


def _vacated(place: int, asked: Vacancies, homes: dict[str, KnownHome], plan: Plan) -> Iterator[UnitChanged]:
    here = [
        home
        for home in homes.values()
        if (home.unit.municipality, home.unit.owner, home.unit.status)
        == (asked.municipality, asked.owner, UnitStatus.OCCUPIED)
    ]
    if len(here) < (wanted := asked.home_count):
        owner = organisation_name(asked.owner, plan.names)
        where = plan.names.get(asked.municipality, asked.municipality)
        raise Impossible(
            place,
            f"{owner[0].upper()}{owner[1:]} ha {len(here)} alloggi occupati nel comune di {where}, non {wanted}.",
            f"In {where} there are {len(here)} occupied homes of {owner.removeprefix('il ')}, not {wanted}.",
        )
    for home in here[: asked.home_count]:
        changes = {"status": asked.status, "since": plan.reference_on, "pending_inspection": False}
        yield _changed(home, home.unit.having(changes), UnitVacated.name(), plan)


def _moved(place: int, asked: WorksMoved, homes: dict[str, KnownHome], plan: Plan) -> Iterator[UnitChanged]:
    here = [home for home in homes.values() if _has_works(home.unit, asked)]
    if not here:
        what = asked.programme or asked.unit_id
        raise Impossible(place, f"Nessun alloggio ha lavori «{what}».", f"No home has works {what!r}.")
    for home in here:
        assert home.unit.works
        works = home.unit.works.having({"expected_end_on": asked.expected_end_on})
        yield _changed(home, home.unit.having({"works": works}), WorksRescheduled.name(), plan)


def _has_works(unit: Unit, asked: WorksMoved) -> bool:
    asked_for = asked.programme is None or (unit.works and unit.works.programme == asked.programme)
    return unit.works is not None and bool(asked_for) and asked.unit_id in (None, unit.unit_id)


def _changed(home: KnownHome, after: Unit, report: str, plan: Plan) -> UnitChanged:
    was, now, on = home.unit.status, after.status, plan.reference_on
    moved = Transition(report=report, on=on, before=was, after=now, net_area_m2=after.net_area_m2)
    return UnitChanged(
        unit_id=after.unit_id,
        ambito=plan.ambito,
        sequence=home.sequence + 1,
        report=report,
        report_id=derived(f"what-if/{after.unit_id}/{home.sequence + 1}"),
        organisation=after.owner,
        effective_on=on,
        before=home.unit,
        after=after,
        transitions=(moved,) if was is not now else (),
    )


def _message(known: Message, part: str, event: Event) -> Message:
    identifier: UUID = derived(f"what-if/{known.envelope.id}/{part}")
    return Message(Envelope(identifier, "", known.envelope.time, "", known.envelope.ambito, identifier), event)


def _kind(hypothesis: Hypothesis) -> str:
    return {Vacancies: "vacancies", WorksMoved: "works-moved", Cases: "cases"}[type(hypothesis)]
