"""A planner that serves its pages, and the synthetic world it hears of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from queue import Queue
from typing import Any

from fastapi import FastAPI

from deploy.demo.synthetic import generate, next_vacancy
from services.planner.app import create_http, create_runtime
from services.planner.days import begin_today
from services.planner.settings import PlannerSettings
from services.planner.store.plans import reference_of
from shared.civil_time import today_in_italy
from shared.events import Envelope, Event, Message, derived
from shared.runtime import Runtime
from shared.territory import ambito
from tests.support.browser import serving
from tests.support.waiting import until
from tests.support.world import AMBITO, as_records, facts_of, reported

UNTIL = date(2026, 11, 23)
BATCH = 1000


@dataclass(frozen=True)
class Told:
    """What a planner hears: the world's past, then the home that is vacated on its last day."""

    past: Sequence[Message]
    vacancy: Message


@cache
def synthetic() -> Told:
    world = generate(2026, ambito(AMBITO), UNTIL)
    claims = [*world.reports, next_vacancy(world)]
    *facts, vacancy = facts_of(reported(claim.report, claim.organisation, claim.report_id) for claim in claims)
    others = [stated(row, f"{row.owner}-{row.municipality}") for row in world.submissions]
    others += [stated(case, case.case_ref) for case in world.cases]
    return Told([*facts, *others], vacancy)


def stated(event: Event, subject: str) -> Message:
    """The event, as intake would state it on the world's last day."""
    identifier = derived(f"test/{event.TYPE}/{subject}")
    at = datetime.combine(UNTIL, time(8, 12), UTC)
    return Message(Envelope(identifier, "urn:pianovivo:intake", at, subject, AMBITO, identifier), event)


async def hear(planner: Runtime, messages: Sequence[Message]) -> None:
    assert planner.consumer
    for _, group in groupby(messages, key=lambda message: message.event.TOPIC):
        records = as_records(group)
        for start in range(0, len(records), BATCH):
            await planner.consumer.consume(records[start : start + BATCH])


@dataclass
class Served:
    """A planner's pages on a real port; `hear` makes it take in messages while it serves."""

    url: str
    runtime: Runtime
    loop: asyncio.AbstractEventLoop

    def hear(self, *messages: Message) -> None:
        self._do(hear(self.runtime, messages))

    def begin_today(self) -> None:
        """The plan comes to stand on today's day, as it does in production before anybody is there."""
        self._do(begin_today(self.runtime.db, datetime.now(UTC)))
        self.wait(partial(self._stands_on, today_in_italy()))

    async def _stands_on(self, day: date) -> bool:
        async with self.runtime.db.reading() as session:
            return await reference_of(session, AMBITO) == day

    def wait(self, condition: Callable[[], Awaitable[bool]]) -> None:
        self._do(until(condition))

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)


@contextmanager
def planner_serving(home: Path, notice: str = "") -> Iterator[Served]:
    app = create_http(create_runtime(PlannerSettings(home=home, notice=notice)))
    loops: Queue[asyncio.AbstractEventLoop] = Queue()
    app.state.runtime.tasks.clear()  # the world ends on its last day: no other begins
    lifespan = app.state.runtime.running  # unlike in production, nothing is asked before it is ready

    @asynccontextmanager
    async def remembering(served: FastAPI) -> AsyncIterator[None]:
        async with lifespan(served):
            loops.put(asyncio.get_running_loop())
            yield

    app.router.lifespan_context = remembering
    with serving(app) as url:
        yield Served(url, app.state.runtime, loops.get(timeout=60))
