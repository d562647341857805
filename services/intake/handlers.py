"""What the registry made of reports: each can be read at its own address; which declared cells are contested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.domain.duties import RowKey, home_moves
from services.intake.store import Outcome
from services.intake.tables import ContestedCellRow
from shared.bus.consumer import Handlers
from shared.events import ContestAnswered, ContestSettled, FigureContested, Message, ReportRefused, UnitChanged


@dataclass
class Work:
    """The reports of one batch that came through this service, what each one in the batch came to, homes that moved."""

    known: set[UUID]
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    homes: Counter[tuple[str, RowKey]] = field(default_factory=Counter)
    contested: list[ContestedCellRow] = field(default_factory=list)


async def load(session: AsyncSession, messages: Sequence[Message]) -> Work:
    facts = (message.event for message in messages)
    told = {fact.report_id for fact in facts if isinstance(fact, (UnitChanged, ReportRefused))}
    return Work(await store.known_reports(session, sorted(told)))


def on_unit_changed(message: Message, work: Work) -> None:
    fact = message.event
    assert isinstance(fact, UnitChanged)
    work.outcomes[fact.report_id] = _outcome(message, fact, "applied", sequence=fact.sequence)
    for key, change in home_moves(fact):
        work.homes[fact.ambito, key] += change


def on_report_refused(message: Message, work: Work) -> None:
    fact = message.event
    assert isinstance(fact, ReportRefused)
    work.outcomes[fact.report_id] = _outcome(
        message, fact, "refused", rule=fact.rule, reason_it=fact.reason_it, reason_en=fact.reason_en
    )


def on_contest(message: Message, work: Work) -> None:
    """A contest of homes unlocks nothing here: a report about the home mends it."""
    step = message.event
    assert isinstance(step, (FigureContested, ContestAnswered, ContestSettled))
    if step.cell is not None:
        row = ContestedCellRow(
            contest_id=step.contest_id,
            revision=step.revision,
            ambito=step.ambito,
            owner=step.owner,
            municipality=step.municipality,
            cycle_year=step.cell.cycle_year,
            path=step.cell.path,
            deadline_on=step.deadline_on,
            is_open=not isinstance(step, ContestSettled),
            contester=step.contester,
            contested_on=step.contested_on,
            reason=step.reason,
        )
        work.contested.append(row)


async def save(session: AsyncSession, work: Work) -> Sequence[Message]:
    outcomes = [work.outcomes[report_id] for report_id in sorted(work.outcomes)]
    await store.decide_reports(session, [o for o in outcomes if o.report_id in work.known])
    store.add_decided_reports(session, [o for o in outcomes if o.report_id not in work.known])
    await store.add_homes(session, {key: change for key, change in work.homes.items() if change})
    await store.keep_contested_cells(session, work.contested)
    return ()


def _outcome(
    message: Message,
    fact: UnitChanged | ReportRefused,
    state: str,
    *,
    sequence: int | None = None,
    rule: str | None = None,
    reason_it: str | None = None,
    reason_en: str | None = None,
) -> Outcome:
    return Outcome(
        report_id=fact.report_id,
        ambito=message.envelope.ambito,
        organisation=fact.organisation,
        report=fact.report,
        unit_id=fact.unit_id,
        at=message.envelope.time,
        state=state,
        sequence=sequence,
        rule=rule,
        reason_it=reason_it,
        reason_en=reason_en,
    )


HANDLERS = Handlers(
    load=load,
    on={
        UnitChanged: on_unit_changed,
        ReportRefused: on_report_refused,
        **dict.fromkeys((FigureContested, ContestAnswered, ContestSettled), on_contest),
    },
    save=save,
)
