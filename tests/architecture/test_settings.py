"""`docs/settings.md` has every variable of the environment with its meaning, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from deploy.services import SERVICES
from deploy.settings_table import COMMAND, PATH, text
from shared.settings import Settings

ROOT = Path(__file__).parents[2]


def variables(source: str) -> set[str]:
    return set(re.findall(r"PIANOVIVO_[A-Z_]*[A-Z]", source))


def test_the_committed_table_is_what_the_settings_say() -> None:
    assert PATH.read_text("utf-8") == text(), f"run `{COMMAND}` and commit docs/settings.md"


def test_every_setting_tells_its_meaning_and_only_services_own_ones_carry_their_name() -> None:
    for service in SERVICES:
        for name, field in service.settings.model_fields.items():
            assert field.description, f"{service.settings.__name__}.{name} has no description"
            assert name in Settings.model_fields or name.startswith(f"{service.name}_")


def test_only_one_default_is_computed() -> None:
    computed = {n for s in SERVICES for n, field in s.settings.model_fields.items() if field.default_factory}
    assert computed == {"replica"}


def test_every_variable_that_the_code_names_is_in_the_table() -> None:
    listed = variables(text())
    files = [path for top in ("services", "shared", "deploy") for path in (ROOT / top).rglob("*.py")]
    strange = {name: path.name for path in files for name in variables(path.read_text("utf-8")) - listed}
    assert strange == {}
