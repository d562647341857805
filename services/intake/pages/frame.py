"""What every page of the intake has around its content, and which row of which year it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, Request, Response
from fastapi import Path as InPath
from fastapi.templating import Jinja2Templates

from services.intake.domain.access import own_municipality
from services.intake.domain.duties import RowKey
from services.intake.domain.parameters import CycleRules
from shared.arrivals import not_found
from shared.auth import Principal
from shared.civil_time import today_in_italy
from shared.pages import NavItem, Page, page_environment, say
from shared.pages.elsewhere import declaration_path
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import ambito_name, members_of, names_of, organisation_name
from shared.web import settings_of

HOME: Final = "/dichiarazioni"
ROW: Final = HOME + "/{cycle_year}/{municipality}/{owner}"
templates = Jinja2Templates(env=page_environment(Path(__file__).parents[1] / "templates"))


class Row(NamedTuple):
    """Riga: who declares what of which municipality in which year, asked for by who may see it."""

    who: Principal
    reach: Reach
    cycle_year: int
    key: RowKey

    @property
    def is_own(self) -> bool:
        return self.key.owner == self.who.organisation

    @property
    def rules(self) -> CycleRules:
        return CycleRules.of(self.cycle_year)

    @property
    def municipality_name(self) -> str:
        return names_of(self.who.ambito).get(self.key.municipality, self.key.municipality)

    @property
    def owner_name(self) -> str:
        return organisation_name(self.who.ambito, self.key.owner)

    @property
    def at(self) -> str:
        return row_path(self.cycle_year, self.key)


def row_path(cycle_year: int, key: RowKey) -> str:
    return declaration_path(cycle_year, key.municipality, key.owner)


async def row_asked(
    request: Request,
    who: Who,
    reach: Granted,
    cycle_year: Annotated[int, InPath(ge=2017, le=2100)],
    municipality: Annotated[str, InPath(pattern=r"^[0-9]{6}$", max_length=6)],
    owner: Annotated[str, InPath(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", max_length=64)],
) -> Row:
    """FastAPI dependency; raises `Problem` 404 for who may not see the row, and where there can be none."""
    row = Row(who, reach, cycle_year, RowKey(owner, municipality))
    members = members_of(who.ambito)
    is_there = own_municipality(owner) in (None, municipality) and (members is None or municipality in members)
    if not is_there or who.ambito != settings_of(request).ambito or not (reach is Reach.ALL or row.is_own):
        raise not_found(row.at)
    return row


AskedRow = Annotated[Row, Depends(row_asked)]


def due_year() -> int:
    """The newest cycle year that is due: its deadline falls within this year."""
    return today_in_italy().year


def page_of(who: Principal, title: str, *, current: bool = False) -> Page:
    nav = [NavItem(say("Dichiarazioni", "Declarations"), HOME, current=current)]
    return Page(title, ambito_name(who.ambito), nav, home=HOME)


def written(request: Request, template: str, content: dict[str, Any], status: int = 200) -> Response:
    return templates.TemplateResponse(request, template, content, status, {"Cache-Control": "no-store"})
