"""What the plan's document costs: `python -m tests.bench.document_cost`.

The synthetic document of the 48 municipalities, printed in a fresh process each time because Typst remembers: seconds
by the clock, megabytes at most beyond what the process held before, and how long another thread was kept from running.
Then as a reader gets it: the whole request to a planner that knows the demo's plan, as data, PDF and page, and how long
its event loop was kept meanwhile.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import NamedTuple

import httpx

from services.planner.api.document import FORMATS
from services.planner.document.render import pdf_of
from shared.auth import Role, issue
from tests.component.planner.test_figures_api import PLAN
from tests.support.public_pages import KEY, home_with_key
from tests.support.pdf import PAGE as PDF_PAGE
from tests.support.plan_document import synthetic_document
from tests.support.planner import planner_serving, synthetic
from tests.support.world import AMBITO

ROUNDS = 7
BEAT = 0.001
PAGE = f"/ambiti/{AMBITO}/stampa"


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
    return Cost(seconds, peak() - before, max(stalls), len(PDF_PAGE.findall(pdf)), len(pdf))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def serve() -> None:
    """Prints the seconds of each format, and the longest stall of the loop that serves them."""
    stalls = [0.0]

    async def watch() -> None:
        while True:
            start = perf_counter()
            await asyncio.sleep(BEAT)
            stalls.append(perf_counter() - start - BEAT)

    now = datetime.now(UTC)
    token = issue(KEY, "comune-019036", Role.LEAD, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    asking = {"authorization": f"Bearer {token}"}
    with tempfile.TemporaryDirectory() as folder, planner_serving(home_with_key(Path(folder))) as served:
        served.hear(*synthetic().past)
        watcher = asyncio.run_coroutine_threadsafe(watch(), served.loop)
        # The page is kept: its worst is its first, which is written.
        for path, format_ in (*((f"{PLAN}/document", one) for one in reversed(list(FORMATS))), (PAGE, "text/html")):
            seconds = []
            stalls[:] = [0.0]
            for _ in range(ROUNDS):
                start = perf_counter()
                answer = httpx.get(served.url + path, headers=asking | {"accept": format_}, timeout=120)
                seconds.append(perf_counter() - start)
            kilobytes = len(answer.raise_for_status().content) / 1024
            print(f"{format_}: {kilobytes:.0f} kB, {median(seconds):.2f} s ({max(seconds):.2f}), ", end="")
            print(f"loop kept {max(stalls):.2f} s")
        watcher.cancel()


def main() -> None:
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        costs = [processes.submit(build).result() for _ in range(ROUNDS)]
    print(f"pages {costs[0].pages}, {costs[0].size / 1024:.0f} kB, {ROUNDS} builds: median (worst)")
    for name, unit in (("seconds", "s"), ("megabytes", "MB"), ("longest_stall", "s")):
        values = [getattr(cost, name) for cost in costs]
        print(f"{name.replace('_', ' ')}: {median(values):.2f} {unit} ({max(values):.2f})")
    serve()


if __name__ == "__main__":
    main()
