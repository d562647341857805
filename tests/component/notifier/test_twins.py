"""Two worlds that differ in households kept back tell whoever may not see these the same: notices and webhooks."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest

from services.notifier.delivery.worker import body_of
from services.notifier.store import PlanNotice
from services.notifier.tables import NoticeRow
from services.planner.settings import PlannerSettings
from shared.auth import Role
from shared.events import Message, MunicipalityChange, PlanRecomputed
from tests.component.notifier import room as notifier
from tests.component.planner.test_twins import NOW, READERS
from tests.support.planner_room import opened
from tests.support.same_chance import same_chance
from tests.support.twin_worlds import Course, drawn_twins
from tests.support.world import as_records

SUBSCRIBERS = {role: organisation for role, organisation in READERS.items() if role is not None}
Told = dict[str, list[str | bytes]]


async def told(course: Course, home: Path) -> Told:
    """What each subscriber is told, in every form, of all that the planner says while the world lives."""
    async with opened(PlannerSettings(home=home / "planner")) as planner:
        for messages in course.days():
            await planner.hear(messages)
        said = await planner.said("plans")
    async with notifier.opened(home / "notifier") as room:
        for role, organisation in SUBSCRIBERS.items():
            for channel in ({"channel": "inbox"}, {"channel": "webhook", "url": "https://avvisi.example/in"}):
                wanted = channel | {"municipalities": "all", "threshold": "0.1"}
                async with room.client(organisation, role) as client:
                    assert (await client.post("/subscriptions", json=wanted)).status_code == 201
        await room.consume(*as_records(said))
        rows = await room.rows(NoticeRow, NoticeRow.plan_version, NoticeRow.id)
        found = {who: await asked(room, who, role, rows) for role, who in SUBSCRIBERS.items()}
    return found | {"planner": [str(sum(map(tells_need, said)))]}


async def asked(room: notifier.Room, who: str, role: Role, rows: list[NoticeRow]) -> list[str | bytes]:
    """Its notices as rows and bodies of webhooks, and its doors."""
    own = [row for row in rows if row.organisation == who]
    found: list[str | bytes] = [repr(row) for row in own]
    found += [body_of(PlanNotice(**{name: getattr(row, name) for name in PlanNotice._fields})) for row in own]
    async with room.client(who, role) as client:
        doors = ["/notices?limit=200", "/inbox", "/inbox?lang=en", "/subscriptions"]
        for path in (*doors, *(f"{door}/{row.id}" for door in ("/notices", "/inbox") for row in own[:20])):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            found.append(answer.content)
    return found


def tells_need(message: Message) -> int:
    """How many changes of need the event holds, which are for who writes the plan."""
    if not isinstance(message.event, PlanRecomputed):
        return 0
    changes: tuple[MunicipalityChange, ...] = message.event.changes
    return sum(figure.is_pooled for change in changes for figure in change.figures)


@pytest.mark.parametrize("seed", [0, 1])
def test_nobody_can_tell_two_worlds_apart_by_what_he_is_told(seed: int, tmp_path: Path) -> None:
    """Secrets of webhooks are the same too: they are drawn, and follow from nothing."""
    answers = []
    for course in drawn_twins(seed):
        drawn = count()
        with same_chance(NOW), pytest.MonkeyPatch.context() as patch:
            patch.setattr("secrets.token_bytes", lambda length, drawn=drawn: next(drawn).to_bytes(length, "big"))
            answers.append(asyncio.run(told(course, tmp_path / course.name)))
    first, second = answers
    assert [who for who in SUBSCRIBERS.values() if first[who] != second[who]] == []
    assert all(len(first[who]) > 20 for who in SUBSCRIBERS.values())
    assert first["planner"] != ["0"]
