"""Who may not see small counts of households finds none, wherever it looks; who writes the plan sees all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
import pytest

from services.planner.domain.need.declared import Component
from services.planner.domain.needs import inhabitants_of
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from shared.auth import Role, issue
from shared.events import EmergencyCaseOpened, SubmissionReceived
from shared.territory import ambito
from tests.component.planner.test_figures_api import PLAN
from tests.support.planner import UNTIL, Served, planner_serving, stated, synthetic
from tests.support.public_pages import KEY, home_with_key
from tests.support.world import AMBITO

CREMONA, SORESINA = "019036", "019098"
LEAD, PARTNER = ("comune-019036", Role.LEAD), ("azienda-sociale", Role.TECHNICAL_PARTNER)
TOWN = (f"comune-{SORESINA}", Role.MUNICIPALITY)
REGION, OWNER = ("regione-lombardia", Role.REGION), ("aler-bcm", Role.OWNER)
CASES = ("open_cases", "emergency_actions")
METHOD = ("/years_to_clear", "/need_declared_count", "/municipality_count")
ENDS = ("_low", "_high")
PEOPLE = inhabitants_of(survey_ambito(ambito(AMBITO).municipalities, ASSUMED))
DECLARING = {
    message.event.municipality
    for message in synthetic().past
    if isinstance(message.event, SubmissionReceived) and message.event.need is not None
}
"""Who has said how many households are in need; the others' needs are estimated."""
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


def is_end(figure: str) -> bool:
    return figure.split(":")[2].endswith(ENDS)


