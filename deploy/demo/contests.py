"""The demo's contested numbers: four municipalities contest what ALER declared; one is corrected, one confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from deploy.demo.client import AMBITO, Client, Refused
from deploy.demo.synthetic import SyntheticWorld
from shared.auth import Role
from shared.events import SubmissionReceived
from shared.territory import municipality_organisation

COLUMNS = ("turnover_expected", "free_now", "under_renovation_assignable", "as_is_assignable")
"""One for each municipality, so that four different numbers are contested."""
REASON = "Dato di prova: nel sopralluogo di ottobre il Comune ne ha contato uno in meno."
PATIENCE_SECONDS = 30


async def contest(client: Client, world: SyntheticWorld, console: Console) -> None:
    """Four contests through the API: the first is corrected by its owner, the second confirmed, two stay open."""
    rows = list(contestable(world))
    cases = [await _contest(client, row, column) for row, column in rows]
    lead = municipality_organisation(world.ambito.lead.istat_code)
    await _correct(client, rows[0][0], rows[0][1], cases[0])
    path = f"/plans/{AMBITO}/contests/{cases[1]['id']}/confirm"
    because = {"reason": "Dato di prova: riscontrato con il verbale."}
    await client.ask("POST", "planner", path, lead, json=because, key="demo-confirm", role=Role.LEAD)
    await _until_settled(client, cases[0]["id"], lead)
    names = ", ".join(world.ambito.municipality(row.municipality).name for row, _ in rows)
    console.print(f"\ncontested numbers: {names}; one corrected, one confirmed, two open (synthetic)")


def contestable(world: SyntheticWorld) -> Iterator[tuple[SubmissionReceived, str]]:
    """Of each column the first row of an owner, each in another municipality, that declares some of it."""
    latest = max(row.cycle_year for row in world.submissions)
    used: set[str] = {world.ambito.lead.istat_code}
    for column in COLUMNS:
        for row in world.submissions:
            own = row.owner == municipality_organisation(row.municipality)
            is_free = row.cycle_year == latest and row.municipality not in used and not own
            if is_free and row.columns is not None and getattr(row.columns, column) > 0:
                used.add(row.municipality)
                yield row, column
                break


async def _contest(client: Client, row: SubmissionReceived, column: str) -> Any:
    asked = {
        "figure": f"{row.municipality}:{row.owner}:column_{column}_declared:{row.cycle_year + 1}",
        "reason": REASON,
        "expected": getattr(row.columns, column) - 1,
    }
    who = municipality_organisation(row.municipality)
    return await client.ask("POST", "planner", f"/plans/{AMBITO}/contests", who, json=asked, key=f"demo-{column}")


async def _correct(client: Client, row: SubmissionReceived, column: str, case: Any) -> None:
    """The owner corrects its cell, once the intake has heard that it is open."""
    query = f"/submissions?cycle_year={row.cycle_year}&municipality={row.municipality}"
    sent = (await client.ask("GET", "intake", query, row.owner))["items"][0]
    value = getattr(row.columns, column) - 1
    asked = {"contest_id": case["id"], "value": value, "reason": "Dato di prova: uno era già assegnato."}
    path = f"/submissions/{sent['id']}/corrections"
    for _ in range(10 * PATIENCE_SECONDS):
        try:
            await client.ask("POST", "intake", path, row.owner, json=asked, key="demo-correction")
            return
        except Refused as refused:
            if "no-contest" not in str(refused):
                raise
            await asyncio.sleep(0.1)
    raise Refused(f"the intake did not hear of contest {case['id']}")


async def _until_settled(client: Client, contest_id: str, lead: str) -> None:
    for _ in range(10 * PATIENCE_SECONDS):
        found = await client.ask("GET", "planner", f"/plans/{AMBITO}/contests/{contest_id}", lead, role=Role.LEAD)
        if found["item"]["status"] == "CORRECTED":
            return
        await asyncio.sleep(0.1)
    raise Refused(f"contest {contest_id} was not settled")
