"""What the notifier does with what the planner tells: a notice for each organisation it matters to.

Of a recomputed plan there is one for each municipality that an organisation listens to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.domain import discussion, wording
from services.notifier.domain.audience import Insight, told_to
from services.notifier.domain.moves import FigureId, figure_id, moves
from services.notifier.domain.payloads import PLAN_CHANGED, PLAN_STATUS_CHANGED
from services.notifier.store import Audience, Job, Listener, PlanNotice, Told
from services.notifier.tables import INBOX, WEBHOOK, WHOLE_AMBITO
from shared.bus.consumer import Handlers
from shared.events import (
    CommentReplied,
    ContestAnswered,
    ContestSettled,
    Event,
    FigureChange,
    FigureContested,
    Message,
    MunicipalityChange,
    NoticeDelivered,
    PlanRecomputed,
    PlanStatusChanged,
    derived,
)
from shared.territory import ambito as territory
from shared.territory import members_of

Lease = Callable[[AsyncSession, Sequence[Job]], Mapping[UUID, datetime]]
"""Takes new deliveries for this process, to be sent once the session has committed; until when, by identifier."""


@dataclass
class Work:
    """Who listens, what they were last told, the plans told already, and what this batch tells."""

    audience: Audience
    told: Told
    heard: set[UUID]
    names: dict[str, dict[str, str]]
    remembered: set[tuple[UUID, str]] = field(default_factory=set)
    newly_heard: list[UUID] = field(default_factory=list)
    notices: list[PlanNotice] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)


@dataclass
class Hearing:
    """What one organisation hears of one municipality: each figure as the first of its subscriptions sees it."""

    figures: dict[FigureId, FigureChange] = field(default_factory=dict)
    insight: Insight = Insight.NONE
    webhooks: list[Listener] = field(default_factory=list)


async def load(session: AsyncSession, messages: Sequence[Message]) -> Work:
    plans = [message.event for message in messages if isinstance(message.event, PlanRecomputed)]
    ambiti = sorted({message.envelope.ambito for message in messages})
    audience = await store.audience_of(session, ambiti)
    changed = sorted({(plan.ambito, change.municipality) for plan in plans for change in plan.changes})
    places = {(ambito, code) for ambito, municipality in changed for code in (municipality, WHOLE_AMBITO)}
    listeners = {listener.id for place in places for listener in audience.get(place, ())}
    told = await store.told_to(session, sorted(listeners), sorted({municipality for _, municipality in changed}))
    heard = await store.heard_among(session, [message.envelope.id for message in messages])
    return Work(audience, told, heard, {ambito: _names(ambito) for ambito in ambiti})


def on_plan_recomputed(message: Message, work: Work) -> None:
    plan = message.event
    assert isinstance(plan, PlanRecomputed)
    if not _is_news(message, work):
        return
    for change in plan.changes:
        for organisation, hearing in _hearings(plan.ambito, change, work).items():
            figures = tuple(hearing.figures[key] for key in map(figure_id, change.figures) if key in hearing.figures)
            own = told_to(change, hearing.insight)
            own = own.model_copy(update={"figures": figures, "figure_count": len(figures)})
            _tell(message, plan, organisation, own, hearing.webhooks, work)


def on_plan_status_changed(message: Message, work: Work) -> None:
    """Told to everybody who listens in the ambito: a vote is above any threshold."""
    step = message.event
    assert isinstance(step, PlanStatusChanged)
    if not _is_news(message, work):
        return
    for organisation, listeners in sorted(_listening(step.ambito, work).items()):
        _tell_step(message, step, organisation, [one for one in listeners if one.channel == WEBHOOK], work)


def on_discussion(message: Message, work: Work) -> None:
    """Told to whom it concerns, whatever they have subscribed to: a contest has a clock."""
    event = message.event
    assert isinstance(event, (FigureContested, ContestAnswered, ContestSettled, CommentReplied))
    if not _is_news(message, work):
        return
    listening = _listening(event.ambito, work)
    for organisation in discussion.told_to(event, _lead(event.ambito)):
        webhooks = [one for one in listening.get(organisation, ()) if one.channel == WEBHOOK]
        _tell_discussion(message, event, organisation, webhooks, work)


async def save(session: AsyncSession, work: Work, lease: Lease) -> Sequence[Message]:
    store.save_told(session, {place: work.told[place] for place in work.remembered})
    store.add_heard(session, work.newly_heard)
    store.add_notices(session, work.notices, work.jobs, lease(session, work.jobs))
    return work.said


def _hearings(ambito: str, change: MunicipalityChange, work: Work) -> dict[str, Hearing]:
    """Who is to be told of `change`; what they are told is remembered."""
    hearings: defaultdict[str, Hearing] = defaultdict(Hearing)
    for code in (change.municipality, WHOLE_AMBITO):
        for subscription in work.audience.get((ambito, code), ()):
            told = work.told.setdefault((subscription.id, change.municipality), {})
            insight = subscription.insight(change.municipality)
            shown = told_to(change, insight)
            moved, remembered = moves(shown.figures, subscription.organisation, subscription.threshold, told)
            if remembered:
                told.update(remembered)
                work.remembered.add((subscription.id, change.municipality))
            if moved:
                hearing = hearings[subscription.organisation]
                hearing.figures = {figure_id(figure): figure for figure in moved} | hearing.figures
                hearing.insight = max(hearing.insight, insight)
                hearing.webhooks += [subscription] if subscription.channel == WEBHOOK else []
    return hearings


def _listening(ambito: str, work: Work) -> dict[str, list[Listener]]:
    """Who listens to anything in the ambito, by organisation; a subscription to many municipalities once."""
    every = {one.id: one for (code, _), found in work.audience.items() if code == ambito for one in found}
    listening: defaultdict[str, list[Listener]] = defaultdict(list)
    for listener in every.values():
        listening[listener.organisation].append(listener)
    return listening


def _is_news(message: Message, work: Work) -> bool:
    """Whether this is heard for the first time; it is remembered."""
    if message.envelope.id in work.heard:
        return False
    work.heard.add(message.envelope.id)
    work.newly_heard.append(message.envelope.id)
    return True


def _tell(
    message: Message,
    plan: PlanRecomputed,
    organisation: str,
    change: MunicipalityChange,
    webhooks: Iterable[Listener],
    work: Work,
) -> None:
    _send(
        message,
        f"{organisation}/{change.municipality}",
        webhooks,
        work,
        ambito=plan.ambito,
        organisation=organisation,
        kind=PLAN_CHANGED,
        subject=wording.subject(change),
        text=wording.text(wording.lines(change, work.names[plan.ambito])),
        plan_version=plan.version,
        plan_hash=plan.hash,
        change=change.model_dump_json(),
    )


def _tell_step(
    message: Message, step: PlanStatusChanged, organisation: str, webhooks: Iterable[Listener], work: Work
) -> None:
    _send(
        message,
        f"{organisation}/step",
        webhooks,
        work,
        ambito=step.ambito,
        organisation=organisation,
        kind=PLAN_STATUS_CHANGED,
        subject=wording.step_subject(step),
        text=wording.text(wording.step_lines(step)),
        plan_version=step.version,
        plan_hash=step.plan_hash,
        step=step.model_dump_json(),
    )


def _tell_discussion(
    message: Message, event: discussion.Discussion, organisation: str, webhooks: Iterable[Listener], work: Work
) -> None:
    names = work.names[event.ambito]
    _send(
        message,
        f"{organisation}/discussion",
        webhooks,
        work,
        ambito=event.ambito,
        organisation=organisation,
        kind=discussion.kind_of(event),
        subject=discussion.subject(event, names),
        text=wording.text(discussion.lines(event, names)),
        plan_version=None,
        plan_hash=None,
        discussion=event.model_dump_json(),
    )


def _send(message: Message, part: str, webhooks: Iterable[Listener], work: Work, **told: Any) -> None:
    """Write one organisation's notice, and owe it to its webhooks; `part` tells it from the others of its cause."""
    notice = PlanNotice(
        id=derived(f"notifier/notice/{message.envelope.id}/{part}"),
        created_at=message.envelope.time,
        cause_id=message.envelope.id,
        correlation_id=message.envelope.correlation_id,
        **told,
    )
    work.notices.append(notice)
    for listener in webhooks:
        delivery_id = derived(f"notifier/delivery/{notice.id}/{listener.id}")
        work.jobs.append(Job(delivery_id, 0, notice, listener))
    fact = NoticeDelivered(notice_id=notice.id, organisation=notice.organisation, channel=INBOX, attempts=1)
    work.said.append(message.caused(fact, "notifier", str(notice.id), part=part))


@cache
def _lead(ambito: str) -> str | None:
    return territory(ambito).lead.istat_code if members_of(ambito) else None


@cache
def _names(ambito: str) -> dict[str, str]:
    known = territory(ambito).municipalities if members_of(ambito) else ()
    return {municipality.istat_code: municipality.name for municipality in known}


def handlers(lease: Lease) -> Handlers[Work]:
    on: dict[type[Event], Callable[[Message, Work], None]] = {
        PlanRecomputed: on_plan_recomputed,
        PlanStatusChanged: on_plan_status_changed,
        **dict.fromkeys(discussion.EVENTS.values(), on_discussion),
    }
    return Handlers(load=load, on=on, save=partial(save, lease=lease))
