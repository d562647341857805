"""Scostamento: why one plan differs from another, as signed contributions that add up exactly, figure by figure.

The causes are put in place one after another, and each is given what the figures move by with it. So their sum is the
whole difference whatever the order, also of forecasts, where one cause changes what the next one does. Time passing is
a cause too, whether days began or facts spoke of later ones. It comes first, or last where the other plan is the
earlier one, so that no event is ever ahead of the day. A change of the rules comes last. Where a plan was frozen that
the same events no longer give, because the program has learned since, that is a cause of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.planner.domain.causes import cause_of
from services.planner.domain.chronicle import state_as_of
from services.planner.domain.plan import FigureKey, Method, Plan
from services.planner.domain.publication import is_emergency
from services.planner.domain.why import Subject, subject_of, subjects_of
from shared.events.base import Message
from shared.events.decisions import DayBegan

CAUSES_LIMIT = 60
"""Above this many, causes alike are told together: by kind and municipality, and if need be by kind alone."""
TIME, RULES, PROGRAM = "time", "rules", "program"


class Reason(NamedTuple):
    """Causa dello scostamento: events that came or went together; time has those of the days that began.

    Those of `kind` rules or program have none.
    """

    kind: str
    municipality: str | None
    events: tuple[UUID, ...]


class Step(NamedTuple):
    """Passo dello scostamento: a reason, and what it adds to and takes from the messages that a plan is made of."""

    reason: Reason
    added: tuple[Message, ...] = ()
    removed: tuple[Message, ...] = ()


class Difference(NamedTuple):
    """Differenza di un numero fra due piani, and what each reason moved it by: `after` less `before` is their sum."""

    key: FigureKey
    before: int
    after: int
    amounts: Mapping[int, int]


class Drift(NamedTuple):
    """Scostamento fra due piani: `amounts` of the differences are by place of their reason."""

    reasons: tuple[Reason, ...]
    differences: tuple[Difference, ...]
    before: Plan
    after: Plan


def steps_between(before: Iterable[Message], after: Iterable[Message]) -> list[Step]:
    """The events that only one of two plans is made of, told singly or, where they are many, by kind.

    Days that began are told together, as time.
    """
    was, now = ({message.envelope.id: message for message in messages} for messages in (before, after))
    came = [message for event, message in now.items() if event not in was]
    went = [message for event, message in was.items() if event not in now]
    # What came at the same instant stays in order: nothing is closed before it was opened.
    every = sorted((*came, *went), key=lambda message: message.envelope.time)
    days = [message for message in every if isinstance(message.event, DayBegan)]
    each = [message for message in every if not isinstance(message.event, DayBegan)]
    names = _names(message for message in each if not _is_emergency(message))
    # By themselves: how many there are says nothing of how the others are told.
    names |= _names(message for message in each if _is_emergency(message))
    groups: dict[tuple[str, ...], list[Message]] = defaultdict(list)
    for message in each:
        groups[names[message.envelope.id]].append(message)
    if days:
        groups[(TIME,)] = days
    return [
        Step(
            Reason(name[0], name[1] if len(name) > 1 else None, tuple(message.envelope.id for message in group)),
            tuple(message for message in group if message.envelope.id in now),
            tuple(message for message in group if message.envelope.id not in now),
        )
        for name, group in groups.items()
    ]


def _names(messages: Iterable[Message]) -> dict[UUID, tuple[str, ...]]:
    """Each event's own name or, where they are many, one that it shares with others of its kind and municipality."""
    every = {message.envelope.id: _name(message) for message in messages}
    widths = (width for width in (3, 2) if len({name[:width] for name in every.values()}) <= CAUSES_LIMIT)
    width = next(widths, 1)
    return {event: name[:width] for event, name in every.items()}


def _is_emergency(message: Message) -> bool:
    return is_emergency(cause_of(message))


def _name(message: Message) -> tuple[str, str, str]:
    cause = cause_of(message)
    return cause.kind, cause.municipality, str(cause.event_id)


def drift(
    ambito: str,
    messages: Sequence[Message],
    steps: Sequence[Step],
    method: Method,
    *,
    reference_on: date | None = None,
    by: Method | None = None,
    frozen: Plan | None = None,
) -> Drift:
    """What the steps make of the plan of these messages, made by `method` and in the end by another one, if given.

    `reference_on` is the day of the plan that results; None: the latest day that its events speak of. `frozen` is the
    plan that was once made of these messages, to be compared with instead of the one that they make now.
    """
    state = state_as_of(ambito, method.bands, messages)
    held = subjects_of(messages)
    first = plan = method.plan_of(state)
    state.settle()
    final = reference_on or _latest(ambito, method, messages, steps) or first.reference_on
    time = next((step for step in steps if step.reason.kind == TIME), Step(Reason(TIME, None, ())))
    facts = [step for step in steps if step is not time]
    told = [time, *facts] if final >= first.reference_on else [*facts, time]
    found: dict[FigureKey, dict[int, int]] = defaultdict(dict)
    day = first.reference_on
    for place, step in enumerate(told):
        for subject in subjects_of((*step.removed, *step.added)):
            state.merge(state_as_of(ambito, method.bands, held.get(subject, ())), -1)
            held[subject] = _with(held.get(subject, ()), step, subject)
            state.merge(state_as_of(ambito, method.bands, held[subject]))
        day = final if step is time else day
        state.reference_on = day
        before, plan = plan, method.plan_of(state, plan)
        state.settle()
        _note(found, place, before, plan)
    if by is not None:
        before, plan = plan, by.plan_of(state)
        told.append(Step(Reason(RULES, None, ())))
        _note(found, len(told) - 1, before, plan)
    if frozen is not None and frozen.figures != first.figures:
        told.append(Step(Reason(PROGRAM, None, ())))
        _note(found, len(told) - 1, frozen, first)
    first = frozen or first
    differences = (
        Difference(key, first.figures.get(key, 0), plan.figures.get(key, 0), amounts) for key, amounts in found.items()
    )
    return Drift(tuple(step.reason for step in told), tuple(differences), first, plan)


def _note(found: dict[FigureKey, dict[int, int]], place: int, before: Plan, after: Plan) -> None:
    for key in before.figures.keys() | after.figures.keys():
        if amount := after.figures.get(key, 0) - before.figures.get(key, 0):
            found[key][place] = amount


def _with(messages: Sequence[Message], step: Step, subject: Subject) -> list[Message]:
    gone = {message.envelope.id for message in step.removed}
    kept = [message for message in messages if message.envelope.id not in gone]
    kept += [message for message in step.added if subject_of(message) == subject]
    return sorted(kept, key=lambda message: message.envelope.time)


def _latest(ambito: str, method: Method, messages: Sequence[Message], steps: Sequence[Step]) -> date | None:
    gone = {message.envelope.id for step in steps for message in step.removed}
    every = [message for message in messages if message.envelope.id not in gone]
    every += [message for step in steps for message in step.added]
    return state_as_of(ambito, method.bands, every).reference_on
