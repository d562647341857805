"""The calendar: a day begins for every plan, whether or not anything happens on it.

A plan knows no clock. That a day has begun reaches it as an event like any other, so that works grow older, deadlines
pass and holds run out on quiet days too, and a rebuild finds the same days again. Days that nobody was there for are
not made up: who looks at the clock begins the present one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final

import structlog

from services.planner.store import days
from shared.bus import outbox
from shared.civil_time import ROME, civil_day
from shared.db import Database
from shared.events import DayBegan
from shared.territory import UnknownAmbitoError, ambito

log = structlog.get_logger()
LONGEST_PAUSE: Final = 600.0
"""Seconds. A timer stands still while the machine sleeps; and a plan may be new since."""


def now() -> datetime:
    return datetime.now(UTC)


async def keep_days(
    db: Database,
    clock: Callable[[], datetime] = now,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """One round, to be repeated for ever: begin today where it has not begun, and wait for midnight."""
    await begin_today(db, clock())
    await sleep(pause_after(clock()))


async def begin_today(db: Database, at: datetime) -> None:
    """Say once for each ambito with a plan that the day of this instant has begun."""
    today = civil_day(at)
    async with db.reading() as session:
        if not _known(await days.ambiti_before(session, today)):
            return
    async with db.transaction() as session:
        await days.open_calendar(session)
        due = _known(await days.ambiti_before(session, today))
        began = [DayBegan(ambito=code, municipality=lead, on=today) for code, lead in due.items()]
        days.add_days(session, began)
        outbox.put(session, [days.begun(day, at) for day in began])
    for day in began:
        log.info("day-began", ambito=day.ambito, on=day.on.isoformat())


def pause_after(at: datetime) -> float:
    """Seconds until the clock is looked at again: at midnight in Italy, or sooner."""
    tomorrow = civil_day(at) + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), ROME).astimezone(UTC)
    return min((midnight - at).total_seconds(), LONGEST_PAUSE)


def _known(codes: list[str]) -> dict[str, str]:
    """The lead municipality of each; an ambito whose territory is not installed has none, and no days."""
    leads = {}
    for code in codes:
        try:
            leads[code] = ambito(code).lead.istat_code
        except UnknownAmbitoError:
            continue
    return leads
