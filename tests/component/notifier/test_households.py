"""Who is told of households: their municipality and who writes the plan; no owner, region or other municipality."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.delivery.worker import body_of
from services.notifier.store import PlanNotice
from services.notifier.tables import NoticeRow
from services.planner.domain.causes import cause_of
from services.planner.domain.moves import changes
from services.planner.domain.publication import is_of_households
from shared.auth import Role
from shared.events import Audience, MunicipalityChange
from shared.territory import ambito
from tests.component.notifier.room import CREMONA, Room, change, count, opened, recomputed, vacated
from tests.support.household_worlds import drawn_world

PLANS = 12
FOREIGN = {"aler-bcm": Role.OWNER, "regione-lombardia": Role.REGION, "comune-019020": Role.MUNICIPALITY}
WRITING = {f"comune-{CREMONA}": Role.LEAD, "azienda-sociale": Role.TECHNICAL_PARTNER}
WORDS = ("Fabbisogno", "fabbisogno", "amigli", "Copertura", "pressione", "Casi di emergenza", "emergency-case", "C-")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


async def subscribed(room: Room) -> None:
    for organisation, role in (FOREIGN | WRITING).items():
        for channel in ({"channel": "inbox"}, {"channel": "webhook", "url": "https://avvisi.example/in"}):
            async with room.client(organisation, role) as client:
                answer = await client.post("/subscriptions", json=channel | {"municipalities": "all"})
            assert answer.status_code == 201, answer.text


def moved(version: int) -> list[MunicipalityChange]:
    """What a random declaration and cases that were opened move in a random plan, as the planner tells it."""
    world = drawn_world(version)
    before, after = (world.material(one).plan for one in (0, 1))
    known = {message.envelope.id for message in world.messages(0)}
    causes = [cause_of(message) for message in world.messages(1) if message.envelope.id not in known]
    return list(changes(before, after, causes))


def households_in(row: NoticeRow) -> bool:
    """Whether the notice, as a row, a feed item or the body of a webhook, says anything of households or of a case."""
    change = MunicipalityChange.model_validate_json(row.change or "")
    body = body_of(PlanNotice(**{name: getattr(row, name) for name in PlanNotice._fields})).decode()
    texts = row.subject + row.text + body
    return any(is_of_households(one.figure) for one in change.figures) or any(word in texts for word in WORDS)


async def test_random_changes_tell_nobody_of_households_but_their_municipality_and_who_writes_the_plan(
    room: Room,
) -> None:
    await subscribed(room)
    every = {version: moved(version) for version in range(1, PLANS)}
    await room.consume(*(recomputed(version, *told) for version, told in every.items()))
    rows = [row for row in await room.rows(NoticeRow) if row.change]
    assert not [row for row in rows if row.organisation in FOREIGN and households_in(row)]
    for row in rows:
        municipality = MunicipalityChange.model_validate_json(row.change).municipality
        assert row.organisation in WRITING or not households_in(row) or row.organisation == f"comune-{municipality}"
    told = {row.organisation for row in rows if households_in(row)}
    assert told >= set(WRITING)
    assert len(told - set(WRITING)) > 1


async def test_of_a_change_of_homes_and_households_others_are_told_the_homes_alone(room: Room) -> None:
    [own, *_] = [one for version in range(1, PLANS) for one in moved(version) if one.municipality in _members()]
    case = own.causes[0].having({"audience": Audience.MUNICIPALITY, "kind": "emergency-case-opened"})
    mixed = change(own.municipality, count(3, 4), *own.figures, causes=[case, vacated(own.municipality)])
    await subscribed(room)
    await room.consume(recomputed(1, mixed))
    [foreign] = await room.notices("aler-bcm")
    assert foreign.subject.endswith("cambia 1 numero del piano")
    assert "emergency" not in foreign.text
    assert not households_in(foreign)
    [mine] = await room.notices(f"comune-{own.municipality}")
    assert households_in(mine)
    assert foreign.text.splitlines()[0] in mine.text


def _members() -> set[str]:
    return {one.istat_code for one in ambito("cremonese").municipalities}
