"""From an owner's report to the municipality's webhook, at light load, in both forms: `python -m tests.bench.chain`.

The whole chain: HTTP report, registry, plan, notice, signed webhook. One line of JSON for each form.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.demo import loading
from deploy.demo.client import Client
from deploy.demo.receiver import Receiver
from deploy.demo.stock import ALER
from deploy.demo.synthetic import SyntheticWorld, generate
from deploy.demo.system import running
from shared.civil_time import today_in_italy
from shared.events import UnitStatus
from shared.territory import ambito

REPORTS, PER_SECOND, PATIENCE = 150, 5.0, 10.0


async def measure(client: Client, world: SyntheticWorld, receiver: Receiver) -> dict[str, Any]:
    url = f"http://{receiver.address}/"
    wish = {"channel": "webhook", "url": url, "municipalities": "all", "threshold": "1"}
    receiver.secret = (await client.ask("POST", "notifier", "/subscriptions", ALER, json=wish))["secret"]
    sent = await _send(client, world)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and len(_arrivals(receiver)) < len(sent):
        await asyncio.sleep(0.1)
    arrived = _arrivals(receiver)
    times = sorted((arrived[unit] - at) * 1000 for unit, at in sent.items() if unit in arrived)
    cut = statistics.quantiles(times, n=100)
    return {"sent": len(sent), "arrived": len(times), "p50_ms": round(cut[49], 1), "p99_ms": round(cut[98], 1)}


async def _send(client: Client, world: SyntheticWorld) -> dict[str, float]:
    """One vacated home at a time, evenly paced; when each report was sent, by home."""
    let = [
        life.home.unit_id
        for life in world.lives
        if life.moments[-1].status is UnitStatus.OCCUPIED and life.home.owner == life.home.manager == ALER
    ]
    sent: dict[str, float] = {}
    begun = time.perf_counter()
    for number, unit_id in enumerate(let[:: max(1, len(let) // REPORTS)][:REPORTS]):
        await asyncio.sleep(max(0.0, begun + number / PER_SECOND - time.perf_counter()))
        body = {"report": "unit-vacated", "unit_id": unit_id, "effective_on": str(world.until), "outcome": "ASSIGNABLE"}
        sent[unit_id] = time.perf_counter()
        await client.ask("POST", "intake", "/unit-reports", ALER, json=body)
    return sent


def _arrivals(receiver: Receiver) -> dict[str, float]:
    """When the first webhook citing each home came."""
    found: dict[str, float] = {}
    for at, body in list(receiver.arrived):
        for cause in body["data"]["causes"]:
            found.setdefault(cause["subject"], at)
    return found


def main() -> None:
    world = generate(2026, ambito("cremonese"), today_in_italy())
    for kafka in (False, True):
        with tempfile.TemporaryDirectory(prefix="pianovivo-chain-") as name, Receiver() as receiver:
            Path(name).chmod(0o711)
            with running(Path(name), kafka=kafka, webhook=receiver.address) as system:

                async def run(system: Any = system, receiver: Receiver = receiver) -> dict[str, Any]:
                    async with system.client() as client:
                        await loading.load(client, world, Console(stderr=True))
                        return await measure(client, world, receiver)

                sys.stdout.write(json.dumps({"form": system.form} | asyncio.run(run())) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
