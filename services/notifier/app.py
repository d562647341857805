"""Composition root of the notifier: settings, database, bus, handlers, routes and the webhook task."""

from pathlib import Path

from fastapi import FastAPI

from services.notifier import api, pages
from services.notifier.delivery import Deliverer
from services.notifier.handlers import HANDLERS
from services.notifier.settings import NotifierSettings
from services.notifier.tables import PROJECTIONS
from shared import web
from shared.bus.transport import Transport
from shared.runtime import Runtime

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: NotifierSettings, transport: Transport | None = None) -> Runtime:
    runtime = Runtime("notifier", settings, MIGRATIONS, HANDLERS, PROJECTIONS, transport)
    runtime.tasks.append(Deliverer(runtime.db, settings.address_policy).run)
    return runtime


def create_app(settings: NotifierSettings, transport: Transport | None = None) -> FastAPI:
    return web.create(api.API, create_runtime(settings, transport), [api.router, pages.router], home="/inbox")
