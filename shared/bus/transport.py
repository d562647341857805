"""What a transport does: it fetches, publishes and remembers positions. Everything else is the same on all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.bus.records import Outgoing, Record
from shared.events.topics import Topic

Consume = Callable[[Sequence[Record]], Awaitable[None]]
"""Handles records of one partition; the position moves past them only when it returns."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One consumer group over some topics."""

    group: str
    topics: tuple[str, ...]
    consume: Consume


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in a partition: next offset to handle, and the offset after the last record."""

    topic: str
    partition: int
    position: int
    end: int

    @property
    def lag(self) -> int:
        return max(0, self.end - self.position)


class Publisher(Protocol):
    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Write in order per key; returns when every record is durable."""


class Transport(Publisher, Protocol):
    async def start(self, subscription: Subscription | None) -> None:
        """Check topics and settings, then deliver; without a subscription it only publishes and reads."""

    async def leave(self, group: str) -> None:
        """Let the group's batches in hand end and deliver no more; publishing goes on."""

    async def stop(self) -> None:
        """Let batches in hand end, remember positions, leave the group."""

    async def positions(self, group: str, topics: Sequence[str]) -> list[Position]:
        """Positions of a group, for lag."""

    def replay(self, topics: Sequence[str]) -> AsyncIterator[list[Record]]:
        """Every record from the beginning to the present end, in batches of one partition each."""

    async def apply(self, topics: Sequence[Topic]) -> list[str]:
        """Create what is missing; returns what was created."""