def steps(figures: dict[str, int]) -> dict[str, int]:
    """Households as everybody is told them, worked out here once more: low ends down to a five, high ends up to one."""
    found = {}
    for figure, value in figures.items():
        place, _, name, _ = figure.split(":")
        step = 5 if name.endswith(("_low", "_high")) else 5000
        if name.startswith("need_") and (place == "-" or name.startswith("need_3y")):
            found[figure] = (value // step + name.endswith("_high")) * step
    least = {figure.split(":")[0]: value for figure, value in found.items() if ":need_3y:" in figure}
    silent = {code for code in PEOPLE if code not in DECLARING}
    told = {figure: value for figure, value in found.items() if least[figure.split(":")[0]]}
    told = {figure: value for figure, value in told.items() if figure.split(":")[0] not in silent | {"-"}}
    return told | ambito_steps(figures) | {"-:-:open_cases:-": figures["-:-:open_cases:-"] // 5 * 5}


def ambito_steps(figures: dict[str, int]) -> dict[str, int]:
    """The means: those of who declared, down to a five, and for the others as much for each household, down again."""
    heard, of = (sum(PEOPLE[code].households for code in found) for found in (DECLARING, PEOPLE))
    assert len(DECLARING) == 46
    found = {}
    for name in ("need_3y", "need_backlog", "need_arrivals", "need_departures", "need_yearly"):
        whole = sum(figures[f"{code}:-:{name}:-"] for code in DECLARING)
        found[f"-:-:{name}:-"] = whole // 5000 * 5000 * of // heard // 5000 * 5000
    return found


def test_households_are_told_in_steps_and_the_small_ones_not_at_all(
    planner: Served, every: dict[str, int], small: set[str]
) -> None:
    told = listed(planner, REGION)
    homes = {figure: value for figure, value in every.items() if not is_of_households(figure)}
    assert homes == {figure: value for figure, value in told.items() if not is_of_households(figure)}
    households = {figure: value for figure, value in told.items() if is_of_households(figure)}
    bands = {figure for figure in households if figure.startswith("-") and is_end(figure)}
    assert all(households[figure] % 5 == 0 for figure in bands if ":coverage" not in figure)
    counts = {figure: value for figure, value in households.items() if ":coverage" not in figure}
    assert {figure: value for figure, value in counts.items() if figure not in bands} == steps(every)
    assert not {figure for figure in households if figure.split(":")[0] in small}
    assert listed(planner, OWNER) == told
    assert listed(planner, PARTNER) == every


def test_coverage_is_that_of_the_need_as_it_is_told(planner: Served, every: dict[str, int]) -> None:
    """Divided into the supply, which is public, the exact one would tell the exact need."""
    told = listed(planner, REGION)
    [*places] = [figure.split(":")[0] for figure in told if ":coverage:" in figure]
    assert len(places) > 2
    for place in places:
        supply, need = told[f"{place}:-:assignable_mean:-"], told[f"{place}:-:need_3y:-"]
        share = (Decimal(supply) / need).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert told[f"{place}:-:coverage:-"] == int(share * 1000)
    assert any(told[f"{place}:-:coverage:-"] != every[f"{place}:-:coverage:-"] for place in places)


def test_a_figure_that_is_not_told_is_not_there_nor_among_the_parts(planner: Served, small: set[str]) -> None:
    place = min(small)
    for figure in (f"{place}:-:need_3y:-", f"{CREMONA}:-:open_cases:-", f"{CREMONA}:-:need_backlog:-"):
        seen(planner, f"{PLAN}/figures/{figure}", status=404)
        seen(planner, f"{PLAN}/figures/{figure}/why", status=404)
        seen(planner, f"{PLAN}/figures/{figure}/why", LEAD)
    told = listed(planner, REGION)
    parts = seen(planner, f"{PLAN}/figures/-:-:need_3y:-/why")["parts"]
    assert parts
    assert all(part["value"] == told[part["id"]] for part in parts)
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


def test_a_municipality_sees_its_own_cases_however_few_and_of_need_what_everybody_sees(
    planner: Served, every: dict[str, int]
) -> None:
    """Its own need is estimated and compared with what the others have declared: it would tell of theirs."""
    own = {f"{SORESINA}:-:{name}:-": every[f"{SORESINA}:-:{name}:-"] for name in CASES}
    assert listed(planner, TOWN) == listed(planner, REGION) | own
    for path in (f"{PLAN}/parts/3", f"{PLAN}/need"):
        answers = [seen(planner, f"{path}?municipality={SORESINA}", who) for who in (TOWN, REGION)]
        assert answers[0] == answers[1]
    actions = seen(planner, PLAN, TOWN)["actions"]
    assert actions
    assert {SORESINA} >= {action["municipality"] for action in actions if action["owner"] != TOWN[0]}


@pytest.mark.parametrize("resource", ["parts/3", "need"])
def test_part_three_tells_no_small_need_and_nothing_that_it_would_follow_from(
    planner: Served, resource: str, small: set[str]
) -> None:
    whole = seen(planner, f"{PLAN}/{resource}")
    assert {figure["id"] for figure in whole["figures"]} >= {"ambito/need_3y", "ambito/need_declared_count"}
    assert all(figure["operands"] == [] for figure in whole["figures"] if "coverage" not in figure["id"])
    assert in_steps(whole)
    for place in sorted(small)[:3]:
        own = seen(planner, f"{PLAN}/{resource}?municipality={place}")
        assert {figure["id"] for figure in own["figures"]} == {f"{place}/years_to_clear"}
        assert own["sentences"] == []
    of_cremona = seen(planner, f"{PLAN}/{resource}?municipality={CREMONA}")
    names = {one["id"].split("/")[1] for one in of_cremona["figures"]}
    assert in_steps(of_cremona)
    assert names == {"years_to_clear", *(f"{name}{end}" for name in ("need_3y", "coverage") for end in ("", *ENDS))}


def in_steps(answer: Any) -> bool:
    """Whether every number of households of a part is a multiple of five, in thousandths or not."""
    counts = [one for one in answer["figures"] if not one["id"].endswith((*METHOD, "_by"))]
    units = {"THOUSANDTHS": 5000, "COUNT": 5}
    return all(int(one["value"]) % units[one["unit"]] == 0 for one in counts if one["unit"] in units)


@pytest.mark.parametrize("component", list(Component))
def test_of_single_components_of_the_need_nobody_else_is_told_a_number(planner: Served, component: Component) -> None:
    """Of a municipality that alone would be its count, of the ambito the difference to the whole."""
    others = "".join(f"&components={one}" for one in Component if one is not component)
    for query in (f"components={component}", others.removeprefix("&")):
        for place in ("", f"&municipality={CREMONA}"):
            answer = seen(planner, f"{PLAN}/need?{query}{place}")
            assert all(one["id"].endswith(METHOD) for one in answer["figures"])
            assert answer["sentences"] == []
            assert len(seen(planner, f"{PLAN}/need?{query}{place}", LEAD)["figures"]) > 3
    [own] = seen(planner, f"{PLAN}/need?components={component}&municipality={SORESINA}", TOWN)["figures"]
    assert own["id"].endswith(METHOD)


def test_parts_six_and_seven_name_no_case_and_no_small_number_of_households(planner: Served) -> None:
    assert seen(planner, f"{PLAN}/parts/6")["items"] == []
    assert {one["id"] for one in seen(planner, f"{PLAN}/parts/6")["figures"]} == {"ambito/open_cases"}
    assert seen(planner, f"{PLAN}/parts/6?municipality={SORESINA}")["figures"] == []
    assert len(seen(planner, f"{PLAN}/parts/6?municipality={SORESINA}", TOWN)["figures"]) == 2
    for who in (REGION, OWNER):
        part = seen(planner, f"{PLAN}/parts/7", who)
        values = [{one["name"]: one["value"] for one in item["values"]} for item in part["items"]]
        told = [int(one["households"]) for one in values if "households" in one]
        assert min(told) >= 5
        assert all(("households" in one) == ("budget_eur" in one) for one in values)
        [total] = [one["value"] for one in part["figures"] if one["id"] == "ambito/access_households"]
        assert int(total) == sum(told)


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


def test_the_difference_between_two_plans_tells_of_homes_only(planner: Served) -> None:
    path = f"{PLAN}/drift?from_on=2026-10-31&limit=1000"
    lead, region = seen(planner, path, LEAD), seen(planner, path)
    assert any(is_of_households(item["id"]) for item in lead["items"])
    assert any(reason["kind"].startswith("emergency-case-") for reason in lead["reasons"])
    homes = {item["id"] for item in lead["items"] if not is_of_households(item["id"])}
    assert homes <= {item["id"] for item in region["items"]}
    assert not [item for item in region["items"] if is_of_households(item["id"])]
    assert not [reason for reason in region["reasons"] if reason["kind"].startswith(("emergency-case-", "hold-"))]
    for item in region["items"]:
        assert sum(one["amount"] for one in item["amounts"]) == item["after"] - item["before"]
        assert all(one["reason"] < len(region["reasons"]) for one in item["amounts"])


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


def test_no_public_page_document_or_day_tells_households_but_in_steps(planner: Served, small: set[str]) -> None:
    """Every number that stands beside a need's own address, on today's pages and those of two other days."""
    for day in ("", "?noto_il=2026-11-23", "?vero_il=2026-11-23"):
        told = 0
        for path in ("parti/3", *(f"numeri/{name}" for name in ("-:-:need_3y:-", "ambito:component_eviction_orders"))):
            answer = httpx.get(f"{planner.url}/ambiti/{AMBITO}/{path}{day}", timeout=60)
            numbers = re.findall(
                r'numeri/[^"]*(?:need_(?!declared_count)|component_)[^"]*"[^>]*>\s*(?:<span[^>]*>)?([\d.]+)(?:,(\d))?',
                answer.text,
            )
            numbers += re.findall(r"almeno ([\d.]+)(?:,(\d))?", answer.text)
            assert all(int(whole.replace(".", "")) % 5 == 0 and not tenth for whole, tenth in numbers), path + day
            told += len(numbers)
        assert told > 10, day
    for place in small:
        assert httpx.get(f"{planner.url}/ambiti/{AMBITO}/numeri/{place}:-:need_3y:-").status_code == 404
