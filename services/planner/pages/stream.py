"""The stream of server-sent events behind an open page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from fastapi.sse import ServerSentEvent

from services.planner.domain.plan import read
from services.planner.handlers import CHANNEL
from services.planner.pages.views import Front, ambito_view, map_areas, municipality_view
from services.planner.pages.words import MAPS, MapChoice
from services.planner.store import plans as store
from shared.db import Database
from shared.events import PlanRecomputed
from shared.pages import AGAIN, LiveChange, Spoken, live_message, spoken
from shared.problems import Problem, Text
from shared.runtime import Runtime
from shared.territory import names_of

NEWS_LIMIT: Final = 20
STREAMS_LIMIT: Final = 500
POLL_SECONDS: Final = 15.0


class Slots:
    """As many streams at once as one process can feed; a dependency of the route, taken while its answer lasts."""

    def __init__(self, limit: int) -> None:
        self.limit, self.taken = limit, 0

    async def __call__(self) -> AsyncIterator[None]:
        if self.taken >= self.limit:
            title = Text("Troppe pagine aperte", "Too many open pages")
            detail = Text(
                "Gli aggiornamenti automatici sono al completo: ricaricare la pagina per i dati di ora.",
                "All automatic updates are taken: reload the page for the present data.",
            )
            raise Problem(503, "too-many-streams", title, detail, headers={"Retry-After": "60"})
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


STREAMS = Slots(STREAMS_LIMIT)
_fronts: WeakKeyDictionary[Database, Front] = WeakKeyDictionary()


async def front_of(db: Database, ambito: str) -> Front | None:
    """The plan as it stands, read once for each version however many look; None before its first version."""
    async with db.reading() as session:
        version, kept = await store.plan_version(session, ambito), _fronts.get(db)
        if kept is not None and (kept.plan.ambito, kept.version) == (ambito, version):
            return kept
        row = await store.plan_content(session, ambito)
        if row is None or not row.version:
            return None
        plan = read(row.content, names_of(ambito))
        versions = await store.versions_before(session, ambito, None, NEWS_LIMIT, quiet_days=False)
    told = [(version.recorded_at, PlanRecomputed.read(version.event.encode())) for version in versions]
    front = _fronts[db] = Front(row.version, row.hash, plan, told)
    return front


async def follow(
    runtime: Runtime, ambito: str, choice: MapChoice, istat: str | None, seen: int, *, is_bare: bool = False
) -> AsyncGenerator[ServerSentEvent]:
    """Each version but `seen`; versions that come together are told as one. Ends when the process is told to.

    To a page that `is_bare` only that there is one: it asks for itself again.
    """
    with runtime.db.waiting(CHANNEL) as flag:
        yield ServerSentEvent(comment="Piano Vivo", retry=3000)
        while not runtime.is_draining:
            flag.clear()
            front = await front_of(runtime.db, ambito)
            if front is not None and front.version != seen:
                told = AGAIN if is_bare else message(front, choice, istat, seen, spoken())
                yield ServerSentEvent(event="plan", id=str(front.version), raw_data=told)
                seen = front.version
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await flag.wait()


@lru_cache(maxsize=64)
def message(front: Front, choice: MapChoice, istat: str | None, seen: int, _spoken: Spoken) -> str:
    """Everything the page shows, as it is now; of the news only what came after `seen`. Kept for each language."""
    view = ambito_view(front) if istat is None else municipality_view(front, istat)
    fresh = [LiveChange(item.text, item.at) for item in reversed(view.news) if item.version > seen]
    return live_message(view.figures(), map_areas(front.plan, MAPS[choice]), fresh, view.lists)
