"""Ora legale italiana: deadlines, days and years are those of the people who keep the plan."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")


def civil_day(at: datetime) -> date:
    """The day that it is in Italy at an (aware) instant."""
    return at.astimezone(ROME).date()


def today_in_italy() -> date:
    """The day that it is in Italy now, wherever the machine stands."""
    return civil_day(datetime.now(UTC))
