"""Il piano com'era: the state as of any day on both axes, when a thing was true and since when it was known.

The live state is a sum and forgets; the chronicle keeps every event as it arrived. The state as of two days is the one
that exactly the events known by the one and true by the other would have made: homes are retold in true order, and
folded like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import takewhile

from services.planner.domain.rules import AreaBands
from services.planner.domain.state import PlanState, fold, fold_unit
from shared.civil_time import civil_day
from shared.events.base import Message
from shared.events.contests import ContestAnswered, ContestSettled, FigureContested
from shared.events.decisions import (
    AdoptionChosen,
    DayBegan,
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReturned,
    ObjectiveSet,
    ObjectiveWithdrawn,
    SectionWritten,
)
from shared.events.submissions import (
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    SubmissionDefaulted,
    SubmissionReceived,
)
from shared.events.units import Moment, Transition, Unit, UnitChanged, ended_term


def true_on(message: Message) -> date:
    """The day from which on the event is true; the day it was sent, where it does not say."""
    match message.event:
        case UnitChanged(effective_on=on):
            return on
        case EmergencyCaseOpened(waiting_since=on):
            return on
        case EmergencyCaseClosed(closed_on=on):
            return on
        case SubmissionReceived(received_on=on) | SubmissionDefaulted(recorded_on=on):
            return on
        case HoldPlaced(on=on) | HoldAccepted(on=on) | HoldDeclined(on=on) | HoldExpired(on=on) | HoldReturned(on=on):
            return on
        case AdoptionChosen(on=on) | ObjectiveSet(on=on) | ObjectiveWithdrawn(on=on):
            return on
        case FigureContested(on=on) | ContestAnswered(on=on) | ContestSettled(on=on):
            return on
        case SectionWritten(on=on) | DayBegan(on=on):
            return on
        case _:
            return civil_day(message.envelope.time)


def known_by(messages: Iterable[Message], at: datetime) -> Iterator[Message]:
    """What was known at an instant, the events of no home first and in order of arrival.

    Of each home a prefix of its numbered facts: clocks of replicas differ, and only prefixes are sure to be consistent.
    """
    facts: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if isinstance(message.event, UnitChanged):
            facts[message.event.unit_id].append(message)
        elif message.envelope.time <= at:
            yield message
    for found in facts.values():
        yield from takewhile(lambda fact: fact.envelope.time <= at, sorted(found, key=_sequence))


def state_as_of(ambito: str, bands: AreaBands, messages: Iterable[Message], on: date | None = None) -> PlanState:
    """The state that the messages true by a day would have made, had no others come; None: all of them.

    The messages are the ambito's or any part of them; those of a home may come in any order, those of an emergency case
    in the order of arrival.
    """
    state = PlanState(ambito, bands)
    facts: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if on is not None and true_on(message) > on:
            continue
        if isinstance(message.event, UnitChanged):
            facts[message.event.unit_id].append(message)
            state.see(message.event.effective_on)
        else:
            fold(state, message)
    for unit_id in facts:
        for fact, cause in retold(facts[unit_id]):
            fold_unit(state, fact, cause)
    return state


def retold(facts: Iterable[Message]) -> Iterator[tuple[UnitChanged, str]]:
    """One home's facts as if each had arrived on its day, none a correction; each with the event that is its cause.

    The home as it is in the end has for its cause the fact that arrived last, and its number: what any order ends in.
    """
    arrived = sorted(facts, key=_sequence)
    causes = {_fact(message).report_id: str(message.envelope.id) for message in arrived}
    moments = [moment for moment in course(map(_fact, arrived)) if moment.report_id in causes]
    if not moments:
        return
    last, before = _fact(arrived[-1]), None
    causes[moments[-1].report_id] = str(arrived[-1].envelope.id)
    for place, moment in enumerate(moments, start=1 + len(arrived) - len(moments)):
        told = {
            "sequence": place,
            "report": moment.report,
            "report_id": moment.report_id,
            "effective_on": moment.on,
            "before": before,
            "after": moment.unit,
            "transitions": _transition(before, moment),
            "withdrawn": (),
            "course": (),
        }
        yield last.having(told), causes[moment.report_id]
        before = moment.unit


def course(facts: Iterable[UnitChanged]) -> list[Moment]:
    """The home on the true-time axis, from its facts in order of arrival; a correction retells it whole."""
    moments: list[Moment] = []
    for fact in facts:
        if fact.course:
            moments = list(fact.course)
        else:
            told = {"report": fact.report, "report_id": fact.report_id, "on": fact.effective_on, "unit": fact.after}
            moments.append(Moment.believed(told))
    return moments


def _transition(before: Unit | None, moment: Moment) -> tuple[Transition, ...]:
    was, now = before.status if before else None, moment.unit.status
    if was is now:
        return ()
    told = {"report": moment.report, "on": moment.on, "before": was, "after": now}
    then = {"net_area_m2": moment.unit.net_area_m2, "works_term": ended_term(before, moment.unit)}
    return (Transition.believed(told | then),)


def _fact(message: Message) -> UnitChanged:
    assert isinstance(message.event, UnitChanged)
    return message.event


def _sequence(message: Message) -> int:
    return _fact(message).sequence
