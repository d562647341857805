"""Measures what demotion costs: how often chance alone demotes the model, and what the year after shows.

    python -m tests.support.demotion_cost [worlds for each setting]

Simulated worlds of eight years; each of the last three is forecast by whom the years before it had left in charge.
Nothing of it is a test; docs/forecast.md tells what it prints.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import NamedTuple

from services.planner.domain.demotion import FEWEST_YEARS, is_demoted
from services.planner.domain.scores import Record, Scores, YearScore, record_of, scores_of
from services.planner.forecasting.backtest import capital_of
from services.planner.forecasting.event_file import read_events
from services.planner.forecasting.history import fold
from tests.support.housing_worlds import SIZES, Setting, World

END = date(2026, 1, 1)
JUDGED = range(2023, 2026)
VILLAGE, CAPITAL, AMBITO = "villages", "capital", "ambito"
NUMBERS = {size: number for number, size in enumerate(SIZES)}


class Trial(NamedTuple):
    """One year: the record before it, and its losses by the model and by last year."""

    group: str
    record: Record
    following: YearScore


def trials(setting: Setting, seed: int) -> tuple[Scores, list[Trial]]:
    file = read_events(World(seed, setting).lines())
    capital, held = capital_of(file.events), fold(file.events, END).cells
    cells = {(town, owner, NUMBERS[size], quarter): cell for (town, owner, size, quarter), cell in held.items()}
    scores, found = scores_of(cells, {}, END), []
    for scope in scores.records:
        group = AMBITO if scope is None else CAPITAL if scope == capital else VILLAGE
        own = [score for score in scores.years if score.municipality == scope]
        for score in own:
            before = [one for one in own if one.year < score.year]
            if score.year in JUDGED and len(before) >= FEWEST_YEARS:
                found.append(Trial(group, record_of(before), score))
    return scores, found


def report(title: str, trials: list[Trial], *, at_any_difference: bool) -> str:
    """Share of the years that began demoted, of these where nobody had ever left, and how much more all then lost."""
    lost = [
        trial
        for trial in trials
        if (trial.record.loss > trial.record.last_year_loss if at_any_difference else is_demoted(trial.record))
    ]
    whole = sum(trial.following.loss for trial in trials)
    more = sum(trial.following.last_year_loss - trial.following.loss for trial in lost)
    none_left = sum(trial.record.last_year_loss == 0 for trial in lost) / max(len(lost), 1)
    return f"{title:30} {len(trials):6} {len(lost) / len(trials):7.1%} {none_left:9.1%} {more / whole:+7.1%}"


def main(worlds: int) -> None:
    asked = [(setting, seed) for setting in Setting for seed in range(worlds)]
    by_group: dict[str, list[Trial]] = defaultdict(list)
    with ProcessPoolExecutor(2) as pool:
        judged = list(pool.map(trials, *zip(*asked, strict=True)))
    for _, found in judged:
        for trial in found:
            by_group[trial.group].append(trial)
    forecasts = sum(scores.one_by_one.forecasts for scores, _ in judged)
    held = sum(scores.one_by_one.held for scores, _ in judged)
    lines = [f"{forecasts} municipal years, 80 % band holds {held / forecasts / 1000:.3f}"]
    lines.append(f"{'':30} {'years':>6} {'demoted':>7} {'none left':>9} {'loss':>7}")
    for group, found in by_group.items():
        lines.append(report(f"{group}, a tenth or more", found, at_any_difference=False))
        lines.append(report(f"{group}, any difference", found, at_any_difference=True))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
