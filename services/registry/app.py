"""Composition root of the registry: settings, database, bus, handlers and routes, put together here only."""

from pathlib import Path

from fastapi import FastAPI

from services.registry import api
from services.registry.handlers import HANDLERS
from services.registry.settings import RegistrySettings
from services.registry.tables import PROJECTIONS
from shared import web
from shared.bus.transport import Transport
from shared.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: RegistrySettings, transport: Transport | None = None) -> Runtime:
    return Runtime("registry", settings, MIGRATIONS, HANDLERS, PROJECTIONS, transport)


def create_app(settings: RegistrySettings, transport: Transport | None = None) -> FastAPI:
    return web.create(api.API, create_runtime(settings, transport), [api.router])
