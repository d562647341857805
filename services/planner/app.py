"""Composition root of the planner: settings, database, bus, handlers, days, routes and pages, put together here."""

from functools import partial
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI

from services.planner import api, pages
from services.planner.days import keep_days
from services.planner.handlers import Planner, method_of
from services.planner.settings import PlannerSettings
from services.planner.tables import PROJECTIONS
from shared import web
from shared.bus.transport import Transport
from shared.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: PlannerSettings, transport: Transport | None = None) -> Runtime:
    planner = Planner(method_of(settings), writer=uuid4())
    runtime = Runtime("planner", settings, MIGRATIONS, planner.handlers(), PROJECTIONS, transport)
    runtime.tasks.append(partial(keep_days, runtime.db))
    return runtime


def create_app(settings: PlannerSettings, transport: Transport | None = None) -> FastAPI:
    return web.create(api.API, create_runtime(settings, transport), [api.router, pages.router], home="/")
