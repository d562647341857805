"""`pianovivo planner forecast` and `backtest`: the forecast for anyone to judge, over a file of events."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.planner.cli.files import day, refusal
from services.planner.domain.supply.turnover import Window
from services.planner.forecasting.backtest import NotOverError, backtest
from services.planner.forecasting.document import document
from services.planner.forecasting.event_file import EventFile, EventFileError, read_events
from services.planner.forecasting.history import fold
from services.planner.forecasting.prediction import months_after, predict

Events = Annotated[Path, typer.Option(help="The file of events (CSV).", exists=True, dir_okay=False, readable=True)]
Months = Annotated[int, typer.Option(help="Length of the window in months.", min=1, max=120)]
Output = Annotated[Path, typer.Option(help="Where the JSON goes; - is the standard output.", allow_dash=True)]


def forecast_command(
    events: Events,
    origin: Annotated[str, typer.Option(help="Day of the forecast, YYYY-MM-DD; later events are not looked at.")],
    months: Months = 36,
    output: Output = Path("-"),
    pmf: Annotated[bool, typer.Option("--pmf", help="Also the probability of every count.")] = False,
) -> None:
    """Forecast homes vacated and homes that become assignable, from a file of events."""
    on = day(origin)
    file = loaded(events)
    prediction = predict(fold(file.events, on), Window(on, months_after(on, months)), file.municipalities)
    write(output, document(prediction, pmf))


def backtest_command(
    events: Events,
    origins: Annotated[str, typer.Option(help="Days to forecast from, YYYY-MM-DD, separated by commas.")],
    months: Months = 36,
    output: Annotated[Path | None, typer.Option(help="Write JSON there, - for the standard output.")] = None,
) -> None:
    """Score forecasts of the past: coverage by randomised PIT, width, and skill against simpler ones."""
    days = [day(origin) for origin in origins.split(",")]
    try:
        report = backtest(loaded(events), days, months)
    except NotOverError as error:
        raise refusal(str(error)) from None
    if output is None or output != Path("-"):
        Console().print(table(report))
    if output is not None:
        write(output, json.dumps(report, sort_keys=True, allow_nan=False) + "\n")


def loaded(path: Path) -> EventFile:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return read_events(lines)
    except EventFileError as error:
        raise refusal(f"{path}, {error}") from None


def write(output: Path, text: str) -> None:
    if output == Path("-"):
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


MEASURES = {
    "coverage": "80 % band holds",
    "wide_coverage": "95 % band holds",
    "width_share": "width of the 80 % band / mean",
    "bias": "bias",
}


def table(report: dict[str, Any]) -> Table:
    """A column for each group of forecasts, a row for each measure; a contender without a value is not installed."""
    groups = report["groups"]
    found = Table(title=f"{report['months']} months from {', '.join(report['origins'])}")
    found.add_column("")
    for name, group in groups.items():
        found.add_column(f"{name} ({group['forecasts']})", justify="right")
    for key, label in MEASURES.items():
        found.add_row(label, *(percent(group[key]) for group in groups.values()))
    for contender in groups["total"]["skill"]:
        values = (group["skill"].get(contender) for group in groups.values())
        found.add_row(f"skill against {contender}", *("–" if value is None else percent(value) for value in values))
    return found


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
