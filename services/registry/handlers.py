"""What the registry does with reports: load the homes, let the domain decide each report, save the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import store
from services.registry.domain.history import Decision, Entry, decide, needs_history
from services.registry.domain.membership import check_ambito
from services.registry.domain.refusals import Refusal
from services.registry.store import Home
from shared.bus.consumer import Handlers, Rejected
from shared.civil_time import civil_day
from shared.events import REPORTS, Message, Report, ReportRefused, UnitChanged
from shared.territory import members_of


@dataclass
class Work:
    """The homes of one batch, the reports accepted so far, and what the registry says."""

    homes: dict[str, Home]
    histories: dict[str, list[Entry]]
    changed: dict[str, Home] = field(default_factory=dict)
    accepted: list[Entry] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)


async def load(session: AsyncSession, messages: Sequence[Message]) -> Work:
    reports = [cast(Report, message.event) for message in messages]
    homes = await store.homes_of(session, list({report.unit_id for report in reports}))
    latest = {unit_id: home.latest_on for unit_id, home in homes.items()}
    corrected = set()
    for report in reports:
        if needs_history(latest.get(report.unit_id), report):
            corrected.add(report.unit_id)
        else:
            latest[report.unit_id] = report.effective_on
    histories = await store.history_of(session, sorted(corrected))
    return Work(homes, {unit_id: histories[unit_id] for unit_id in corrected})


def on_report(message: Message, work: Work) -> None:
    report, envelope = cast(Report, message.event), message.envelope
    home = work.homes.get(report.unit_id)
    history = work.histories.get(report.unit_id) if home and needs_history(home.latest_on, report) else None
    try:
        check_ambito(
            home.ambito if home else None, envelope.ambito, envelope.subject, report, members_of(envelope.ambito)
        )
        decision = decide(
            home.unit if home else None,
            history,
            report,
            envelope.id,
            envelope.organisation or "",
            civil_day(envelope.time),
        )
    except Refusal as refusal:
        _refuse(message, report, refusal, work)
        raise Rejected(refusal.rule, refusal.reason_en) from None
    _accept(message, report, home, decision, work)


async def save(session: AsyncSession, work: Work) -> Sequence[Message]:
    store.add_history(session, work.accepted)
    store.save_homes(session, work.changed.values())
    return work.said


def _accept(message: Message, report: Report, home: Home | None, decision: Decision, work: Work) -> None:
    envelope, organisation = message.envelope, message.envelope.organisation or ""
    sequence = home.sequence + 1 if home else 1
    latest_on = max(home.latest_on, report.effective_on) if home else report.effective_on
    entry = Entry(sequence, envelope.time, envelope.id, organisation, report)
    after = Home(envelope.ambito, decision.unit, decision.unit.write_plainly(), sequence, latest_on)
    work.homes[report.unit_id] = work.changed[report.unit_id] = after
    work.accepted.append(entry)
    if report.unit_id in work.histories:
        work.histories[report.unit_id].append(entry)
    fact = UnitChanged.believed(
        {
            "unit_id": report.unit_id,
            "ambito": envelope.ambito,
            "sequence": sequence,
            "report": report.NAME,
            "report_id": envelope.id,
            "organisation": organisation,
            "effective_on": report.effective_on,
            "before": home.unit if home else None,
            "after": decision.unit,
            "transitions": decision.transitions,
            "withdrawn": decision.withdrawn,
            "course": decision.course,
        }
    )
    body = fact.write_around(home.state if home else None, after.state)
    work.said.append(message.caused(fact, "registry", report.unit_id, sequence=sequence, body=body))


def _refuse(message: Message, report: Report, refusal: Refusal, work: Work) -> None:
    fact = ReportRefused(
        unit_id=report.unit_id,
        report=report.name(),
        report_id=message.envelope.id,
        organisation=message.envelope.organisation or "unknown",
        rule=refusal.rule,
        reason_it=refusal.reason_it,
        reason_en=refusal.reason_en,
    )
    work.said.append(message.caused(fact, "registry", report.unit_id))


HANDLERS = Handlers(load=load, on=dict.fromkeys(REPORTS.values(), on_report), save=save)
