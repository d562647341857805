"""The servers that the other integration tests stand on do what those take for granted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.servers import Servers, choose
from tests.support.servers import servers as start_servers


@pytest.fixture(scope="module")
def own_servers() -> Iterator[Servers]:
    """Servers to be killed, which those of the whole test run must not be."""
    with start_servers(choose(), durable=True) as started:
        yield started


async def new_topic(bootstrap: str) -> str:
    topic = f"test-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])
    finally:
        await admin.close()
    return topic


async def send(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all") as producer:
        for value in values:
            await producer.send(topic, value, key=value)
        await producer.flush()


async def read_all(bootstrap: str, topic: str, *, isolation: str = "read_uncommitted") -> list[bytes]:
    """All that the topic holds now, by its end offsets, as a member of a group that commits."""
    values: list[bytes] = []
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"group-{topic}",
        auto_offset_reset="earliest",
        isolation_level=isolation,
    ) as consumer:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                values += [record.value for record in records if record.value is not None]
        await consumer.commit()
    return sorted(values)


async def test_kafka_gives_back_each_record_once(servers: Servers) -> None:
    topic = await new_topic(servers.kafka_bootstrap)
    values = sorted(f"value {number}".encode() for number in range(100))
    await send(servers.kafka_bootstrap, topic, values)
    assert await read_all(servers.kafka_bootstrap, topic) == values


async def test_kafka_hides_aborted_transactions(servers: Servers) -> None:
    """Needs the transaction log, and so a broker that can reach itself: wrong listeners hang here."""
    topic = await new_topic(servers.kafka_bootstrap)
    bootstrap = servers.kafka_bootstrap
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"aborted")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, b"committed")
    assert await read_all(bootstrap, topic, isolation="read_committed") == [b"committed"]
    assert await read_all(bootstrap, topic) == [b"aborted", b"committed"]


async def test_kafka_makes_no_topic_by_itself(servers: Servers) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap)
    await admin.start()
    try:
        [answer] = await admin.describe_topics(["never-created"])
        assert answer["error_code"] == 3  # UNKNOWN_TOPIC_OR_PARTITION of the Kafka protocol
        assert "never-created" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_postgres_stores_italian_text_as_json(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.postgres_dsn)
    try:
        await connection.execute("create temporary table place (data jsonb)")
        await connection.execute("insert into place values ($1)", '{"città": "Forlì"}')
        assert await connection.fetchval("select data->>'città' from place") == "Forlì"
        assert int(await connection.fetchval("show server_version_num")) >= 150_000
    finally:
        await connection.close()


async def test_killed_kafka_comes_back_with_its_records(own_servers: Servers) -> None:
    topic = await new_topic(own_servers.kafka_bootstrap)
    values = sorted(f"kept {number}".encode() for number in range(50))
    await send(own_servers.kafka_bootstrap, topic, values)
    killed = own_servers.kafka.pid
    own_servers.kafka.kill()
    own_servers.kafka.start()
    assert own_servers.kafka.pid != killed
    assert await read_all(own_servers.kafka_bootstrap, topic) == values


async def test_killed_postgres_comes_back_with_what_it_confirmed(own_servers: Servers) -> None:
    connection = await asyncpg.connect(own_servers.postgres_dsn)
    assert await connection.fetchval("show fsync") == "on"
    assert await connection.fetchval("show synchronous_commit") == "on"
    await connection.execute("create table kept (number bigint)")
    await connection.execute("insert into kept values (1), (2)")
    await connection.execute("begin")
    await connection.execute("insert into kept values (3)")
    killed = own_servers.postgres.pid
    own_servers.postgres.kill()
    own_servers.postgres.start()
    assert own_servers.postgres.pid != killed
    connection.terminate()
    connection = await asyncpg.connect(own_servers.postgres_dsn)
    try:
        assert [row["number"] for row in await connection.fetch("select number from kept order by number")] == [1, 2]
    finally:
        await connection.close()
