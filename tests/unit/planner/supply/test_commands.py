"""`pianovivo planner forecast` and `backtest` as somebody who judges them runs them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner, Result

from services.planner.cli import app
from tests.unit.planner.supply.deliveries import delivered_badly

HERE = Path(__file__).parent
LEVELS = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked("sample_events", tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked("sample_dirty_events", tmp_path_factory.mktemp("dirty"))


def unpacked(name: str, folder: Path) -> Path:
    path = folder / f"{name}.csv"
    path.write_bytes(gzip.decompress((HERE / f"{name}.csv.gz").read_bytes()))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def forecast(path: Path, *more: str) -> str:
    result = run("forecast", "--events", str(path), "--origin", "2023-01-01", "--months", "36", "--output", "-", *more)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_format_is_the_contract(sample: Path) -> None:
    found = json.loads(forecast(sample, "--pmf"))
    assert set(found) == {"levels", "municipalities", "total", "mean", "assignable", "pmf"}
    assert found["levels"] == LEVELS
    named = {line.split(",")[5] for line in sample.read_text().splitlines()[1:]}
    assert set(found["municipalities"]) == set(found["mean"]) == set(found["pmf"]["municipalities"]) == named
    every = [*found["municipalities"].values(), found["total"], found["assignable"]["total"]]
    assert all(len(levels) == 9 and levels == sorted(levels) for levels in every)
    assert all(isinstance(quantile, int) for levels in every for quantile in levels)
    for name, masses in found["pmf"]["municipalities"].items():
        assert sum(masses) == pytest.approx(1, abs=1e-9)
        assert sum(count * mass for count, mass in enumerate(masses)) == pytest.approx(found["mean"][name], abs=0.01)
    total = sum(count * mass for count, mass in enumerate(found["pmf"]["total"]))
    assert total == pytest.approx(sum(found["mean"].values()), rel=1e-3)
    assert "pmf" not in json.loads(forecast(sample))


def test_the_sample_is_forecast_near_what_its_past_says(sample: Path) -> None:
    found = json.loads(forecast(sample))
    # 487 exits in five years, 292 in three; 447 homes became assignable in five, 268 in three.
    assert found["total"][4] == pytest.approx(292, rel=0.05)
    assert found["assignable"]["total"][2] < 268 < found["assignable"]["total"][6]


def test_a_dirty_delivery_gives_the_same_bytes(sample: Path, dirty: Path, tmp_path: Path) -> None:
    expected = forecast(sample, "--pmf")
    assert forecast(dirty, "--pmf") == expected
    for seed in range(3):
        path = tmp_path / f"{seed}.csv"
        path.write_text("".join(delivered_badly(sample.read_text().splitlines(keepends=True), Random(seed))))
        assert forecast(path, "--pmf") == expected


def test_later_events_are_not_looked_at(sample: Path, tmp_path: Path) -> None:
    lines = sample.read_text().splitlines(keepends=True)
    past = tmp_path / "past.csv"
    past.write_text("".join([lines[0], *(line for line in lines[1:] if line.split(",")[2] < "2021-01-01")]))
    arguments = ("--origin", "2021-01-01", "--months", "24")
    assert (
        run("forecast", "--events", str(past), *arguments).stdout
        == run("forecast", "--events", str(sample), *arguments).stdout
    )


def test_neither_hash_seed_nor_locale_nor_time_zone_shows(sample: Path) -> None:
    found = set()
    for seed, locale, zone in (("0", "C", "UTC"), ("7", "C.UTF-8", "Pacific/Auckland")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        code = "import typer; from services.planner.cli.forecast import forecast_command; typer.run(forecast_command)"
        command = [sys.executable, "-c", code]
        arguments = ["--events", str(sample), "--origin", "2023-01-01", "--pmf"]
        done = subprocess.run(
            [*command, *arguments], env=environment, cwd=Path(__file__).parents[4], capture_output=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert found.pop().decode() == forecast(sample, "--pmf")


def test_a_bad_line_is_named_and_nothing_is_written(sample: Path, tmp_path: Path) -> None:
    bad, output = tmp_path / "bad.csv", tmp_path / "out.json"
    bad.write_text(sample.read_text().replace("2018-01-20,unit_alienated", "2018-13-20,unit_alienated"))
    result = run("forecast", "--events", str(bad), "--origin", "2023-01-01", "--output", str(output))
    assert result.exit_code == 2
    # The event has the sequence 3729; the header is line 1, sequence 0 is line 2.
    assert "line 3731: date '2018-13-20' is no day of the form YYYY-MM-DD" in result.stderr
    assert not output.exists()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(b"seq,event_id,date,kind,unit,municipality,owner,size,ref\n\xff\xfe\n")
    result = run("forecast", "--events", str(path), "--origin", "2023-01-01")
    assert (result.exit_code, "no UTF-8" in result.stderr) == (2, True)


@pytest.mark.parametrize("origin", ["2023-02-30", "soon"])
def test_an_impossible_origin_is_refused(sample: Path, origin: str) -> None:
    result = run("forecast", "--events", str(sample), "--origin", origin)
    assert result.exit_code == 2
    assert f"{origin!r} is no day" in result.stderr


def test_backtest_prints_a_table_and_writes_json(sample: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.json"
    arguments = ("--origins", "2020-01-01,2021-01-01", "--months", "24")
    result = run("backtest", "--events", str(sample), *arguments, "--output", str(output))
    assert result.exit_code == 0, result.output
    for words in ("80 % band holds", "95 % band holds", "width", "poisson", "last year", "statsforecast"):
        assert words in result.stdout
    groups = json.loads(output.read_text())["groups"]
    assert {name: group["forecasts"] for name, group in groups.items()} == {
        "capital": 2,
        "villages": 76,
        "total": 2,
        "assignable total": 2,
    }
    assert 0.65 < groups["villages"]["coverage"] < 0.95
    assert groups["villages"]["skill"]["poisson"] > 0.1
    only_json = run("backtest", "--events", str(sample), *arguments, "--output", "-")
    assert json.loads(only_json.stdout)["groups"] == groups


def test_a_window_that_is_not_over_cannot_be_scored(sample: Path) -> None:
    result = run("backtest", "--events", str(sample), "--origins", "2021-01-01", "--months", "36")
    assert result.exit_code == 2
    assert "36 months after 2021-01-01 are not over: the file ends on 2022-12-25" in result.stderr
