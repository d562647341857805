"""Contests that are over by what the plan has heard: a correction, or a day after the deadline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.domain.contests import OPEN, ContestStep, Ending, contests_of, ending_of, status_of
from services.planner.domain.details import detail_of, details_of
from services.planner.domain.plan import FigureKey, Plan, key_of
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from services.planner.store import contests as store
from services.planner.store.decisions import announced
from shared.civil_time import civil_day
from shared.events import ContestSettled, FigureContested, Message, Unit, UnitChanged


async def settle_contests(
    session: AsyncSession, state: PlanState, plan: Plan, rules: Rules, messages: Sequence[Message]
) -> list[Message]:
    """Write down, as they are found, the endings of open contests; whoever notices says the same.

    The state knows a contest once its event has come back, and so looks again then: no order loses a correction.
    """
    at = messages[-1].envelope.time
    on = civil_day(at)
    reporters = {(unit.municipality, unit.owner) for message in messages for unit in units_of(message)}
    ended = []
    for step in (known for known in contests_of(state) if status_of(known) in OPEN):
        value = figure_value(state, plan, rules, key_of(step.figure))
        if (ending := ending_of(step, state, value, on, reporters)) is not None:
            ended.append((step, ending))
    if not ended:
        return []
    await store.open_book(session, plan.ambito)
    told = [await _settle(session, step, ending, on, at) for step, ending in ended]
    return [message for message in told if message is not None]


async def _settle(session: AsyncSession, known: ContestStep, ending: Ending, on: date, at: datetime) -> Message | None:
    """None where the book has an ending already, which the state has yet to hear of."""
    last = (await store.steps_of(session, known.ambito, known.contest_id))[-1]
    if status_of(last) not in OPEN:
        return None
    event = settled(last, ending, on)
    store.take_step(session, event, at)
    return told(event, at)


def settled(last: ContestStep, ending: Ending, on: date, organisation: str | None = None) -> ContestSettled:
    """The step that closes a contest."""
    terms = {name: getattr(last, name) for name in FigureContested.model_fields}
    terms |= {"revision": last.revision + 1, "on": on, "organisation": organisation}
    return ContestSettled(**terms, **ending._asdict())


def told(step: ContestStep, at: datetime, traceparent: str | None = None) -> Message:
    """The step on its way to the bus: its number tells it from the others of its contest."""
    return announced(f"{step.contest_id}/{step.revision}", step.ambito, step, at, traceparent)


def units_of(message: Message) -> list[Unit]:
    event = message.event
    if not isinstance(event, UnitChanged):
        return []
    return [unit for unit in (event.before, event.after) if unit is not None]


def figure_value(state: PlanState, plan: Plan, rules: Rules, key: FigureKey) -> int | None:
    """What the figure is now, be it kept with the plan or computed when asked for."""
    detail = detail_of(key.figure)
    values = details_of(detail, state, plan, rules) if detail else plan.figures
    return values.get(key)
