"""The wire contract's grammar: frozen events, strict when produced, tolerant when consumed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import sha1
from typing import Annotated, Any, ClassVar, NamedTuple, Self
from uuid import UUID

import orjson
from asyncpg.pgproto import pgproto
from pydantic import BaseModel, ConfigDict, StringConstraints

IstatCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
AmbitoCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
OrganisationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

SOURCE = "urn:pianovivo:"
_NAMESPACE = sha1(UUID("5b0c4f5e-8f5b-5d0a-9b6e-3f0c1a7d2e64").bytes, usedforsecurity=False)
identifier: Callable[[str | bytes], UUID] = pgproto.UUID
"""The driver's own subclass of `UUID`: it reads and writes texts eight times as fast."""


_UNTOLD: set[str] = set()


class Value(BaseModel):
    """A frozen part of an event: unknown fields are refused when we write it and ignored when we read it."""

    # A process uses few of all events: what is not used need not be made ready while others wait for the process.
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    @classmethod
    def believed(cls, values: dict[str, Any]) -> Self:
        """An instance of all its values, known to be right: Pydantic is not asked."""
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", _UNTOLD)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    def write(self) -> bytes:
        """As JSON."""
        return self.__pydantic_serializer__.to_json(self)

    def write_plainly(self) -> bytes:
        """What `write` says, in a third of its time; not for values with instants, which `orjson` writes otherwise."""
        return orjson.dumps(self.__dict__, default=plain)

    def having(self, changes: dict[str, Any]) -> Self:
        """A copy with other values, known to be right."""
        return self.believed(self.__dict__ | changes)


def plain(value: object) -> object:
    """What `orjson` cannot write by itself: parts of an event; decimals and the driver's identifiers as text."""
    return str(value) if isinstance(value, (Decimal, UUID)) else value.__dict__


class Event(Value):
    """A past-tense fact. Subclasses are the contract: adding optional fields is allowed within a version."""

    TYPE: ClassVar[str]
    NAME: ClassVar[str]
    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    REGISTRY: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, topic: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if topic:
            cls.TOPIC = topic
        if hasattr(cls, "TOPIC") and not cls.__name__.startswith("_"):
            cls.NAME = kebab(cls.__name__)
            cls.TYPE = f"pianovivo.{cls.NAME}.v{cls.VERSION}"
            Event.REGISTRY[cls.TYPE] = cls

    @classmethod
    def name(cls) -> str:
        """`unit-vacated` for `UnitVacated`."""
        return cls.NAME

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Decode what somebody else wrote: additions of a newer producer are ignored."""
        return cls.__pydantic_validator__.validate_json(body, extra="ignore")  # type: ignore[no-any-return]


class Envelope(NamedTuple):
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


class Message(NamedTuple):
    """An event in its envelope: what handlers get and what the outbox stores. `body` is its JSON where known."""

    envelope: Envelope
    event: Event
    body: bytes | None = None

    def caused(
        self,
        event: Event,
        service: str,
        subject: str,
        *,
        sequence: int | None = None,
        part: str = "",
        body: bytes | None = None,
    ) -> Message:
        """The message `service` derives from this one, at this one's time.

        Its identifier depends on nothing but the cause, the service and `part`: a repeated or replayed cause derives
        the same identifier, so that no reader lets it take effect twice.
        """
        cause = self.envelope
        envelope = Envelope(
            derived(f"{service}/{event.TYPE}/{cause.id}/{part}"),
            SOURCE + service,
            cause.time,
            subject,
            cause.ambito,
            cause.correlation_id,
            cause.id,
            None,
            sequence,
            cause.traceparent,
        )
        return Message(envelope, event, body)


def derived(name: str) -> UUID:
    """The identifier (UUID version 5) that a name derives: a replay derives it again."""
    digest = _NAMESPACE.copy()
    digest.update(name.encode())
    raw = bytearray(digest.digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x50, raw[8] & 0x3F | 0x80
    return identifier(bytes(raw))


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def of_topic(topic: str) -> Iterable[type[Event]]:
    """The event classes of a topic, by type name."""
    return (cls for _, cls in sorted(Event.REGISTRY.items()) if topic == cls.TOPIC)
