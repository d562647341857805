"""Two and three planners on one group: one joins, one leaves, one is killed, under load."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from deploy.kafka.local import free_ports
from services.planner.app import create_runtime
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import compute, reference_date
from services.planner.domain.state import PlanState, fold
from services.planner.domain.withholding import plan_hash
from services.planner.law import rules_on
from services.planner.settings import PlannerSettings
from shared.bus.records import decode, encode
from shared.events import Message, PlanRecomputed, derived
from shared.events.topics import declared
from shared.runtime import Runtime
from tests.support.installations import Installation, read_topic
from tests.support.waiting import until
from tests.support.world import facts_of, synthetic_reports

AMBITI = tuple(f"prova-{number}" for number in range(8))
FIRST_YEAR = 2026
ROUNDS = 6


def facts() -> dict[str, list[Message]]:
    """The same homes' facts for each ambito, under identifiers of their own."""
    said = facts_of(synthetic_reports(120))
    return {
        ambito: [
            Message(
                m.envelope._replace(id=derived(f"{ambito}/{m.envelope.id}"), ambito=ambito,
                        subject=f"{ambito}-{m.envelope.subject}"),
                m.event,
            )
            for m in said
        ]
        for ambito in AMBITI
    }  # fmt: skip


def expected(messages: list[Message], ambito: str) -> str:
    triennium = Triennium(FIRST_YEAR)
    state = PlanState(ambito, rules_on(triennium.begins_on).bands)
    for message in messages:
        fold(state, message)
    rules = rules_on(reference_date(state, triennium))
    return plan_hash(compute(state, triennium, rules, {}))


class Replica:
    """`pianovivo planner serve` as its own process."""

    def __init__(self, installation: Installation, name: str, folder: Path) -> None:
        self.log = folder / f"{name}.log"
        own = {
            "PIANOVIVO_REPLICA": name,
            "PIANOVIVO_BATCH": "20",
            "PIANOVIVO_LOG_LEVEL": "INFO",
            "PIANOVIVO_PLANNER_FIRST_YEAR": str(FIRST_YEAR),
            "PIANOVIVO_PLANNER_PORT": str(free_ports(1)[0]),
        }
        common = {f"PIANOVIVO_{key.upper()}": str(value) for key, value in installation.environment.items()}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", "planner", "serve"],
                env=os.environ | common | own, stdout=out, stderr=out,
            )  # fmt: skip

    async def at_work(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        return '"started"' in self.log.read_text(errors="replace")


@contextmanager
def ended(replicas: list[Replica]) -> Iterator[None]:
    try:
        yield
    finally:
        for replica in replicas:
            if replica.process.poll() is None:
                replica.process.terminate()
                replica.process.wait(40)


@pytest.fixture
def bus(distributed: Installation) -> Runtime:
    """A planner's runtime that is not started: its transport feeds, its database is looked at."""
    return create_runtime(PlannerSettings(**distributed.environment | {"replica": "observer"}))


async def applied(bus: Runtime) -> int:
    async with bus.db.reading() as session:
        query = "SELECT count(*) FROM inbox WHERE consumer = 'planner' AND outcome = 'applied'"
        return int((await session.execute(text(query))).scalar() or 0)


async def test_a_join_a_leave_and_a_kill_double_nothing(
    distributed: Installation, bus: Runtime, tmp_path: Path
) -> None:
    told = facts()
    await bus.transport.apply(list(declared().values()))
    replicas = [Replica(distributed, f"planner-{n}", tmp_path) for n in (1, 2)]
    with ended(replicas):
        for replica in replicas:
            await until(replica.at_work, seconds=60)
        for round_ in range(ROUNDS):
            for messages in told.values():
                part = messages[round_ * len(messages) // ROUNDS : (round_ + 1) * len(messages) // ROUNDS]
                await bus.transport.publish([encode(message) for message in part])
            if round_ == 1:  # a third joins
                replicas.append(Replica(distributed, "planner-3", tmp_path))
                await until(replicas[2].at_work, seconds=60)
            if round_ == 3:  # one leaves
                replicas[0].process.send_signal(signal.SIGTERM)
                assert replicas[0].process.wait(40) == 0
            if round_ == 4:  # one is killed, and comes back under its name
                replicas[1].process.kill()
                replicas[1].process.wait()
                replicas[1] = Replica(distributed, "planner-2", tmp_path)
        count = sum(len(messages) for messages in told.values())

        async def all_applied() -> bool:
            return await applied(bus) >= count

        await until(all_applied, seconds=120, every=0.3)
    assert await applied(bus) == count
    await check_plans(bus, told)
    await bus.transport.stop()
    await bus.db.close()


async def check_plans(bus: Runtime, told: dict[str, list[Message]]) -> None:
    """Each plan is that of its facts; its versions have no gap and were each computed once."""
    async with bus.db.reading() as session:
        rows = {row.ambito: row for row in await session.execute(text("SELECT ambito, version, hash FROM plan"))}
        letters = (await session.execute(text("SELECT count(*) FROM dead_letter"))).scalar()
        owed = (await session.execute(text("SELECT count(*) FROM outbox"))).scalar()
    assert letters == 0
    assert {ambito: row.hash for ambito, row in rows.items()} == {a: expected(m, a) for a, m in told.items()}
    versions: dict[str, dict[int, UUID]] = defaultdict(dict)
    for record in await read_topic(bus.transport, "plans"):
        message = decode(record)
        assert isinstance(message.event, PlanRecomputed)
        known = versions[message.event.ambito].setdefault(message.event.version, message.envelope.id)
        assert known == message.envelope.id, "a version was computed twice, differently"
    missing = {a: set(range(1, row.version + 1)) - versions[a].keys() for a, row in rows.items()}
    assert owed or not any(missing.values()), missing
