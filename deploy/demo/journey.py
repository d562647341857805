"""The demo's main job: one vacated home, followed hop by hop with times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from deploy.demo.client import Client
from deploy.demo.receiver import Receiver
from deploy.demo.synthetic import Claim, SyntheticWorld, next_vacancy
from shared.events import Measure
from shared.wording import amount

T = TypeVar("T")
PATIENCE = 30.0


class HopFailed(RuntimeError):
    """A hop of the chain did not happen in time."""


async def follow(client: Client, world: SyntheticWorld, receiver: Receiver, console: Console) -> None:
    """ALER reports the home; the registry's fact, the plan, the actions, inbox and webhook follow."""
    claim = next_vacancy(world)
    municipality = (await client.ask("GET", "registry", f"/units/{claim.report.unit_id}", claim.organisation))[
        "municipality"
    ]
    organisation = f"comune-{municipality}"
    await _subscribe(client, receiver, organisation, municipality)
    before, plan_before = await client.plan(municipality), await client.plan()
    seen = {notice["id"] for notice in await _notices(client, organisation)}

    table = Table("ms", "hop", "what happened", title=f"One vacated home: {claim.report.unit_id}, {before['name']}")
    begun = time.perf_counter()

    def tell(hop: str, what: str, at: float | None = None) -> None:
        table.add_row(f"{((at or time.perf_counter()) - begun) * 1000:7.1f}", hop, what)

    report = await _report(client, claim)
    tell("ALER → intake", f"report {report['id'][:8]} received")
    unit = await _until("registry", lambda: _changed_unit(client, claim))
    tell("registry", f"fact: {unit['status']} since {unit['since']}")
    after = await _until("planner", lambda: _newer(client, municipality, before["version"]))
    tell("planner", f"plan version {before['version']} → {after['version']}")
    notices = await _until("inbox", lambda: _new_notices(client, organisation, seen))
    tell("notifier → inbox", notices[0]["subject"])
    arrived_at, body = await _until("webhook", lambda: _arrived(receiver))
    tell("notifier → webhook", f"{body['type']}, signature verified", arrived_at)
    console.print(table)
    _tell_figures(console, before, after)
    _tell_actions(console, plan_before, await client.plan())
    for line in notices[0].get("lines", [])[:6]:
        console.print(f"  [dim]{organisation}[/] {line}", soft_wrap=True)


async def _subscribe(client: Client, receiver: Receiver, organisation: str, municipality: str) -> None:
    wish = {"channel": "webhook", "url": f"http://{receiver.address}/piano", "municipalities": [municipality]}
    receiver.secret = (await client.ask("POST", "notifier", "/subscriptions", organisation, json=wish))["secret"]


async def _report(client: Client, claim: Claim) -> Any:
    body = {"report": claim.report.name(), **claim.report.model_dump(mode="json", exclude_none=True)}
    key = f"demo-next-{claim.report.unit_id}-{claim.report.effective_on}"
    return await client.ask("POST", "intake", "/unit-reports", claim.organisation, json=body, key=key)


async def _changed_unit(client: Client, claim: Claim) -> Any | None:
    unit = await client.ask("GET", "registry", f"/units/{claim.report.unit_id}", claim.organisation)
    return unit if unit["status"] != "OCCUPIED" else None


async def _newer(client: Client, municipality: str, version: int) -> Any | None:
    plan = await client.plan(municipality)
    return plan if plan["version"] > version else None


async def _notices(client: Client, organisation: str) -> list[Any]:
    return list((await client.ask("GET", "notifier", "/notices", organisation))["items"])


async def _new_notices(client: Client, organisation: str, seen: set[str]) -> list[Any] | None:
    return [notice for notice in await _notices(client, organisation) if notice["id"] not in seen] or None


async def _arrived(receiver: Receiver) -> tuple[float, dict[str, Any]] | None:
    return receiver.arrived[0] if receiver.arrived else None


async def _until(hop: str, look: Callable[[], Awaitable[T | None]]) -> T:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.002)
    raise HopFailed(f"{hop}: nothing happened within {PATIENCE:.0f} s")


def _tell_figures(console: Console, before: Any, after: Any) -> None:
    """As the pages write them; what moved by less than can be seen is left out."""
    was = {(f["figure"], f["owner"], f["year"]): f["value"] for f in before["figures"]}
    table = Table("figure (all owners)", "before", "after", title=f"{after['name']}: what moved")
    for figure in after["figures"]:
        old, new = was.get((figure["figure"], figure["owner"], figure["year"]), 0), figure["value"]
        amounts = [amount(Measure(figure["measure"]), value) for value in (old, new)]
        if figure["owner"] is None and amounts[0] != amounts[1]:
            table.add_row(figure["label_it"], *amounts)
    console.print(table)


def _tell_actions(console: Console, before: Any, after: Any) -> None:
    known = {action["id"]: action for action in before["actions"]}
    now = {action["id"]: action for action in after["actions"]}
    for identifier in now.keys() - known.keys():
        console.print(
            f"[green]+ proposed[/] {now[identifier]['effect_it']} ({now[identifier]['article']})", soft_wrap=True
        )
    for identifier in known.keys() - now.keys():
        console.print(f"[red]- withdrawn[/] {known[identifier]['effect_it']}", soft_wrap=True)
