"""The watchdog ends a process to which nothing is delivered any more, and only that."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.bus.progress import STUCK, Progress, watch
from shared.bus.records import Record
from shared.bus.transport import Position

RECORD = Record("owner-reports", 0, 0, 0, b"", b"", ())
# A registry whose delivery has silently ended, while records wait for it.
STUCK_REGISTRY = """
import asyncio, pathlib, sys
from services.registry.app import create_runtime
from services.registry.settings import RegistrySettings
from tests.support.world import as_outgoing, life_of

async def main():
    runtime = create_runtime(RegistrySettings(home=pathlib.Path(sys.argv[1]), watchdog_seconds=0.5))
    async with runtime.running():
        [delivery] = [task for task in asyncio.all_tasks() if task.get_name() == "deliver-registry"]
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        await runtime.transport.publish(as_outgoing(life_of("U-1")))
        await asyncio.sleep(60)

asyncio.run(main())
"""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_stuck_process_ends_with_its_own_status(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STUCK_REGISTRY, str(tmp_path)], env=os.environ, timeout=55, capture_output=True
    )
    assert ended.returncode == STUCK == 70
    assert b"records wait and none came for" in ended.stdout + ended.stderr


def test_batch_that_is_tried_again_is_not_stuck() -> None:
    """During an outage the same batch comes every few seconds, for hours."""
    clock = Clock()
    progress = Progress("watched", clock)
    progress.lag = 7
    for _ in range(1000):
        clock.now += 5
        progress.delivered([RECORD])
        assert not progress.is_stuck(60)
    clock.now += 60
    assert not progress.is_stuck(60)
    clock.now += 1
    assert progress.is_stuck(60)


def test_without_lag_silence_is_no_fault() -> None:
    clock = Clock()
    progress = Progress("watched", clock)
    clock.now = 1e6
    assert not progress.is_stuck(60)


@pytest.mark.parametrize(("lag", "ends"), [(3, [STUCK]), (0, [])])
async def test_watch_ends_the_process_for_lag_alone(lag: int, ends: list[int]) -> None:
    ended: list[int] = []
    asked = asyncio.Event()

    async def positions() -> Sequence[Position]:
        if clock.now > 100:
            asked.set()
        clock.now += 50
        return [Position("units", 0, 10, 10 + lag)]

    clock = Clock()
    watching = asyncio.create_task(watch(Progress("watched", clock), positions, 0.04, ended.append))  # type: ignore[arg-type]
    done = asyncio.create_task(asked.wait())
    await asyncio.wait([watching, done], timeout=20, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    done.cancel()
    assert ended == ends
