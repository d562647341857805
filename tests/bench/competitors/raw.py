"""raw: aiokafka + asyncpg, one transaction per batch, no framework. The "limit" for Python.

Inbox and outbox in one table: the inbox row keeps the (partition, offset) of the accepted copy and the sequence it got.
A redelivered record (same partition and offset) is emitted again with its stored sequence; a true duplicate (other offset) is dropped.
So the output needs no outbox row of its own, no second write and no delete.
One lane per partition (an ambito's rows are touched by one partition only, so lanes never wait for each other); in each lane
SQL of one batch overlaps with produce of the batch before. Offsets are committed in the background, after the output is acknowledged.
RAW_SQL=steps: known -> fold in Python -> units -> inbox+counters (4 statements, 6 round trips with BEGIN/COMMIT).
RAW_SQL=cte:   everything in one statement, one round trip, fold in PostgreSQL.   RAW_SQL=auto: cte below RAW_SMALL events, else steps.
RAW_OUTBOX=1: classic outbox table as well (insert in the same transaction, delete after the acknowledgement), to see what it costs.
RAW_STATIC=1: static group membership (group.instance.id), for a fast come-back after a kill.
Run: python raw.py    (KAFKA PGDSN IN_TOPIC OUT_TOPIC GROUP in the environment)
"""

import asyncio, os, signal, time
from datetime import date

import asyncpg, orjson, uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.structs import OffsetAndMetadata

E = os.environ
BATCH = int(E.get("RAW_BATCH", 1000))  # per lane
MODE = E.get("RAW_SQL", "auto")
SMALL = int(E.get("RAW_SMALL", 50))
LANES = int(E.get("RAW_LANES", 3))
OUTBOX = E.get("RAW_OUTBOX") == "1"
DELTA = {"vacated": 1, "assigned": -1}
T = dict.fromkeys(
    [
        "fetch_wait",
        "decode",
        "sql_begin",
        "sql_known",
        "sql_units",
        "sql_inbox_counters",
        "sql_commit",
        "sql_cte",
        "sql_outbox",
        "fold",
        "encode",
        "produce_ack",
    ],
    0.0,
)
N = [0, 0]
clock = time.perf_counter
day = date.fromisoformat

KNOWN = "SELECT event_id, part, off, seq FROM inbox WHERE event_id = ANY($1::uuid[])"
UNITS = """INSERT INTO units AS u (unit_id, municipality, owner, status, effective, seq)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::int[])
ON CONFLICT (unit_id) DO UPDATE SET status = excluded.status, effective = excluded.effective, seq = u.seq + excluded.seq
RETURNING unit_id, seq"""
INBOX_COUNTERS = """WITH c AS (INSERT INTO counters AS c (municipality, owner, reports, vacant)
SELECT * FROM unnest($5::text[], $6::text[], $7::bigint[], $8::bigint[])
ON CONFLICT (municipality, owner) DO UPDATE SET reports = c.reports + excluded.reports, vacant = c.vacant + excluded.vacant)
INSERT INTO inbox (event_id, part, off, seq) SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::int[])"""
TO_OUTBOX = "INSERT INTO outbox (key, body) SELECT * FROM unnest($1::text[], $2::bytea[]) RETURNING id"
FROM_OUTBOX = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
CTE = """WITH src AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[])
    WITH ORDINALITY AS t(eid, part, off, unit, mun, own, outc, eff, ord)),
known AS MATERIALIZED (SELECT s.ord, i.seq, i.part = s.part AND i.off = s.off AS again FROM src s JOIN inbox i ON i.event_id = s.eid),
fresh AS MATERIALIZED (SELECT s.*, row_number() OVER (PARTITION BY unit ORDER BY ord) AS rn FROM src s
  WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.ord = s.ord)),
up AS (INSERT INTO units AS u (unit_id, municipality, owner, status, effective, seq)
  SELECT DISTINCT ON (unit) unit, mun, own, outc, eff, rn::int FROM fresh ORDER BY unit, rn DESC
  ON CONFLICT (unit_id) DO UPDATE SET status = excluded.status, effective = excluded.effective, seq = u.seq + excluded.seq
  RETURNING unit_id, seq),
num AS (SELECT f.ord, f.eid, f.part, f.off, (up.seq - max(f.rn) OVER (PARTITION BY f.unit) + f.rn)::int AS seq
  FROM fresh f JOIN up ON up.unit_id = f.unit),
ib AS (INSERT INTO inbox (event_id, part, off, seq) SELECT eid, part, off, seq FROM num),
co AS (INSERT INTO counters AS c (municipality, owner, reports, vacant)
  SELECT mun, own, count(*), sum(CASE outc WHEN 'vacated' THEN 1 WHEN 'assigned' THEN -1 ELSE 0 END) FROM fresh GROUP BY mun, own ORDER BY mun, own
  ON CONFLICT (municipality, owner) DO UPDATE SET reports = c.reports + excluded.reports, vacant = c.vacant + excluded.vacant)
SELECT ord, seq FROM num UNION ALL SELECT ord, seq FROM known WHERE again ORDER BY 1"""


