"""The prediction of one file on one day: homes vacated by municipality and in all, homes that become assignable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from services.planner.domain.supply.assignable import Experience, forecast_assignable
from services.planner.domain.supply.counts import NOTHING, Distribution
from services.planner.domain.supply.turnover import Turnover, Window, forecast_turnover
from services.planner.domain.supply.works import learn_slippage
from services.planner.forecasting.history import History


class Prediction(NamedTuple):
    """Distributions of counts in the window, and means in thousandths."""

    municipalities: Mapping[str, Distribution]
    total: Distribution
    means: Mapping[str, int]
    assignable: Distribution


def months_after(on: date, months: int) -> date:
    """The same day so many months later, or the last of its month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    for day in range(on.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, on.day)


def predict(history: History, window: Window, municipalities: Iterable[str]) -> Prediction:
    """What the window holds; a municipality without homes is certain of nothing."""
    turnover = forecast_turnover(history.cells, history.on, [window])
    towns = {name: found[0].distribution() for name, found in turnover.municipalities.items()}
    means = {name: found[0].mean for name, found in turnover.municipalities.items()}
    names = sorted(municipalities)
    return Prediction(
        {name: towns.get(name, NOTHING) for name in names},
        turnover.ambito[0].distribution(),
        {name: means.get(name, 0) for name in names},
        assignable(history, turnover, window),
    )


def assignable(history: History, turnover: Turnover[str], window: Window) -> Distribution:
    """Homes that become assignable in the ambito."""
    experience = Experience(history.readiness, history.queues(), history.backlogs, history.works, history.since)
    slippage = learn_slippage(history.works, history.on)
    return forecast_assignable(turnover, 0, window, history.on, experience, slippage).ambito.homes
