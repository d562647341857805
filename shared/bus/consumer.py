"""One path from a batch of records to its effect, whatever the transport: exactly one effect for each event.

A batch is one transaction: the inbox says which events are new, the handlers fold them into the service's work, the
work is saved, and what it says is owed to the bus (outbox). Nothing is lost: the position moves after the commit.
Nothing is doubled: the inbox row and the effect commit together.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import dead_letters, outbox
from shared.bus.dead_letters import letter
from shared.bus.progress import Progress
from shared.bus.records import REDRIVE, Malformed, Record, decode
from shared.bus.tables import DeadLetterRow, InboxRow, SequenceRow
from shared.db import Database, is_conflict, is_transient
from shared.events.base import Event, Message
from shared.sql import Match, insert_rows, matching_each, upsert_rows

log = structlog.get_logger()
W = TypeVar("W")


class Rejected(Exception):
    """The domain refuses this event for a reason that its sender can mend; the handler left its work unchanged."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Handlers(Generic[W]):
    """What a service does with a batch: load what it needs, fold each event, save the outcome.

    `on` has one function for each event type; other types pass by. `save` returns the messages to send. During a
    replay `replay` takes its place, where saving anew would publish anew.
    """

    load: Callable[[AsyncSession, Sequence[Message]], Awaitable[W]]
    on: Mapping[type[Event], Callable[[Message, W], None]]
    save: Callable[[AsyncSession, W], Awaitable[Sequence[Message]]]
    replay: Callable[[AsyncSession, W], Awaitable[Sequence[Message]]] | None = None


class _Read(NamedTuple):
    """A record and what it says, or why it says nothing; `letter_id` is the dead letter it comes back from.

    `event_id` is what the inbox knows it by: the event's own identifier, or its letter's if it cannot be read.
    """

    record: Record
    event_id: UUID
    message: Message | None = None
    failure: Malformed | None = None
    letter_id: UUID | None = None

    @property
    def subject(self) -> str | None:
        return self.message.envelope.subject if self.message else self.failure.subject if self.failure else None

    @property
    def sequence(self) -> int | None:
        return self.message.envelope.sequence if self.message else self.failure.sequence if self.failure else None


@dataclass
class _Batch:
    """What one transaction knows at its start and decides on its way; `waiting` has each subject's letters in order."""

    outcomes: dict[UUID, str]
    sequences: dict[str, int]
    waiting: dict[str, list[DeadLetterRow]]
    letters: list[DeadLetterRow] = field(default_factory=list)
    resolved: set[UUID] = field(default_factory=set)
    again: list[tuple[UUID, str, str, str]] = field(default_factory=list)
    redriven: dict[UUID, DeadLetterRow] = field(default_factory=dict)
    seen: dict[UUID, str] = field(default_factory=dict)
    advanced: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def outcome(self, read: _Read) -> str | None:
        return self.seen.get(read.event_id) or self.outcomes.get(read.event_id)

    def is_done(self, read: _Read) -> bool:
        """Applied or given up; or refused or failed, unless it comes back to be tried again."""
        if read.event_id not in self.outcomes and read.event_id not in self.seen:
            return False
        return self.outcome(read) in ("applied", "discarded") or read.letter_id is None

    def is_blocked(self, subject: str, letter_id: UUID | None) -> bool:
        """Whether an earlier event of the subject failed or waits."""
        for row in self.waiting.get(subject, ()):
            if row.id == letter_id:
                return False
            if row.kind != "gap":
                return True
        return False

    def set_aside(self, row: DeadLetterRow) -> None:
        self.letters.append(row)
        if row.subject is not None and row.kind != "refused":
            self.waiting.setdefault(row.subject, []).append(row)

    def advance(self, subject: str, sequence: int | None) -> None:
        if sequence is not None:
            self.sequences[subject] = self.advanced[subject] = sequence

    def leaves(self, subject: str, letter_id: UUID | None) -> None:
        """An event of the subject has ended its wait or taken effect: the next one that waited for it comes back."""
        rows = self.waiting.get(subject)
        if not rows:
            return
        rows[:] = [row for row in rows if row.id != letter_id]
        following = dead_letters.next_to_return(rows, self.sequences.get(subject, 0))
        if following is not None:
            self.redriven[following.id] = following