OUT_IDS = {}


def body(e, seq):
    return orjson.dumps(
        {
            "unit_id": e["unit_id"],
            "seq": seq,
            "status": e["outcome"],
            "municipality": e["municipality"],
            "owner": e["owner"],
            "effective": e["effective"],
            "event_id": e["event_id"],
        }
    )


async def apply_cte(pg, part, batch):
    t0 = clock()
    first = {}
    for x in batch:
        first.setdefault(x[2]["event_id"], x)  # duplicate inside the batch: the first copy counts
    rows = list(first.values())
    ev = [x[2] for x in rows]
    args = (
        list(first),
        [part] * len(rows),
        [x[0] for x in rows],
        [e["unit_id"] for e in ev],
        [e["municipality"] for e in ev],
        [e["owner"] for e in ev],
        [e["outcome"] for e in ev],
        [day(e["effective"]) for e in ev],
    )
    t1 = clock()
    T["fold"] += t1 - t0
    got = await pg.fetch(CTE, *args)
    T["sql_cte"] += clock() - t1
    return [(rows[o - 1][1], rows[o - 1][2], s) for o, s in got]


async def apply_steps(pg, part, batch):
    t0 = clock()
    ids = [x[2]["event_id"] for x in batch]
    tr = pg.transaction()
    await tr.start()
    t1 = clock()
    T["sql_begin"] += t1 - t0
    try:
        known = {str(r[0]): r for r in await pg.fetch(KNOWN, ids)}
        t2 = clock()
        T["sql_known"] += t2 - t1
        offs, units, counters, emit, fresh, base = [], {}, {}, [], set(), {}
        rows, fids = [], []
        for i, (off, key, e) in zip(ids, batch):
            k = known.get(i) if known else None
            if k is not None:
                if k[1] == part and k[2] == off:  # redelivered: the output may be missing
                    emit.append((key, e, k[3]))
                continue
            if i in fresh:  # duplicate inside the batch
                continue
            fresh.add(i)
            u = e["unit_id"]
            n = units[u][1] + 1 if u in units else 1
            units[u] = (e, n)
            ck = (e["municipality"], e["owner"])
            c = counters.get(ck)
            if c is None:
                c = counters[ck] = [0, 0]
            c[0] += 1
            c[1] += DELTA.get(e["outcome"], 0)
            emit.append(row := [key, e, n])
            rows.append(row)
            offs.append(off)
            fids.append(i)
        t3 = clock()
        T["fold"] += t3 - t2
        if rows:
            us = sorted(units)
            vs = [units[u][0] for u in us]
            ns = [units[u][1] for u in us]
            args = (
                us,
                [v["municipality"] for v in vs],
                [v["owner"] for v in vs],
                [v["outcome"] for v in vs],
                [day(v["effective"]) for v in vs],
                ns,
            )
            t4 = clock()
            T["fold"] += t4 - t3
            got = await pg.fetch(UNITS, *args)
            t5 = clock()
            T["sql_units"] += t5 - t4
            base = {r[0]: r[1] - units[r[0]][1] for r in got}
            for r in rows:
                r[2] += base[r[1]["unit_id"]]
            ck = sorted(counters)
            args = (
                fids,
                [part] * len(rows),
                offs,
                [r[2] for r in rows],
                [k[0] for k in ck],
                [k[1] for k in ck],
                [counters[k][0] for k in ck],
                [counters[k][1] for k in ck],
            )
            t6 = clock()
            T["fold"] += t6 - t5
            await pg.execute(INBOX_COUNTERS, *args)
            T["sql_inbox_counters"] += clock() - t6
            if OUTBOX:
                t6 = clock()
                ids = await pg.fetch(TO_OUTBOX, [r[0].decode() for r in rows], [body(r[1], r[2]) for r in rows])
                OUT_IDS.setdefault(part, []).append([r[0] for r in ids])
                T["sql_outbox"] += clock() - t6
    except BaseException:
        await tr.rollback()
        raise
    t7 = clock()
    await tr.commit()
    T["sql_commit"] += clock() - t7
    return emit


