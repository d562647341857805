"""`python -m deploy.settings_table` writes `docs/settings.md` from the settings classes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from deploy.services import SERVICES
from shared.settings import Settings

PATH = Path(__file__).parents[1] / "docs" / "settings.md"
COMMAND = "python -m deploy.settings_table"
HEAD = f"""# Settings

Every variable of the environment that Piano Vivo reads, written by `{COMMAND}`.
None is needed on one machine; a wrong one ends the process at start with a sentence that mends it.
"all" are intake, registry, planner and notifier.

| variable | default | meaning | services |
|---|---|---|---|
"""
DEVELOPMENT = """
## For development only

Read by the local Apache Kafka and PostgreSQL of demo and tests; `tests/support/servers.py` tells what else tests read.

| variable | default | meaning |
|---|---|---|
| `PIANOVIVO_JAVA_HOME` | `JAVA_HOME`, else `java` on the path | Java that runs the local Apache Kafka |
| `PIANOVIVO_KAFKA_LIBS` | `build/kafka/libs` | Folder of Apache Kafka’s jars |
| `PIANOVIVO_POSTGRES_BIN` | Debian’s newest, else `initdb` on the path | Folder of PostgreSQL’s programs |
"""


def text() -> str:
    """The whole page."""
    rows = [_row(name, field, "all") for name, field in Settings.model_fields.items()]
    for service in SERVICES:
        own = service.settings.model_fields.items()
        rows += [_row(name, field, service.name) for name, field in own if name not in Settings.model_fields]
    return HEAD + "".join(rows) + DEVELOPMENT


def _row(name: str, field: FieldInfo, services: str) -> str:
    meaning = (
        re.sub(r"\b(HOME|BUS)\b", r"`PIANOVIVO_\1`", field.description or "").replace("|", r"\|").replace("<", r"\<")
    )
    return f"| `PIANOVIVO_{name.upper()}` | {_default(field)} | {meaning} | {services} |\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the machine’s name"  # the only default that is computed
    value: Any = field.default
    return "–" if value is None or value == "" else f"`{value}`"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
