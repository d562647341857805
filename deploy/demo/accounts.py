"""People of the demo: an account for each role, made as the operator makes them; each password is told once."""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.table import Table

from shared.auth import Role
from shared.people import People
from shared.roles import TITLES
from shared.settings import Settings

ACCOUNTS: Final = (
    ("capofila", "comune-019036", Role.LEAD),
    ("segreteria", "segreteria-assemblea", Role.ASSEMBLY_SECRETARY),
    ("tecnici", "azienda-sociale", Role.TECHNICAL_PARTNER),
    ("castelverde", "comune-019026", Role.MUNICIPALITY),
    ("aler", "aler-bcm", Role.OWNER),
    ("regione", "regione-lombardia", Role.REGION),
)


class DemoAccount(NamedTuple):
    """Somebody who can sign in to all pages, and how."""

    name: str
    password: str
    organisation: str
    role: Role


async def made(settings: Settings) -> list[DemoAccount]:
    people = People(settings)
    try:
        return [
            DemoAccount(name, await people.make_account(name, organisation, role, settings.ambito), organisation, role)
            for name, organisation, role in ACCOUNTS
        ]
    finally:
        await people.close()


def told(accounts: list[DemoAccount]) -> Table:
    """In plain columns: a password that is cut or folded is none."""
    table = Table("name", "password", "who", title="Sign in as (one sign-in for the pages of all services)")
    for one in accounts:
        table.add_row(one.name, one.password, f"{one.organisation}: {TITLES[one.role].en}")
    table.columns[1].no_wrap = True
    return table
