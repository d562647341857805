"""What the plan's state and the supply forecast cost, in processor time: `python -m tests.bench.forecast_cost`.

Three tables: folding one event after so many others and the sheet of the one municipality it touches; the forecast of
an ambito, a region and Italy; the plan of the synthetic ambito after events of several kinds. Cells are municipality x owner x size, four for each municipality, over five years of
quarters; every cell, municipality and the ambito are forecast with their bands. The homes are invented.
"""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from statistics import median
from time import process_time

from services.planner.domain.forecast import Triennium
from services.planner.domain.forecast import forecast as forecast_plan
from services.planner.domain.plan import compute
from services.planner.domain.sheets import sheets_of
from services.planner.domain.state import PlanState, fold
from services.planner.domain.supply.occupancy import quarter_of
from services.planner.domain.supply.turnover import Window, forecast_turnover
from services.planner.forecasting.history import Cell
from services.planner.law import rules_on
from shared.events import Message, UnitStatus
from shared.territory import names_of
from tests.support.planner import AMBITO, synthetic
from tests.unit.planner.worlds import TestRegistry

ON, SINCE, QUARTERS = date(2023, 1, 1), date(2018, 1, 1), 20
YEARS = [Window(date(year, 1, 1), date(year + 1, 1, 1)) for year in (2023, 2024, 2025)]
TRIENNIUM = Window(ON, date(2026, 1, 1))
SIZES = {"ambito": 48, "region": 1500, "Italy": 7900}
PASTS = (1_000, 10_000, 100_000, 1_000_000)
HOMES = 4_200
FOLDED = 2_000
ROUNDS = 7


def history(municipalities: int) -> dict[tuple[str, str, str, int], Cell]:
    draw, found = random.Random(1), {}
    for number in range(municipalities):
        stock = int(draw.lognormvariate(3, 1.3)) + 1
        for owner in ("ALER", "COMUNE"):
            for size in ("S", "L"):
                homes = draw.randint(0, max(1, stock // 2))
                key = (f"M{number:05}", owner, size)
                found[(*key, quarter_of(SINCE))] = Cell(0, homes, homes * SINCE.toordinal())
                for quarter in range(1, QUARTERS):
                    exits = sum(draw.random() < 0.009 for _ in range(homes))
                    if exits:
                        found[(*key, quarter_of(SINCE) + quarter)] = Cell(exits, 0, 40 * exits)
    return found


def forecast(cells: dict[tuple[str, str, str, int], Cell], windows: list[Window]) -> None:
    found = forecast_turnover(cells, ON, windows)
    for group in (found.cells.values(), found.municipalities.values(), [found.ambito]):
        for expectations in group:
            for expectation in expectations:
                expectation.band()


def lives(municipalities: int) -> Iterator[Message]:
    """Homes of so many municipalities, each registered, then vacated and let for ever, all in turn."""
    registry, on = TestRegistry(), SINCE
    for number in range(HOMES):
        registry.register(f"U{number}", UnitStatus.OCCUPIED, on, municipality=f"{number % municipalities:06}")
        yield registry.sent.pop()
    while True:
        on += timedelta(days=7)
        for kind, status in (("unit-vacated", UnitStatus.FREE_ASSIGNABLE), ("unit-assigned", UnitStatus.OCCUPIED)):
            for unit in registry.units:
                registry.timelines[unit] = registry.timelines[unit][-1:]
                registry.report(unit, kind, status, on)
                yield registry.sent.pop()


def milliseconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return 1000 * (process_time() - began)


def folding(municipalities: int, past: int) -> tuple[float, float, int]:
    """Microseconds for one event after `past` others, milliseconds for the one sheet it touches, and rows of state."""
    state, told = PlanState("bench", rules_on(ON).bands), lives(municipalities)
    for message in islice(told, past):
        fold(state, message)
    state.settle()
    sheets = sheets_of(state, None)
    new = list(islice(told, FOLDED))

    def fold_all() -> None:
        for message in new:
            fold(state, message)

    each = 1000 * milliseconds(fold_all) / FOLDED
    state.settle()
    touching = []
    for message in islice(told, 50):
        fold(state, message)
        touching.append(milliseconds(lambda: sheets_of(state, sheets)))
        state.settle()
    return each, median(touching), len(state.cells)


def print_folding() -> None:
    print("| past events | municipalities | fold, µs an event | sheet of the one touched, ms | cells x quarters |")
    print("|---|---|---|---|---|")
    for past in PASTS:
        each, touching, rows = folding(48, past)
        print(f"| {past:,} | 48 | {each:.0f} | {touching:.2f} | {rows:,} |")
    each, touching, rows = folding(7_900, PASTS[1])
    print(f"| {PASTS[1]:,} | 7,900 | {each:.0f} | {touching:.2f} | {rows:,} |\n")


def print_forecasts() -> None:
    print("| | cells | rows | triennium only, median ms | with three years, median ms | slowest ms | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for name, municipalities in SIZES.items():
        cells = history(municipalities)
        one = [milliseconds(lambda: forecast(cells, [TRIENNIUM])) for _ in range(ROUNDS)]
        four = [milliseconds(lambda: forecast(cells, [*YEARS, TRIENNIUM])) for _ in range(ROUNDS)]
        tracemalloc.start()
        forecast(cells, [*YEARS, TRIENNIUM])
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        print(
            f"| {name} | {4 * municipalities:,} | {len(cells):,} | {median(one):.0f} | {median(four):.0f} | "
            f"{max(four):.0f} | {peak:.1f} |"
        )


def print_live() -> None:
    """What a batch of one costs the synthetic ambito: the forecast anew, or nothing of it."""
    told, rules, triennium, names = synthetic(), rules_on(date(2026, 1, 1)), Triennium(2026), names_of(AMBITO)
    state = PlanState(AMBITO, rules.bands)
    for message in told.past:
        fold(state, message)
    plan = compute(state, triennium, rules, names)
    state.settle()
    assert state.reference_on
    day, found = state.reference_on, {}
    found["nothing that the forecast follows from"] = milliseconds(lambda: compute(state, triennium, rules, names, plan))
    found["the same again"] = median(milliseconds(lambda: forecast_plan(state, triennium, day)) for _ in range(20))
    fold(state, told.vacancy)
    found["a home given back"] = milliseconds(lambda: forecast_plan(state, triennium, day))
    tomorrow = day + timedelta(days=1)
    found["the first of another day"] = milliseconds(lambda: forecast_plan(state, triennium, tomorrow))
    print("\n| what came | forecast of the plan, ms |\n|---|---|")
    for what, cost in found.items():
        print(f"| {what} | {cost:.1f} |")


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(400_000, 20, 100)  # as a service does: shared/runtime.py
    print_folding()
    print_forecasts()
    print_live()
