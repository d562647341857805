"""Who may not see small counts of households finds none, wherever it looks; who writes the plan sees all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.auth import Role, issue
from shared.events import EmergencyCaseOpened
from tests.component.planner.test_figures_api import PLAN
from tests.component.planner.test_pages import KEY, home_with_key
from tests.support.planner import UNTIL, Served, planner_serving, stated, synthetic
from tests.support.world import AMBITO

CREMONA, SORESINA = "019036", "019098"
LEAD, PARTNER = ("comune-019036", Role.LEAD), ("azienda-sociale", Role.TECHNICAL_PARTNER)
TOWN = (f"comune-{SORESINA}", Role.MUNICIPALITY)
REGION, OWNER = ("regione-lombardia", Role.REGION), ("aler-bcm", Role.OWNER)
CASES = ("open_cases", "emergency_actions")
OF_HOUSEHOLDS = (*CASES, "need_", "coverage", "pressure", "component_")


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    case = EmergencyCaseOpened(
        case_ref="NUOVO",
        municipality=SORESINA,
        household_size=2,
        accessible=False,
        urgency_class=1,
        waiting_since=UNTIL,
    )
    with planner_serving(home_with_key(tmp_path_factory.mktemp("readers"))) as served:
        served.hear(*synthetic().past)
        served.hear(stated(case, "NUOVO"))
        yield served


def seen(planner: Served, path: str, who: tuple[str, Role] = REGION, status: int = 200) -> Any:
    now = datetime.now(UTC)
    token = issue(KEY, *who, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    answer = httpx.get(planner.url + path, headers={"authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == status, answer.text
    return answer.json()


def posted(planner: Served, path: str, document: Any, who: tuple[str, Role], status: int = 200) -> Any:
    now = datetime.now(UTC)
    token = issue(KEY, *who, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    answer = httpx.post(planner.url + path, json=document, headers={"authorization": f"Bearer {token}"}, timeout=120)
    assert answer.status_code == status, answer.text
    return answer.json()


def listed(planner: Served, who: tuple[str, Role], query: str = "") -> dict[str, int]:
    path: str | None = f"{PLAN}/figures?limit=1000{query}"
    found: dict[str, int] = {}
    while path:
        page = seen(planner, path, who)
        found |= {item["id"]: item["value"] for item in page["items"]}
        path = page["_links"]["next"]
    return found


def is_of_households(figure_id: str) -> bool:
    return figure_id.split(":")[2].startswith(OF_HOUSEHOLDS)


@pytest.fixture(scope="module")
def every(planner: Served) -> dict[str, int]:
    return listed(planner, LEAD)


@pytest.fixture(scope="module")
def small(every: dict[str, int]) -> set[str]:
    """Municipalities that need a home for one or two households in three years: thousandths below 3,000."""
    needs = {figure.split(":")[0]: value for figure, value in every.items() if ":need_3y:" in figure}
    found = {place for place, value in needs.items() if 0 < value < 3000}
    assert len(found) > 1
    return found


def test_only_counts_of_households_are_kept_back_and_the_small_ones_all(
    planner: Served, every: dict[str, int], small: set[str]
) -> None:
    told = listed(planner, REGION)
    assert told == {figure: value for figure, value in every.items() if figure in told}
    hidden = every.keys() - told.keys()
    assert all(is_of_households(figure) for figure in hidden)
    for figure in told:
        place, _, name, _ = figure.split(":")
        assert place == "-" or name not in CASES
        assert place not in small or not is_of_households(figure)
        assert place == "-" or not name.startswith(("need_backlog", "need_arrivals", "need_departures", "need_yearly"))
    assert listed(planner, OWNER) == told
    assert listed(planner, PARTNER) == every


def test_what_is_kept_back_does_not_follow_from_the_sum(
    planner: Served, every: dict[str, int], small: set[str]
) -> None:
    """Beside the small ones another is kept back: what is left of the ambito's need is not theirs alone."""
    told = {figure for figure in listed(planner, REGION) if ":need_3y:" in figure}
    hidden = {figure.split(":")[0] for figure in every if ":need_3y:" in figure and figure not in told}
    zero = {figure.split(":")[0] for figure, value in every.items() if ":need_3y:" in figure and value == 0}
    [companion] = hidden - small
    assert companion not in zero
    assert every[f"{companion}:-:need_3y:-"] >= 3000


