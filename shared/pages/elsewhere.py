"""Pages of one service that another's lead to: where they are said once, and reached where a setting says how."""

from __future__ import annotations

from typing import NamedTuple

from shared.pages.language import carried
from shared.settings import Settings


class PageElsewhere(NamedTuple):
    """A page of another service: its path there, and its whole address if `PIANOVIVO_PUBLIC_URL` gives it."""

    path: str
    href: str | None


def declaration_path(cycle_year: int, municipality: str, owner: str) -> str:
    """The intake's page of one row."""
    return f"/dichiarazioni/{cycle_year}/{municipality}/{owner}"


def declaration_page(settings: Settings, cycle_year: int, municipality: str, owner: str) -> PageElsewhere:
    path = declaration_path(cycle_year, municipality, owner)
    base = settings.public_url.format(service="intake").rstrip("/") if settings.public_url else None
    return PageElsewhere(path, base + carried(path) if base else None)