async def main():
    dirty = {}
    kw = {"group_instance_id": "worker-0"} if E.get("RAW_STATIC") == "1" else {}
    consumer = AIOKafkaConsumer(
        **kw,
        bootstrap_servers=E["KAFKA"],
        group_id=E["GROUP"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1 << 20,
        fetch_max_wait_ms=int(E.get("RAW_FETCH_WAIT", 500)),
        session_timeout_ms=10000,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=E["KAFKA"], enable_idempotence=True, linger_ms=0, max_batch_size=1 << 20
    )
    await producer.start()
    out = E["OUT_TOPIC"]
    conns = [await asyncpg.connect(E["PGDSN"]) for _ in range(LANES)]
    relay = [await asyncpg.connect(E["PGDSN"]) for _ in range(LANES)] if OUTBOX else []
    qs = [asyncio.Queue(1) for _ in range(LANES)]
    qo = [asyncio.Queue(1) for _ in range(LANES)]

    async def fetch():
        while True:
            t0 = clock()
            got = await consumer.getmany(timeout_ms=1000, max_records=BATCH * LANES)
            t1 = clock()
            T["fetch_wait"] += t1 - t0
            for tp, ms in got.items():
                t1 = clock()
                loads = orjson.loads
                batch = [(m.offset, m.key, loads(m.value)) for m in ms]
                T["decode"] += clock() - t1
                N[0] += len(batch)
                N[1] += 1
                await qs[tp.partition % LANES].put((tp, batch, ms[-1].offset + 1))

    async def lane_sql(i):
        pg = conns[i]
        while True:
            tp, batch, end = await qs[i].get()
            f = apply_cte if MODE == "cte" or MODE == "auto" and len(batch) < SMALL else apply_steps
            await qo[i].put((tp, await f(pg, tp.partition, batch), end))

    async def lane_out(i):
        while True:
            tp, emit, end = await qo[i].get()
            t0 = clock()
            futs, b = [], producer.create_batch()
            for key, e, seq in emit:
                v = body(e, seq)
                if b.append(key=key, value=v, timestamp=None) is None:
                    futs.append(await producer.send_batch(b, out, partition=tp.partition))
                    b = producer.create_batch()
                    b.append(key=key, value=v, timestamp=None)
            t1 = clock()
            T["encode"] += t1 - t0
            if b.record_count():
                futs.append(await producer.send_batch(b, out, partition=tp.partition))
            for f in futs:
                await f
            T["produce_ack"] += clock() - t1
            if OUT_IDS.get(tp.partition):
                t1 = clock()
                await relay[i].execute(FROM_OUTBOX, OUT_IDS[tp.partition].pop(0))
                T["sql_outbox"] += clock() - t1
            dirty[tp] = OffsetAndMetadata(end, "")

    async def flush():
        if dirty:
            d = dict(dirty)
            dirty.clear()
            mine = {tp: o for tp, o in d.items() if tp in consumer.assignment()}
            if mine:
                await consumer.commit(mine)

    async def offsets():
        while True:
            await asyncio.sleep(0.2)
            await flush()

    class Moves(ConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked):
            await flush()  # what is still in a lane is redelivered to the next owner and re-emitted: same (unit, seq)

        async def on_partitions_assigned(self, assigned):
            pass

    consumer.subscribe([E["IN_TOPIC"]], listener=Moves())
    await consumer.start()
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, lambda: stop.done() or stop.set_result(None))
    tasks = [
        asyncio.create_task(c)
        for c in (fetch(), offsets(), *(lane_sql(i) for i in range(LANES)), *(lane_out(i) for i in range(LANES)))
    ]
    done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for t in tasks:
        t.cancel()
    for d in done:
        if d is not stop:
            d.result()
    print(
        "PROFILE",
        orjson.dumps({"events": N[0], "batches": N[1], **{k: round(v, 4) for k, v in T.items()}}).decode(),
        flush=True,
    )
    await consumer.stop()
    await producer.stop()
    for c in conns:
        await c.close()


uvloop.run(main())
