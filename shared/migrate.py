"""Brings a service's database to its newest tables, once, however many replicas start together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from weakref import WeakKeyDictionary

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import shared.bus.migrations
from shared.db import Database

log = structlog.get_logger()
_ENVIRONMENT = Path(shared.bus.migrations.__file__).parent


_in_turn: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Alembic keeps its context in module globals: one migration at a time in a process."""


async def migrate(db: Database, migrations: Path) -> None:
    """Upgrade to the heads of the bus's and the service's (`migrations`) branches, under an advisory lock."""
    while True:
        try:
            lock = _in_turn.setdefault(asyncio.get_running_loop(), asyncio.Lock())
            async with lock, db.engine.execution_options(pianovivo_write=True).begin() as connection:
                if db.is_postgresql:
                    key = {"key": f"migrate.{db.schema}"}
                    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
                    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{db.schema}"'))
                await connection.run_sync(_upgrade, migrations)
            return
        except Exception as error:
            if not _is_away(error):
                raise
            log.warning("database-away", schema=db.schema, error=repr(error))
            await asyncio.sleep(0.5)


def _upgrade(connection: Connection, migrations: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{_ENVIRONMENT / 'versions'}:{migrations}")
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def _is_away(error: Exception) -> bool:
    """The database cannot be reached or is held by another process; anything else is a defect of the migration."""
    origin = getattr(error, "orig", None) or error
    causes = (error, origin, origin.__cause__)
    away = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
    return any(isinstance(cause, away) for cause in causes) or "locked" in str(origin)
