"""The Kafka transport: FastStream's batch subscriber over aiokafka, every setting explicit and asserted at start."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import Any, cast

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, KafkaTimeoutError, LeaderNotAvailableError
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from shared.bus.records import Outgoing, Record
from shared.bus.transport import Position, Subscription
from shared.events.topics import Topic, base_name, declared

log = structlog.get_logger()
DAY_MS = 86_400_000
ACK_POLICY = AckPolicy.NACK_ON_ERROR
SESSION_MS, HEARTBEAT_MS, REQUEST_MS = 10_000, 1_000, 10_000
REMEMBER_SECONDS = 0.1


class UnfitBroker(RuntimeError):
    """The broker or a subscriber is not set as the guarantee needs it; the message says how to mend it."""


class PatientConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Waits for records itself, and remembers positions beside the work.

    FastStream sleeps as long as it has waited in vain, which would delay a lone event. And it waits for the broker to
    remember each batch's positions before it takes the next one, though nothing hangs on that: positions that were not
    remembered bring events again that the inbox knows.
    """

    _noted: dict[TopicPartition, Any] | None = None
    _remembering: asyncio.Task[None] | None = None

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        return await super().getmany(*partitions, timeout_ms=max(timeout_ms, 1000), max_records=max_records)

    async def commit(self, offsets: dict[TopicPartition, Any] | None = None) -> None:
        """Note where the group stands now; what was noted last is remembered soon."""
        if offsets is not None:
            await super().commit(offsets)
            return
        subscription = self._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return  # the partitions went to somebody else meanwhile
        self._noted = subscription.assignment.all_consumed_offsets()
        if self._remembering is None or self._remembering.done():
            self._remembering = asyncio.create_task(self._remember_soon(), name="remember-positions")

    async def remember(self) -> None:
        """Let the broker remember what was noted."""
        noted, self._noted = self._noted, None
        if noted:
            try:
                await super().commit(noted)
            except KafkaError as error:  # as after a rebalance: who has the partition now reads those events again
                log.info("positions-not-remembered", error=repr(error))

    async def stop(self) -> None:
        if self._remembering is not None:
            self._remembering.cancel()
            with contextlib.suppress(TimeoutError):  # the broker is away
                await asyncio.wait_for(self.remember(), REQUEST_MS / 1000)
        await super().stop()

    async def _remember_soon(self) -> None:
        while self._noted:
            await asyncio.sleep(REMEMBER_SECONDS)
            await self.remember()


