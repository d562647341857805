"""A step of an edition and all that goes with it, in the one transaction that the caller has opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import Asked
from services.planner.api.lifecycle_refusals import check_faultless, out_of_turn, plan_moved
from services.planner.api.proposals import Proposal, check_complete
from services.planner.document.canonical import json_of, read_document
from services.planner.document.marking import marked
from services.planner.document.model import Document
from services.planner.domain.lifecycle.transitions import (
    OutOfTurn,
    StatusStep,
    check_turn,
    edition_to_propose,
    kind_faults,
    office_faults,
    step_faults,
)
from services.planner.store import documents
from services.planner.store import editions as store
from services.planner.store.decisions import announced
from shared.arrivals import Arrival, not_found
from shared.bus import outbox
from shared.events import EditionKind, Office, PlanStatus, PlanStatusChanged

Steps = Sequence[PlanStatusChanged]


class Proposed(NamedTuple):
    """What is proposed as which edition, by which office; not if the plan is another than the `version` given."""

    kind: EditionKind
    office: Office
    version: int | None = None


class EditionId(NamedTuple):
    """Of which ambito, triennium and number an edition is."""

    ambito: str
    first_year: int
    number: int

    @property
    def path(self) -> str:
        return f"/plans/{self.ambito}/editions/{self.number}"


async def propose(
    session: AsyncSession, arrival: Arrival, plans: Asked, proposal: Proposal, wanted: Proposed, audit_head: str
) -> Steps:
    """Freeze the plan as the next edition of its triennium, or as one that was returned; gives the edition's steps."""
    if wanted.version not in (None, plans.head.version):
        raise plan_moved(wanted.version or 0, plans.head.version)
    ambito, first_year = plans.plan.ambito, plans.plan.triennium.first_year
    await store.open_book(session, ambito)
    every = await store.steps_of(session, ambito, first_year)
    last = store.standing_of(every)
    try:
        number = edition_to_propose(last)
    except OutOfTurn:
        raise out_of_turn(every[-1]) from None
    check_faultless([*kind_faults(last, wanted.kind), *office_faults(PlanStatus.PROPOSED, wanted.office)])
    check_complete(proposal.cycle)
    steps = [step for step in every if step.edition == number]
    step = PlanStatusChanged(
        ambito=ambito,
        first_year=first_year,
        edition=number,
        kind=wanted.kind,
        step=len(steps) + 1,
        before=steps[-1].status if steps else PlanStatus.COLLECTING,
        status=PlanStatus.PROPOSED,
        on=arrival.on,
        office=wanted.office,
        organisation=arrival.who.organisation,
        acts=(),
        version=plans.head.version,
        plan_hash=plans.head.hash,
        rules_on=plans.head.rules_on,
        log_head=proposal.document.edition.log_head,
        document_hash=proposal.document.edition.hash,
        audit_head=audit_head or None,
    )
    taken = await _record(session, arrival, steps, step, proposal.document)
    await store.freeze(session, taken, proposal.frozen)
    return [*steps, taken]


async def take(
    session: AsyncSession, arrival: Arrival, edition: EditionId, wanted: StatusStep, audit_head: str
) -> Steps:
    """Take an edition's next step; the approval of one supersedes the one before. Gives the edition's steps."""
    await store.open_book(session, edition.ambito)
    every = await store.steps_of(session, edition.ambito, edition.first_year)
    steps = [step for step in every if step.edition == edition.number]
    standing = store.standing_of(steps)
    if standing is None:
        raise not_found(edition.path)
    try:
        check_turn(standing, wanted.status)
    except OutOfTurn:
        raise out_of_turn(steps[-1]) from None
    check_faultless(step_faults(wanted, standing.on, arrival.on))
    told = wanted._asdict() | {"audit_head": audit_head or None}
    taken = await _go_on(session, arrival, steps, told)
    if wanted.status is PlanStatus.APPROVED and edition.number > 1:
        before = [step for step in every if step.edition == edition.number - 1]
        await _go_on(session, arrival, before, told | {"status": PlanStatus.SUPERSEDED})
    return [*steps, taken]


async def _go_on(session: AsyncSession, arrival: Arrival, steps: Steps, told: dict[str, Any]) -> PlanStatusChanged:
    """The next step of an edition that stays frozen as it is."""
    last = steps[-1]
    then = {"step": last.step + 1, "before": last.status, "organisation": arrival.who.organisation}
    kept = await documents.content_of(session, last.document_hash)
    assert kept is not None, "a step’s document is kept in its transaction, and nothing is ever deleted"
    document = await asyncio.to_thread(read_document, kept[1])
    return await _record(session, arrival, steps, last.having(told | then), document)


async def _record(
    session: AsyncSession, arrival: Arrival, steps: Steps, step: PlanStatusChanged, document: Document
) -> PlanStatusChanged:
    """Mark the document with the step and keep it, write the step down, and tell it."""

    def printed() -> tuple[str, bytes]:
        found = marked(document, [*steps, step])
        return found.edition.hash, json_of(found)

    digest, content = await asyncio.to_thread(printed)
    taken = step.having({"document_hash": digest})
    await documents.keep(session, digest, step.ambito, step.version, content)
    await store.write_step(session, taken, arrival.at)
    subject = f"{step.ambito}/{step.first_year}/{step.edition}/{step.step}"
    outbox.put(session, [announced(subject, step.ambito, taken, arrival.at, arrival.traceparent)])
    return taken