def test_a_figure_that_is_not_told_is_not_there_nor_among_the_parts(planner: Served, small: set[str]) -> None:
    place = min(small)
    for figure in (f"{place}:-:need_3y:-", f"{CREMONA}:-:open_cases:-", f"{CREMONA}:-:need_backlog:-"):
        seen(planner, f"{PLAN}/figures/{figure}", status=404)
        seen(planner, f"{PLAN}/figures/{figure}/why", status=404)
        seen(planner, f"{PLAN}/figures/{figure}/why", LEAD)
    parts = seen(planner, f"{PLAN}/figures/-:-:need_3y:-/why")["parts"]
    assert parts
    assert not {part["municipality"] for part in parts} & small
    assert seen(planner, f"{PLAN}/figures/{CREMONA}:-:need_3y:-/why")["operands"] == []
    assert seen(planner, f"{PLAN}/figures/-:-:open_cases:-/why")["parts"] == []


def test_the_plan_and_a_municipality_show_what_the_list_shows(planner: Served, small: set[str]) -> None:
    told = listed(planner, REGION)
    for path, prefix in ((PLAN, "-:"), (f"{PLAN}/municipalities/{min(small)}", f"{min(small)}:")):
        page = seen(planner, path)
        shown = {figure["id"]: figure["value"] for figure in page["figures"]}
        assert shown == {figure: value for figure, value in told.items() if figure.startswith(prefix)}
        assert page["actions"] == []


def test_whoever_has_to_act_sees_what_it_has_to_do(planner: Served) -> None:
    every_action = seen(planner, PLAN, LEAD)["actions"]
    own = [action for action in every_action if action["owner"] == OWNER[0]]
    assert seen(planner, PLAN, OWNER)["actions"] == own
    assert 0 < len(own) < len(every_action)


def test_a_municipality_sees_its_own_however_small_and_of_others_what_everybody_sees(
    planner: Served, every: dict[str, int]
) -> None:
    told = listed(planner, TOWN)
    own = {figure: value for figure, value in every.items() if figure.startswith(f"{SORESINA}:")}
    assert told == listed(planner, REGION) | own
    actions = seen(planner, PLAN, TOWN)["actions"]
    assert actions
    assert {SORESINA} >= {action["municipality"] for action in actions if action["owner"] != TOWN[0]}


@pytest.mark.parametrize("resource", ["parts/3", "need"])
def test_part_three_tells_no_small_need_and_nothing_that_it_would_follow_from(
    planner: Served, resource: str, small: set[str]
) -> None:
    whole = seen(planner, f"{PLAN}/{resource}")
    assert {figure["id"] for figure in whole["figures"]} >= {"ambito/need_3y", "ambito/need_declared_count"}
    assert all(figure["operands"] == [] for figure in whole["figures"])
    for place in sorted(small)[:3]:
        own = seen(planner, f"{PLAN}/{resource}?municipality={place}")
        assert {figure["id"] for figure in own["figures"]} == {f"{place}/years_to_clear"}
        assert own["sentences"] == [] or all("famigli" not in one["text_it"] for one in own["sentences"])
    cremona = {one["id"] for one in seen(planner, f"{PLAN}/{resource}?municipality={CREMONA}")["figures"]}
    assert f"{CREMONA}/need_3y" in cremona
    assert not [name for name in cremona if "component_" in name or "need_backlog" in name]