class _Calm(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the batch in hand end before its partitions go to another replica."""

    def __init__(self, busy: asyncio.Lock, remember: Callable[[], Awaitable[None]]) -> None:
        self._busy, self._remember = busy, remember

    async def on_partitions_revoked(self, revoked: object) -> None:
        async with self._busy:
            await self._remember()

    async def on_partitions_assigned(self, assigned: object) -> None:
        log.info("partitions-assigned", partitions=sorted(f"{p.topic}-{p.partition}" for p in assigned))  # type: ignore[attr-defined]


class KafkaTransport:
    """One process's connection: an idempotent producer, and at most one subscriber.

    `prefix` stands before the names of topics and groups on the broker, and nowhere else.
    """

    def __init__(self, bootstrap_servers: str, *, replica: str, batch: int = 1000, prefix: str = "") -> None:
        self._bootstrap, self._replica, self._batch, self._prefix = bootstrap_servers, replica, batch, prefix
        self._producer: AIOKafkaProducer | None = None
        self._broker: KafkaBroker | None = None
        self._partitions: dict[str, int] = {}
        self._busy = asyncio.Lock()

    async def start(self, subscription: Subscription | None) -> None:
        """As soon as the broker answers; one that goes away meanwhile is waited for again."""
        while True:
            try:
                return await self._start(subscription)
            except KafkaError as error:
                if not (error.retriable or isinstance(error, KafkaTimeoutError)):
                    raise
                log.warning("broker-away", bootstrap_servers=self._bootstrap, error=str(error))
            await self.leave("")
            await asyncio.sleep(0.5)

    async def _start(self, subscription: Subscription | None) -> None:
        await self._check_broker()
        if subscription is None:
            return
        await self._check_topics(subscription.topics)
        self._broker = self._subscribe(subscription)
        await self._broker.connect()
        config = self._broker.config.broker_config
        config.builder = partial(PatientConsumer, **config.builder.keywords)  # type: ignore[attr-defined]
        assert_settings(self._broker)
        await self._broker.start()

    async def leave(self, group: str) -> None:
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None

    async def stop(self) -> None:
        await self.leave("")
        if self._producer is not None:
            await self._producer.stop()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        producer = await self._started_producer()
        batches: dict[tuple[str, int], Any] = {}
        acknowledged = []
        counts = {topic: await self._partition_count(topic) for topic in {record.topic for record in records}}
        for record in records:
            place = self._prefix + record.topic, _hash(record.key) % counts[record.topic]
            builder = batches.get(place) or producer.create_batch()
            headers = list(record.headers)
            if builder.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                acknowledged.append(await producer.send_batch(builder, place[0], partition=place[1]))
                builder = producer.create_batch()
                if builder.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                    raise ValueError(f"a record of {len(record.value)} bytes for {record.topic} is larger than a batch")
            batches[place] = builder
        for (topic, partition), builder in batches.items():
            acknowledged.append(await producer.send_batch(builder, topic, partition=partition))
        await asyncio.gather(*acknowledged)

    async def positions(self, group: str, topics: Sequence[str]) -> list[Position]:
        admin = await self._admin()
        try:
            committed = await admin.list_consumer_group_offsets(self._prefix + group) if group else {}
        finally:
            await admin.close()
        ends = await self._ends(topics)
        return [
            Position(
                self._plain(place.topic), place.partition, committed[place].offset if place in committed else 0, end
            )
            for place, end in sorted(ends.items())
        ]

    async def replay(self, topics: Sequence[str]) -> AsyncIterator[list[Record]]:
        ends = {place: end for place, end in (await self._ends(topics)).items() if end}
        if not ends:
            return  # a consumer stopped before it has done anything raises CancelledError
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign(list(ends))
            await consumer.seek_to_beginning()
            while ends:
                for found in (await consumer.getmany(timeout_ms=1000, max_records=self._batch)).values():
                    yield self._records(found)
                for place in list(ends):
                    if await consumer.position(place) >= ends[place]:
                        del ends[place]
        finally:
            await consumer.stop()

    async def apply(self, topics: Sequence[Topic]) -> list[str]:
        admin = await self._admin()
        try:
            there = set(await admin.list_topics())
            new = [topic for topic in topics if self._prefix + topic.name not in there]
            replicas = min(3, len((await admin.describe_cluster())["brokers"]))
            if new:
                response = await admin.create_topics([_new_topic(self._prefix, topic, replicas) for topic in new])
                errors = {name: text for name, code, text in response.topic_errors if code not in (0, 36)}
                if errors:
                    raise UnfitBroker(f"topics could not be created: {errors}")
        finally:
            await admin.close()
        while not await self._are_led(new):  # the brokers hear of them one by one
            await asyncio.sleep(0.05)
        return [topic.name for topic in new]

    def _subscribe(self, subscription: Subscription) -> KafkaBroker:
        broker = KafkaBroker(
            self._bootstrap,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,  # its injection hops through a thread for each batch
            logger=None,  # of a failing batch it would print the whole traceback at each retry
            graceful_timeout=30.0,
        )
        subscriber = broker.subscriber(
            *(self._prefix + topic for topic in subscription.topics),
            batch=True,
            max_records=self._batch * 3,
            batch_timeout_ms=1,
            group_id=self._prefix + subscription.group,
            group_instance_id=f"{subscription.group}-{self._replica}",
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            ack_policy=ACK_POLICY,
            listener=_Calm(self._busy, self._remember),
            no_reply=True,
        )

        # FastStream's own parser decodes every header as text: one undecodable header would be redelivered for ever.
        async def parse(raw: tuple[ConsumerRecord, ...]) -> KafkaAckableMessage:
            return KafkaAckableMessage(body=b"", raw_message=raw, consumer=subscriber.consumer, headers={})

        async def undecoded(message: KafkaAckableMessage) -> Any:
            return message.raw_message

        @subscriber(parser=parse, decoder=undecoded)
        async def on_batch(raws: tuple[ConsumerRecord, ...]) -> None:
            await self._in_lanes(subscription, raws)

        return broker

    async def _remember(self) -> None:
        for subscriber in self._broker.subscribers if self._broker else ():
            await cast(PatientConsumer, cast(BatchSubscriber, subscriber).consumer).remember()

    async def _in_lanes(self, subscription: Subscription, raws: tuple[ConsumerRecord, ...]) -> None:
        """Each partition its own batch, side by side; one that must wait does not undo the others."""
        lanes: dict[tuple[str, int], list[ConsumerRecord]] = defaultdict(list)
        for raw in raws:
            lanes[raw.topic, raw.partition].append(raw)
        batches = [self._records(lane) for lane in lanes.values()]
        async with self._busy:
            results = await asyncio.gather(*map(subscription.consume, batches), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=1 << 20,
                request_timeout_ms=REQUEST_MS,
                metadata_max_age_ms=30_000,
            )
            await producer.start()
            self._producer = producer
        return self._producer

    async def _partition_count(self, topic: str) -> int:
        if topic not in self._partitions:
            found = await (await self._started_producer()).partitions_for(self._prefix + topic)
            self._partitions[topic] = len(found)
        return self._partitions[topic]

    async def _admin(self) -> AIOKafkaAdminClient:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=REQUEST_MS)
        await admin.start()
        return admin

    async def _ends(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        layout = await self._layout(topics)
        if not layout:
            return {}  # aiokafka's consumer would be cancelled by its own stopping
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(self._prefix + topic, n) for topic, count in layout.items() for n in range(count)]
            return dict(await consumer.end_offsets(places))
        finally:
            await consumer.stop()

    async def _layout(self, topics: Sequence[str]) -> dict[str, int]:
        """Number of partitions of those topics that are there.

        Raises:
            LeaderNotAvailableError: one is there and, for a while, nobody leads it.
        """
        if not topics:
            return {}
        admin = await self._admin()
        try:
            found = await admin.describe_topics([self._prefix + topic for topic in topics])
        finally:
            await admin.close()
        there = [topic for topic in found if not topic["error_code"]]
        if unled := [topic["topic"] for topic in there if any(one["error_code"] for one in topic["partitions"])]:
            raise LeaderNotAvailableError(f"no broker leads {', '.join(unled)}")
        return {self._plain(topic["topic"]): len(topic["partitions"]) for topic in there}

    async def _are_led(self, topics: Sequence[Topic]) -> bool:
        try:
            return len(await self._layout([topic.name for topic in topics])) == len(topics)
        except LeaderNotAvailableError:
            return False

    def _plain(self, topic: str) -> str:
        return topic.removeprefix(self._prefix)

    def _records(self, raws: Sequence[ConsumerRecord]) -> list[Record]:
        """Of one topic."""
        topic = self._plain(raws[0].topic)
        return [Record(topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in raws]

    async def _check_broker(self) -> None:
        admin = await self._admin()
        try:
            node = (await admin.describe_cluster())["brokers"][0]["node_id"]
            resource = ConfigResource(ConfigResourceType.BROKER, str(node), {"auto.create.topics.enable": ""})
            found = (await admin.describe_configs([resource]))[0].resources[0][4]
        finally:
            await admin.close()
        if any(entry[1] == "true" for entry in found):
            raise UnfitBroker("the broker creates topics by itself: set auto.create.topics.enable=false and restart it")

    async def _check_topics(self, topics: Sequence[str]) -> None:
        there = await self._layout(topics)
        for name in topics:
            wanted = declared()[base_name(name)].partitions
            if there.get(name) != wanted:
                raise UnfitBroker(
                    f"topic {self._prefix}{name} has {there.get(name, 'no')} partitions, declared are {wanted}: "
                    "run `pianovivo topics apply` (an existing topic’s partitions must be mended by hand)"
                )


@lru_cache(maxsize=10_000)
def _hash(key: bytes) -> int:
    """Kafka's own hash of a key; there are few keys and many records."""
    return int(murmur2(key) & 0x7FFFFFFF)


def assert_settings(broker: KafkaBroker) -> None:
    """Every subscriber as the guarantee needs it; FastStream's defaults lose a failing message."""
    for subscriber in cast(list[BatchSubscriber], broker.subscribers):
        arguments = subscriber._connection_args
        wrong = [
            sentence
            for holds, sentence in (
                (subscriber.ack_policy is AckPolicy.NACK_ON_ERROR, f"ack_policy is {subscriber.ack_policy}"),
                (bool(subscriber.group_id), "group_id is missing"),
                (arguments.get("auto_offset_reset") == "earliest", "auto_offset_reset is not earliest"),
                (arguments.get("enable_auto_commit") is False, "offsets are committed by themselves"),
                (bool(arguments.get("group_instance_id")), "group_instance_id is missing"),
                (
                    subscriber._outer_config.graceful_timeout is not None,
                    "graceful_timeout is None: nothing is waited for",
                ),
            )
            if not holds
        ]
        if wrong:
            raise UnfitBroker(f"subscriber of {subscriber.topic_names}: {'; '.join(wrong)}")


def _new_topic(prefix: str, topic: Topic, replicas: int) -> NewTopic:
    days = topic.retention_days
    configs = {
        "retention.ms": "-1" if days is None else str(days * DAY_MS),
        "retention.bytes": "-1",
        "min.insync.replicas": "2" if replicas > 2 else "1",
        "message.timestamp.type": "LogAppendTime" if "." in topic.name else "CreateTime",
    }
    return NewTopic(prefix + topic.name, topic.partitions, replicas, topic_configs=configs)
