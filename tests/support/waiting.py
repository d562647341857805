"""Waiting for what will come true, however slow the machine is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = float(os.environ.get("PIANOVIVO_TEST_PATIENCE", "1"))
"""How many times as long to wait before giving up: less where failure is expected, more on a slow machine."""


async def until(condition: Callable[[], Awaitable[T]], seconds: float = 30, every: float = 0.02) -> T:
    """What `condition` answers once it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition.__qualname__}, last {found!r}"
        await asyncio.sleep(every)
    return found
