"""Measures the forecast on simulated worlds and writes docs/forecast-measured.json and the plots of docs/forecast.md.

    python -m tests.support.forecast_quality [worlds for each setting]

Nothing of it is a test; the tests take fewer worlds of the same kinds.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from math import fsum
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from services.planner.domain.supply.counts import gamma_poisson
from services.planner.domain.supply.scoring import Outcome, outcome, pinball_loss, reliability, score, skill
from services.planner.domain.supply.turnover import Window, forecast_turnover
from services.planner.domain.supply.works import learn_slippage
from services.planner.forecasting.backtest import BECAME_ASSIGNABLE, capital_of, events_in, exits_in
from services.planner.forecasting.contenders import LIBRARY, contenders
from services.planner.forecasting.event_file import Kind, read_events
from services.planner.forecasting.history import fold
from services.planner.forecasting.prediction import months_after, predict
from tests.support.housing_worlds import Setting, World
from tests.support.plots import columns_plot, fan_plot

DOCS = Path(__file__).parents[2] / "docs"
SIZES = (1, 5, 15, 50, 150, 500)
LIBRARY_WORLDS = 6
"""The library is a hundred times slower than the forecast: it runs on the first worlds of each setting only."""
VILLAGES, CAPITAL, TOTAL = "villages", "capital", "total"


class Judged(NamedTuple):
    """One world: outcomes by group, losses by contender and group, villages by homes, works (mean, actual), seconds."""

    outcomes: dict[str, list[Outcome]]
    losses: dict[str, dict[str, list[float]]]
    by_homes: list[tuple[int, Outcome]]
    assignable: Outcome
    works: tuple[float, int]
    seconds: float


def judge(setting: Setting, seed: int, months: int = 36) -> Judged:
    """Forecast a world from its origin and compare with what came."""
    world = World(seed, setting)
    file = read_events(world.lines())
    window = Window(world.origin, months_after(world.origin, months))
    began = process_time()
    history = fold(file.events, world.origin)
    prediction = predict(history, window, file.municipalities)
    seconds = process_time() - began
    came, capital = exits_in(file.events, window), capital_of(file.events)
    homes: dict[str, int] = defaultdict(int)
    for (municipality, *_), cell in history.cells.items():
        homes[municipality] += cell.openings
    groups: dict[str, list[Outcome]] = {VILLAGES: [], CAPITAL: [], TOTAL: [outcome(prediction.total, came.total())]}
    by_homes = []
    for name, count in prediction.municipalities.items():
        found = outcome(count, came[name])
        groups[CAPITAL if name == capital else VILLAGES].append(found)
        by_homes.append((homes[name], found))
    losses: dict[str, dict[str, list[float]]] = {}
    for contender, forecast in contenders().items():
        if contender.startswith(LIBRARY) and seed >= LIBRARY_WORLDS:
            continue
        means = forecast(history, window)
        losses[contender] = {VILLAGES: [], CAPITAL: [], TOTAL: [poisson_loss(means.total, came.total())]}
        for name in prediction.municipalities:
            loss = poisson_loss(means.municipalities.get(name, 0.0), came[name])
            losses[contender][CAPITAL if name == capital else VILLAGES].append(loss)
    ahead = events_in(file.events, window)
    assignable = outcome(prediction.assignable, sum(1 for event in ahead if event.kind in BECAME_ASSIGNABLE))
    known = {works.id for works in history.works}
    completed = sum(1 for event in ahead if event.kind is Kind.WORKS_COMPLETED and event.ref in known)
    expected = learn_slippage(history.works, history.on).homes(history.works, history.on, window).mean
    return Judged(groups, losses, by_homes, assignable, (expected, completed), seconds)


def poisson_loss(mean: float, actual: int) -> float:
    return pinball_loss(gamma_poisson(mean, 0.0).quantiles(), actual)


def summary(worlds: list[Judged]) -> dict[str, Any]:
    """The row of a setting."""
    found: dict[str, Any] = {"worlds": len(worlds)}
    for group in (VILLAGES, CAPITAL, TOTAL):
        every = [one for world in worlds for one in world.outcomes[group]]
        found[group] = score(every)._asdict() | {"reliability": reliability(every), "skill": {}}
        for contender in worlds[0].losses:
            # Contenders that ran on fewer worlds are compared on those.
            ran = [world for world in worlds if contender in world.losses]
            own = [pinball_loss(one.quantiles, one.actual) for world in ran for one in world.outcomes[group]]
            other = [loss for world in ran for loss in world.losses[contender][group]]
            found[group]["skill"][contender] = skill(fsum(own), fsum(other))
    found["assignable"] = score(world.assignable for world in worlds)._asdict()
    found["works bias"] = fsum(w.works[0] for w in worlds) / max(sum(w.works[1] for w in worlds), 1) - 1
    found["seconds"] = max(world.seconds for world in worlds)
    return found


def coverage_by_homes(worlds: Iterable[Judged]) -> dict[str, float]:
    """Of the 80 % band, by the homes occupied in the municipality."""
    groups: dict[int, list[Outcome]] = defaultdict(list)
    for world in worlds:
        for homes, found in world.by_homes:
            if homes:
                groups[max(size for size in SIZES if size <= homes)].append(found)
    return {f"{size}+": score(groups[size]).coverage for size in SIZES if groups[size]}


def fans(setting: Setting, seed: int) -> dict[str, str]:
    """One village and the ambito: exits of the five years past, and the bands and the truth of the three ahead."""
    world = World(seed, setting)
    file = read_events(world.lines())
    history = fold(file.events, world.origin)
    years = [Window(date(year, 1, 1), date(year + 1, 1, 1)) for year in range(2018, 2026)]
    counts = [exits_in(file.events, year) for year in years]
    turnover = forecast_turnover(history.cells, world.origin, years[5:])
    by_exits = sorted(turnover.municipalities, key=lambda name: (-sum(count[name] for count in counts[:5]), name))
    village = by_exits[3]
    return {
        "ambito": fan_plot(
            "The ambito", [c.total() for c in counts], [e.distribution().quantiles() for e in turnover.ambito]
        ),
        "village": fan_plot(
            f"A village ({village})",
            [count[village] for count in counts],
            [found.distribution().quantiles() for found in turnover.municipalities[village]],
        ),
    }


def quiet_judge(task: tuple[Setting, int]) -> Judged:
    warnings.simplefilter("ignore")
    return judge(*task)


def main(count: int) -> None:
    rows: dict[str, Any] = {}
    every: list[Judged] = []
    with ProcessPoolExecutor(2) as pool:
        for setting in Setting:
            worlds = list(pool.map(quiet_judge, [(setting, seed) for seed in range(count)], chunksize=4))
            rows[setting.value] = summary(worlds)
            every += worlds
            sys.stderr.write(f"{setting.value}: {rows[setting.value]['villages']['coverage']:.3f}\n")
    rows["all"] = summary(every) | {"coverage by homes": coverage_by_homes(every)}
    (DOCS / "forecast-measured.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
    tenths = [f"{place / 10:.1f}" for place in range(10)]
    plots = {
        "reliability-villages": columns_plot(
            "Villages: share of outcomes by tenth of the randomised PIT",
            tenths,
            rows["all"]["villages"]["reliability"],
            0.1,
        ),
        "reliability-total": columns_plot(
            "Ambito: share of outcomes by tenth of the randomised PIT", tenths, rows["all"]["total"]["reliability"], 0.1
        ),
        "coverage-by-homes": columns_plot(
            "Share held by the 80 % band, by homes occupied in the municipality",
            list(rows["all"]["coverage by homes"]),
            list(rows["all"]["coverage by homes"].values()),
            0.8,
        ),
        **{f"fan-{name}": plot for name, plot in fans(Setting.SHOCKS, 3).items()},
    }
    for name, plot in plots.items():
        (DOCS / "images" / f"forecast-{name}.svg").write_text(plot)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
