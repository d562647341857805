"""Whose home is whose: an owner's and a manager's their own, a municipality's also those on its territory."""

from __future__ import annotations

from shared.events import Unit


def concerns(unit: Unit, organisation: str, istat_code: str | None) -> bool:
    return organisation in (unit.owner, unit.manager) or istat_code == unit.municipality


def readable_municipality(istat_code: str | None, asked: str | None) -> str | None:
    """The municipality a listing is cut to: a municipality lists only its own territory."""
    return istat_code or asked
