"""The demo's plan is proposed: frozen as an edition, on its way to the vote, while the live figures go on."""

from __future__ import annotations

from rich.console import Console

from deploy.demo.client import Client
from deploy.demo.synthetic import SyntheticWorld
from shared.auth import Role
from shared.territory import municipality_organisation


async def propose(client: Client, world: SyntheticWorld, console: Console) -> None:
    """The lead municipality proposes what has been collected; raises `Refused` while declarations are missing."""
    code, first_year = world.ambito.code, world.first_year
    lead = municipality_organisation(world.ambito.lead_istat_code)
    edition = await client.ask(
        "POST",
        "planner",
        f"/plans/{code}/editions",
        lead,
        json={"kind": "TRIENNIAL", "office": "HOUSING_OFFICE"},
        key=f"demo-{world.seed}-{world.until}-proposal",
        role=Role.LEAD,
    )
    console.print(
        f"[green]edition {edition['edition']} of the plan {first_year}-{first_year + 2} is proposed[/] "
        f"(version {edition['version']}, document {edition['document_hash'][:12]})\n"
    )
