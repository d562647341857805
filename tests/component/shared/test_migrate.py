"""Tables come to their newest form once, and a restart finds that out without Alembic."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import InternalError

from deploy.services import SERVICES
from shared import migrate as migration
from shared.db import Database, is_transient
from shared.migrate import heads, migrate

ROOT = Path(__file__).parents[3]
AGAIN = """
import asyncio, sys
from pathlib import Path
from shared.db import Database
from shared.migrate import migrate
async def main():
    db = Database(sys.argv[1], "registry")
    await migrate(db, Path("services/registry/migrations"))
    await db.close()
asyncio.run(main())
print("alembic" in sys.modules)
"""


@pytest.mark.parametrize("service", [one.name for one in SERVICES])
def test_names_of_files_tell_the_heads_that_alembic_finds(service: str) -> None:
    migrations, bus = ROOT / f"services/{service}/migrations", ROOT / "shared/bus/migrations"
    config = Config()
    config.set_main_option("script_location", str(bus))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{bus / 'versions'}:{migrations}")
    assert heads(bus / "versions", migrations) == set(ScriptDirectory.from_config(config).get_heads())


def test_a_restart_on_the_newest_tables_does_not_load_alembic(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'registry.db'}"
    command = [sys.executable, "-c", AGAIN, url]
    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (first.stdout.strip(), second.stdout.strip()) == ("True", "False")


def cut_off() -> InternalError:
    """What comes of a connection that PostgreSQL, killed amid an answer, has left: seen once in some hundred starts."""
    cause = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    origin = AsyncAdapt_asyncpg_dbapi.InternalClientError(str(cause))
    origin.__cause__ = cause
    return InternalError("select current_schema()", {}, origin)


async def test_a_connection_cut_off_amid_an_answer_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the end of a start nor a record's fault, which would make it a dead letter."""
    assert is_transient(cut_off())
    asked = []
    is_current = migration._is_current

    async def cut_off_once(db: Database, folders: Sequence[Path]) -> bool:
        asked.append(folders)
        if len(asked) == 1:
            raise cut_off()
        return await is_current(db, folders)

    monkeypatch.setattr(migration, "_is_current", cut_off_once)
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'registry.db'}", "registry")
    await migrate(db, ROOT / "services/registry/migrations")
    assert len(asked) == 2
    await db.close()
