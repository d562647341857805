"""Every role at every door of every service, about its own data and another's: the answer is what the table says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
import pytest
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import ValidationError

from deploy.roles_table import COMMAND, PATH, text
from deploy.services import SERVICES
from shared.auth import Role
from shared.forms import TOKEN_FIELD, VISIT_COOKIE, derived
from shared.roles import EVERY_SERVICE, Reach, Rule, reach_of, sections
from shared.web import OPEN_PATHS, UnknownOperation, check_operations
from tests.component.roles.asks import Ask, Ids
from tests.component.roles.houses import AMBITO, HOUSES, House

ENDLESS = "GET /ambiti/{ambito_code}/eventi"
"""A stream never ends: its operation is that of the pages."""
PUBLIC = "public"
VISIT = "visita"


class Case(NamedTuple):
    service: str
    door: str
    role: Role | None
    about: str

    def __str__(self) -> str:
        return f"{self.service} {self.door} {self.role or PUBLIC} {self.about}"


class Outcome(NamedTuple):
    """`is_let` is whether the request did, or showed, what it asked."""

    status: int
    is_let: bool
    location: str


@cache
def routes_of(service: str) -> dict[str, RouteContext]:
    """A service's doors; those that every service has are walked elsewhere."""
    found = next(one for one in SERVICES if one.name == service)
    with TemporaryDirectory() as home:
        every = list(iter_route_contexts(found.application(found.settings(home=Path(home))).routes))
    own = [one for one in every if getattr(one, "operation_id", None) in sections()[service].operations]
    return {f"{method} {one.path}": one for one in own for method in one.methods or ()}


async def walk(service: str, home: Path) -> dict[Case, Outcome]:
    """All that each role is answered."""
    found: dict[Case, Outcome] = {}
    async with HOUSES[service](home) as house:
        operations = {door: route.operation_id for door, route in routes_of(service).items()}
        for role in (None, *Role):
            for about, ids in subjects(house, role):
                for ask in house.asks(ids):
                    if about == "own" or (role, operations[ask.door]) not in house.without_other:
                        found[Case(service, ask.door, role, about)] = await answered(house, role, ask, about)
    return found


def subjects(house: House, role: Role | None) -> Iterator[tuple[str, Ids]]:
    """The public has no data of its own; a role that owns nothing asks for another's only."""
    if role in house.own:
        yield "own", house.own[role]
    yield "other", house.other[role or Role.REGION]
    if role is not None:
        yield "elsewhere", house.other[role]


async def answered(house: House, role: Role | None, ask: Ask, about: str) -> Outcome:
    """Elsewhere: the token is of another ambito."""
    method, _ = ask.door.split()
    token = house.token(role, "altrove" if about == "elsewhere" else AMBITO) if role else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(house.app)
    form = None if ask.form is None else {TOKEN_FIELD: derived(VISIT, "form"), **ask.form}
    async with httpx.AsyncClient(transport=transport, base_url="http://casa.test", headers=headers) as client:
        client.cookies.set(VISIT_COOKIE, VISIT)
        answer = await client.request(method, ask.path, json=ask.json, data=form, headers={"Accept": ask.accept})
    shows = ask.shows is None or ask.shows in answer.text
    is_let = (answer.status_code < 400 or answer.status_code == 409) and shows
    return Outcome(answer.status_code, is_let, answer.headers.get("location", ""))


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Outcome]:
    found: dict[Case, Outcome] = {}
    for service in HOUSES:
        found |= asyncio.run(walk(service, tmp_path_factory.mktemp(service)))
    return found


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or PUBLIC)
@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, operation) for service in HOUSES for operation in sections()[service].operations],
)
def test_the_answer_is_what_the_table_says(
    walked: dict[Case, Outcome], service: str, operation: str, role: Role | None
) -> None:
    reach, routes = reach_of(operation, role), routes_of(service)
    doors = {door: route for door, route in routes.items() if route.operation_id == operation and door != ENDLESS}
    for case, outcome in walked.items():
        if case[:3] not in {(service, door, role) for door in doors} or case.about == "elsewhere":
            continue
        if reach is Reach.NONE and role is None and not doors[case.door].include_in_schema:
            assert (outcome.status, outcome.location[:8]) == (303, "/sign-in"), (case, outcome)
        elif reach is Reach.NONE:
            assert outcome.status == (403 if role else 401), (case, outcome)
        else:
            assert outcome.is_let == (reach is Reach.ALL or case.about == "own"), (case, outcome)
            assert outcome.is_let or outcome.status in (200, 404, 422), (case, outcome)


def test_nobody_reads_another_ambito(walked: dict[Case, Outcome]) -> None:
    operations = {(one, door): route.operation_id for one in HOUSES for door, route in routes_of(one).items()}
    for case, outcome in walked.items():
        is_for_everyone = reach_of(operations[case[:2]], None) is Reach.ALL
        if case.about == "elsewhere" and case.door.startswith("GET") and not is_for_everyone:
            assert not outcome.is_let, (case, outcome)


def test_every_role_walks_through_every_door(walked: dict[Case, Outcome]) -> None:
    doors = {(service, door) for service in HOUSES for door in routes_of(service)}
    for role in (None, *Role):
        assert doors - {case[:2] for case in walked if case.role is role} == {("planner", ENDLESS)}


@pytest.mark.parametrize("service", HOUSES)
def test_the_table_has_no_operation_that_nobody_serves(service: str, tmp_path: Path) -> None:
    found = next(one for one in SERVICES if one.name == service)
    routes = iter_route_contexts(found.application(found.settings(home=tmp_path)).routes)
    served = {route.operation_id for route in routes if route.path not in OPEN_PATHS}
    own = set(sections()[service].operations)
    # Services without pages have nothing to sign in to.
    assert own <= served <= own | set(sections()[EVERY_SERVICE].operations)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ({"operation_id": "plan_delete"}, "plan_delete is no operation of registry"),
        ({"operation_id": "hold_place"}, "hold_place is no operation of registry"),
        ({}, "None is no operation of registry"),
        ({"operation_id": "units_list"}, "does not ask who may"),
    ],
)
def test_a_route_that_is_not_in_the_table_or_does_not_ask_it_keeps_the_service_from_starting(
    tmp_path: Path, route: dict[str, str], said: str
) -> None:
    found = next(one for one in SERVICES if one.name == "registry")
    app = found.application(found.settings(home=tmp_path))
    check_operations(app, "registry")
    app.get("/extra", **route)(lambda: None)
    with pytest.raises(UnknownOperation, match=said):
        check_operations(app, "registry")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"own": ["LEAD"], "all": ["LEAD"]},
        {"own": ["LEAD", "LEAD"]},
        {"own": ["KING"]},
        {"everyone": True, "all": ["LEAD"]},
        {"allow": ["LEAD"]},
    ],
)
def test_a_row_that_says_nothing_or_too_much_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(row)


def test_what_is_not_in_the_table_nobody_may() -> None:
    assert {reach_of("plan_delete", role) for role in (None, *Role)} == {Reach.NONE}


def test_the_committed_page_is_what_the_table_says() -> None:
    assert PATH.read_text("utf-8") == text(), f"run `{COMMAND}` and commit docs/roles.md"
