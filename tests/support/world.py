"""Reports as owners send them: the synthetic world's and hand-made ones, as messages and as records."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from deploy.demo.synthetic import Claim, generate
from services.registry.handlers import Work, on_report
from services.registry.tables import HistoryRow
from shared.bus import dead_letters
from shared.bus.records import Outgoing, Record, encode, unpack
from shared.bus.tables import DeadLetterRow, OutboxRow
from shared.events import Envelope, Message, Report, derived
from shared.runtime import Runtime
from shared.territory import ambito
from tests.unit.registry.samples import OWNER, registered, report

AMBITO = "cremonese"
SEED, UNTIL = 2026, date(2026, 11, 1)
DAY = date(2026, 3, 1)


@cache
def synthetic_reports(homes: int) -> tuple[Message, ...]:
    """All reports of `homes` homes with an eventful life, in order of effective date."""
    world = generate(SEED, ambito(AMBITO), UNTIL)
    chosen = {life.home.unit_id for life in [life for life in world.lives if len(life.moments) > 3][:homes]}
    return tuple(_of_claim(claim) for claim in world.reports if claim.report.unit_id in chosen)


def _of_claim(claim: Claim) -> Message:
    return reported(claim.report, claim.organisation, claim.report_id)


def reported(report: Report, organisation: str = OWNER, event_id: UUID | None = None, **changes: Any) -> Message:
    """The report as intake would send it, received at noon of its effective date."""
    identifier = event_id or derived(f"test/{report.name()}/{report.unit_id}/{report.effective_on}")
    received = datetime.combine(report.effective_on, time(12), UTC)
    envelope = Envelope(
        identifier, "urn:pianovivo:intake", received, report.unit_id, AMBITO, identifier, organisation=organisation
    )
    return Message(envelope._replace(**changes), report)


def life_of(unit_id: str) -> list[Message]:
    """Four legal reports of one home: registered, vacated, put into a notice, assigned."""
    days = [date(2026, month, 1) for month in (1, 2, 3, 4)]
    kinds = ("unit-vacated/ASSIGNABLE", "notice-published", "unit-assigned")
    later = [report(kind, on, unit_id=unit_id) for kind, on in zip(kinds, days[1:], strict=True)]
    return [reported(one) for one in (registered(on=days[0], unit_id=unit_id), *later)]


def facts_of(messages: Iterable[Message]) -> list[Message]:
    """What the registry states about these reports, numbered from 1 for each home."""
    work = Work({}, {})
    for message in messages:
        on_report(message, work)
    return work.said


def shuffled(messages: Iterable[Message], seed: int) -> list[Message]:
    """The messages mixed across homes, each home's in their order."""
    rng = Random(seed)
    waiting: dict[str, deque[Message]] = defaultdict(deque)
    for message in messages:
        waiting[message.envelope.subject].append(message)
    mixed = []
    while waiting:
        home = rng.choice(list(waiting))
        mixed.append(waiting[home].popleft())
        if not waiting[home]:
            del waiting[home]
    return mixed


def repeated(messages: Sequence[Message], seed: int, share: float = 0.3) -> list[Message]:
    """The messages, and in between some of the earlier ones once more."""
    rng = Random(seed)
    out: list[Message] = []
    for number, message in enumerate(messages):
        out.append(message)
        if rng.random() < share:
            out.append(messages[rng.randrange(number + 1)])
    return out


def as_outgoing(messages: Iterable[Message]) -> list[Outgoing]:
    return [encode(message) for message in messages]


def as_records(messages: Iterable[Message], start: int = 0) -> list[Record]:
    """The messages as a transport would deliver them: one partition, rising offsets."""
    written = as_outgoing(messages)
    return [Record(o.topic, 0, start + n, 0, o.key, o.value, o.headers) for n, o in enumerate(written)]


async def is_idle(runtime: Runtime) -> bool:
    """Everything published is dealt with, and everything owed is published; nothing was on its way meanwhile."""
    before = await runtime.transport.positions(runtime.name, runtime.topics)
    if not before or any(position.lag for position in before) or await owed(runtime):
        return False
    return await runtime.transport.positions(runtime.name, runtime.topics) == before


async def owed(runtime: Runtime) -> int:
    """Records in the outbox."""
    async with runtime.db.reading() as session:
        blocks = (await session.execute(select(col(OutboxRow.records)))).scalars()
        return sum(len(unpack(block)) for block in blocks)


async def history(registry: Runtime) -> Counter[str]:
    """How many reports of each home the registry has accepted."""
    async with registry.db.reading() as session:
        rows = await session.execute(select(col(HistoryRow.unit_id), func.count()).group_by(col(HistoryRow.unit_id)))
        return Counter({row[0]: row[1] for row in rows})


async def letters(runtime: Runtime, *, every: bool = False) -> list[DeadLetterRow]:
    """The consumer's open dead letters by offset, or all of them."""
    async with runtime.db.reading() as session:
        if not every:
            return sorted(await dead_letters.unresolved(session, runtime.name), key=lambda row: row.offset)
        return list((await session.execute(select(DeadLetterRow).order_by(col(DeadLetterRow.offset)))).scalars())
