"""Nobody who may not see households can tell two worlds apart that differ in them: at no door, on no day, in no form.

`tests/support/twin_worlds.py` draws such worlds. Here both go through the same life, and everybody asks both the same
at every door of the planner. Together with `tests/unit/planner/test_suppression.py` this covers every door: what is
answered follows from what is told, and from what is told no small count follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from services.planner.pages.stream import follow
from services.planner.pages.words import MAPS
from services.planner.settings import PlannerSettings
from shared.auth import Role
from shared.forms import TOKEN_FIELD, VISIT_COOKIE, derived
from tests.component.roles import houses
from tests.component.roles.asks import Ask, Ids
from tests.component.roles.houses import AIM, planner_asks
from tests.component.roles.test_table import ENDLESS, VISIT, routes_of
from tests.support.editions import TO_PUBLICATION, proposed, walked
from tests.support.planner_room import HOLDS, LEAD, Room, opened
from tests.support.same_chance import same_chance
from tests.support.twin_worlds import (
    COOPERATIVE,
    DAYS,
    PROPOSED_AFTER,
    TOWN,
    VILLAGES,
    Course,
    drawn_twins,
)
from tests.unit.planner.worlds import AMBITO, CREMONA

NOW = datetime(2026, 5, 20, 10, tzinfo=UTC)
READERS: dict[Role | None, str] = {
    None: "chiunque-altro",
    Role.MUNICIPALITY: f"comune-{TOWN}",
    Role.OWNER: COOPERATIVE,
    Role.ASSEMBLY_SECRETARY: "segreteria-assemblea",
    Role.REGION: "regione-lombardia",
    Role.OPERATOR: "gestore-impianto",
}
"""Who may not see others' households; nobody's role is None."""
NEIGHBOURS = {role: READERS[role] for role in (None, Role.MUNICIPALITY)}
"""Who looks in every day and everywhere: everybody, and who is told all that they are and its own besides."""


class Answer(NamedTuple):
    """What somebody was told: everything but how many requests he has left in this minute."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Answers = Mapping[tuple[Role | None, str], Answer]


async def lived(course: Course, home: Path, *, is_asked_everywhere: bool) -> Answers:
    """The world's life, one event after another, and what everybody is answered in the end and on the way."""
    found: dict[tuple[Role | None, str], Answer] = {}
    settings = PlannerSettings(home=home, rate_limit_organisation=10**6, rate_limit_address=10**6)
    async with opened(settings) as room:
        for number, messages in enumerate(course.days()):
            await room.hear(messages)
            if number == PROPOSED_AFTER:
                ids = await worked_on(room)
            found |= await asked(room, glances(number), NEIGHBOURS)
        found |= await asked(room, [*varied(), *files(), *suppositions()], NEIGHBOURS) | await streamed(room)
        if is_asked_everywhere:
            found |= await asked(room, every_door(ids))
        await room.app.state.people.close()
    return found


async def worked_on(room: Room) -> Ids:
    """What offices do with the plan, alike in both worlds: it is published, discussed, and aims at less need."""
    await proposed(room)
    await walked(room, *TO_PUBLICATION)
    async with room.client(LEAD) as client:
        aim = await client.post(f"/plans/{AMBITO}/objectives", json=AIM | {"figure": f"{CREMONA}:-:stock_total:-"})
        less = AIM | {"figure": "-:-:need_3y:-", "target": 10_000}
        await client.post(f"/plans/{AMBITO}/objectives", json=less)
        hold = await client.post(HOLDS, json={"unit_id": "S5", "case_ref": "COMUNE"})
        text = {"markdown": "Servono {{fabbisogno}} alloggi, {{fabbisogno: Cremona}} a Cremona.", "revision": 0}
        written = await client.post(
            f"/plans/{AMBITO}/texts/strategie/revisions", json=text | {"office": "HOUSING_OFFICE"}
        )
    figure = f"{CREMONA}:{COOPERATIVE}:stock_total:-"
    async with room.client((COOPERATIVE, Role.OWNER)) as client:
        contest = await client.post(f"/plans/{AMBITO}/contests", json={"figure": figure, "reason": "ne manca uno"})
        thread = await client.post(f"/plans/{AMBITO}/comments", json={"place": "5/strategie", "text": "Manca."})
    made = {"aim": aim, "hold": hold, "contest": contest, "thread": thread}
    for answer in (*made.values(), written):
        assert answer.status_code == 201, answer.text
    names = {"unit": "S5", "case": "COMUNE", "refused": "X", "figure": figure, "asker": COOPERATIVE}
    return {name: answer.json()["id"] for name, answer in made.items()} | names


