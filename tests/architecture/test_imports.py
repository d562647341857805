"""The import contracts of `.importlinter` hold, and each of them can fail."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = configparser.ConfigParser()
SETTINGS.read(ROOT / ".importlinter")
SERVICES = ("intake", "registry", "planner", "notifier")
CONTRACTS = {
    section.rpartition(":")[2]: SETTINGS[section]["name"]
    for section in SETTINGS.sections()
    if section.startswith("importlinter:contract:")
}
PLANTS = {
    "storeys": ("shared/sql.py", "import services.registry.store"),
    "neighbours": ("services/planner/tables.py", "import services.registry.tables"),
    "rooms": ("services/intake/utils.py", ""),
    "pure": ("services/planner/domain/rounding.py", "import sqlalchemy"),
    "shared": ("shared/events/topics.py", "import shared.db"),
}
MORE_PLANTS = {
    "rooms": ("services/registry/store.py", "import services.registry.api"),
    "pure": ("shared/events/base.py", "from pydantic_settings import BaseSettings"),
    "storeys": ("services/registry/settings.py", "import deploy.topics"),
}


def verdicts(tree: Path) -> dict[str, str]:
    """KEPT or BROKEN by the contract's name."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    run = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False)
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", run.stdout, re.MULTILINE))
    assert found, run.stdout + run.stderr
    return found


def planted(tree: Path, plants: dict[str, tuple[str, str]]) -> Path:
    for top in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / top, tree / top, ignore=lambda _, names: [n for n in names if n == "__pycache__"])
    shutil.copy(ROOT / ".importlinter", tree)
    for path, line in plants.values():
        with (tree / path).open("a") as file:
            file.write(f"\n{line}\n")
    return tree


def test_the_tree_keeps_every_contract() -> None:
    assert verdicts(ROOT) == dict.fromkeys(CONTRACTS.values(), "KEPT")


@pytest.mark.parametrize("service", SERVICES)
def test_a_consumer_starts_without_anything_of_http(service: str) -> None:
    """What HTTP needs takes longer to load than the rest, and who comes back after a crash is waited for."""
    code = f"import sys, services.{service}.app; sys.exit('fastapi' in sys.modules or 'shared.web' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_every_contract_breaks_when_it_is_violated(tmp_path: Path) -> None:
    assert PLANTS.keys() == CONTRACTS.keys()
    assert verdicts(planted(tmp_path, PLANTS)) == dict.fromkeys(CONTRACTS.values(), "BROKEN")


def test_other_violations_break_just_the_contracts_they_violate(tmp_path: Path) -> None:
    broken = {CONTRACTS[key] for key in MORE_PLANTS}
    found = verdicts(planted(tmp_path, MORE_PLANTS))
    assert {name for name, verdict in found.items() if verdict == "BROKEN"} == broken
