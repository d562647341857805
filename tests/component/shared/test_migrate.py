"""Tables come to their newest form once, and a restart finds that out without Alembic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from deploy.services import SERVICES
from shared.migrate import heads

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
