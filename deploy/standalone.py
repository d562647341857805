"""`pianovivo up`: all four services in one process, on SQLite and the local log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
import uvloop
from fastapi import FastAPI

from deploy.services import SERVICES, service
from shared import log, settings, web
from shared.auth import load_or_create_key, public_jwks
from shared.bus.transport import Transport
from shared.commands import run_rebuild
from shared.runtime import connect
from shared.settings import Settings, SettingsError


def ensure_local_key(configured: Settings) -> None:
    """A small office signs its own tokens: make its key and publish the public half, unless a JWKS is named."""
    if configured.jwks is None:
        keys = configured.home / "keys"
        keys.mkdir(parents=True, exist_ok=True)
        key = load_or_create_key(keys / "signing.json", kid="local")
        (keys / "jwks.json").write_text(json.dumps(public_jwks([key])))


@asynccontextmanager
async def all_services() -> AsyncIterator[list[tuple[FastAPI, str, int]]]:
    """The four applications over one local transport; the transport outlives them."""
    common = settings.load(Settings)
    if common.bus != "local":
        raise SettingsError(["`pianovivo up` runs on the local bus: unset PIANOVIVO_BUS, or start each service alone"])
    ensure_local_key(common)
    transport: Transport = connect(common)
    apps = []
    for one in SERVICES:
        own = settings.load(one.settings)
        apps.append((one.create_app(own, transport), own.host, one.port(own)))
    try:
        yield apps
    finally:
        await transport.stop()


async def run() -> None:
    async with all_services() as apps:
        await web.serve(*apps)


def up() -> None:
    """Run all four services in this process until SIGTERM."""
    log.configure(settings.load(Settings))
    uvloop.run(run())


def rebuild(name: Annotated[str, typer.Argument(metavar="SERVICE", help="registry or planner")]) -> None:
    """Drop a service's projections and derive them again from its topics (stop it first)."""
    try:
        one = service(name)
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None
    configured = settings.load(one.settings)
    log.configure(configured)
    run_rebuild(one.create_runtime(configured))
