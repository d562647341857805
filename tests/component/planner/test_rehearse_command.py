"""`pianovivo planner rehearse` on a planner's own database: it reads, prints who moves, and changes nothing."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.planner.app import create_runtime
from services.planner.cli import app
from services.planner.settings import PlannerSettings
from shared.migrate import migrate
from tests.support.planner import UNTIL, hear, synthetic
from tests.support.world import AMBITO

FUTURE = """\
sat_set_aside_share:
  - {value: "0.02", unit: share, valid_from: 2027-01-01, valid_to: null, article: art. 9, gazette: null, status: read}
disposal_sold_share:
  - {value: "0.10", unit: share, valid_from: 2027-01-01, valid_to: null, article: art. 8, gazette: null, status: read}
"""


async def filled(home: Path) -> None:
    planner = create_runtime(PlannerSettings(home=home))
    await migrate(planner.db, planner.migrations)
    await hear(planner, synthetic().past)
    await planner.transport.stop()
    await planner.db.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planner")
    asyncio.run(filled(folder))
    return folder


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["rehearse", *arguments], env={"PIANOVIVO_HOME": str(home)})


def test_who_moves_by_municipality_with_the_article_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    rules = tmp_path / "future.yaml"
    rules.write_text(FUTURE, encoding="utf-8")
    before = sha256((home / "planner.db").read_bytes()).digest()
    table = run(home, "--rules", str(rules), "--ambito", AMBITO)
    assert table.exit_code == 0, table.output
    lines = table.stdout.splitlines()
    assert lines[0].startswith(f"{AMBITO}, law of 2027-01-01: ")
    assert "  rule   sat_set_aside_share: 0.10 -> 0.02 (art. 9, read)" in lines
    [told] = json.loads(run(home, "--rules", str(rules), "--json").stdout)
    assert len(told["shifts"]) == len(lines) - 3
    caps = {(s["owner"], s["what"]): (s["before"], s["after"]) for s in told["shifts"] if s["kind"] == "CAP"}
    sat, sale = caps["aler-bcm", "cap/sat"], caps["aler-bcm", "cap/sale"]
    assert sat[0] == pytest.approx(5 * sat[1], abs=5)
    assert sale[1] == pytest.approx(2 * sale[0], abs=1)
    assert {tuple(s["articles"]) for s in told["shifts"] if s["what"] == "cap/sale"} == {("art. 8",)}
    assert sha256((home / "planner.db").read_bytes()).digest() == before


def test_before_its_day_a_rule_moves_nothing(home: Path, tmp_path: Path) -> None:
    rules = tmp_path / "future.yaml"
    rules.write_text(FUTURE, encoding="utf-8")
    found = run(home, "--rules", str(rules), "--on", UNTIL.isoformat())
    assert found.stdout.splitlines() == [f"{AMBITO}, law of {UNTIL}: 0 move"]


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("indigence: []", (), "line 1, indigence: no rule reads this parameter"),
        (FUTURE, ("--on", "tomorrow"), "'tomorrow' is no day of the form YYYY-MM-DD"),
        (FUTURE, ("--ambito", "altrove"), "there is no plan of altrove"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home: Path, tmp_path: Path, text: str, arguments, said: str) -> None:
    rules = tmp_path / "future.yaml"
    rules.write_text(text, encoding="utf-8")
    refused = run(home, "--rules", str(rules), *arguments)
    assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert len(refused.output.strip().splitlines()) == 1


def test_where_no_planner_has_run_none_is_made(tmp_path: Path) -> None:
    rules = tmp_path / "future.yaml"
    rules.write_text(FUTURE, encoding="utf-8")
    refused = run(tmp_path / "nowhere", "--rules", str(rules))
    assert (refused.exit_code, "no planner has run in" in refused.output) == (2, True)
    assert not (tmp_path / "nowhere").exists()