def test_parts_six_and_seven_name_no_case_and_no_small_number_of_households(planner: Served) -> None:
    assert seen(planner, f"{PLAN}/parts/6")["items"] == []
    assert seen(planner, f"{PLAN}/parts/6?municipality={SORESINA}")["figures"] == []
    assert len(seen(planner, f"{PLAN}/parts/6?municipality={SORESINA}", TOWN)["figures"]) == 2
    for who in (REGION, OWNER):
        for item in seen(planner, f"{PLAN}/parts/7", who)["items"]:
            values = {one["name"]: one["value"] for one in item["values"]}
            assert values.get("households") not in ("1", "2")
            assert ("households" in values) == ("budget_eur" in values)


def test_refusals_are_for_who_places_cases_and_a_municipality_sees_its_own(planner: Served) -> None:
    for who in (REGION, OWNER, ("gestore-impianto", Role.OPERATOR)):
        seen(planner, f"{PLAN}/refusals", who, 403)
    every_refusal = seen(planner, f"{PLAN}/refusals?limit=1000", LEAD)["items"]
    own = seen(planner, f"{PLAN}/refusals?limit=1000", TOWN)
    assert own["items"] == [item for item in every_refusal if item["municipality"] == SORESINA]
    assert own["item_count"] == len(own["items"]) < len(every_refusal)


def test_versions_tell_of_no_case_and_of_no_municipalitys_households(planner: Served) -> None:
    lead, region = (seen(planner, f"{PLAN}/versions?limit=1", who)["items"][0] for who in (LEAD, REGION))
    assert [cause["kind"] for cause in lead["causes"]] == ["emergency-case-opened"]
    assert {figure["figure"] for change in lead["changes"] for figure in change["figures"]} <= {*CASES}
    assert (region["causes"], region["changes"]) == ([], [])
    town = seen(planner, f"{PLAN}/versions?limit=1", TOWN)["items"][0]
    assert [cause["subject"] for cause in town["causes"]] == ["NUOVO"]


def test_the_difference_between_two_plans_gives_nothing_away(planner: Served, small: set[str]) -> None:
    path = f"{PLAN}/drift?from_on=2026-10-31&limit=1000"
    lead, region = seen(planner, path, LEAD), seen(planner, path)
    assert any(is_of_households(item["id"]) for item in lead["items"])
    for item in region["items"]:
        place, _, name, _ = item["id"].split(":")
        assert place == "-" or name not in CASES
        assert place not in small or not is_of_households(item["id"])
    for reason in region["reasons"]:
        assert not reason["kind"].startswith(("emergency-case-", "hold-")) or reason["municipality"] is None


def test_under_other_rules_nothing_that_counts_households_is_told_but_to_who_sees_it(planner: Served) -> None:
    """The years in which the backlog is met divide it: two of them would tell a municipality's."""
    supposed = {
        "rules": [{"parameter": "backlog_clearance", "value": "2"}, {"parameter": "indigence_share", "value": "0.3"}]
    }
    lead, region = (posted(planner, f"{PLAN}/what-if?limit=1000", supposed, who) for who in (LEAD, REGION))
    assert any(is_of_households(item["id"]) for item in lead["items"])
    assert [item for item in region["items"] if is_of_households(item["id"])] == []
    assert region["limits"] == lead["limits"] != []
    assert [one["parameter"] for one in region["parameters"]] == ["backlog_clearance", "indigence_share"]


def test_a_rule_that_cannot_be_supposed_is_refused_with_its_bounds(planner: Served) -> None:
    refused = {"rules": [{"parameter": "indigence_share", "value": "1.5"}, {"parameter": "sat_baseline", "value": "1"}]}
    errors = posted(planner, f"{PLAN}/what-if", refused, LEAD, 422)["errors"]
    assert [(one["field"], one["value"]) for one in errors] == [
        ("/rules/0", "indigence_share = 1.5"),
        ("/rules/1", "sat_baseline = 1"),
    ]
    assert "da 0 a 1" in errors[0]["rule"]
