"""Who could not be placed and why, over HTTP and as of any day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.planner.domain.homes import SUITABLE
from services.planner.law import rules_on
from shared.auth import Role
from shared.events import EmergencyCaseOpened, UnitChanged, UnitStatus
from tests.component.planner.test_figures_api import asked
from tests.support.planner import planner_serving, synthetic
from tests.support.planner_room import LEAD, Room, registry_of, standing
from tests.support.public_pages import home_with_key
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, case_opened

PLAN = f"/plans/{AMBITO}"
REFUSALS = f"{PLAN}/refusals"
CASES = [
    case_opened("EARLY", 901, since=date(2025, 5, 1)),
    case_opened("LATE", 902, since=date(2025, 6, 1), municipality=CASTELVERDE),
    case_opened("URGENT", 903, urgency=2, since=date(2020, 1, 1)),
    case_opened("WIDE", 904, since=date(2025, 7, 1), people=9),
]
"""Of urgency 1 except one; WIDE needs a home for six and more (R.R. 4/2017, art. 9 c. 2: 78 m2)."""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """One home of 60 m2, for up to four, is set aside."""
    async with standing(tmp_path, [*registry_of(1).sent, *CASES]) as room:
        yield room


async def told(room: Room, path: str, who: tuple[str, Role] = LEAD) -> Any:
    async with room.client(who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_refusal_names_who_has_the_homes_that_could_be_freed(room: Room) -> None:
    page = await told(room, REFUSALS)
    found = {item["case_ref"]: item for item in page["items"]}
    assert list(found) == ["LATE", "WIDE", "URGENT"], "urgency class, then waiting date"
    assert (page["item_count"], page["order_article"]) == (3, "D.G.R. XI/2063")
    [competing] = found["LATE"]["competing"]
    assert (competing["case_ref"], competing["unit_id"], competing["waiting_since"]) == ("EARLY", "H0", "2025-05-01")
    assert found["LATE"]["sources"][:2] == [str(CASES[1].envelope.id), str(CASES[0].envelope.id)]
    assert found["LATE"]["why_it"] == (
        "L’unico alloggio che si potrebbe liberare per il caso (H0) va al caso che lo precede (EARLY)."
    )
    assert [one["case_ref"] for one in found["URGENT"]["competing"]] == ["EARLY"]
    assert (found["WIDE"]["competing"], found["WIDE"]["proposed"]) == ([], "ACTIVATE_LEASE")
    assert found["WIDE"]["why_it"] == "Nessun alloggio disponibile è adatto al caso."


async def test_refusals_are_of_a_municipality_and_paged_and_in_part_six(room: Room) -> None:
    assert [one["case_ref"] for one in (await told(room, f"{REFUSALS}?municipality={CASTELVERDE}"))["items"]] == [
        "LATE"
    ]
    first = await told(room, f"{REFUSALS}?limit=2")
    rest = await told(room, first["_links"]["next"])
    assert [one["case_ref"] for one in (*first["items"], *rest["items"])] == ["LATE", "WIDE", "URGENT"]
    part = await told(room, f"{PLAN}/parts/6")
    texts = {one["sources"][0]: one["text_it"] for one in part["items"] if one["kind"] == "refusal"}
    assert texts[str(CASES[1].envelope.id)].startswith("Il caso LATE resta senza alloggio. L’unico alloggio")
    assert len(texts) == 3


async def test_before_a_case_was_open_nobody_was_refused_for_it(room: Room) -> None:
    """Nor was there a home before 1 January 2026."""
    then = (await told(room, f"{REFUSALS}?true_on=2025-05-31"))["items"]
    assert [(one["case_ref"], one["competing"]) for one in then] == [("EARLY", []), ("URGENT", [])]
    now = await told(room, REFUSALS)
    again = await told(room, f"{REFUSALS}?true_on=2026-12-31&known_on=2026-12-31")
    assert again["items"] == now["items"]


async def test_an_owner_at_its_limit_is_named_with_the_numbers_of_it(tmp_path: Path) -> None:
    """21 homes of which one free: a tenth, rounded down, is two. H0 and H1 are set aside already: none is left."""
    registry = registry_of(2)
    registry.register("FREE", UnitStatus.FREE_ASSIGNABLE)
    cases = [case_opened(f"C{number}", 900 + number, since=date(2025, 1, 1 + number)) for number in range(3)]
    async with standing(tmp_path, [*registry.sent, *cases]) as room:
        [item] = (await told(room, REFUSALS))["items"]
    assert (item["case_ref"], [one["unit_id"] for one in item["competing"]]) == ("C2", ["H0", "H1"])
    assert item["capped"] == [{"owner": "aler", "baseline": 23, "cap": 2, "set_aside": 2, "promised": 0}]


def test_in_the_synthetic_ambito_every_suitable_home_is_taken_or_beyond_a_limit(tmp_path: Path) -> None:
    """Hall's theorem, judged by the facts alone: as many homes as cases before it, and no other home suits."""
    homes = {m.event.unit_id: m.event.after for m in synthetic().past if isinstance(m.event, UnitChanged)}
    cases = {m.event.case_ref: m.event for m in synthetic().past if isinstance(m.event, EmergencyCaseOpened)}
    bands = rules_on(date(2026, 11, 23)).bands
    with planner_serving(home_with_key(tmp_path)) as served:
        served.hear(*synthetic().past)
        page = asked(served, f"{REFUSALS}?limit=1000")
    assert page["items"]
    for item in page["items"]:
        case, rank = cases[item["case_ref"]], (item["urgency_class"], item["waiting_since"], item["case_ref"])
        taken = {one["unit_id"] for one in item["competing"]}
        before = [(one["urgency_class"], one["waiting_since"], one["case_ref"]) for one in item["competing"]]
        assert len(taken) == len(before) == len(set(before))
        assert all(one < rank for one in before)
        suitable = {
            unit.unit_id: unit.owner
            for unit in homes.values()
            if unit.status in SUITABLE
            and bands.size_class(unit.net_area_m2) >= min(case.household_size, bands.largest_household)
            and (unit.accessible or not case.accessible)
        }
        beyond = {one["owner"] for one in item["capped"]}
        assert all(unit in taken or owner in beyond for unit, owner in suitable.items())
