"""The facts of a synthetic world as the planner reads them, without the registry's process in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID, uuid5

from deploy.demo.synthetic import Claim, SyntheticWorld
from services.registry.domain.history import decide
from shared.bus.records import Record, encode
from shared.events import Event, Message, Unit, UnitChanged
from shared.events.base import NAMESPACE, Envelope

SOURCE = "urn:pianovivo:test"


def message(event: Event, subject: str, on: date, *, ambito: str = "cremonese", organisation: str | None = None,
            sequence: int | None = None, at: time = time(8, 12)) -> Message:  # fmt: skip
    """The event, as if it had been recorded on that day at `at` (UTC)."""
    identifier = uuid5(NAMESPACE, f"test/{event.TYPE}/{subject}/{sequence}/{on}")
    moment = datetime.combine(on, at, UTC)
    return Message(
        Envelope(identifier, SOURCE, moment, subject, ambito, identifier, None, organisation, sequence), event
    )


class Facts:
    """The registry's facts of claims told in order, one home's sequence and state at a time."""

    def __init__(self, ambito: str = "cremonese") -> None:
        self._ambito = ambito
        self._homes: dict[str, tuple[Unit, int]] = {}

    def of(self, claims: Iterable[Claim]) -> Iterator[Message]:
        for claim in claims:
            report = claim.report
            before, number = self._homes.get(report.unit_id, (None, 0))
            decision = decide(before, None, report, claim.organisation, report.effective_on)
            self._homes[report.unit_id] = decision.unit, number + 1
            yield message(
                UnitChanged(
                    unit_id=report.unit_id,
                    ambito=self._ambito,
                    sequence=number + 1,
                    report=report.name(),
                    report_id=claim.report_id,
                    organisation=claim.organisation,
                    effective_on=report.effective_on,
                    before=before,
                    after=decision.unit,
                    transitions=decision.transitions,
                ),
                report.unit_id,
                report.effective_on,
                ambito=self._ambito,
                sequence=number + 1,
            )


def messages_of(world: SyntheticWorld, facts: Facts) -> list[Message]:
    """Everything the planner hears of the world: homes, declarations, emergency cases."""
    told = list(facts.of(world.reports))
    told += [message(row, f"{row.owner}-{row.municipality}", row.received_on) for row in world.submissions]
    told += [message(case, case.case_ref, world.until) for case in world.cases]
    return told


def records(messages: Sequence[Message], first_offset: int = 0) -> list[Record]:
    """The messages as one partition of a topic holds them."""
    sent = [encode(one) for one in messages]
    return [
        Record(one.topic, 0, offset, 0, one.key, one.value, one.headers)
        for offset, one in enumerate(sent, first_offset)
    ]