def glances(day: int) -> list[Ask]:
    """What a reader looks at every day, to see what one event has changed."""
    plan, pages = f"/plans/{AMBITO}", f"/ambiti/{AMBITO}"
    api = ("", "/versions?limit=100", "/figures?limit=1000", "/parts/3")
    drift = f"{plan}/drift?from_on={DAYS[max(day - 1, 0)]}&limit=1000"
    places = ("", "/emergenza", "/parti/3", f"/comuni/{VILLAGES[0]}")
    return [Ask(f"day {day}", path) for path in (*(plan + one for one in api), drift, *(pages + one for one in places))]


def every_door(ids: Ids) -> list[Ask]:
    """A request for every door, writing ones last: a new door has its request, and so is asked."""
    every = planner_asks(ids)
    reads, writes = ([one for one in every if one.door.startswith("GET") == is_read] for is_read in (True, False))
    return [*reads, *writes]


def varied() -> Iterator[Ask]:
    """Requests with the parameters that tell of households."""
    return (Ask("", path) for path in paths())


def paths() -> Iterator[str]:
    """Days of both kinds, places, figures and their reasons, parts and comparisons, in both languages."""
    plan, pages = f"/plans/{AMBITO}", f"/ambiti/{AMBITO}"
    names = ("need_3y", "need_backlog", "coverage", "pressure", "open_cases", "emergency_actions", "free_assignable")
    figures = [f"{place}:-:{name}:-" for place in ("-", TOWN, VILLAGES[0]) for name in names]
    parts = [f"{plan}/parts/{number}" for number in range(1, 8)]
    for day in (DAYS[0], DAYS[2]):
        for axis, known in (("true_on", "vero_il"), ("known_on", "noto_il")):
            yield from (f"{path}?{axis}={day}" for path in (plan, f"{plan}/figures", parts[2], parts[5], parts[6]))
            yield from (f"{pages}{page}?{known}={day}" for page in ("", "/parti/3", "/emergenza", f"/comuni/{TOWN}"))
        yield from (f"{plan}/drift?from_on={day}&limit=1000", f"{pages}/scostamenti?da={day}")
    for place in (TOWN, VILLAGES[0]):
        yield from (f"{path}?municipality={place}" for path in (*parts, f"{plan}/need", f"{plan}/objectives"))
        yield from (f"{plan}/figures?municipality={place}&detail={kind}" for kind in ("KINDS", "COLUMNS"))
        yield f"{pages}/scostamenti?edizione=1&comune={place}"
    for component in ("EVICTION_ORDERS", "NEWLY_ADMITTED"):
        yield from (f"{plan}/need?components={component}{place}" for place in ("", f"&municipality={VILLAGES[0]}"))
    for figure in figures:
        yield from (f"{plan}/figures/{figure}", f"{plan}/figures/{figure}/why", f"{pages}/numeri/{figure}")
    yield from (f"{pages}/numeri/ambito:{name}" for name in ("component_overcrowded", "access_households"))
    yield from (*parts, *(f"{pages}/parti/{number}?lang=en" for number in range(1, 8)))
    yield from (f"{plan}/drift?from_edition=1&limit=1000", f"{pages}/scostamenti?edizione=1", f"{plan}/holds")
    yield from (f"{pages}{page}?lang=en" for page in ("", "/emergenza", "/scostamenti", f"/comuni/{VILLAGES[0]}"))
    yield from (f"{pages}?mappa={choice}" for choice in MAPS)
    yield from (f"/verifica-documento?impronta={'0' * 64}", f"{pages}/edizioni/1/stampa", f"{pages}/enti/{COOPERATIVE}")


