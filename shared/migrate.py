"""Brings a service's database to its newest tables, once, however many replicas start together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

import shared.bus.migrations
from shared.db import AWAY, Database

log = structlog.get_logger()
_ENVIRONMENT = Path(shared.bus.migrations.__file__).parent
_VERSIONS = _ENVIRONMENT / "versions"


_in_turn: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Alembic keeps its context in module globals: one migration at a time in a process."""


async def migrate(db: Database, migrations: Path, *, with_bus: bool = True) -> None:
    """Upgrade to the heads of the service's branch (`migrations`) and the bus's, under an advisory lock.

    Without the bus for a database that no events come into.
    """
    folders = (_VERSIONS, migrations) if with_bus else (migrations,)
    while True:
        try:
            if await _is_current(db, folders):
                return
            lock = _in_turn.setdefault(asyncio.get_running_loop(), asyncio.Lock())
            async with lock, db.engine.execution_options(pianovivo_write=True).begin() as connection:
                if db.is_postgresql:
                    key = {"key": f"migrate.{db.schema}"}
                    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
                    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{db.schema}"'))
                await connection.run_sync(_upgrade, folders)
            return
        except Exception as error:
            if not _is_away(error):
                raise
            log.warning("database-away", schema=db.schema, error=repr(error))
            await asyncio.sleep(0.5)


async def _is_current(db: Database, folders: Sequence[Path]) -> bool:
    """Whether the newest revisions have been applied: as a rule they have, and a restart need not load Alembic."""
    async with db.engine.connect() as connection:
        try:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
        except (OperationalError, ProgrammingError):  # no such table: nothing has ever been applied
            return False
        return set(found.scalars()) == heads(*folders)


def heads(*folders: Path) -> set[str]:
    """The newest revision of each folder's branch: a file is named by its revision and its subject."""
    files = [sorted(path.stem for path in folder.glob("*_[0-9]*.py")) for folder in folders]
    return {"_".join(names[-1].split("_")[:2]) for names in files}


def _upgrade(connection: Connection, folders: Sequence[Path]) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(map(str, folders)))
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def _is_away(error: Exception) -> bool:
    """The database cannot be reached or is held by another process; anything else is a defect of the migration."""
    origin = getattr(error, "orig", None) or error
    causes = (error, origin, origin.__cause__)
    return any(isinstance(cause, AWAY) for cause in causes) or "locked" in str(origin)
