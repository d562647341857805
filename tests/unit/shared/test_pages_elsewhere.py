"""Pages of one service that another's lead to: linked where a setting says how services are reached, and only there."""

from __future__ import annotations

import pytest

from shared.auth import Role
from shared.pages import Spoken, speaking
from shared.pages.elsewhere import PageElsewhere, declaration_page, first_pages
from shared.settings import Settings

ROW = (2025, "019026", "comune-019026")
PATH = "/dichiarazioni/2025/019026/comune-019026"


@pytest.mark.parametrize(
    ("public_url", "href"),
    [
        (None, None),
        ("https://piano-{service}.example", f"https://piano-intake.example{PATH}"),
        ("https://piano.example/{service}/", f"https://piano.example/intake{PATH}"),
        ("intake=https://dati.example/,planner=https://piano.example", f"https://dati.example{PATH}"),
        ("planner=http://127.0.0.1:8003,intake=http://127.0.0.1:8001", f"http://127.0.0.1:8001{PATH}"),
        ("planner=https://piano.example", None),
    ],
)
def test_a_row_is_linked_where_services_are_reached(public_url: str | None, href: str | None) -> None:
    assert declaration_page(Settings(public_url=public_url), *ROW) == PageElsewhere(PATH, href)


def test_the_language_that_was_chosen_goes_along() -> None:
    with speaking(Spoken("en", is_chosen=True)):
        page = declaration_page(Settings(public_url="https://piano-{service}.example"), *ROW)
    assert page.href == f"https://piano-intake.example{PATH}?lang=en"


@pytest.mark.parametrize(
    ("here", "role", "found"),
    [
        ("notifier", Role.MUNICIPALITY, [("Piano", "planner/"), ("Dichiarazioni", "intake/dichiarazioni")]),
        ("planner", Role.OWNER, [("Dichiarazioni", "intake/dichiarazioni"), ("Avvisi", "notifier/inbox")]),
        ("notifier", Role.ASSEMBLY_SECRETARY, [("Piano", "planner/")]),
    ],
)
def test_who_has_signed_in_finds_the_pages_that_are_theirs(here: str, role: Role, found: list[tuple[str, str]]) -> None:
    links = first_pages(Settings(public_url="https://piano.example/{service}"), here, role)
    assert [(link.label, link.href) for link in links] == [(name, f"https://piano.example/{at}") for name, at in found]
    assert list(first_pages(Settings(), here, role)) == []


@pytest.mark.parametrize(
    ("public_url", "is_public"),
    [
        (None, False),
        ("planner=http://127.0.0.1:8003,intake=http://localhost:8001", False),
        ("https://piano.example/{service}", True),
        ("planner=http://127.0.0.1:8003,intake=https://dati.example", True),
    ],
)
def test_cookies_travel_without_https_on_this_machine_only(public_url: str | None, is_public: bool) -> None:
    assert Settings(public_url=public_url).is_public is is_public
