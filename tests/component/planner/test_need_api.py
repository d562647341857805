"""The need with components switched on and off: an answer, never the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.planner.domain.need.declared import FLOWS, Component
from tests.component.planner.test_figures_api import PLAN, asked
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import home_with_key

CREMONA = "019036"
NEED = f"{PLAN}/need"


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("need"))) as served:
        served.hear(*synthetic().past)
        yield served


def with_only(*components: Component) -> str:
    return "&".join(f"components={component}" for component in components)


def values(answer: dict[str, Any]) -> dict[str, str | None]:
    return {figure["id"].rpartition("/")[2]: figure["value"] for figure in answer["figures"]}


@pytest.mark.parametrize("query", ["", f"municipality={CREMONA}"])
def test_with_every_component_it_is_the_plans_own(planner: Served, query: str) -> None:
    plan = asked(planner, f"{PLAN}/parts/3?{query}")
    for components in ("", with_only(*Component)):
        answer = asked(planner, f"{NEED}?{query}&{components}")
        assert answer["is_of_plan"]
        assert (answer["figures"], answer["sentences"]) == (plan["figures"], plan["sentences"])


def test_one_component_alone_is_the_backlog_and_nobody_comes_or_leaves(planner: Served) -> None:
    """B is what the municipality declared of it, in thousandths; without flows need = B, and yearly = B / 5."""
    declared = values(asked(planner, f"{PLAN}/parts/3?municipality={CREMONA}"))["component_eviction_orders"]
    answer = asked(planner, f"{NEED}?municipality={CREMONA}&{with_only(Component.EVICTION_ORDERS)}")
    found = values(answer)
    assert declared is not None
    assert int(declared) > 0
    assert found["need_backlog"] == found["need_3y"] == found["component_eviction_orders"] == declared
    assert (found["need_arrivals"], found["need_departures"]) == ("0", "0")
    assert int(found["need_yearly"] or 0) == (int(declared) + 2) // 5
    assert not answer["is_of_plan"]
    assert [one["component"] for one in answer["components"] if one["is_counted"]] == ["EVICTION_ORDERS"]
    assert "component_overcrowded" not in found


def test_the_answer_says_in_words_what_it_leaves_out(planner: Served) -> None:
    most = [component for component in Component if component is not Component.BARRIERS]
    texts = [one["text_it"] for one in asked(planner, f"{NEED}?{with_only(*most)}")["sentences"]]
    told = "Non sono conteggiate, perché escluse da chi ha fatto il calcolo: famiglie in alloggio con barriere."
    assert told in texts


def test_the_ambito_stays_the_sum_of_its_municipalities_and_less_counts_less(planner: Served) -> None:
    backlog = [component for component in Component if component not in FLOWS]
    whole = asked(planner, f"{NEED}?{with_only(*backlog)}")
    fewer = asked(planner, f"{NEED}?{with_only(*backlog[:-2])}")
    for answer in (whole, fewer):
        [figure] = [one for one in answer["figures"] if one["id"] == "ambito/need_backlog"]
        assert sum(int(one["value"]) for one in figure["operands"]) == int(figure["value"])
    assert 0 < int(values(fewer)["need_backlog"] or 0) < int(values(whole)["need_backlog"] or 0)


def test_nothing_of_it_is_kept(planner: Served) -> None:
    before, part = asked(planner, PLAN), asked(planner, f"{PLAN}/parts/3")
    asked(planner, f"{NEED}?{with_only(Component.BARRIERS)}")
    assert (asked(planner, PLAN), asked(planner, f"{PLAN}/parts/3")) == (before, part)


def test_as_of_a_day_and_what_is_no_component(planner: Served) -> None:
    then = asked(planner, f"{NEED}?true_on=2026-11-23&{with_only(Component.BARRIERS)}")
    assert then["true_on"] == "2026-11-23"
    assert then["figures"] == asked(planner, f"{NEED}?{with_only(Component.BARRIERS)}")["figures"]
    assert "components" in str(asked(planner, f"{NEED}?components=WEALTH", 422)["errors"])
    assert "019999" in asked(planner, f"{NEED}?municipality=019999", 404)["detail"]
