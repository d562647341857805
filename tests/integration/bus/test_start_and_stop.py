"""A replica starts in order, refuses a bus that would lose events, and lets the work in hand end when it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import LeaderNotAvailableError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from sqlalchemy import text

from deploy.kafka import local
from shared.bus.kafka import KafkaTransport, UnfitBroker
from shared.bus.records import decode
from shared.bus.transport import Subscription
from shared.migrate import migrate
from tests.support.installations import Installation, fresh_installation, read_topic
from tests.support.servers import choose
from tests.support.servers import servers as start_servers
from tests.support.waiting import until
from tests.support.world import as_outgoing, history, is_idle, letters, synthetic_reports

REPORTS = synthetic_reports(60)
SERVE = "from services.registry.cli import app; app(['serve'])"


async def test_five_replicas_migrate_at_once(installation: Installation) -> None:
    replicas = [installation.registry(replica=str(number)) for number in range(5)]
    try:
        await asyncio.gather(*(migrate(replica.db, replica.migrations) for replica in replicas))
        async with replicas[0].db.reading() as session:
            heads = await session.execute(text("SELECT version_num FROM alembic_version ORDER BY version_num"))
            assert [head.split("_")[0] for head in heads.scalars()] == ["bus", "registry"]
    finally:
        for replica in replicas:
            await replica.transport.stop()
            await replica.db.close()


async def test_missing_topic_says_what_to_do(distributed: Installation) -> None:
    registry = distributed.registry(owner_topics="comune-017001")
    with pytest.raises(UnfitBroker, match=r"owner-reports\.comune-017001 has no partitions.*pianovivo topics apply"):
        await registry.start()
    await registry.stop()


async def test_topic_that_nobody_leads_is_waited_for(
    distributed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there: whoever were told to make it would look in the wrong place."""
    asked = []
    describe = AIOKafkaAdminClient.describe_topics

    async def describe_topics(admin: AIOKafkaAdminClient, topics: list[str] | None = None) -> list[Any]:
        found = await describe(admin, topics)
        asked.append(topics)
        if len(asked) == 1:
            found[0]["partitions"][0]["error_code"] = LeaderNotAvailableError.errno
        return list(found)

    monkeypatch.setattr(AIOKafkaAdminClient, "describe_topics", describe_topics)
    async with distributed.registry().running():
        assert len(asked) > 1


class CarelessTransport(KafkaTransport):
    """A subscriber as FastStream makes it unless told otherwise."""

    def _subscribe(self, subscription: Subscription) -> KafkaBroker:
        careless = KafkaBroker(self._bootstrap, graceful_timeout=30.0)
        careless.subscriber("units", group_id=subscription.group, ack_policy=AckPolicy.ACK)(lambda: None)
        return careless


async def test_careless_subscriber_does_not_start(distributed: Installation) -> None:
    transport = CarelessTransport(
        distributed.environment["kafka_bootstrap_servers"],
        replica="first",
        prefix=distributed.environment["kafka_prefix"],
    )
    with pytest.raises(UnfitBroker, match="ack_policy is"):
        await transport.start(Subscription("nobody", ("units",), lambda _: asyncio.sleep(0)))
    await transport.stop()


async def test_broker_that_makes_topics_by_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generous = local.broker_settings() | {"auto.create.topics.enable": "true"}
    monkeypatch.setattr(local, "broker_settings", lambda: generous)
    with start_servers(choose()) as started:
        async with fresh_installation(tmp_path, started) as made:
            registry = made.registry()
            with pytest.raises(UnfitBroker, match=r"set auto\.create\.topics\.enable=false and restart it"):
                await registry.start()
            await registry.stop()


async def test_sigterm_lets_the_batch_in_hand_end(installation: Installation) -> None:
    """Stopped in the middle of the work: what is left is done by the next one, nothing twice."""
    transport = installation.connect()
    await transport.publish(as_outgoing(REPORTS))
    await transport.stop()
    registry = installation.registry()
    await migrate(registry.db, registry.migrations)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE), env=os.environ | _environment(installation)
    )
    try:
        await until(lambda: history(registry), 60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 40) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (await history(registry)).total() < len(REPORTS), "the test must stop it in the middle"
    async with registry.running():
        await until(lambda: is_idle(registry), 60)
        assert await history(registry) == Counter(message.envelope.subject for message in REPORTS)
        assert await letters(registry, every=True) == []
        told = Counter(decode(record).envelope.id for record in await read_topic(registry.transport, "units"))
        assert len(told) == len(REPORTS)


def _environment(installation: Installation) -> dict[str, str]:
    settings = installation.environment | {"batch": 2, "registry_port": 0, "log_level": "WARNING"}
    return {f"PIANOVIVO_{name.upper()}": str(value) for name, value in settings.items()}
