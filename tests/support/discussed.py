"""A plan that is being discussed: contests and comments of several organisations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.planner.settings import PlannerSettings
from shared.auth import Role
from shared.events import UnitStatus
from tests.support.planner_room import TOWN, Room, opened
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, TestRegistry, submission


@asynccontextmanager
async def contestable(home: Path, homes: int = 12) -> AsyncIterator[Room]:
    """ALER has declared five free homes at Cremona for 2027; the registry counts two, of so many."""
    async with opened(PlannerSettings(home=home)) as room:
        registry = TestRegistry()
        for number in range(homes):
            status = UnitStatus.FREE_ASSIGNABLE if number < 2 else UnitStatus.OCCUPIED
            registry.register(f"H{number}", status, owner="aler-bcm")
        await room.hear([*registry.sent, submission(1, 5, 9_001, owner="aler-bcm")])
        yield room


async def discussed(room: Room) -> dict[str, dict[str, Any]]:
    """By organisation a contest that it opened and has to answer, and a thread that it began."""
    found: dict[str, dict[str, Any]] = {}
    for who, figure in (
        (TOWN, f"{CASTELVERDE}:{TOWN[0]}:in_works:-"),
        (("aler-bcm", Role.OWNER), "019036:aler-bcm:stock_total:-"),
        (("cooperativa-casa", Role.OWNER), "019036:cooperativa-casa:stock_total:-"),
    ):
        async with room.client(who) as client:
            opened = await client.post(f"/plans/{AMBITO}/contests", json={"figure": figure, "reason": "ne manca uno"})
            written = await client.post(f"/plans/{AMBITO}/comments", json={"place": "5/strategie", "text": "Manca."})
        assert (opened.status_code, written.status_code) == (201, 201), opened.text
        ids = {"contest": opened.json()["id"], "thread": written.json()["id"], "figure": figure, "asker": who[0]}
        found[who[0]] = ids
    return found
