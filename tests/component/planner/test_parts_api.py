"""The seven parts of the synthetic ambito's plan, as an office reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from services.planner.domain.narrative.figures import Figure, FigureUnit, written
from tests.component.planner.test_figures_api import PLAN, asked
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import home_with_key

CREMONA = "019036"


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("parts"))) as served:
        served.hear(*synthetic().past)
        yield served


def figure(part: dict[str, Any], name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [one for one in part["figures"] if one["id"].endswith(f"/{name}")]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("query", ["", f"?municipality={CREMONA}"])
def test_every_number_in_a_sentence_is_one_of_its_figures(planner: Served, number: int, query: str) -> None:
    part = asked(planner, f"{PLAN}/parts/{number}{query}")
    known = {one["id"]: one for one in part["figures"]}
    for sentence in part["sentences"]:
        shown = {_written(known[name]) for name in sentence["figures"]}
        numbers = re.findall(r"[+\u2212]?\d[\d.,]*\d%?|[+\u2212]?\d%?", sentence["text_it"])
        assert {n.rstrip(".,") for n in numbers} <= shown


def _written(one: dict[str, Any]) -> str:
    value = Decimal(one["value"])
    return written(Figure("", one["id"], FigureUnit(one["unit"]), int(value) if value == int(value) else value, ""))


def test_the_ambito_is_the_sum_of_its_municipalities(planner: Served) -> None:
    whole = asked(planner, f"{PLAN}/parts/3")
    own = [int(one["value"]) for one in figure(whole, "need_3y")["operands"]]
    assert len(own) == 48
    assert sum(own) == int(figure(whole, "need_3y")["value"]) > 0
    assert figure(whole, "need_declared_count")["value"] == "46"


def test_parts_one_and_four_tell_what_is_known_of_cremona(planner: Served) -> None:
    """ISTAT, 1 January 2023: 70,637 residents."""
    framework = asked(planner, f"{PLAN}/parts/1?municipality={CREMONA}")
    assert figure(framework, "population")["value"] == "70637"
    assert "70.637 persone" in framework["sentences"][0]["text_it"]
    supply = asked(planner, f"{PLAN}/parts/4?municipality={CREMONA}")
    plan = asked(planner, f"{PLAN}/figures/{CREMONA}:-:stock_total:-")
    assert figure(supply, "stock_total")["value"] == str(plan["item"]["value"])


def test_lists_name_who_said_so(planner: Served) -> None:
    kinds = {
        number: {item["kind"] for item in asked(planner, f"{PLAN}/parts/{number}")["items"]} for number in (2, 5, 6, 7)
    }
    assert kinds[2] == {"service", "criticality"}
    assert {"strategy", "disposal", "disposal_cap"} <= kinds[5]
    assert kinds[6] == {"action", "refusal"}
    assert kinds[7] == {"measure"}


def test_a_part_as_of_a_day_and_of_nowhere(planner: Served) -> None:
    before = asked(planner, f"{PLAN}/parts/4?true_on=2025-06-30")
    assert before["reference_on"] <= "2025-06-30"
    assert "019999" in asked(planner, f"{PLAN}/parts/4?municipality=019999", 404)["detail"]


def entries(part: dict[str, Any], kind: str, owner: str | None) -> list[dict[str, str | None]]:
    """The values by name of the entries of a kind."""
    found = [item for item in part["items"] if item["kind"] == kind and item["owner"] == owner]
    return [{value["name"]: value["value"] for value in item["values"]} for item in found]


@pytest.mark.parametrize("query", ["", f"?municipality={CREMONA}", f"?municipality={CREMONA}&true_on=2025-06-30"])
def test_part_four_divides_the_supply_and_shows_the_annual_columns(planner: Served, query: str) -> None:
    part = asked(planner, f"{PLAN}/parts/4{query}")
    kinds = entries(part, "supply_by_kind", None)
    for what in ("turnover", "assignable"):
        own = sum(int(kind[f"{what}_triennium"] or 0) for kind in kinds)
        assert own == int(figure(part, f"{what}_mean")["value"]) > 0
    columns = entries(part, "annual_column", None)
    assert "".join(sorted({column["column"] or "" for column in columns})) == "abcdefghijk"
    stock = sum(int(column["now"] or 0) for column in columns if column["column"] == "a")
    assert stock == int(figure(part, "stock_total")["value"])
    [as_is] = [column for column in columns if column["column"] == "b"]
    assert as_is["2027"] == "solo dichiarato"
    assert {column["2027"] for column in columns if column["column"] in ("h", "i")} == {"ente per ente"}


def test_part_four_says_of_each_owner_what_it_declared_and_what_it_did_not(planner: Served) -> None:
    part = asked(planner, f"{PLAN}/parts/4?municipality={CREMONA}")
    shares = [column for column in entries(part, "annual_column", f"comune-{CREMONA}") if column["column"] == "h"]
    assert (shares[0]["2027"], shares[0]["source"]) == ("200", "LAW")
    assert shares[0]["declared_2028"] == "non dichiarato"
    by_owner = [entries(part, "supply_by_kind", owner) for owner in ("aler-bcm", f"comune-{CREMONA}", None)]
    homes = [sum(int(kind["assignable_2027"] or 0) for kind in kinds) for kinds in by_owner]
    assert 0 < homes[0] < homes[2]
    assert homes[0] + homes[1] <= homes[2]
