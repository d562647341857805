"""Every number opens over HTTP, in the plan in force and in the plan as of any two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.planner.domain.chronicle import state_as_of, true_on
from services.planner.domain.plan import Plan
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from shared.auth import Role, issue
from shared.events import UnitChanged
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import KEY, home_with_key
from tests.support.world import AMBITO

PLAN = f"/plans/{AMBITO}"
CREMONA, ALER = "019036", "aler-bcm"
DAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("figures"))) as served:
        served.hear(*synthetic().past)
        yield served


def asked(planner: Served, path: str, status: int = 200) -> dict[str, Any]:
    now = datetime.now(UTC)
    token = issue(KEY, "comune-019036", Role.LEAD, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    answer = httpx.get(planner.url + path, headers={"authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def plan_on(day: date) -> Plan:
    """Independent of the database: the synthetic world's facts up to a day, folded."""
    method = method_of(PlannerSettings())
    messages = [message for message in synthetic().past if true_on(message) <= day]
    return method.plan_of(state_as_of(AMBITO, method.bands, messages))


def test_the_plan_as_it_was_true_on_a_day(planner: Served) -> None:
    then, now = asked(planner, f"{PLAN}?true_on={DAY}"), asked(planner, PLAN)
    assert (then["true_on"], now["true_on"]) == (DAY.isoformat(), None)
    assert then["hash"] == plan_hash(plan_on(DAY))
    assert then["hash"] != now["hash"]
    assert asked(planner, f"{PLAN}?true_on=2100-01-01")["hash"] == now["hash"]


def test_nothing_was_known_before_the_first_event(planner: Served) -> None:
    problem = asked(planner, f"{PLAN}?known_on=1999-12-31", 404)
    assert "31/12/1999" in problem["detail"]


def test_a_days_bad_name_is_refused_with_the_field(planner: Served) -> None:
    problem = asked(planner, f"{PLAN}?true_on=2025-02-30", 422)
    assert "true_on" in str(problem["errors"])


def test_every_figure_has_an_address(planner: Served) -> None:
    page = asked(planner, f"{PLAN}/figures?municipality={CREMONA}&limit=50")
    listed = page["items"]
    while following := page["_links"]["next"]:
        page = asked(planner, following)
        listed += page["items"]
    plan = asked(planner, f"{PLAN}/municipalities/{CREMONA}")
    assert [item["id"] for item in listed] == [figure["id"] for figure in plan["figures"]]
    one = asked(planner, f"{PLAN}/figures/{listed[0]['id']}")
    assert one["item"] == listed[0]
    assert asked(planner, f"{PLAN}/figures/{CREMONA}:-:nothing:-", 404)


