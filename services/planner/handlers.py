"""What the planner does with facts: fold each into the integers, recompute each plan once, say what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.contesting import settle_contests
from services.planner.domain.causes import cause_of
from services.planner.domain.forecast import Triennium
from services.planner.domain.holds import HoldStatus, is_overdue, unit_left
from services.planner.domain.moves import changes
from services.planner.domain.need.pressure import Inhabitants
from services.planner.domain.needs import inhabitants_of
from services.planner.domain.plan import Method, Plan, canonical, hash_of, read
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState, fold
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.law import rules_on
from services.planner.settings import PlannerSettings
from services.planner.store import holds, journal
from services.planner.store import plans as store
from services.planner.store.decisions import announced
from services.planner.store.plans import Edition
from shared import territory
from shared.bus.consumer import Handlers
from shared.db import Database
from shared.events import (
    AdoptionChosen,
    Cause,
    ContestAnswered,
    ContestSettled,
    DayBegan,
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    EmergencyCaseUpdated,
    FigureContested,
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReturned,
    Message,
    ObjectiveSet,
    ObjectiveWithdrawn,
    PlanRecomputed,
    SectionWritten,
    SubmissionDefaulted,
    SubmissionReceived,
    UnitChanged,
)
from shared.territory import UnknownAmbitoError, metres_of, names_of

CHANNEL = "plan"
"""Signalled after each new version: the live page of every replica listens."""
READ = (
    *(UnitChanged, SubmissionReceived, SubmissionDefaulted),
    *(EmergencyCaseOpened, EmergencyCaseUpdated, EmergencyCaseClosed),
    *(HoldPlaced, HoldAccepted, HoldDeclined, HoldExpired, HoldReturned, AdoptionChosen),
    *(ObjectiveSet, ObjectiveWithdrawn, SectionWritten, DayBegan),
    *(FigureContested, ContestAnswered, ContestSettled),
)


@dataclass(slots=True)
class Draft:
    """One ambito's plan in hand: the edition and content read, the state with this batch folded in, and its causes.

    `known` is the plan computed here of this very state before the batch; only what has moved since is counted anew.
    """

    edition: Edition | None
    state: PlanState
    plan: Plan | None
    known: Plan | None = None
    messages: list[Message] = field(default_factory=list)


Work = dict[str, Draft]


class Planner:
    """Keeps the last state of each plan in memory; it is used again only if nobody else has written meanwhile.

    A plan takes the law of its reference date, so no restart when the law changes.
    """

    def __init__(self, method: Method, writer: UUID) -> None:
        self._method, self._writer = method, writer
        self._kept: Work = {}

    def handlers(self) -> Handlers[Work]:
        return Handlers(self.load, dict.fromkeys(READ, self.on_fact), self.save, replay=self.save_state)

    async def load(self, session: AsyncSession, messages: Sequence[Message]) -> Work:
        ambiti = sorted({message.envelope.ambito for message in messages})
        editions = await store.editions_of(session, ambiti)
        return {ambito: await self._draft(session, ambito, editions.get(ambito)) for ambito in ambiti}

    def on_fact(self, message: Message, work: Work) -> None:
        draft = work[message.envelope.ambito]
        fold(draft.state, message)
        draft.messages.append(message)

    async def save(self, session: AsyncSession, work: Work) -> Sequence[Message]:
        """Recompute once for the whole batch; a plan whose content stays the same has no new version."""
        said: list[Message] = []
        for ambito, draft in work.items():
            said += await self._settle_holds(session, ambito, draft)
            before = draft.plan
            draft.plan = self._method.plan_of(draft.state, draft.known)
            draft.known = draft.plan
            rules = self._method.law(draft.plan.reference_on)
            said += await settle_contests(session, draft.state, draft.plan, rules, draft.messages)
            content = canonical(draft.plan)
            if hash_of(content) == (draft.edition.hash if draft.edition else None):
                await self._keep(session, ambito, draft)
                continue
            version = draft.edition.version + 1 if draft.edition else 1
            causes = tuple(cause_of(message) for message in draft.messages)
            event = _recomputed(ambito, version, hash_of(content), draft.plan, before, causes)
            last = draft.messages[-1]
            said.append(last.caused(event, "planner", ambito))
            await self._keep(session, ambito, draft, version, event.hash, content.decode())
            store.add_version(session, event, last.envelope.time)
            Database.signal(session, CHANNEL)
        return said

    async def _settle_holds(self, session: AsyncSession, ambito: str, draft: Draft) -> list[Message]:
        """The plan has no clock: by what it hears, be it a day, it notices that a hold ran out or a placement ended."""
        at, held = draft.messages[-1].envelope.time, draft.state.holds
        left = [unit for message in draft.messages if (unit := unit_left(message.event)) in held]
        left = [unit for unit in left if held[unit].status is HoldStatus.ACCEPTED]
        if not left and not any(is_overdue(hold.status, hold.expires_at, at) for hold in held.values()):
            return []
        await holds.open_book(session, ambito)
        return await expire_overdue(session, ambito, at) + await give_back(session, ambito, left, at)

    async def save_state(self, session: AsyncSession, work: Work) -> Sequence[Message]:
        """Replay: only the state is derived again; versions stay as they were published."""
        for ambito, draft in work.items():
            draft.known = None
            await self._keep(session, ambito, draft)
        return ()

    async def _draft(self, session: AsyncSession, ambito: str, edition: Edition | None) -> Draft:
        kept = self._kept.pop(ambito, None)  # given back by `_keep`: a batch that fails leaves nothing half-folded
        if kept is not None and kept.edition == edition:
            return Draft(edition, kept.state, kept.plan, kept.known)
        row = await store.plan_content(session, ambito) if edition else None
        state = await store.state_of(session, ambito, self._method.bands)
        return Draft(edition, state, read(row.content, names_of(ambito)) if row and row.version else None)

    async def _keep(
        self,
        session: AsyncSession,
        ambito: str,
        draft: Draft,
        version: int | None = None,
        digest: str | None = None,
        content: str | None = None,
    ) -> None:
        """Write the state and the edition, fenced; without a version the published content stays."""
        was = draft.edition
        written = Edition(
            revision=was.revision + 1 if was else 1,
            writer=self._writer,
            version=version or (was.version if was else 0),
            hash=digest or (was.hash if was else ""),
        )
        await store.replace_edition(session, ambito, was, written, content)
        await store.save_state(session, draft.state)
        journal.add_entries(session, ambito, written, draft.messages)
        draft.state.settle()
        self._kept[ambito] = Draft(written, draft.state, draft.plan, draft.known)


def method_of(settings: PlannerSettings) -> Method:
    """By the law of each plan's reference date, unless the settings pin a day."""

    def law(reference_on: date) -> Rules:
        return rules_on(settings.planner_rules_on or reference_on)

    return Method(Triennium(settings.planner_first_year), law, names_of, metres_of, people_of)


