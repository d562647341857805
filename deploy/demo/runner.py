"""`pianovivo demo`: bring the system up, load the synthetic world, follow one vacated home from ALER to a webhook."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.demo import accounts, contests, journey, loading, proposal
from deploy.demo.receiver import Receiver
from deploy.demo.synthetic import SYNTHETIC_NOTICE_IT, SyntheticWorld, generate
from deploy.demo.system import DidNotStart, System, running
from deploy.kafka.local import ServerError, missing
from deploy.obstacles import Obstacle
from shared.civil_time import today_in_italy
from shared.territory import ambito

SEED = 2026
console = Console(highlight=False)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the chain, also in a terminal")] = False,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Four processes on a local Apache Kafka and PostgreSQL")
    ] = False,
    hash_file: Annotated[Path | None, typer.Option(help="Write the hash of the plan at the end")] = None,
) -> None:
    """Show the whole system at work with a synthetic housing stock; needs no server and no data."""
    if kafka and (lacks := missing()):
        raise Obstacle("`pianovivo demo --kafka` needs " + "; ".join(lacks))
    stays = sys.stdin.isatty() and not once
    world = generate(SEED, ambito("cremonese"), today_in_italy())
    folder = Path(tempfile.mkdtemp(prefix="pianovivo-demo-"))
    folder.chmod(0o711)  # PostgreSQL started by root runs as another user
    try:
        with (
            Receiver() as receiver,
            running(folder, first_year=world.first_year, kafka=kafka, webhook=receiver.address) as system,
        ):
            asyncio.run(_show(system, world, receiver, hash_file))
            if stays:
                console.print("\nRunning until Ctrl-C ...")
                system.wait()
    except KeyboardInterrupt:
        console.print("stopped")
    except (DidNotStart, ServerError) as error:
        raise Obstacle(str(error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _show(system: System, world: SyntheticWorld, receiver: Receiver, hash_file: Path | None) -> None:
    console.rule("Piano Vivo")
    console.print(f"[yellow]{SYNTHETIC_NOTICE_IT}[/]")
    console.print(f"{len(world.ambito.municipalities)} municipalities, {len(world.lives)} homes; {system.form}\n")
    async with system.client() as client:
        await loading.load(client, world, console)
        await contests.contest(client, world, console)
        await proposal.propose(client, world, console)
        await journey.follow(client, world, receiver, console)
        plan = await client.plan()
    if hash_file is not None:
        hash_file.write_text(json.dumps({"hash": plan["hash"], "on": world.until.isoformat()}))
    console.print(f"\nplan hash  {plan['hash']}  (version {plan['version']})")
    console.rule("What to try next")
    console.print(accounts.told(await accounts.made(system.settings)))
    for what, how in system.addresses(world.ambito.code, world.first_year - 1):
        console.print(f"{what:<28} {how}", soft_wrap=True)
