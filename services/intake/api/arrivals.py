"""The edge of the intake: faults of the domain as problems, events in their envelopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends

from services.intake.domain.faults import Fault
from shared.arrivals import Arrival, arriving
from shared.events import SOURCE, Envelope, Event, Message
from shared.problems import FieldError, Text, invalid

MAX_BULK_BYTES: Final = 4 * 1024 * 1024

Arrived = Annotated[Arrival, Depends(arriving())]
ArrivedInBulk = Annotated[Arrival, Depends(arriving(MAX_BULK_BYTES))]


def message(arrival: Arrival, event: Event, subject: str, message_id: UUID) -> Message:
    envelope = Envelope(
        id=message_id,
        source=SOURCE + "intake",
        time=arrival.at,
        subject=subject,
        ambito=arrival.who.ambito,
        correlation_id=message_id,
        organisation=arrival.who.organisation,
        traceparent=arrival.traceparent,
    )
    return Message(envelope, event)


def refuse(faults: Iterable[Fault], prefix: str = "") -> None:
    """Raise `Problem` 422 if there are faults."""
    errors = [
        FieldError(prefix + f.field, f.value, Text(f"{f.code}: {f.rule.it}", f"{f.code}: {f.rule.en}"), f.remedy)
        for f in faults
    ]
    if errors:
        raise invalid(errors)