@lru_cache(maxsize=128)
def people_of(code: str) -> Mapping[str, Inhabitants]:
    """Who lives in each municipality of an ambito; nobody is known of a territory that is not installed."""
    try:
        municipalities = territory.ambito(code).municipalities
    except UnknownAmbitoError:
        return {}
    return inhabitants_of(survey_ambito(municipalities, ASSUMED))


async def expire_overdue(session: AsyncSession, ambito: str, at: datetime) -> list[Message]:
    """Write down the holds that have run out, with the book open; it says the same whoever notices, and when."""
    said = []
    for row in await holds.overdue_holds(session, ambito, at):
        revision = await holds.take_step(session, row, HoldStatus.EXPIRED, row.expires_at)
        event = HoldExpired(**holds.terms_of(row, revision, row.expires_at))
        said.append(announced(row.id, row.ambito, event, row.expires_at))
    return said


async def give_back(session: AsyncSession, ambito: str, unit_ids: Sequence[str], at: datetime) -> list[Message]:
    """Write down, with the book open, that placements in these homes have ended."""
    said = []
    for unit_id in sorted(set(unit_ids)):
        row = await holds.active_hold_of_unit(session, ambito, unit_id)
        if row is not None and row.status == HoldStatus.ACCEPTED:
            revision = await holds.take_step(session, row, HoldStatus.RETURNED, at)
            event = HoldReturned(**holds.terms_of(row, revision, at))
            said.append(announced(row.id, row.ambito, event, at))
    return said


def _recomputed(
    ambito: str, version: int, digest: str, plan: Plan, before: Plan | None, causes: tuple[Cause, ...]
) -> PlanRecomputed:
    return PlanRecomputed(
        ambito=ambito,
        version=version,
        hash=digest,
        reference_on=plan.reference_on,
        causes=causes,
        changes=changes(before, plan, causes),
    )
