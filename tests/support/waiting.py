"""Waiting for what will come true, however slow the machine is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[T]], seconds: float = 30, every: float = 0.02) -> T:
    """What `condition` answers once it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition.__qualname__}, last {found!r}"
        await asyncio.sleep(every)
    return found
