"""Composition root of the notifier: settings, database, bus, handlers, routes and the webhook task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.delivery import Deliverer
from services.notifier.handlers import handlers
from services.notifier.settings import NotifierSettings
from services.notifier.store import Job
from services.notifier.tables import PROJECTIONS
from shared.bus.transport import Transport
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

MIGRATIONS = Path(__file__).parent / "migrations"


def create_runtime(settings: NotifierSettings, transport: Transport | None = None) -> Runtime:
    def lease(session: AsyncSession, jobs: Sequence[Job]) -> Mapping[UUID, datetime]:
        return deliverer.lease(session, jobs)  # which needs the runtime's database, and the runtime its handlers

    runtime = Runtime("notifier", settings, MIGRATIONS, handlers(lease), PROJECTIONS, transport)
    deliverer = Deliverer(runtime.db, settings.address_policy)
    runtime.tasks.append(deliverer.run)
    return runtime


def create_http(runtime: Runtime) -> FastAPI:
    """The application over a runtime; only here is anything of HTTP loaded, since the consumer starts before it."""
    from services.notifier import api, pages
    from shared import web

    return web.create(api.API, runtime, [api.router, pages.router], home="/inbox")
