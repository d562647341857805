"""raw on the registry's job: aiokafka and asyncpg by hand, no framework, no classes; the limit for Python at this promise.

It reads the same CloudEvents, checks envelope and body by hand, asks the same transition table (of the reports that the
benchmark sends), keeps each report and writes the same fact with the same headers. The row of the history is also the
outbox: what comes again because its position was not remembered is said again from there.
"""

import asyncio
import gc
import os
import re
import signal
from collections import defaultdict
from datetime import date, datetime, timedelta
from hashlib import sha1
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata
from asyncpg.pgproto.pgproto import UUID

E = os.environ
BATCH, LANES = 1000, 3
ROME = ZoneInfo("Europe/Rome")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch
ISTAT = re.compile(r"[0-9]{6}").fullmatch
NAMESPACE = sha1(UUID("5b0c4f5e-8f5b-5d0a-9b6e-3f0c1a7d2e64").bytes)
FACT = "pianovivo.unit-changed.v1"
KINDS = {f"pianovivo.{name}.v1": name for name in (
    "unit-registered", "unit-vacated", "works-started", "works-completed", "notice-published", "unit-assigned"
)}  # fmt: skip
TABLE = {
    "unit-vacated": ({"OCCUPIED"}, None),
    "works-started": ({"FREE_STATE_OF_FACT", "UNINHABITABLE"}, "IN_WORKS"),
    "works-completed": ({"IN_WORKS", "IN_CONSTRUCTION"}, "FREE_ASSIGNABLE"),
    "notice-published": ({"FREE_ASSIGNABLE", "FREE_STATE_OF_FACT"}, "IN_NOTICE"),
    "unit-assigned": ({"IN_NOTICE"}, "OCCUPIED"),
}
OUTCOMES = {"ASSIGNABLE": "FREE_ASSIGNABLE", "STATE_OF_FACT": "FREE_STATE_OF_FACT", "UNINHABITABLE": "UNINHABITABLE",
            None: "FREE_STATE_OF_FACT"}  # fmt: skip
TEXTS = ("municipality", "owner", "owner_kind", "manager", "service_type")
KNOWN = "SELECT event_id, part, off, unit_id, seq FROM inbox WHERE event_id = ANY($1::uuid[])"
AGAIN = """SELECT h.event_id, h.ambito, h.unit_id, h.seq, h.recorded_at, h.fact FROM history h
JOIN unnest($1::text[], $2::int[]) AS k (unit_id, seq) USING (unit_id, seq) ORDER BY unit_id, seq"""
HOMES = "SELECT unit_id, ambito, state, seq, latest_on FROM homes WHERE unit_id = ANY($1::text[])"
WRITE = """WITH a AS (INSERT INTO inbox SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::text[], $5::int[])),
b AS (INSERT INTO homes AS h SELECT * FROM unnest($6::text[], $7::text[], $8::text[], $9::int[], $10::date[])
  ON CONFLICT (unit_id) DO UPDATE SET state = excluded.state, seq = excluded.seq, latest_on = excluded.latest_on)
INSERT INTO history SELECT * FROM unnest($11::text[], $12::int[], $13::text[], $14::uuid[], $15::timestamptz[], $16::text[],
  $17::text[], $18::date[], $19::text[], $20::text[])"""
TABLES = """CREATE SCHEMA IF NOT EXISTS contract;
CREATE TABLE IF NOT EXISTS contract.inbox (event_id uuid PRIMARY KEY, part smallint, off bigint, unit_id text, seq int);
CREATE TABLE IF NOT EXISTS contract.homes (unit_id text PRIMARY KEY, ambito text, state text, seq int, latest_on date)
  WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS contract.history (unit_id text, seq int, ambito text, event_id uuid, recorded_at timestamptz,
  organisation text, report_type text, effective_on date, report text, fact text, PRIMARY KEY (unit_id, seq))"""


