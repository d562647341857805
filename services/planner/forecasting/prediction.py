"""The prediction of one file on one day: homes vacated by municipality and in all, homes that become assignable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from math import fsum
from typing import NamedTuple

from services.planner.domain.supply.counts import NOTHING, Distribution, sum_of
from services.planner.domain.supply.readiness import Readiness, ready_exits
from services.planner.domain.supply.refurbishment import completions
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
    """Exits that are ready at once, refurbishments and works completed: their convolution."""
    exits: dict[str, list[int]] = {}
    for (_, owner, _), found in turnover.cells.items():
        exits.setdefault(owner, []).append(found[0].mean)
    whole, readiness = turnover.ambito[0], history.readiness
    parts = [(sum(means), readiness.get(owner, Readiness())) for owner, means in sorted(exits.items())]
    inflows = {
        owner: fsum(means) / 1000 * (1 - readiness.get(owner, Readiness()).share) for owner, means in exits.items()
    }
    slippage = learn_slippage(history.works, history.on)
    return sum_of(
        [
            ready_exits(parts, whole),
            *(
                completions(queue, inflows.get(owner, 0.0), whole.relative_variance, window.days)
                for owner, queue in history.queues().items()
            ),
            slippage.homes(history.works, history.on, window),
            slippage.upcoming_homes(history.works, history.since, history.on, window),
        ]
    )
