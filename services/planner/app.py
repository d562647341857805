"""Composition root of the planner: settings, database, bus, handlers, routes and pages, put together here only."""

from datetime import date
from functools import partial
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI

from services.planner import api, pages
from services.planner.domain.forecast import Triennium
from services.planner.domain.rules import Rules
from services.planner.handlers import Planner
from services.planner.law import rules_on
from services.planner.settings import PlannerSettings
from services.planner.tables import PROJECTIONS
from shared import web
from shared.bus.transport import Transport
from shared.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: PlannerSettings, transport: Transport | None = None) -> Runtime:
    law = partial(rules_for, settings.planner_rules_on)
    planner = Planner(Triennium(settings.planner_first_year), law, writer=uuid4())
    return Runtime("planner", settings, MIGRATIONS, planner.handlers(), PROJECTIONS, transport)


def rules_for(pinned_on: date | None, reference_on: date) -> Rules:
    """The law a plan is computed by: that of the day it is pinned to, or of its own reference date."""
    return rules_on(pinned_on or reference_on)


def create_app(settings: PlannerSettings, transport: Transport | None = None) -> FastAPI:
    return web.create(api.API, create_runtime(settings, transport), [api.router, pages.router], home="/")