def files() -> Iterator[Ask]:
    """The document in each of its forms, live and frozen."""
    document, frozen = f"/plans/{AMBITO}/document", f"/plans/{AMBITO}/editions/1/document"
    for kind in ("application/json", "application/vnd.oasis.opendocument.text"):
        yield from (Ask("", path, accept=kind) for path in (document, frozen))
    for ending in ("pdf", "json", "odt", "zip"):
        yield Ask("", f"/ambiti/{AMBITO}/edizioni/1/piano.{ending}")


def suppositions() -> Iterator[Ask]:
    """E se…: homes, cases and other rules, over HTTP and on the page."""
    vacancy = {"municipality": CREMONA, "owner": "aler-bcm", "count": 3}
    cases = {"municipality": VILLAGES[0], "count": 4, "household_size": 3}
    rules = [{"parameter": "backlog_clearance", "value": "2"}, {"parameter": "indigence_share", "value": "0.3"}]
    for supposed in ({"vacancies": [vacancy]}, {"cases": [cases]}, {"rules": rules}, {"rules_on": "2024-01-01"}):
        yield Ask("", f"/plans/{AMBITO}/what-if?limit=1000", supposed)
    page = f"/ambiti/{AMBITO}/e-se"
    yield Ask("", f"{page}?casi=4&comune_casi={VILLAGES[0]}&nucleo=3")
    yield Ask("", f"{page}?regola=backlog_clearance&valore=2&alloggi=3&comune={CREMONA}&ente=aler-bcm")


async def asked(
    room: Room, asks: list[Ask], readers: Mapping[Role | None, str] = READERS
) -> dict[tuple[Role | None, str], Answer]:
    """What every reader is answered."""
    found = {}
    for role, organisation in readers.items():
        async with room.client((organisation, role or Role.REGION)) as client:
            if role is None:
                del client.headers["Authorization"]
            client.cookies.set(VISIT_COOKIE, VISIT)
            for ask in asks:
                found[role, f"{ask.door} {ask.path} {ask.accept} {ask.json}"] = await answered(client, ask)
    return found


async def answered(client: httpx.AsyncClient, ask: Ask) -> Answer:
    method = ask.door.split()[0] if ask.door.startswith(("GET", "POST")) else "GET" if ask.json is None else "POST"
    form = None if ask.form is None else {TOKEN_FIELD: derived(VISIT, "form"), **ask.form}
    answer = await client.request(method, ask.path, json=ask.json, data=form, headers={"Accept": ask.accept})
    told = sorted((name, value) for name, value in answer.headers.items() if not name.startswith("x-ratelimit"))
    return Answer(answer.status_code, tuple(told), answer.content)


async def streamed(room: Room) -> dict[tuple[Role | None, str], Answer]:
    """The one door that never closes: what it tells a page first."""
    found: dict[tuple[Role | None, str], Answer] = {}
    for choice in MAPS:
        for istat in (None, TOWN, *VILLAGES):
            events = follow(room.runtime, AMBITO, choice, istat, 1)
            told = [repr(await anext(events)) for _ in range(2)]
            found[None, f"{ENDLESS} {choice} {istat}"] = Answer(200, (), "".join(told).encode())
            await events.aclose()
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_no_door_can_anybody_tell_two_worlds_apart_by_what_is_kept_back(seed: int, tmp_path: Path) -> None:
    """By seed with counts alone, with lists that are linked and few cases, with flows; every door is asked of one."""
    answers = []
    for course in drawn_twins(seed):
        with same_chance(NOW), pytest.MonkeyPatch.context() as patch:
            patch.setattr(houses, "_number", count(1))
            answers.append(asyncio.run(lived(course, tmp_path / course.name, is_asked_everywhere=seed == 0)))
    first, second = answers
    differing = [f"{role or 'public'} {what}" for role, what in first if first[role, what] != second[role, what]]
    assert first.keys() == second.keys()
    assert not differing, "\n".join(differing)
    assert len({what for role, what in first if first[role, what].status == 200}) > 150
    doors = {" ".join(what.split()[:2]) for _, what in first}
    assert seed or {door for door in routes_of("planner") if door.startswith("GET")} <= doors
