"""Who may read which home: owners and managers their own, a municipality those on its territory, the offices all."""

from __future__ import annotations

from shared.events import Unit

EVERYTHING = frozenset({"LEAD", "TECHNICAL_PARTNER", "REGION", "OPERATOR"})


def may_read(role: str, organisation: str, istat_code: str | None, unit: Unit) -> bool:
    return role in EVERYTHING or organisation in (unit.owner, unit.manager) or istat_code == unit.municipality


def readable_municipality(istat_code: str | None, asked: str | None) -> str | None:
    """The municipality a listing is cut to: a municipality lists only its own territory."""
    return istat_code or asked