def read(message):
    """What a record says, its envelope and body checked; a ValueError or KeyError where it breaks the contract."""
    headers = dict(message.headers)
    kind = KINDS[headers["ce_type"].decode()]
    key = message.key.decode()
    if headers["ce_specversion"] != b"1.0" or headers["ce_partitionkey"] != message.key or not headers["ce_source"]:
        raise ValueError("envelope")
    at = datetime.fromisoformat(headers["ce_time"].decode())
    subject, organisation = headers["ce_subject"].decode(), headers["ce_organisation"].decode()
    body = orjson.loads(message.value)
    unit_id, on = body["unit_id"], date.fromisoformat(body["effective_on"])
    if subject != unit_id or not NAME(unit_id) or at.tzinfo is None:
        raise ValueError("subject")
    if on > at.astimezone(ROME).date() + timedelta(days=1):
        raise ValueError("in the future")
    if kind == "unit-registered" and not (ISTAT(body["municipality"]) and all(NAME(body[name]) for name in TEXTS)):
        raise ValueError("home")
    if kind == "works-started" and not (NAME(body["works"]["programme"]) and body["works"]["expected_end_on"]):
        raise ValueError("works")
    if kind == "notice-published" and not NAME(body["notice"]):
        raise ValueError("notice")
    return UUID(headers["ce_id"].decode()), kind, key, at, unit_id, on, organisation, body, message


def after(kind, on, organisation, body, home):
    """The home as the report leaves it; a ValueError where it may not be said, or not now."""
    if home is None:
        if kind != "unit-registered" or organisation not in (body["owner"], body["manager"]):
            raise ValueError("unknown")
        told = {name: body.get(name) for name in ("unit_id", *TEXTS, "net_area_m2", "rooms", "accessible", "address")}
        told |= {"status": body["status"], "since": body["effective_on"], "previous_status": None}
        return told | {"pending_inspection": False, "works": None, "sat_ends_on": None, "works_term": None}
    sources, to = TABLE[kind]
    if home["status"] not in sources or organisation not in (home["owner"], home["manager"]):
        raise ValueError("illegal")
    changes = {"status": to, "since": body["effective_on"], "previous_status": None, "pending_inspection": False}
    if kind == "unit-vacated":
        outcome = body.get("outcome")
        changes |= {"status": OUTCOMES[outcome], "pending_inspection": outcome is None}
    elif kind == "works-started":
        works = body["works"]
        term = {"kind": works["kind"], "planned_on": body["effective_on"], "declared_end_on": works["expected_end_on"]}
        changes |= {"works": works, "works_term": term}
    elif kind == "notice-published":
        changes["previous_status"] = home["status"]
    elif kind == "works-completed":
        changes |= {"works": None, "works_term": None}
    return home | changes


