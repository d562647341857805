"""Composition root of the planner: settings, database, bus, handlers, routes and pages, put together here only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from services.planner.handlers import Planner, method_of
from services.planner.settings import PlannerSettings
from services.planner.tables import PROJECTIONS
from shared.bus.transport import Transport
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: PlannerSettings, transport: Transport | None = None) -> Runtime:
    planner = Planner(method_of(settings), writer=uuid4())
    return Runtime("planner", settings, MIGRATIONS, planner.handlers(), PROJECTIONS, transport)


def create_http(runtime: Runtime) -> FastAPI:
    """The application over a runtime; only here is anything of HTTP loaded, since the consumer starts before it."""
    from services.planner import api, pages
    from shared import web

    return web.create(api.API, runtime, [api.router, pages.router], home="/")
