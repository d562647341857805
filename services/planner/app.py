"""Composition root of the planner: settings, database, bus, handlers, days, routes and pages, put together here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from services.planner.days import keep_days
from services.planner.handlers import Planner, method_of
from services.planner.settings import PlannerSettings
from services.planner.tables import PROJECTIONS
from services.planner.tables.discussion import PlanContestRow
from services.planner.tables.texts import PlanTextRow
from shared.bus.transport import Transport
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: PlannerSettings, transport: Transport | None = None) -> Runtime:
    planner = Planner(method_of(settings), writer=uuid4())
    projections = (*PROJECTIONS, PlanTextRow, PlanContestRow)
    runtime = Runtime("planner", settings, MIGRATIONS, planner.handlers(), projections, transport)
    runtime.tasks.append(partial(keep_days, runtime.db))
    return runtime


def create_http(runtime: Runtime) -> FastAPI:
    """The application over a runtime; only here is anything of HTTP loaded, since the consumer starts before it."""
    from services.planner import api, pages
    from shared import web

    return web.create(api.API, runtime, [api.router, pages.router], home="/")
