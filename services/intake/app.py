"""Composition root of the intake: settings, database, bus, handlers and routes, put together here only."""

from pathlib import Path

from fastapi import FastAPI

from services.intake import api
from services.intake.handlers import HANDLERS
from services.intake.settings import IntakeSettings
from services.intake.tables import PROJECTIONS
from shared import web
from shared.bus.transport import Transport
from shared.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: IntakeSettings, transport: Transport | None = None) -> Runtime:
    return Runtime("intake", settings, MIGRATIONS, HANDLERS, PROJECTIONS, transport)


def create_app(settings: IntakeSettings, transport: Transport | None = None) -> FastAPI:
    return web.create(api.API, create_runtime(settings, transport), [api.router])
