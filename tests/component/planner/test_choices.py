"""A reasoned choice between what was declared and what is forecast becomes an event, and moves the plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.planner.domain.plan import read
from services.planner.domain.supply.adoption import Quantity
from services.planner.store.plans import plan_content
from shared.auth import Role, issue
from tests.component.planner.test_figures_api import PLAN, asked
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import KEY, home_with_key
from tests.support.world import AMBITO

CREMONA, ALER = "019036", "aler-bcm"
CELL = {"municipality": CREMONA, "owner": ALER, "year": 2027, "quantity": "TURNOVER"}


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("choices"))) as served:
        served.hear(*synthetic().past)
        served.begin_today()
        yield served


def choose(
    planner: Served, basis: str, status: int = 201, role: Role = Role.LEAD, key: str = "", **changes: object
) -> dict[str, Any]:
    now = datetime.now(UTC)
    organisation = "comune-019036" if role is Role.LEAD else "comune-019098"
    token = issue(KEY, organisation, role, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})
    body = CELL | {"basis": basis, "reason": "dichiarati due anni insieme"} | changes
    answer = httpx.post(f"{planner.url}{PLAN}/choices", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cell(planner: Served) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [
        item
        for item in asked(planner, f"{PLAN}/adopted?municipality={CREMONA}&limit=1000")["items"]
        if CELL.items() <= item.items()
    ]
    return found


def test_a_choice_is_adopted_with_its_reason_and_taken_back(planner: Served) -> None:
    before, plan = cell(planner), asked(planner, PLAN)
    assert (before["basis"], before["adopted"]) == ("DECLARED", 1000 * before["declared"])
    assert choose(planner, "MODEL")["revision"] == 1
    planner.wait(adopts(planner, "MODEL"))
    chosen = cell(planner)
    assert (chosen["adopted"], chosen["reason"]) == (chosen["model"], "dichiarati due anni insieme")
    assert chosen["declared"] == before["declared"]
    moved = asked(planner, f"{PLAN}/versions?limit=1")["items"][0]
    assert moved["causes"][0]["kind"] == "adoption-chosen"
    assert {(figure["figure"], figure["year"]) for figure in moved["changes"][0]["figures"]} == {
        ("adopted_turnover", 2027)
    }
    assert choose(planner, "RULE", key="again")["revision"] == 2
    assert choose(planner, "RULE", key="again")["revision"] == 2
    planner.wait(adopts(planner, "DECLARED"))
    assert cell(planner)["reason"] == ""
    assert asked(planner, PLAN)["figures"] == plan["figures"]


def adopts(planner: Served, basis: str) -> Callable[[], Awaitable[bool]]:
    async def is_so() -> bool:
        async with planner.runtime.db.reading() as session:
            row = await plan_content(session, AMBITO)
        assert row is not None
        return read(row.content, {}).adopted[CREMONA, ALER, 2027, Quantity.TURNOVER].basis == basis

    return is_so


def test_only_who_keeps_the_plan_chooses_and_only_in_its_ambito(planner: Served) -> None:
    choose(planner, "MODEL", 403, Role.MUNICIPALITY)
    assert "015146" in choose(planner, "MODEL", 404, municipality="015146")["detail"]
    assert "/reason" in str(choose(planner, "MODEL", 422, reason=""))
