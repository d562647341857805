"""Steps of a contest of what ALER declared to be free in Cremona, as the planner tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.civil_time import today_in_italy
from shared.events import (
    ContestedCell,
    ContestOutcome,
    ContestSettled,
    Envelope,
    Event,
    FigureContested,
    Measure,
    Message,
)
from tests.component.intake.room import ALER, AMBITO, CREMONA, LEAD, THIS_YEAR

CYCLE = THIS_YEAR + 1


def contest_step(cls: type[Event] = FigureContested, revision: int = 1, **changes: Any) -> Message:
    today = today_in_italy()
    terms: dict[str, Any] = {
        "contest_id": UUID(int=7),
        "ambito": AMBITO,
        "municipality": CREMONA,
        "revision": revision,
        "figure": f"{CREMONA}:{ALER}:column_free_now_declared:{CYCLE + 1}",
        "label_it": "Colonna e: già liberi, dichiarato",
        "measure": Measure.COUNT,
        "value": 4,
        "expected": None,
        "owner": ALER,
        "cell": ContestedCell(cycle_year=CYCLE, path="columns/free_now", value=4),
        "reason": "ne abbiamo visti tre",
        "contester": LEAD,
        "contested_on": today,
        "deadline_on": today + timedelta(days=15),
        "on": today,
        "organisation": LEAD,
    }
    if cls is not FigureContested:
        terms["answer"] = "risposta"
    if cls is ContestSettled:
        terms |= {"outcome": ContestOutcome.CONFIRMED, "new_value": None, "new_cell_value": None}
    identifier, at = uuid4(), datetime(2026, 1, 16, 9, tzinfo=UTC)
    envelope = Envelope(identifier, "urn:pianovivo:planner", at, str(UUID(int=7)), AMBITO, identifier)
    return Message(envelope, cls(**terms | changes))
