"""What must hold after any number of kills: nothing lost, nothing doubled, the plan equal to the batch recompute."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from services.planner.domain.plan import canonical
from services.planner.domain.state import PlanState, fold
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from shared.bus.records import decode
from shared.bus.transport import Position, Transport
from shared.db import Database
from shared.events import DayBegan, Measure, Message, PlanRecomputed, UnitChanged
from shared.events.topics import declared, read_by
from shared.settings import Settings

AMBITO, FIRST_YEAR = "cremonese", 2026
METHOD = method_of(PlannerSettings(planner_first_year=FIRST_YEAR))
SERVICES = ("intake", "registry", "planner", "notifier")


async def everything(settings: Settings, transport: Transport, accepted: Sequence[UUID]) -> dict[str, int]:
    """Raises AssertionError naming what is lost or doubled; returns what was counted."""
    facts = [m for m in await _messages(transport, "units") if isinstance(m.event, UnitChanged)]
    await _registry(settings, accepted)
    numbered = _facts(facts, accepted)
    await _intake(settings, accepted)
    days = [m for m in await _messages(transport, "plan-decisions") if isinstance(m.event, DayBegan)]
    versions = await _plan(settings, numbered, days)
    notices = await _notices(settings, await _messages(transport, "plans"))
    return {
        "reports": len(accepted),
        "facts": len(facts),
        "repeated": len(facts) - len(numbered),
        **versions,
        **notices,
    }


async def _messages(transport: Transport, topic: str) -> list[Message]:
    return [decode(record) async for batch in transport.replay([topic]) for record in batch]


async def _registry(settings: Settings, accepted: Sequence[UUID]) -> None:
    rows = await _rows(settings, "registry", "SELECT unit_id, sequence, report_id FROM unit_history")
    counted = Counter(_uuid(row.report_id) for row in rows)
    assert counted == Counter(accepted), f"lost {set(accepted) - counted.keys()}, doubled {_twice(counted)}"
    sequences: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        sequences[row.unit_id].append(row.sequence)
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in sequences.values()), "gaps in sequences"
    last = {
        row.unit_id: row.sequence for row in await _rows(settings, "registry", "SELECT unit_id, sequence FROM unit")
    }
    assert last == {unit: len(found) for unit, found in sequences.items()}


def _facts(facts: Sequence[Message], accepted: Sequence[UUID]) -> dict[tuple[str, int], Message]:
    """By home and number; a record may be repeated, with the same identifier."""
    numbered: dict[tuple[str, int], Message] = {}
    for message in facts:
        assert isinstance(message.event, UnitChanged)
        key = (message.event.unit_id, message.event.sequence)
        known = numbered.setdefault(key, message)
        assert known.envelope.id == message.envelope.id, f"{key} was stated twice, differently"
    told = {message.event.report_id for message in numbered.values() if isinstance(message.event, UnitChanged)}
    assert told == set(accepted), "facts are not those of the accepted reports"
    return numbered


async def _intake(settings: Settings, accepted: Sequence[UUID]) -> None:
    rows = await _rows(settings, "intake", "SELECT id, state FROM unit_report")
    assert {_uuid(row.id): row.state for row in rows} == dict.fromkeys(accepted, "applied")


async def _plan(settings: Settings, facts: dict[tuple[str, int], Message], days: Sequence[Message]) -> dict[str, int]:
    state = PlanState(AMBITO, METHOD.bands)
    for message in (*(message for _, message in sorted(facts.items())), *days):
        fold(state, message)
    expected = canonical(METHOD.plan_of(state)).decode()
    [row] = await _rows(settings, "planner", "SELECT version, content FROM plan")
    assert row.content == expected, "the plan is not what its facts say"
    versions = [
        r.version for r in await _rows(settings, "planner", "SELECT version FROM plan_version ORDER BY version")
    ]
    assert versions == list(range(1, row.version + 1))
    return {"versions": row.version}


async def _notices(settings: Settings, plans: Sequence[Message]) -> dict[str, int]:
    """One notice for each version and municipality of which a count over all owners moved; never two."""
    events = {m.event.version: m.event for m in plans if isinstance(m.event, PlanRecomputed)}
    due = {
        (version, f"comune-{change.municipality}")
        for version, event in events.items()
        for change in event.changes
        if any(figure.measure is Measure.COUNT and figure.owner is None for figure in change.figures)
    }
    rows = await _rows(settings, "notifier", "SELECT plan_version, organisation FROM notice WHERE kind <> 'endpoint'")
    counted = Counter((row.plan_version, row.organisation) for row in rows)
    assert not _twice(counted), f"told twice: {_twice(counted)}"
    assert due <= counted.keys(), f"not told: {sorted(due - counted.keys())[:5]}"
    return {"notices": len(rows)}


async def _rows(settings: Settings, service: str, query: str) -> list:  # type: ignore[type-arg]
    db = Database(settings.url_for(service), service, pool_size=1)
    try:
        async with db.reading() as session:
            return list(await session.execute(text(query)))
    finally:
        await db.close()


async def at_rest(settings: Settings, transport: Transport) -> bool:
    """No record waits, no outbox owes, and nothing was on its way meanwhile."""
    before = await _places(transport)
    return not any(place.lag for place in before) and not await _owed(settings) and await _places(transport) == before


async def _places(transport: Transport) -> list[Position]:
    readers = sorted({reader for topic in declared().values() for reader in topic.readers})
    return [place for reader in readers for place in await transport.positions(reader, read_by(reader, ()))]


async def _owed(settings: Settings) -> int:
    counts = [await _rows(settings, service, "SELECT count(*) AS owed FROM outbox") for service in SERVICES]
    return sum(rows[0].owed for rows in counts)


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _twice(counted: Counter) -> list:  # type: ignore[type-arg]
    return [key for key, count in counted.items() if count > 1]
