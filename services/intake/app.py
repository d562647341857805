"""Composition root of the intake: settings, database, bus, handlers and routes, put together here only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.intake.handlers import HANDLERS
from services.intake.settings import IntakeSettings
from services.intake.tables import PROJECTIONS
from shared.bus.transport import Transport
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: IntakeSettings, transport: Transport | None = None) -> Runtime:
    return Runtime("intake", settings, MIGRATIONS, HANDLERS, PROJECTIONS, transport)


def create_http(runtime: Runtime) -> FastAPI:
    """The application over a runtime; only here is anything of HTTP loaded, since the consumer starts before it."""
    from services.intake import api, pages
    from shared import web

    return web.create(api.API, runtime, [api.router, pages.router], home="/dichiarazioni")
