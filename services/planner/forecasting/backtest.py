"""Forecasts of the past from what was known then, scored against what came: `pianovivo planner backtest`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import fsum
from typing import Any

from services.planner.domain.supply.counts import gamma_poisson
from services.planner.domain.supply.scoring import Outcome, outcome, pinball_loss, reliability, score, skill
from services.planner.domain.supply.turnover import Window
from services.planner.forecasting.contenders import LIBRARY, contenders
from services.planner.forecasting.event_file import EventFile, FileEvent, Kind
from services.planner.forecasting.history import fold
from services.planner.forecasting.prediction import months_after, predict

VILLAGES, CAPITAL, TOTAL, ASSIGNABLE = "villages", "capital", "total", "assignable total"
BECAME_ASSIGNABLE = frozenset({Kind.UNIT_ASSIGNABLE, Kind.REFURB_COMPLETED, Kind.WORKS_COMPLETED})
SILENCE = timedelta(days=92)
"""A file whose last event lies longer before the end of a window does not tell what came in it."""
Losses = dict[str, dict[str, list[float]]]
"""Pinball losses by contender and group."""


class NotOverError(ValueError):
    """The window of an origin ends after what the file tells."""


def backtest(file: EventFile, origins: Sequence[date], months: int) -> dict[str, Any]:
    """Scores by group, with the skill against each contender; None for one that is not installed.

    The villages are all municipalities but the capital, the one with most homes.

    Raises:
        NotOverError: a window ends after the file's last event.
    """
    last = max((event.on for event in file.events), default=date.min)
    capital = capital_of(file.events)
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    losses: Losses = defaultdict(lambda: defaultdict(list))
    for origin in origins:
        window = Window(origin, months_after(origin, months))
        if window.ends_on - last > SILENCE:
            raise NotOverError(f"{months} months after {origin} are not over: the file ends on {last}")
        _score_origin(file, window, capital, outcomes, losses)
    return {
        "origins": [origin.isoformat() for origin in origins],
        "months": months,
        "groups": {group: _report(group, found, losses) for group, found in outcomes.items() if found},
    }


def _score_origin(
    file: EventFile, window: Window, capital: str, outcomes: dict[str, list[Outcome]], losses: Losses
) -> None:
    history = fold(file.events, window.begins_on)
    prediction = predict(history, window, file.municipalities)
    came = exits_in(file.events, window)
    for name, count in prediction.municipalities.items():
        outcomes[CAPITAL if name == capital else VILLAGES].append(outcome(count, came[name]))
    outcomes[TOTAL].append(outcome(prediction.total, came.total()))
    assignable = sum(1 for event in events_in(file.events, window) if event.kind in BECAME_ASSIGNABLE)
    outcomes[ASSIGNABLE].append(outcome(prediction.assignable, assignable))
    for contender, forecast in contenders().items():
        means = forecast(history, window)
        for name in prediction.municipalities:
            group = CAPITAL if name == capital else VILLAGES
            losses[contender][group].append(_loss(means.municipalities.get(name, 0.0), came[name]))
        losses[contender][TOTAL].append(_loss(means.total, came.total()))


def _loss(mean: float, actual: int) -> float:
    return pinball_loss(gamma_poisson(mean, 0.0).quantiles(), actual)


def _report(group: str, found: Sequence[Outcome], losses: Losses) -> dict[str, Any]:
    whole = score(found)
    skills: dict[str, float | None] = {
        contender: skill(whole.loss, fsum(by_group[group]) / len(by_group[group]))
        for contender, by_group in losses.items()
        if by_group[group]
    }
    if group != ASSIGNABLE and not any(contender.startswith(LIBRARY) for contender in skills):
        skills[LIBRARY] = None
    return whole._asdict() | {"reliability": reliability(found), "skill": skills}


def capital_of(events: Iterable[FileEvent]) -> str:
    """The municipality with most homes; the first by name among equals."""
    homes = Counter(event.municipality for event in events if event.kind is Kind.UNIT_REGISTERED)
    return min(homes, key=lambda name: (-homes[name], name), default="")


def events_in(events: Iterable[FileEvent], window: Window) -> list[FileEvent]:
    return [event for event in events if window.begins_on <= event.on < window.ends_on]


def exits_in(events: Iterable[FileEvent], window: Window) -> Counter[str]:
    return Counter(event.municipality for event in events_in(events, window) if event.kind is Kind.UNIT_VACATED)
