"""product shape: FastStream batch subscriber + Pydantic + SQLAlchemy core on asyncpg + classic outbox and relay.
A feasibility probe of the architecture document, not the product: one handler, explicit ack policy, static membership,
one transaction per partition batch, rows folded in Python, set-based SQL, outbox rows published by a relay and then deleted.
Run: faststream-free: python product_shape.py  (KAFKA PGDSN IN_TOPIC OUT_TOPIC GROUP in the environment)
"""

import asyncio, os
from datetime import date
from uuid import UUID

import orjson, uvloop
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

E = os.environ
engine = create_async_engine(E["PGDSN"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=8)
broker = KafkaBroker(E["KAFKA"], logger=None)
app = FastStream(broker)
wake = asyncio.Event()
DELTA = {"vacated": 1, "assigned": -1}


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)
    event_id: UUID
    unit_id: str
    municipality: str
    owner: str
    effective: date
    outcome: str
    ambito: str


class UnitChanged(BaseModel):
    unit_id: str
    seq: int
    status: str
    municipality: str
    owner: str
    effective: date
    event_id: UUID


parse = TypeAdapter(Report).validator.validate_json
KNOWN = text("SELECT event_id FROM inbox WHERE event_id = ANY(CAST(:ids AS uuid[]))")
UNITS = text("""INSERT INTO units AS u (unit_id, municipality, owner, status, effective, seq)
SELECT * FROM unnest(CAST(:a AS text[]), CAST(:b AS text[]), CAST(:c AS text[]), CAST(:d AS text[]), CAST(:e AS date[]), CAST(:f AS int[]))
ON CONFLICT (unit_id) DO UPDATE SET status = excluded.status, effective = excluded.effective, seq = u.seq + excluded.seq RETURNING unit_id, seq""")
COUNTERS = text("""INSERT INTO counters AS c (municipality, owner, reports, vacant)
SELECT * FROM unnest(CAST(:a AS text[]), CAST(:b AS text[]), CAST(:c AS bigint[]), CAST(:d AS bigint[]))
ON CONFLICT (municipality, owner) DO UPDATE SET reports = c.reports + excluded.reports, vacant = c.vacant + excluded.vacant""")
INBOX = text(
    "INSERT INTO inbox (event_id, part, off, seq) SELECT * FROM unnest(CAST(:a AS uuid[]), CAST(:b AS smallint[]), CAST(:c AS bigint[]), CAST(:d AS int[]))"
)
OUTBOX = text("INSERT INTO outbox (key, body) SELECT * FROM unnest(CAST(:a AS text[]), CAST(:b AS bytea[]))")
NEXT = text("SELECT id, key, body FROM outbox ORDER BY id LIMIT 3000")
DONE = text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))")


async def apply(part, records):
    reports = [(r.offset, parse(r.value)) for r in records]
    async with engine.begin() as s:
        known = {r[0] for r in await s.execute(KNOWN, {"ids": [r.event_id for _, r in reports]})}
        units, counters, fresh, seen = {}, {}, [], set()
        for off, r in reports:
            if r.event_id in known or r.event_id in seen:
                continue
            seen.add(r.event_id)
            n = units[r.unit_id][1] + 1 if r.unit_id in units else 1
            units[r.unit_id] = (r, n)
            c = counters.setdefault((r.municipality, r.owner), [0, 0])
            c[0] += 1
            c[1] += DELTA.get(r.outcome, 0)
            fresh.append((off, r, n))
        if not fresh:
            return
        us = sorted(units)
        got = await s.execute(
            UNITS,
            {
                "a": us,
                "b": [units[u][0].municipality for u in us],
                "c": [units[u][0].owner for u in us],
                "d": [units[u][0].outcome for u in us],
                "e": [units[u][0].effective for u in us],
                "f": [units[u][1] for u in us],
            },
        )
        base = {u: q - units[u][1] for u, q in got}
        ck = sorted(counters)
        await s.execute(
            COUNTERS,
            {
                "a": [k[0] for k in ck],
                "b": [k[1] for k in ck],
                "c": [counters[k][0] for k in ck],
                "d": [counters[k][1] for k in ck],
            },
        )
        out = [
            UnitChanged(
                unit_id=r.unit_id,
                seq=base[r.unit_id] + n,
                status=r.outcome,
                municipality=r.municipality,
                owner=r.owner,
                effective=r.effective,
                event_id=r.event_id,
            )
            for _, r, n in fresh
        ]
        await s.execute(
            INBOX,
            {
                "a": [r.event_id for _, r, _ in fresh],
                "b": [part] * len(fresh),
                "c": [o for o, _, _ in fresh],
                "d": [o.seq for o in out],
            },
        )
        await s.execute(
            OUTBOX, {"a": [r.ambito for _, r, _ in fresh], "b": [o.__pydantic_serializer__.to_json(o) for o in out]}
        )
    wake.set()


@broker.subscriber(
    E["IN_TOPIC"],
    group_id=E["GROUP"],
    group_instance_id="worker-0",
    auto_offset_reset="earliest",
    batch=True,
    max_records=3000,
    ack_policy=AckPolicy.NACK_ON_ERROR,
    parser=None,
    decoder=lambda m: None,
    no_reply=True,
)
async def on_reports(msg: KafkaMessage) -> None:
    by = {}
    for r in msg.raw_message:
        by.setdefault(r.partition, []).append(r)
    await asyncio.gather(*(apply(p, rs) for p, rs in by.items()))


async def relay():
    producer = AIOKafkaProducer(
        bootstrap_servers=E["KAFKA"], enable_idempotence=True, linger_ms=0, max_batch_size=1 << 20
    )
    await producer.start()
    out = E["OUT_TOPIC"]
    parts = sorted(await producer.partitions_for(out))
    from aiokafka.partitioner import murmur2

    async with engine.connect() as s:
        await s.execution_options(isolation_level="AUTOCOMMIT")
        while True:
            rows = (await s.execute(NEXT)).all()
            if not rows:
                try:
                    await asyncio.wait_for(wake.wait(), 1.0)
                except TimeoutError:
                    pass
                wake.clear()
                continue
            batches, futs = {}, []
            for _, k, b in rows:
                kb = k.encode()
                p = parts[(murmur2(kb) & 0x7FFFFFFF) % len(parts)]
                bt = batches.get(p)
                if bt is None:
                    bt = batches[p] = producer.create_batch()
                if bt.append(key=kb, value=b, timestamp=None) is None:
                    futs.append(await producer.send_batch(bt, out, partition=p))
                    bt = batches[p] = producer.create_batch()
                    bt.append(key=kb, value=b, timestamp=None)
            for p, bt in batches.items():
                if bt.record_count():
                    futs.append(await producer.send_batch(bt, out, partition=p))
            for f in futs:
                await f
            await s.execute(DONE, {"ids": [r[0] for r in rows]})


async def main():
    t = asyncio.create_task(relay())
    await app.run(log_level=50)
    t.cancel()


uvloop.run(main())
