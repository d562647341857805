"""Feeds the synthetic world to the intake, through the same doors that owners use."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.client import Client, Refused
from deploy.demo.synthetic import Claim, SyntheticWorld
from deploy.demo.texts import send_texts
from services.intake.domain.submissions import Declaration
from shared.auth import Role
from shared.events import EmergencyCaseClosed, EmergencyCaseOpened, UnitRegistered
from shared.territory import Municipality, municipality_organisation

BULK = 1000


async def load(client: Client, world: SyntheticWorld, console: Console) -> None:
    """Send everything, wait until registry and planner have applied it, then write the plan's texts."""
    events = len(world.reports) + len(world.cases) + len(world.submissions) + len(world.silent)
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        sent = bar.add_task("reports, cases, declarations sent", total=events)
        kept = bar.add_task("in the registry", total=len(world.reports))
        planned = bar.add_task("in the plan", total=events)

        async def watch() -> None:
            done = 0
            while done < events:
                bar.update(kept, completed=await client.applied("registry"))
                done = await client.applied("planner")
                bar.update(planned, completed=done)
                await asyncio.sleep(0.1)

        async with asyncio.timeout(300), asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            await _send(client, world, lambda count: bar.advance(sent, count))
    async with asyncio.timeout(60):
        await send_texts(client)


async def _send(client: Client, world: SyntheticWorld, told: Any) -> None:
    for number, (organisation, claims) in enumerate(bulks(world.reports)):
        items = [_item(claim) for claim in claims]
        key = f"demo-{world.seed}-{world.until}-{number}"
        answer = await client.ask("POST", "intake", "/unit-reports", organisation, json={"items": items}, key=key)
        if answer["accepted_count"] != len(items):
            raise Refused(str([item["problem"] for item in answer["items"] if not item["accepted"]][:3]))
        told(len(items))
    for case in world.cases:
        await _send_case(client, case, f"demo-{world.seed}-{world.until}-{case.name()}-{case.case_ref}")
        told(1)
    for submission in world.submissions:
        body = submission.model_dump(mode="json", include=set(Declaration.model_fields), exclude_none=True)
        key = f"demo-{world.seed}-{world.until}-{submission.owner}-{submission.municipality}"
        await client.ask("POST", "intake", "/submissions", submission.owner, json=body, key=key)
        told(1)
    for where in world.silent:
        await _record_default(client, world, where)
        told(1)


async def _record_default(client: Client, world: SyntheticWorld, where: Municipality) -> None:
    """The lead municipality puts on record that nothing came, without which no plan can be proposed."""
    owner = municipality_organisation(where.istat_code)
    body = {
        "cycle_year": world.first_year - 1,
        "owner": owner,
        "municipality": where.istat_code,
        "reason": "Nessuna risposta ai solleciti (simulato)",
    }
    lead = municipality_organisation(world.ambito.lead_istat_code)
    key = f"demo-{world.seed}-{world.until}-default-{owner}"
    await client.ask("POST", "intake", "/submission-defaults", lead, json=body, key=key, role=Role.LEAD)


async def _send_case(client: Client, case: Any, key: str) -> None:
    body = case.model_dump(mode="json", exclude_none=True)
    organisation = f"comune-{case.municipality}"
    match case:
        case EmergencyCaseOpened():
            await client.ask("POST", "intake", "/emergency-cases", organisation, json=body, key=key)
        case EmergencyCaseClosed():
            closure = {"closed_on": body["closed_on"], "reason": body["reason"]}
            path = f"/emergency-cases/{case.case_ref}/closure"
            await client.ask("POST", "intake", path, organisation, json=closure, key=key)


def bulks(claims: Sequence[Claim]) -> Iterator[tuple[str, list[Claim]]]:
    """Requests of up to 1,000 reports of one organisation; each home's reports stay in their order.

    Owners register, then managers report: with all registrations first, no home's order crosses two requests wrongly.
    """
    for is_first in (True, False):
        by_speaker: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            if isinstance(claim.report, UnitRegistered) is is_first:
                by_speaker[claim.organisation].append(claim)
        for organisation in sorted(by_speaker):
            own = by_speaker[organisation]
            yield from ((organisation, own[at : at + BULK]) for at in range(0, len(own), BULK))


def _item(claim: Claim) -> dict[str, Any]:
    return {"report": claim.report.name(), **claim.report.model_dump(mode="json", exclude_none=True)}
