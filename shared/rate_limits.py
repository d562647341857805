"""How many requests an organisation, or an address that nobody has signed in from, may make in a minute.

Counted in the memory of each process: what protects a process needs no server, and a replica more is as much room more.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, cast

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.auth import Principal
from shared.problems import of_status
from shared.sign_in import Attempt

WINDOW_SECONDS: Final = 60
HEADERS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to somebody after the present request; `reset_seconds` until the whole limit is there again."""

    limit: int
    remaining: int
    reset_seconds: int
    is_exceeded: bool

    def headers(self) -> dict[str, str]:
        return dict(zip(HEADERS, map(str, (self.limit, self.remaining, self.reset_seconds)), strict=True))


class RateLimits:
    """Counts requests in windows of a minute that are the same for everybody: a new one forgets all of the last."""

    def __init__(self, organisation: int, address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.organisation, self.address = organisation, address
        self._clock = clock
        self._window = -1
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, attempt: object, host: str) -> Allowance:
        """Count one request, of the organisation that has signed in or else of the address it comes from."""
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._counts = window, Counter()
        if isinstance(attempt, Principal):
            limit, key = self.organisation, ("organisation", attempt.organisation)
        else:
            limit, key = self.address, ("address", network_of(host))
        self._counts[key] += 1
        left = limit - self._counts[key]
        reset = math.ceil((window + 1) * WINDOW_SECONDS - now)
        return Allowance(limit, max(left, 0), reset, left < 0)


def network_of(host: str) -> str:
    """The address itself, or its /64: whoever has one IPv6 address has all of those."""
    try:
        address = ip_address(host)
    except ValueError:  # a local socket has no address
        return host
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host


async def limited(request: Request, attempt: Attempt) -> None:
    """FastAPI dependency: counts the request; raises `Problem` 429 when it is one too many.

    A token that proves nothing counts for the address: inventing tokens makes no new room.
    """
    limits = cast(RateLimits, request.app.state.rate_limits)
    allowance = limits.take(attempt, request.client.host if request.client else "")
    request.state.allowance = allowance
    if allowance.is_exceeded:
        raise of_status(429, headers={"Retry-After": str(allowance.reset_seconds)})


class RateLimitHeaders:
    """ASGI middleware: tells on every answer, refusals included, what `limited` has counted."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and "allowance" in state:
                MutableHeaders(scope=message).update(state["allowance"].headers())
            await send(message)

        await self.app(scope, receive, send_with_headers)
