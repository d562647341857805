"""How far a consumer is: counters, age of the oldest unapplied event, and the watchdog that ends a stuck process."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge

from shared.bus.records import Record
from shared.bus.transport import Position

log = structlog.get_logger()
EVENTS = Counter("pianovivo_events", "Events dealt with, by outcome", ["consumer", "outcome"])
LAG = Gauge("pianovivo_consumer_lag", "Records not yet handled", ["consumer"])
STALENESS = Gauge("pianovivo_staleness_seconds", "Age of the oldest event delivered but not applied", ["consumer"])
STUCK = 70
"""Exit status of a process that the watchdog ended."""


@dataclass
class Progress:
    """What one consumer has been given and has finished; times are monotonic seconds."""

    consumer: str
    clock: Callable[[], float] = time.monotonic
    last_delivery: float = field(init=False)
    waiting: dict[tuple[str, int], int] = field(default_factory=dict)
    lag: int = 0

    def __post_init__(self) -> None:
        self.last_delivery = self.clock()
        STALENESS.labels(self.consumer).set_function(self.staleness)

    def delivered(self, records: Sequence[Record]) -> None:
        self.last_delivery = self.clock()
        self.waiting[records[0].topic, records[0].partition] = records[0].timestamp

    def applied(self, records: Sequence[Record]) -> None:
        self.last_delivery = self.clock()
        self.waiting.pop((records[0].topic, records[0].partition), None)

    def count(self, outcome: str, number: int = 1) -> None:
        EVENTS.labels(self.consumer, outcome).inc(number)

    def staleness(self) -> float:
        oldest = min(self.waiting.values(), default=None)
        return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1000)

    def is_stuck(self, seconds: float) -> bool:
        """Records wait, and for so long nothing was even delivered (a batch that is retried counts as alive)."""
        return self.lag > 0 and self.clock() - self.last_delivery > seconds


async def watch(
    progress: Progress,
    positions: Callable[[], Awaitable[list[Position]]],
    seconds: float,
    end: Callable[[int], object] = os._exit,
) -> None:
    """Keep the lag known, and end the process when it is stuck: a supervisor starts it again, from its positions."""
    while True:
        await asyncio.sleep(min(5.0, seconds / 4))
        try:
            progress.lag = sum(position.lag for position in await positions())
        except Exception as error:
            log.warning("lag-unknown", consumer=progress.consumer, error=repr(error))
            continue
        LAG.labels(progress.consumer).set(progress.lag)
        if progress.is_stuck(seconds):
            log.critical(
                "watchdog",
                consumer=progress.consumer,
                lag=progress.lag,
                message=f"{progress.lag} records wait and none came for {seconds:.0f} s: ending, to be restarted",
            )
            end(STUCK)
            return
