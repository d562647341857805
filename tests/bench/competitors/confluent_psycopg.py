"""raw with librdkafka (confluent-kafka) and psycopg 3: the same design as raw.py, threads instead of asyncio.
Main thread: consume + decode; one thread: SQL (psycopg pipeline mode: BEGIN+known in one trip, units, inbox+counters+COMMIT in one trip);
one thread: encode + produce + flush; the main thread commits offsets. Purpose: is aiokafka or asyncpg the bottleneck?
Run: python confluent_psycopg.py
"""

import collections, os, queue, signal, threading
import orjson, psycopg
from confluent_kafka import Consumer, Producer, TopicPartition

E = os.environ
BATCH = int(E.get("RAW_BATCH", 3000))
DELTA = {"vacated": 1, "assigned": -1}
KNOWN = "SELECT event_id::text, part, off, seq FROM inbox WHERE event_id = ANY(%s::uuid[])"
UNITS = """INSERT INTO units AS u (unit_id, municipality, owner, status, effective, seq)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::int[])
ON CONFLICT (unit_id) DO UPDATE SET status = excluded.status, effective = excluded.effective, seq = u.seq + excluded.seq
RETURNING unit_id, seq"""
COUNTERS = """INSERT INTO counters AS c (municipality, owner, reports, vacant)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
ON CONFLICT (municipality, owner) DO UPDATE SET reports = c.reports + excluded.reports, vacant = c.vacant + excluded.vacant"""
INBOX = "INSERT INTO inbox (event_id, part, off, seq) SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::bigint[], %s::int[])"
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
q_sql, q_out, done = queue.Queue(1), queue.Queue(1), collections.deque()


def apply(pg, batch):
    cur = pg.cursor()
    with pg.pipeline() as pl, pg.transaction():
        cur.execute(KNOWN, ([x[3]["event_id"] for x in batch],))
        pl.sync()
        known = {r[0]: r for r in cur.fetchall()}
        units, counters, emit, fresh, rows = {}, {}, [], set(), []
        for p, off, key, e in batch:
            i = e["event_id"]
            k = known.get(i) if known else None
            if k is not None:
                if k[1] == p and k[2] == off:
                    emit.append((p, key, e, k[3]))
                continue
            if i in fresh:
                continue
            fresh.add(i)
            u = e["unit_id"]
            n = units[u][1] + 1 if u in units else 1
            units[u] = (e, n)
            c = counters.setdefault((e["municipality"], e["owner"]), [0, 0])
            c[0] += 1
            c[1] += DELTA.get(e["outcome"], 0)
            emit.append(row := [p, key, e, n, off])
            rows.append(row)
        if rows:
            us = sorted(units)
            vs = [units[u][0] for u in us]
            cur.execute(
                UNITS,
                (
                    us,
                    [v["municipality"] for v in vs],
                    [v["owner"] for v in vs],
                    [v["outcome"] for v in vs],
                    [v["effective"] for v in vs],
                    [units[u][1] for u in us],
                ),
            )
            pl.sync()
            base = {r[0]: r[1] - units[r[0]][1] for r in cur.fetchall()}
            for r in rows:
                r[3] += base[r[2]["unit_id"]]
            ck = sorted(counters)
            cur.execute(
                COUNTERS,
                ([k[0] for k in ck], [k[1] for k in ck], [counters[k][0] for k in ck], [counters[k][1] for k in ck]),
            )
            cur.execute(
                INBOX,
                ([r[2]["event_id"] for r in rows], [r[0] for r in rows], [r[4] for r in rows], [r[3] for r in rows]),
            )
    return emit


def sql():
    with psycopg.connect(E["PGDSN"], autocommit=True) as pg:
        while not stop.is_set():
            try:
                batch, ends = q_sql.get(timeout=0.2)
            except queue.Empty:
                continue
            q_out.put((apply(pg, batch), ends))


def out():
    p = Producer(
        {
            "bootstrap.servers": E["KAFKA"],
            "enable.idempotence": True,
            "linger.ms": 2,
            "queue.buffering.max.messages": 500000,
        }
    )
    bad = []
    topic = E["OUT_TOPIC"]
    report = lambda err, m: err and bad.append(err)
    while not stop.is_set():
        try:
            emit, ends = q_out.get(timeout=0.2)
        except queue.Empty:
            continue
        for p_, key, e, seq, *_ in emit:
            p.produce(
                topic,
                orjson.dumps(
                    {
                        "unit_id": e["unit_id"],
                        "seq": seq,
                        "status": e["outcome"],
                        "municipality": e["municipality"],
                        "owner": e["owner"],
                        "effective": e["effective"],
                        "event_id": e["event_id"],
                    }
                ),
                key,
                p_,
                on_delivery=report,
            )
        p.flush()
        if bad:
            os._exit(1)
        done.append(ends)  # committed by the main thread: a commit from here starves while the main thread polls


def guard(f):
    def g():
        try:
            f()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)

    return g


consumer = Consumer(
    {
        "bootstrap.servers": E["KAFKA"],
        "group.id": E["GROUP"],
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 10000,
        "fetch.wait.max.ms": 100,
        "queued.min.messages": 20000,
    }
)
consumer.subscribe([E["IN_TOPIC"]])
threads = [threading.Thread(target=guard(f), daemon=True) for f in (sql, out)]
for t in threads:
    t.start()
while not stop.is_set():
    m = consumer.poll(0.1)
    while done:
        consumer.commit(offsets=done.popleft(), asynchronous=True)
    if m is None:
        continue
    ms = [x for x in [m, *consumer.consume(BATCH - 1, 0)] if not x.error()]
    ends = {}
    for x in ms:
        ends[x.partition()] = x.offset() + 1
    q_sql.put(
        (
            [(x.partition(), x.offset(), x.key(), orjson.loads(x.value())) for x in ms],
            [TopicPartition(E["IN_TOPIC"], p, o) for p, o in ends.items()],
        )
    )
os._exit(0)
