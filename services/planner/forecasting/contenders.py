"""Simpler forecasts to be compared with: each gives the mean of a Poisson count for every municipality, and in all."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from math import fsum, isfinite
from typing import Any, NamedTuple

from services.planner.domain.supply.occupancy import first_day, pasts, quarter_of
from services.planner.domain.supply.turnover import DAYS_A_YEAR, Window
from services.planner.forecasting.history import History

LIBRARY = "statsforecast"
LIBRARY_MODELS: Mapping[str, Mapping[str, Any]] = {
    "AutoETS": {"season_length": 4},
    "CrostonOptimized": {},
    "TSB": {"alpha_d": 0.1, "alpha_p": 0.1},
    "IMAPA": {},
    "SeasonalNaive": {"season_length": 4},
}
"""Of the library's models those for short series of counts, and their settings."""
QUARTERS = 4


class Means(NamedTuple):
    """Of the exits in the window."""

    municipalities: Mapping[str, float]
    total: float


Contender = Callable[[History, Window], Means]


def contenders() -> dict[str, Contender]:
    """By name; the library's models only where it is installed, which the product does not need."""
    found: dict[str, Contender] = {"poisson": poisson, "last year": last_year}
    try:
        models = importlib.import_module(f"{LIBRARY}.models")
    except ModuleNotFoundError:
        return found
    for name, settings in LIBRARY_MODELS.items():
        found[f"{LIBRARY} {name}"] = partial(by_library, partial(getattr(models, name), **settings))
    return found


def poisson(history: History, window: Window) -> Means:
    """Each municipality by itself: its own rate so far, for the homes occupied now."""
    exits: Counter[str] = Counter()
    home_days: Counter[str] = Counter()
    occupied: Counter[str] = Counter()
    for (municipality, _, _), past in pasts(history.cells, history.on).items():
        exits[municipality] += past.exits
        home_days[municipality] += past.home_days
        occupied[municipality] += past.occupied
    means = {
        name: exits[name] / home_days[name] * occupied[name] * window.days if home_days[name] > 0 else 0.0
        for name in sorted(exits)
    }
    whole = sum(exits.values()) * sum(occupied.values()) * window.days / max(sum(home_days.values()), 1)
    return Means(means, whole)


def last_year(history: History, window: Window) -> Means:
    """As many a year as in the last four quarters."""
    latest = range(quarter_of(history.on) - QUARTERS, quarter_of(history.on))
    series = quarterly_exits(history)
    means = {name: sum(counts[q] for q in latest) * window.days / DAYS_A_YEAR for name, counts in series.items()}
    return Means(means, fsum(means.values()))


def by_library(model: Callable[[], Any], history: History, window: Window) -> Means:
    """A model for each municipality's quarterly exits, and one for the ambito's; below two years, their mean."""
    array = importlib.import_module("numpy").array
    ahead = max(round(window.days / DAYS_A_YEAR * QUARTERS), 1)
    quarters = range(quarter_of(history.since), quarter_of(history.on))
    series = quarterly_exits(history)

    def mean(counts: Counter[int]) -> float:
        if len(quarters) < 2 * QUARTERS:
            return sum(counts.values()) / max(len(quarters), 1) * ahead
        seen = array([counts[quarter] for quarter in quarters], dtype=float)
        found = float(model().forecast(y=seen, h=ahead)["mean"].sum())
        return max(found, 0.0) if isfinite(found) else 0.0

    return Means({name: mean(counts) for name, counts in series.items()}, mean(sum(series.values(), Counter())))


def quarterly_exits(history: History) -> dict[str, Counter[int]]:
    """Of every municipality in the quarters that are complete, by the quarter."""
    found: dict[str, Counter[int]] = {name: Counter() for name in sorted({key[0] for key in history.cells})}
    for (municipality, _, _, quarter), cell in history.cells.items():
        if first_day(quarter + 1) <= history.on.toordinal():
            found[municipality][quarter] += cell.exits
    return found
