"""What the plan's PDF costs: `python -m tests.bench.document_cost`.

The synthetic document of the 48 municipalities, built in a fresh process each time because Typst remembers: seconds by
the clock, megabytes at most beyond what the process held before, and how long another thread was kept from running.
"""

from __future__ import annotations

import resource
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from time import perf_counter, sleep
from typing import NamedTuple

from services.planner.document.render import pdf_of
from tests.support.pdf import PAGE
from tests.support.plan_document import synthetic_document

ROUNDS = 7
BEAT = 0.001


class Cost(NamedTuple):
    seconds: float
    megabytes: float
    longest_stall: float
    pages: int
    size: int


def build() -> Cost:
    document = synthetic_document()
    before, stalls, is_over = peak(), [0.0], threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            start = perf_counter()
            sleep(BEAT)
            stalls.append(perf_counter() - start - BEAT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = perf_counter()
    pdf = pdf_of(document)
    seconds = perf_counter() - start
    is_over.set()
    watcher.join()
    return Cost(seconds, peak() - before, max(stalls), len(PAGE.findall(pdf)), len(pdf))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        costs = [processes.submit(build).result() for _ in range(ROUNDS)]
    print(f"pages {costs[0].pages}, {costs[0].size / 1024:.0f} kB, {ROUNDS} builds: median (worst)")
    for name, unit in (("seconds", "s"), ("megabytes", "MB"), ("longest_stall", "s")):
        values = [getattr(cost, name) for cost in costs]
        print(f"{name.replace('_', ' ')}: {median(values):.2f} {unit} ({max(values):.2f})")


if __name__ == "__main__":
    main()
