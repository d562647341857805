"""What was decided about the plan, on its way to the bus."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.events import SOURCE, Envelope, Event, Message, derived


def announced(subject: UUID | str, ambito: str, event: Event, at: datetime, traceparent: str | None = None) -> Message:
    """The event in its envelope; one step of a decision has one identifier, whoever announces it."""
    identifier = derived(f"planner/{event.TYPE}/{subject}")
    envelope = Envelope(
        *(identifier, SOURCE + "planner", at, str(subject), ambito, identifier),
        organisation=getattr(event, "organisation", None),
        traceparent=traceparent,
    )
    return Message(envelope, event)
