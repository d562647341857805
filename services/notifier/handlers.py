"""What the notifier does with a recomputed plan: one notice for each organisation and municipality it matters to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import store
from services.notifier.domain import wording
from services.notifier.domain.moves import FigureId, figure_id, moves
from services.notifier.domain.payloads import PLAN_CHANGED
from services.notifier.store import Audience, Job, Listener, PlanNotice, Told
from services.notifier.tables import INBOX, WEBHOOK, WHOLE_AMBITO
from shared.bus.consumer import Handlers
from shared.events import FigureChange, Message, MunicipalityChange, NoticeDelivered, PlanRecomputed, derived
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
    webhooks: list[Listener] = field(default_factory=list)


async def load(session: AsyncSession, messages: Sequence[Message]) -> Work:
    plans = [message.event for message in messages if isinstance(message.event, PlanRecomputed)]
    ambiti = sorted({plan.ambito for plan in plans})
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
    if message.envelope.id in work.heard:
        return
    work.heard.add(message.envelope.id)
    work.newly_heard.append(message.envelope.id)
    for change in plan.changes:
        for organisation, hearing in _hearings(plan.ambito, change, work).items():
            figures = tuple(hearing.figures[key] for key in map(figure_id, change.figures) if key in hearing.figures)
            own = change.model_copy(update={"figures": figures, "figure_count": len(figures)})
            _tell(message, plan, organisation, own, hearing.webhooks, work)


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
            moved, remembered = moves(change.figures, subscription.organisation, subscription.threshold, told)
            if remembered:
                told.update(remembered)
                work.remembered.add((subscription.id, change.municipality))
            if moved:
                hearing = hearings[subscription.organisation]
                hearing.figures = {figure_id(figure): figure for figure in moved} | hearing.figures
                hearing.webhooks += [subscription] if subscription.channel == WEBHOOK else []
    return hearings


def _tell(
    message: Message,
    plan: PlanRecomputed,
    organisation: str,
    change: MunicipalityChange,
    webhooks: Iterable[Listener],
    work: Work,
) -> None:
    part = f"{organisation}/{change.municipality}"
    notice = PlanNotice(
        id=derived(f"notifier/notice/{message.envelope.id}/{part}"),
        ambito=plan.ambito,
        organisation=organisation,
        created_at=message.envelope.time,
        kind=PLAN_CHANGED,
        subject=wording.subject(change),
        text=wording.text(wording.lines(change, work.names[plan.ambito])),
        cause_id=message.envelope.id,
        correlation_id=message.envelope.correlation_id,
        plan_version=plan.version,
        plan_hash=plan.hash,
        change=change.model_dump_json(),
    )
    work.notices.append(notice)
    for listener in webhooks:
        delivery_id = derived(f"notifier/delivery/{notice.id}/{listener.id}")
        work.jobs.append(Job(delivery_id, 0, notice, listener))
    fact = NoticeDelivered(notice_id=notice.id, organisation=organisation, channel=INBOX, attempts=1)
    work.said.append(message.caused(fact, "notifier", str(notice.id), part=part))


@cache
def _names(ambito: str) -> dict[str, str]:
    known = territory(ambito).municipalities if members_of(ambito) else ()
    return {municipality.istat_code: municipality.name for municipality in known}


def handlers(lease: Lease) -> Handlers[Work]:
    return Handlers(load=load, on={PlanRecomputed: on_plan_recomputed}, save=partial(save, lease=lease))
