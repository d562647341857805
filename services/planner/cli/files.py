"""Files, days and the installation that commands are given, and the one sentence that refuses a wrong one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from services.planner.settings import PlannerSettings
from shared import settings


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refusal(f"{file}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None


def day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise refusal(f"{text!r} is no day of the form YYYY-MM-DD") from None


def configured_home() -> PlannerSettings:
    """Settings of a planner that has run."""
    configured = settings.load(PlannerSettings)
    if configured.database_url is None and not (configured.home / "planner.db").is_file():
        raise refusal(f"no planner has run in {configured.home}: set PIANOVIVO_HOME to the folder it runs in")
    return configured


def refusal(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)