def derived(name):
    digest = NAMESPACE.copy()
    digest.update(name.encode())
    raw = bytearray(digest.digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x50, raw[8] & 0x3F | 0x80
    return str(UUID(bytes(raw)))


def headers_of(cause, ambito, unit_id, seq, at):
    said = derived(f"registry/{FACT}/{cause}/").encode()
    one = str(cause).encode()
    return [
        ("ce_specversion", b"1.0"), ("ce_id", said), ("ce_source", b"urn:pianovivo:registry"),
        ("ce_type", FACT.encode()), ("ce_time", at.isoformat().encode()), ("ce_subject", unit_id.encode()),
        ("ce_partitionkey", ambito), ("ce_correlationid", one), ("content-type", b"application/json"),
        ("ce_causationid", one), ("ce_sequence", b"%d" % seq),
    ]  # fmt: skip


def fact_of(said, seq, before, state, home, new):
    cause, kind, ambito, _, unit_id, _, organisation, body, _ = said
    was, now = home["status"] if home else None, new["status"]
    term = home["works_term"] if home and new["works"] is None else None
    step = {"report": kind, "on": body["effective_on"], "before": was, "after": now,
            "net_area_m2": new["net_area_m2"], "works_term": term}  # fmt: skip
    return orjson.dumps({
        "unit_id": unit_id, "ambito": ambito, "sequence": seq, "report": kind, "report_id": str(cause),
        "organisation": organisation, "effective_on": body["effective_on"], "before": orjson.Fragment(before),
        "after": orjson.Fragment(state), "transitions": [step] if was != now else [], "withdrawn": [], "course": [],
    })  # fmt: skip


async def apply(pg, part, messages):
    """One transaction: reads, decides, keeps; returns (ambito, fact, headers) to be said."""
    reports = [read(message) for message in messages]
    known = {row[0]: row for row in await pg.fetch(KNOWN, [said[0] for said in reports])}
    emit = []
    again = [known[s[0]] for s in reports if s[0] in known and known[s[0]][1:3] == (part, s[8].offset)] if known else []
    if again:
        rows = await pg.fetch(AGAIN, [row[3] for row in again], [row[4] for row in again])
        emit = [(a.encode(), fact.encode(), headers_of(e, a.encode(), u, s, at)) for e, a, u, s, at, fact in rows]
    homes = {row[0]: (row[1], orjson.loads(row[2]), row[2].encode(), row[3], row[4])
             for row in await pg.fetch(HOMES, list({said[4] for said in reports}))}  # fmt: skip
    inbox, changed, history = {}, {}, []
    for said in reports:
        cause, kind, ambito, at, unit_id, on, organisation, body, message = said
        if cause in known or cause in inbox:
            continue
        place, home, before, seq, latest_on = homes.get(unit_id) or (ambito, None, b"null", 0, on)
        if place != ambito or on < latest_on:
            raise ValueError("corrections and other ambiti are not in this benchmark")
        new = after(kind, on, organisation, body, home)
        state, seq = orjson.dumps(new), seq + 1
        fact = fact_of(said, seq, before, state, home, new)
        homes[unit_id] = changed[unit_id] = ambito, new, state, seq, on
        inbox[cause] = cause, part, message.offset, unit_id, seq
        told = message.value.decode()
        history.append((unit_id, seq, ambito, cause, at, organisation, kind, on, told, fact.decode()))
        emit.append((message.key, fact, headers_of(cause, message.key, unit_id, seq, at)))
    if inbox:
        rows = [(unit, home[0], home[2].decode(), home[3], home[4]) for unit, home in sorted(changed.items())]
        await pg.execute(WRITE, *zip(*inbox.values()), *zip(*rows), *zip(*history))
    return emit


async def publish(producer, topic, partition, emit):
    """The records of one ambito: they share a partition."""
    acknowledged, batch = [], producer.create_batch()
    for key, value, headers in emit:
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            acknowledged.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
    acknowledged.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*acknowledged)


async def main():
    consumer = AIOKafkaConsumer(
        E["IN_TOPIC"], bootstrap_servers=E["KAFKA"], group_id=E["GROUP"], group_instance_id="worker-0",
        enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=10000,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=E["KAFKA"], enable_idempotence=True, max_batch_size=1 << 20)
    pool = [await asyncpg.connect(E["PGDSN"], server_settings={"search_path": "contract"}) for _ in range(LANES)]
    await pool[0].execute(TABLES)
    await producer.start()
    await consumer.start()
    queues, done = defaultdict(lambda: asyncio.Queue(1)), {}

    async def lane(number):
        while True:
            place, messages = await queues[number].get()
            emit = await apply(pool[number], place.partition, messages)
            if emit:
                await publish(producer, E["OUT_TOPIC"], place.partition, emit)
            done[place] = OffsetAndMetadata(messages[-1].offset + 1, "")

    async def fetch():
        while True:
            for place, messages in (await consumer.getmany(timeout_ms=1000, max_records=BATCH * LANES)).items():
                await queues[place.partition % LANES].put((place, messages))

    async def remember():
        while True:
            await asyncio.sleep(0.2)
            noted, _ = dict(done), done.clear()
            if noted:
                await consumer.commit(noted)

    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    tasks = [asyncio.ensure_future(work) for work in (fetch(), remember(), *map(lane, range(LANES)))]
    ended, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in ended - {stop}:
        task.result()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await consumer.stop()
    await producer.stop()


gc.set_threshold(400_000, 20, 100)
uvloop.run(main())