def test_a_total_opens_into_its_parts_down_to_the_homes(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/-:-:free_assignable:-/why")
    assert sum(part["value"] for part in why["parts"]) == why["item"]["value"] > 0
    cremona = next(part for part in why["parts"] if part["municipality"] == CREMONA)
    owners = asked(planner, f"{PLAN}/figures/{cremona['id']}/why")["parts"]
    assert sum(part["value"] for part in owners) == cremona["value"]
    leaf = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:free_assignable:-/why?limit=1000")
    assert leaf["parts"] == []
    assert sum(home["effect"] for home in leaf["inputs"]) == leaf["item"]["value"]
    known = {str(message.envelope.id) for message in synthetic().past}
    assert known >= {event for home in leaf["inputs"] for event in home["events"]}


def test_why_of_the_past_cites_only_the_past(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:occupied:-/why?true_on={DAY}&limit=1000")
    assert why["input_count"] >= why["item"]["value"] > 0
    assert all(home["on"] <= DAY.isoformat() for home in why["inputs"])


def test_a_parameter_is_shown_with_its_article_and_whether_it_is_assumed(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/-:-:emergency_actions:-/why")
    found = {parameter["name"]: (parameter["value"], parameter["status"]) for parameter in why["parameters"]}
    assert found == {"sat_set_aside_share": ("0.10", "read"), "sat_baseline": ("EVER_REGISTERED", "assumed")}


def test_drift_between_two_days_adds_up_for_every_figure(planner: Served) -> None:
    answer = asked(planner, f"{PLAN}/drift?from_on=2026-10-31&municipality=-&limit=1000")
    before, after = asked(planner, f"{PLAN}?true_on=2026-10-31&known_on=2026-10-31"), asked(planner, PLAN)
    assert (answer["before_hash"], answer["hash"]) == (before["hash"], after["hash"])
    was = {figure["id"]: figure["value"] for figure in before["figures"]}
    now = {figure["id"]: figure["value"] for figure in after["figures"]}
    for item in answer["items"]:
        assert item["before"] + sum(part["amount"] for part in item["amounts"]) == item["after"]
        assert (item["before"], item["after"]) == (was.get(item["id"], 0), now.get(item["id"], 0))
    assert {figure for figure in was.keys() | now.keys() if was.get(figure, 0) != now.get(figure, 0)} <= {
        item["id"] for item in answer["items"]
    }


def test_drift_says_what_to_compare_with(planner: Served) -> None:
    assert "from_version" in asked(planner, f"{PLAN}/drift", 400)["detail"]


def supposed(planner: Served, document: dict[str, Any], status: int = 200) -> dict[str, Any]:
    now = datetime.now(UTC)
    token = issue(KEY, "comune-019036", Role.LEAD, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    answer = httpx.post(
        f"{planner.url}{PLAN}/what-if?limit=1000",
        json=document,
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_what_if_five_homes_were_given_back(planner: Served) -> None:
    """Five homes free and assignable: five more free, five fewer occupied; the plan itself stays as it is."""
    before = asked(planner, PLAN)
    answer = supposed(planner, {"vacancies": [{"municipality": CREMONA, "owner": ALER, "count": 5}]})
    moved = {item["id"]: item["after"] - item["before"] for item in answer["items"]}
    assert moved[f"{CREMONA}:{ALER}:free_assignable:-"] == moved["-:-:free_assignable:-"] == 5
    assert moved[f"{CREMONA}:{ALER}:occupied:-"] == -5
    assert answer["hash"] != before["hash"] == answer["before_hash"]
    assert asked(planner, PLAN) == before


def test_what_cannot_be_supposed_is_refused_with_what_there_is(planner: Served) -> None:
    occupied = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:occupied:-")["item"]["value"]
    many = [
        {"municipality": CREMONA, "owner": ALER, "count": 900},
        {"municipality": CREMONA, "owner": ALER, "count": 900},
    ]
    problem = supposed(planner, {"vacancies": many}, 422)
    assert problem["errors"][0]["field"] in ("/vacancies/0", "/vacancies/1")
    assert str(occupied) in problem["errors"][0]["rule"] or str(occupied - 900) in problem["errors"][0]["rule"]
    assert "/works/0" in str(supposed(planner, {"works": [{"expected_end_on": "2027-01-01"}]}, 422))


def test_a_forecast_opens_into_its_origins_and_what_it_was_learned_from(planner: Served) -> None:
    """The origins add up to the mean; exits seen are those of the synthetic world's facts."""
    seen = sum(
        1
        for message in synthetic().past
        if isinstance(message.event, UnitChanged)
        and message.event.report == "unit-vacated"
        and (message.event.after.municipality, message.event.after.owner) == (CREMONA, ALER)
    )
    for what in ("assignable", "turnover"):
        why = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:{what}_mean:2027/why")
        operands = {one["name"]: int(one["value"]) for one in why["operands"]}
        assert operands.pop("exits_seen") == seen
        assert operands.pop("exits_seen_in_ambito") > seen
        assert operands.pop("occupied_now") > 0
        assert sum(operands.values()) == why["item"]["value"]


def test_need_opens_into_its_components(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/{CREMONA}:-:need_3y:-/why")
    operands = {one["name"]: int(one["value"]) for one in why["operands"]}
    assert why["item"]["value"] == operands["B"] + 3 * operands["A"] - 3 * operands["L"]
    yearly = asked(planner, f"{PLAN}/figures/{CREMONA}:-:need_yearly:-/why")
    assert [parameter["name"] for parameter in yearly["parameters"]] == ["backlog_clearance"]


def every(planner: Served, query: str) -> dict[str, Any]:
    """All pages of a listing of figures, by identifier."""
    page = asked(planner, f"{PLAN}/figures?limit=1000&{query}")
    found = page["items"]
    while following := page["_links"]["next"]:
        page = asked(planner, following)
        found += page["items"]
    return {item["id"]: item for item in found}


@pytest.mark.parametrize("days", ["", f"&true_on={DAY}&known_on=2026-11-23"])
def test_supply_by_kind_adds_up_to_the_figures_it_divides(planner: Served, days: str) -> None:
    kinds = every(planner, f"detail=KINDS&municipality={CREMONA}&owner={ALER}{days}").values()
    assert {item["measure"] for item in kinds} == {"THOUSANDTHS"}
    for what in ("turnover", "assignable"):
        for year in ("2026", "2027", "2028", "-"):
            own = [item["value"] for item in kinds if item["id"].endswith(f":{year}") and what in item["figure"]]
            whole = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:{what}_mean:{year}?limit=1{days}")
            assert len(own) > 1
            assert sum(own) == whole["item"]["value"] > 0


def test_supply_by_kind_opens_down_to_the_homes_it_comes_from(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/-:-:assignable_size_4_sap:2027/why")
    assert sum(part["value"] for part in why["parts"]) == why["item"]["value"]
    cremona = next(part for part in why["parts"] if part["municipality"] == CREMONA)
    owners = asked(planner, f"{PLAN}/figures/{cremona['id']}/why")["parts"]
    assert sum(part["value"] for part in owners) == cremona["value"]
    for year in ("2027", "-"):
        leaf = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:assignable_size_4_sap:{year}/why")
        assert sum(int(one["value"]) for one in leaf["operands"]) == leaf["item"]["value"] > 0
    exits = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:turnover_size_4_sap:2027/why")
    operands = {one["name"]: int(one["value"]) for one in exits["operands"]}
    let = operands["homes_let_sap"] / (operands["homes_let_sap"] + operands["homes_let_sas"])
    assert exits["item"]["value"] == pytest.approx(operands["size_class_4"] * let, abs=1)


@pytest.mark.parametrize("days", ["", f"?true_on={DAY}&known_on=2026-11-23"])
def test_counted_columns_open_down_to_the_events_that_decide_them(planner: Served, days: str) -> None:
    """Column k of 2027: the homes that ALER assigned by a notice in 2025, as the synthetic world's facts tell."""
    last = DAY if days else date(2025, 12, 31)
    assigned = {
        message.event.unit_id
        for message in synthetic().past
        if isinstance(message.event, UnitChanged)
        and message.event.report == "unit-assigned"
        and date(2025, 1, 1) <= message.event.effective_on <= last
        and (message.event.after.municipality, message.event.after.owner) == (CREMONA, ALER)
    }
    name = f"{CREMONA}:{ALER}:column_assigned_previous_year:2027"
    separator = "&" if days else "?"
    why = asked(planner, f"{PLAN}/figures/{name}/why{days}{separator}limit=1000")
    assert why["item"]["value"] == len(assigned) > 0
    assert {home["subject"] for home in why["inputs"] if home["effect"]} == assigned
    stock = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:stock_total:-{days}")["item"]["value"]
    services = [f"{CREMONA}:{ALER}:column_stock_{service}:-" for service in ("sap", "sas", "sat")]
    assert sum(asked(planner, f"{PLAN}/figures/{one}{days}")["item"]["value"] for one in services) == stock


def test_forecast_columns_add_up_and_open_into_their_origins(planner: Served) -> None:
    why = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:column_assignable_total:2027/why")
    mean = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:assignable_mean:2027")["item"]["value"]
    assert sum(int(one["value"]) for one in why["operands"]) == why["item"]["value"] == mean
    for name in ("under_renovation_assignable", "turnover_expected", "new_build_assignable", "free_now"):
        part = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:column_{name}:2027/why")
        assert sum(int(one["value"]) for one in part["operands"]) == part["item"]["value"]
        assert {one["name"]: int(one["value"]) for one in why["operands"]}[name] == part["item"]["value"]


def test_what_only_the_owner_can_tell_is_empty_and_says_so(planner: Served) -> None:
    own = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:column_as_is_assignable:2027/why")
    assert own["item"]["value"] is None
    assert own["item"]["label_it"].endswith("(solo dichiarato)")
    assert own["formula"]["name"] == "column_declared_only"
    declared = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:column_as_is_assignable_declared:2027/why")
    assert [one["value"] for one in own["operands"]] == [str(declared["item"]["value"])]
    [submission] = declared["inputs"]
    assert (submission["kind"], submission["effect"]) == ("declaration", declared["item"]["value"])
    nobody = asked(planner, f"{PLAN}/figures/{CREMONA}:{ALER}:column_stock_sap_declared:2028")["item"]
    assert nobody["value"] is None


def test_a_share_is_the_laws_beside_the_declared_one(planner: Served) -> None:
    """R.R. 4/2017, art. 13 c. 3: at least 20 % for indigent households."""
    name = f"{CREMONA}:comune-{CREMONA}:column_indigence_share"
    why = asked(planner, f"{PLAN}/figures/{name}:2026/why")
    assert why["item"]["value"] == 200
    assert [(one["name"], one["article"]) for one in why["parameters"]] == [
        ("indigence_share", "R.R. 4/2017, art. 13 c. 3")
    ]
    operands = {one["name"]: one["value"] for one in why["operands"]}
    declared = asked(planner, f"{PLAN}/figures/{name}_declared:2026/why")
    assert float(operands["law"]) == 0.2
    assert declared["item"]["value"] == round(1000 * float(operands["declared"]))
    assert declared["operands"] == [{"name": "declared", "value": operands["declared"]}]
