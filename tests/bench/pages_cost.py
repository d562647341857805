"""What the plan's pages cost their readers: `python -m tests.bench.pages_cost [--json FILE]`, about five minutes.

A planner in a process of its own, which knows the demo's synthetic world. Fifty readers on as many kept connections
open one page again and again, each a second after the other on average; of every page the time from the request to the
answer's first byte, in milliseconds. Nobody says what he has already, so every page is written, never `304`. The first
request after a start is told apart: it makes what the others find.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.support.public_pages import home_with_key
from tests.support.planner import planner_serving, synthetic
from tests.support.world import AMBITO

READERS: Final = 50
PAGES_EACH: Final = 6
PAUSE_SECONDS: Final = 1.0
CREMONA, SORESINA = "019036", "019098"
PAGES: Final = (
    "",
    "?mappa=liberi",
    f"/comuni/{CREMONA}",
    f"/comuni/{SORESINA}",
    "/parti",
    *(f"/parti/{number}" for number in range(1, 8)),
    "/numeri/-:-:assignable_mean:-",
    f"/numeri/{CREMONA}:aler-bcm:needing_works:-",
    f"/numeri/{CREMONA}:aler-bcm:column_turnover_expected:2027",
    "/emergenza",
    "/completezza",
    "/scostamenti",
    f"/e-se?alloggi=5&comune={CREMONA}&ente=aler-bcm&regola=indigence_share&valore=25",
    "/verifica",
    "/enti/aler-bcm",
)


class Cost(NamedTuple):
    """Of one page: milliseconds to the first byte, and how many kilobytes it has."""

    page: str
    kilobytes: float
    first: float
    median: float
    p99: float
    worst: float


class Reader:
    """One connection, kept while the server keeps it: like a browser's, it is opened anew when it was closed idle."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self, path: str) -> tuple[float, int]:
        """Milliseconds to the first byte, and bytes of the body; raises where the answer is no page."""
        start = perf_counter()
        reader, first = await self._asked(path)
        waited = 1000 * (perf_counter() - start)
        status, *headers = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        if " 200 " not in status:
            raise RuntimeError(f"{path}: {status}")
        length = next(int(line.split(":")[1]) for line in headers if line.lower().startswith("content-length:"))
        await reader.readexactly(length)
        return waited, length

    async def _asked(self, path: str) -> tuple[asyncio.StreamReader, bytes]:
        asking = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: text/html\r\nAccept-Language: it\r\n\r\n"
        is_kept = self._streams is not None
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**20)
        reader, writer = self._streams
        try:
            writer.write(asking.encode())
            return reader, await reader.readexactly(1)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not is_kept:
                raise
            return await self._asked(path)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def measure(url: str) -> list[Cost]:
    readers = [Reader(url) for _ in range(READERS)]
    try:
        return [await _cost(readers, page) for page in PAGES]
    finally:
        for reader in readers:
            reader.close()


async def _cost(readers: Sequence[Reader], page: str) -> Cost:
    path = f"/ambiti/{AMBITO}{page}"
    first, length = await readers[0].open(path)
    found = await asyncio.gather(*(_read(reader, path, Random(place)) for place, reader in enumerate(readers)))
    waited = sorted(one for each in found for one in each)
    cuts = quantiles(waited, n=100)
    return Cost(page or "/", length / 1024, first, cuts[49], cuts[98], waited[-1])


async def _read(reader: Reader, path: str, random: Random) -> list[float]:
    waited = []
    for _ in range(PAGES_EACH):
        await asyncio.sleep(random.expovariate(1 / PAUSE_SECONDS))
        waited.append((await reader.open(path))[0])
    return waited


def serve(told: Connection) -> None:
    """A planner that serves until it is told to stop; its readers have one address, and are more than one office's."""
    os.environ["PIANOVIVO_RATE_LIMIT_ADDRESS"] = "1000000"
    with tempfile.TemporaryDirectory() as folder, planner_serving(home_with_key(Path(folder))) as served:
        served.hear(*synthetic().past)
        told.send(served.url)
        told.recv()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path, help="write what was measured to this file too")
    wanted = arguments.parse_args()
    here, there = get_context("spawn").Pipe()
    planner = get_context("spawn").Process(target=serve, args=(there,))
    planner.start()
    try:
        costs = asyncio.run(measure(here.recv()))
    finally:
        here.send("stop")
        planner.join()
    print(f"{READERS} readers, {PAGES_EACH * READERS} requests of each page, a page a second for each reader")
    print("| page | kB | first, ms | median, ms | p99, ms | worst, ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for cost in costs:
        print(f"| `{cost.page}` | {' | '.join(f'{number:.0f}' for number in cost[1:])} |")
    if wanted.json:
        wanted.json.write_text(json.dumps([cost._asdict() for cost in costs], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
