"""A process that serves: its consumers start first, then what HTTP needs is loaded, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog

from shared.runtime import Runtime

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

log = structlog.get_logger()
PATIENCE = 2.0
"""Seconds after which HTTP no longer waits for a start: it says what keeps the service from its work."""
HEAD_START = 0.5
"""Seconds that a consumer which has started has the processor to itself: its first records come meanwhile."""


class Served(NamedTuple):
    """A service, how its application is made, and where it listens."""

    runtime: Runtime
    create_http: Callable[[Runtime], FastAPI]
    host: str
    port: int


async def serve(*services: Served) -> None:
    """Serve each on its address until SIGTERM or SIGINT, then let all of them drain.

    What HTTP needs takes longer to load than everything else: a process that comes back after a crash works meanwhile.
    Who asks early is heard late, since the ports are open from the start.
    """
    sockets = [_listen(one) for one in services]
    servers: list[uvicorn.Server] = []
    ending = asyncio.Event()

    def end() -> None:
        ending.set()
        for one in services:
            one.runtime.drain()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    async with contextlib.AsyncExitStack() as running:
        starts = [await running.enter_async_context(one.runtime.serving()) for one in services]
        await _head_start(starts, ending)
        if not ending.is_set():
            servers += await asyncio.to_thread(_servers, services)
        if not ending.is_set():
            await asyncio.gather(*(server.serve([bound]) for server, bound in zip(servers, sockets, strict=True)))
    failures = [one.runtime.failure for one in services if one.runtime.failure]
    if failures or not (ending.is_set() or all(server.started for server in servers)):
        raise SystemExit("\n".join(failures) or 1)


async def _head_start(starts: Sequence[asyncio.Task[None]], ending: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(starts)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAD_START):
            await ending.wait()


def _servers(services: Sequence[Served]) -> list[uvicorn.Server]:
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves signals to `serve`, which may run several servers in one process."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    apps = [one.create_http(one.runtime) for one in services]
    return [
        Server(uvicorn.Config(app, lifespan="off", log_level="warning", timeout_graceful_shutdown=10)) for app in apps
    ]


def _listen(one: Served) -> socket.socket:
    """Take the port before anything starts: who cannot be asked has nothing to do here."""
    name, host, port = one.runtime.name, one.host, one.port
    try:
        bound = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        raise SystemExit(
            f"the {name} cannot listen on {host}:{port} ({why}): "
            f"stop the program that has this port, or set PIANOVIVO_{name.upper()}_PORT to a free one; "
            "PIANOVIVO_HOST must be an address of this machine"
        ) from None
    log.info("listening", service=name, address=f"http://{host}:{bound.getsockname()[1]}")
    return bound