class Consumer(Generic[W]):
    """Applies batches for one consumer group."""

    def __init__(
        self, name: str, db: Database, handlers: Handlers[W], progress: Progress, *, emit: bool = True
    ) -> None:
        self.name, self._db, self._handlers, self._emit = name, db, handlers, emit
        self._save = handlers.save if emit else handlers.replay or handlers.save
        self.progress = progress
        self._pause = 0.0

    async def consume(self, records: Sequence[Record]) -> None:
        """Apply records of one partition, in order; raises only what waiting may mend, after a pause."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(consumer=self.name, topic=records[0].topic)
        self.progress.delivered(records)
        try:
            for part in _in_parts([self._read(record) for record in records]):
                await self._apply_or_isolate(part)
        except Exception as error:
            self.progress.count("waited")
            self._pause = min(5.0, self._pause * 2 or 0.1)
            log.warning("batch-waits", error=repr(error), records=len(records), seconds=self._pause)
            await asyncio.sleep(self._pause)
            raise
        self._pause = 0.0
        self.progress.applied(records)

    async def _apply_or_isolate(self, reads: Sequence[_Read], races: int = 3) -> None:
        """One transaction for all; if one record breaks it, one transaction for each, and the culprit is set aside."""
        try:
            await self._apply(reads)
        except Exception as error:
            if is_transient(error):
                raise
            if is_conflict(error) and races:  # as a rule another replica was first: what it wrote is seen now
                await self._apply_or_isolate(reads, races - 1)
                return
            if len(reads) > 1:
                for read in reads:
                    await self._apply_or_isolate([read])
                return
            log.error("record-failed", offset=reads[0].record.offset, exc_info=error)
            failure = Malformed(type(error).__name__, f"{type(error).__name__}: {error}")
            await self._apply([reads[0]._replace(failure=failure)])

    async def _apply(self, reads: Sequence[_Read]) -> None:
        async with self._db.transaction() as session:
            reads = await self._believed(session, reads)
            batch = await self._begin(session, reads)
            fresh = {r.event_id: r.message for r in reads if r.message and self._is_due(batch, r)}
            work = await self._handlers.load(session, list(fresh.values())) if fresh else None
            for read in reads:
                self._step(batch, read, work)
            said = await self._save(session, work) if work is not None else ()
            await self._finish(session, batch)
            if self._emit:
                outbox.put(session, said)
                outbox.put(session, dead_letters.announcements(batch.letters))
                dead_letters.redrive(session, list(batch.redriven.values()))
        for outcome, number in batch.counts.items():
            self.progress.count(outcome, number)

    def _is_due(self, batch: _Batch, read: _Read) -> bool:
        """Whether a handler may see it: `load` hears of nothing else."""
        if read.message is None or read.failure is not None or batch.is_done(read):
            return False
        return type(read.message.event) in self._handlers.on

    async def _believed(self, session: AsyncSession, reads: Sequence[_Read]) -> Sequence[_Read]:
        """Anybody can write the header of a redrive: it counts for the letter that holds the same record."""
        claims = sorted({read.letter_id for read in reads if read.letter_id})
        if not claims:
            return reads
        rows = await dead_letters.claimed(session, claims)
        mine = {key: row for key, row in rows.items() if row.consumer == self.name}
        return [
            read
            if read.letter_id in mine and dead_letters.holds(mine[read.letter_id], read.record)
            else read._replace(letter_id=None)
            for read in reads
        ]

    async def _begin(self, session: AsyncSession, reads: Sequence[_Read]) -> _Batch:
        me = {"consumer": self.name}
        ids = [read.event_id for read in reads]
        subjects = list({read.subject for read in reads if read.subject})
        known, letters, sequences = await matching_each(
            session,
            Match(InboxRow, ("event_id", "outcome"), me | {"event_id": ids}),
            Match(DeadLetterRow, ("id",), me | {"subject": subjects}),
            Match(SequenceRow, ("subject", "sequence"), me | {"subject": subjects}),
        )
        waiting: dict[str, list[DeadLetterRow]] = defaultdict(list)
        if letters:  # as a rule, none
            first = reads[0].record
            for row in await dead_letters.pending(session, self.name, first.topic, first.partition, subjects):
                waiting[row.subject or ""].append(row)
        return _Batch(dict(map(tuple, known)), dict(map(tuple, sequences)), waiting)

    def _step(self, batch: _Batch, read: _Read, work: W | None) -> None:
        """Deal with one record: skip it, set it aside, or let its handler fold it into the work."""
        if batch.is_done(read):
            self._skip(batch, read)
            return
        if read.failure is not None:
            self._set_aside(batch, read, "failed", read.failure.code, str(read.failure))
            return
        message = read.message
        assert message is not None
        handler = self._handlers.on.get(type(message.event))
        subject, sequence = message.envelope.subject, message.envelope.sequence
        last = batch.sequences.get(subject, 0)
        if handler is None or (sequence is not None and sequence <= last):
            self._skip(batch, read)
        elif batch.is_blocked(subject, read.letter_id):
            self._set_aside(
                batch, read, "parked", "behind-dead-letter", f"an earlier event of {subject} is a dead letter"
            )
        elif sequence is not None and sequence > last + 1:
            self._set_aside(
                batch, read, "gap", "sequence-gap", f"{subject}: number {last + 1} is missing, got {sequence}"
            )
        else:
            assert work is not None
            self._handle(batch, read, message, handler, work)

    def _skip(self, batch: _Batch, read: _Read) -> None:
        """There is nothing to do: dealt with before, or not of interest."""
        batch.counts["skipped"] += 1
        if read.subject is None:
            return
        if batch.outcome(read) == "discarded" and read.sequence == batch.sequences.get(read.subject, 0) + 1:
            batch.advance(read.subject, read.sequence)
        if read.letter_id is not None:
            batch.resolved.add(read.letter_id)
            batch.leaves(read.subject, read.letter_id)

    def _handle(
        self, batch: _Batch, read: _Read, message: Message, handler: Callable[[Message, W], None], work: W
    ) -> None:
        envelope = message.envelope
        try:
            handler(message, work)
        except Rejected as refusal:
            batch.seen[envelope.id] = "refused"
            self._set_aside(batch, read, "refused", refusal.code, refusal.detail)
        else:
            batch.seen[envelope.id] = "applied"
            batch.counts["applied"] += 1
            batch.advance(envelope.subject, envelope.sequence)
            if read.letter_id is not None:
                batch.resolved.add(read.letter_id)
        batch.leaves(envelope.subject, read.letter_id)

    def _set_aside(self, batch: _Batch, read: _Read, kind: str, code: str, detail: str) -> None:
        batch.counts[kind] += 1
        if kind == "failed":
            batch.seen[read.event_id] = "failed"
        if read.letter_id is not None:
            batch.again.append((read.letter_id, kind, code, detail))
        else:
            batch.set_aside(letter(self.name, read.record, read.subject, kind, code, detail))

    async def _finish(self, session: AsyncSession, batch: _Batch) -> None:
        seen = sorted(batch.seen.items(), key=lambda item: item[0].int)  # replicas lock in one order
        rows = [(self.name, event_id, outcome) for event_id, outcome in seen]
        # A new row is inserted, not replaced: of two replicas with the same event the second one fails here.
        insert_rows(session, InboxRow, [row for row in rows if row[1] not in batch.outcomes])
        upsert_rows(session, InboxRow, [row for row in rows if row[1] in batch.outcomes])
        upsert_rows(session, SequenceRow, [(self.name, s, n) for s, n in sorted(batch.advanced.items())])
        dead_letters.add(session, batch.letters)
        if batch.resolved:
            await dead_letters.resolve(session, sorted(batch.resolved), "applied")
        for letter_id, kind, code, detail in batch.again:
            await dead_letters.failed_again(session, letter_id, kind, code, detail)

    def _read(self, record: Record) -> _Read:
        letter_id = _claim(record)
        try:
            message = decode(record)
        except Malformed as failure:
            return _Read(record, letter_id or dead_letters.identify(self.name, record), None, failure, letter_id)
        return _Read(record, message.envelope.id, message, None, letter_id)


def _in_parts(reads: Sequence[_Read]) -> Iterator[Sequence[_Read]]:
    """A record that was sent again begins a transaction: in a replay its letter may come from this very batch."""
    start = 0
    for at, read in enumerate(reads):
        if read.letter_id is not None and at > start:
            yield reads[start:at]
            start = at
    yield reads[start:]


def _claim(record: Record) -> UUID | None:
    """The letter that the record says it comes back from; `redrive` says so in the last header."""
    name, value = record.headers[-1] if record.headers else ("", None)
    try:
        return UUID(value.decode()) if value and name == REDRIVE else None
    except ValueError:
        return None
