"""Addresses of the public pages: each keeps the language and the days that the reader has chosen."""

from __future__ import annotations

from datetime import date
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BeforeValidator

from services.planner.domain.labels import LABELS
from services.planner.domain.plan import FigureKey, key_of
from shared.pages import carried

Day = Annotated[date | None, BeforeValidator(lambda text: text or None), Query()]
"""A form sends an empty field for a day that nobody has chosen."""

Municipality = Annotated[str, Query(pattern=r"^([0-9]{6})?$")]
"""An ISTAT code; a form sends an empty field for none."""


class Days(NamedTuple):
    """Piano a una data: as it was true on one day and known on another; None is now."""

    true_on: date | None = None
    known_on: date | None = None

    @property
    def is_now(self) -> bool:
        return self == Days()

    @property
    def query(self) -> dict[str, str]:
        chosen = {"vero_il": self.true_on, "noto_il": self.known_on}
        return {name: day.isoformat() for name, day in chosen.items() if day}


def days_asked(vero_il: Day = None, noto_il: Day = None) -> Days:
    return Days(vero_il, noto_il)


AskedDays = Annotated[Days, Depends(days_asked)]


class Addresses(NamedTuple):
    """Where the pages of an ambito's plan are, of the days that are being looked at."""

    ambito: str
    days: Days = Days()

    @property
    def home(self) -> str:
        return self.to("")

    def to(self, path: str, fragment: str = "", **query: str) -> str:
        asked = urlencode(query | self.days.query)
        place = f"/ambiti/{self.ambito}" + (f"/{path}" if path else "")
        return carried(place + (f"?{asked}" if asked else "") + (f"#{fragment}" if fragment else ""))

    def part(self, number: int | str) -> str:
        return self.to(f"parti/{number}")

    def text(self, section: str) -> str:
        return self.to(f"testi/{section}")

    def municipality(self, istat: str) -> str:
        return self.to(f"comuni/{istat}")

    def owner(self, owner: str) -> str:
        return self.to(f"enti/{owner}")

    def figure(self, figure_id: str, fragment: str = "") -> str:
        """`ambito/population` of a part, or an identifier of the plan; a band's end is told on its figure's page."""
        return self.to(f"numeri/{page_id(figure_id)}", fragment)


def page_id(figure_id: str) -> str:
    """The identifier in the address of the figure's page."""
    if "/" in figure_id:
        scope, _, name = figure_id.partition("/")
        if name not in LABELS:
            return f"{scope}:{name}"
        key = FigureKey(None if scope == "ambito" else scope, None, name, None)
    else:
        key = key_of(figure_id)
    return key._replace(figure=middle_of(key.figure)).id


def middle_of(figure: str) -> str:
    """The figure that a band's end belongs to: `assignable_mean` of `assignable_low`."""
    what, _, end = figure.rpartition("_")
    if end not in ("low", "high"):
        return figure
    return next((name for name in (f"{what}_mean", what) if name in LABELS), figure)
