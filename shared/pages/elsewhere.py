"""Pages of one service that another's lead to: where they are said once, and reached where a setting says how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from shared.auth import Role
from shared.pages.language import carried, spoken
from shared.pages.layout import NavItem
from shared.problem_texts import Text
from shared.roles import Reach, reach_of
from shared.settings import Settings


class FirstPage(NamedTuple):
    """Where a service's pages begin, and the operation that one must be allowed to read them; None is for everybody."""

    service: str
    path: str
    label: Text
    operation: str | None = None


FIRST_PAGES: Final = (
    FirstPage("planner", "/", Text("Piano", "Plan")),
    FirstPage("intake", "/dichiarazioni", Text("Dichiarazioni", "Declarations"), "submissions_status"),
    FirstPage("notifier", "/inbox", Text("Avvisi", "Notices"), "notices_list"),
)


class PageElsewhere(NamedTuple):
    """A page of another service: its path there, and its whole address if `PIANOVIVO_PUBLIC_URL` gives it."""

    path: str
    href: str | None


def declaration_path(cycle_year: int, municipality: str, owner: str) -> str:
    """The intake's page of one row."""
    return f"/dichiarazioni/{cycle_year}/{municipality}/{owner}"


def declaration_page(settings: Settings, cycle_year: int, municipality: str, owner: str) -> PageElsewhere:
    path = declaration_path(cycle_year, municipality, owner)
    return PageElsewhere(path, _address(settings, "intake", path))


def first_pages(settings: Settings, here: str, role: Role) -> Iterator[NavItem]:
    """The other services' first pages that somebody may read, where they can be reached."""
    for page in FIRST_PAGES:
        may = page.operation is None or reach_of(page.operation, role) is not Reach.NONE
        if page.service != here and may and (href := _address(settings, page.service, page.path)):
            yield NavItem(page.label.read_in(spoken().language), href)


def _address(settings: Settings, service: str, path: str) -> str | None:
    address = settings.address_of(service)
    return address + carried(path) if address else None
