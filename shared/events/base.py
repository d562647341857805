"""The wire contract's grammar: frozen events, strict when produced, tolerant when consumed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, StringConstraints

IstatCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
AmbitoCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
OrganisationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

SOURCE = "urn:pianovivo:"
NAMESPACE = UUID("5b0c4f5e-8f5b-5d0a-9b6e-3f0c1a7d2e64")
"""Namespace of every identifier that is derived instead of drawn, so that a replay derives it again."""


class Value(BaseModel):
    """A frozen part of an event: unknown fields are refused when we write it and ignored when we read it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Event(Value):
    """A past-tense fact. Subclasses are the contract: adding optional fields is allowed within a version."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    REGISTRY: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, topic: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if topic:
            cls.TOPIC = topic
        if hasattr(cls, "TOPIC") and not cls.__name__.startswith("_"):
            cls.TYPE = f"pianovivo.{kebab(cls.__name__)}.v{cls.VERSION}"
            Event.REGISTRY[cls.TYPE] = cls

    @classmethod
    def name(cls) -> str:
        """`unit-vacated` for `UnitVacated`."""
        return cls.TYPE.split(".")[1]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Decode what somebody else wrote: additions of a newer producer are ignored."""
        return cls.__pydantic_validator__.validate_json(body, extra="ignore")  # type: ignore[no-any-return]

    def write(self) -> bytes:
        return self.__pydantic_serializer__.to_json(self)


@dataclass(frozen=True, slots=True)
class Envelope:
    """CloudEvents 1.0 attributes and our extensions; `ambito` is the partition key of every topic.

    `organisation` is who claims (only on reports, submissions and cases); the bus sets it from the topic where the
    topic belongs to one organisation. `sequence` is the gapless number of the subject, given by the registry.
    """

    id: UUID
    source: str
    time: datetime
    subject: str
    ambito: str
    correlation_id: UUID
    causation_id: UUID | None = None
    organisation: str | None = None
    sequence: int | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An event in its envelope: what handlers get and what the outbox stores."""

    envelope: Envelope
    event: Event

    def caused(
        self, event: Event, service: str, subject: str, *, sequence: int | None = None, part: str = ""
    ) -> Message:
        """The message `service` derives from this one, at this one's time.

        Its identifier depends on nothing but the cause, the service and `part`: a repeated or replayed cause derives
        the same identifier, so that no reader lets it take effect twice.
        """
        cause = self.envelope
        return Message(
            Envelope(
                id=uuid5(NAMESPACE, f"{service}/{event.TYPE}/{cause.id}/{part}"),
                source=SOURCE + service,
                time=cause.time,
                subject=subject,
                ambito=cause.ambito,
                correlation_id=cause.correlation_id,
                causation_id=cause.id,
                sequence=sequence,
                traceparent=cause.traceparent,
            ),
            event,
        )


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def of_topic(topic: str) -> Iterable[type[Event]]:
    """The event classes of a topic, by type name."""
    return (cls for _, cls in sorted(Event.REGISTRY.items()) if topic == cls.TOPIC)
