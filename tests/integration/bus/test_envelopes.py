"""What others write: structured CloudEvents, and topics of an organisation's own written by another Kafka client."""

from __future__ import annotations

from datetime import date

import orjson
import pytest
from confluent_kafka import Producer
from sqlalchemy import select
from sqlmodel import col

from services.registry.tables import HistoryRow
from shared.bus.records import STRUCTURED, Outgoing, encode
from shared.events import Message, OwnerKind
from shared.runtime import Runtime
from tests.support.installations import OWN_WRITERS, Installation
from tests.support.servers import Servers
from tests.support.waiting import until
from tests.support.world import AMBITO, as_outgoing, history, letters, life_of, reported
from tests.unit.registry.samples import registered

ALER, MUNICIPALITY = OWN_WRITERS
ISTAT = MUNICIPALITY.removeprefix("comune-")


def structured(message: Message) -> Outgoing:
    """The same event as CloudEvents' JSON format: one document, no `ce_` headers."""
    plain = encode(message)
    attributes = {name.removeprefix("ce_"): value.decode() for name, value in plain.headers if name.startswith("ce_")}  # type: ignore[union-attr]
    body = orjson.dumps({**attributes, "causationid": None, "data": orjson.loads(plain.value)})
    return plain._replace(value=body, headers=(("content-type", STRUCTURED.encode() + b"; charset=UTF-8"),))


def own(unit_id: str, owner: str, event_id: str) -> Outgoing:
    """A registration on the owner's own topic, which claims to come from somebody else."""
    kind = OwnerKind.ALER if owner == ALER else OwnerKind.MUNICIPALITY
    home = registered(
        on=date(2026, 1, 1), unit_id=unit_id, owner=owner, manager=owner, owner_kind=kind, municipality=ISTAT
    )
    plain = encode(reported(home, "aler-pretended"))
    headers = tuple(header for header in plain.headers if header[0] != "ce_id")
    return Outgoing(f"owner-reports.{owner}", plain.key, plain.value, (*headers, ("ce_id", event_id.encode())))


async def test_structured_mode_says_the_same(installation: Installation) -> None:
    """In either mode: the repeat in the other one is recognised."""
    life = life_of("U-structured")
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish([structured(life[0]), *as_outgoing(life[:2]), *map(structured, life)])
        await until(lambda: _has(registry, {"U-structured": 4}))
        assert await letters(registry, every=True) == []


async def test_two_organisations_may_use_the_same_identifier(installation: Installation) -> None:
    registry = installation.registry(owner_topics=",".join(OWN_WRITERS))
    mine, theirs = own("U-aler", ALER, "1"), own("U-communal", MUNICIPALITY, "1")
    async with registry.running():
        await registry.transport.publish([mine, theirs, mine])
        await until(lambda: _has(registry, {"U-aler": 1, "U-communal": 1}))
        assert await _speakers(registry) == {"U-aler": ALER, "U-communal": MUNICIPALITY}


@pytest.mark.parametrize("claimed", [ALER, MUNICIPALITY, ""])
async def test_topic_says_who_speaks_whatever_the_header_says(
    distributed: Installation, servers: Servers, claimed: str
) -> None:
    """Written by librdkafka, whose partitioner and header coding are not ours."""
    registry = distributed.registry(owner_topics=ALER)
    record = own("U-aler", ALER, "ALER/2026/1")
    headers = [(name, value) for name, value in record.headers if name != "ce_organisation"]
    producer = Producer({"bootstrap.servers": servers.kafka_bootstrap, "partitioner": "murmur2_random"})
    producer.produce(
        distributed.environment["kafka_prefix"] + record.topic,
        record.value,
        AMBITO.encode(),
        headers=[*headers, ("ce_organisation", claimed.encode()), ("tracer", b"\xff\xfe"), ("empty", None)],
    )
    assert producer.flush(30) == 0
    async with registry.running():
        await until(lambda: _has(registry, {"U-aler": 1}))
        assert await _speakers(registry) == {"U-aler": ALER}


async def _has(registry: Runtime, counts: dict[str, int]) -> bool:
    return await history(registry) == counts


async def _speakers(registry: Runtime) -> dict[str, str]:
    async with registry.db.reading() as session:
        rows = await session.execute(select(col(HistoryRow.unit_id), col(HistoryRow.organisation)))
        return {row.unit_id: row.organisation for row in rows}
