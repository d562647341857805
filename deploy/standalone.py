"""`pianovivo up`: all four services in one process, on SQLite and the local log."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvloop

from deploy.obstacles import Obstacle
from deploy.services import SERVICES
from shared import log, settings
from shared.auth import load_or_create_key, public_jwks
from shared.bus.transport import Transport
from shared.runtime import connect
from shared.serving import Served, serve
from shared.settings import Settings, SettingsError


def ensure_local_key(configured: Settings) -> None:
    """A small office signs its own tokens: make its key and publish the public half, unless a JWKS is named."""
    if configured.jwks is None:
        keys = configured.home / "keys"
        keys.mkdir(parents=True, exist_ok=True)
        key = load_or_create_key(keys / "signing.json", kid="local")
        (keys / "jwks.json").write_text(json.dumps(public_jwks([key])))


@contextmanager
def sole_user_of(home: Path) -> Iterator[None]:
    """Refuse a second process on the same folder before it touches anything there."""
    home.mkdir(parents=True, exist_ok=True)
    folder = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Obstacle(
            f"another `pianovivo up` or `rebuild` is at work in {home.absolute()}: "
            "stop it, or set PIANOVIVO_HOME to another folder and PIANOVIVO_*_PORT to free ports"
        ) from None
    try:
        yield
    finally:
        os.close(folder)


@asynccontextmanager
async def all_services() -> AsyncIterator[list[Served]]:
    """The four services over one local transport; the transport outlives them."""
    common = settings.load(Settings)
    if common.bus != "local":
        raise SettingsError(["`pianovivo up` runs on the local bus: unset PIANOVIVO_BUS, or start each service alone"])
    ensure_local_key(common)
    transport: Transport = connect(common)
    served = []
    for one in SERVICES:
        own = settings.load(one.settings)
        served.append(Served(one.create_runtime(own, transport), one.create_http, own.host, one.port(own)))
    try:
        yield served
    finally:
        await transport.stop()


async def run() -> None:
    async with all_services() as served:
        await serve(*served)


def up() -> None:
    """Run all four services in this process until SIGTERM."""
    configured = settings.load(Settings)
    log.configure(configured)
    with sole_user_of(configured.home):
        uvloop.run(run())
