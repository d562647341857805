"""Who takes part: how each is started, what it reads and writes, where its state can be looked up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from shared.bus.kafka import KafkaTransport
from shared.events.topics import declared, every_topic
from tests.bench.workload import Headers, Reported, as_contract, as_plain

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENVS = ROOT / "build/bench/envs"
PROGRAMS = HERE / "competitors"


@dataclass(frozen=True)
class Servers:
    bootstrap: str
    dsn: str


@dataclass(frozen=True)
class Topics:
    reports: str
    units: str
    counters: str
    partitions: int


@dataclass(frozen=True)
class Contestant:
    """`state` says where homes and counters are kept; `output` reads (unit, number, report) from an output record."""

    env: str
    command: tuple[str, ...]
    state: str
    encode: Callable[[Reported], tuple[bytes, Headers]] = as_plain
    output: Callable[[dict[str, Any]], tuple[str, int, str]] = lambda out: (out["unit_id"], out["seq"], out["event_id"])

    @property
    def is_installed(self) -> bool:
        return (ENVS / self.env).exists()


def _python(env: str, program: str, *arguments: str) -> tuple[str, ...]:
    return (str(ENVS / env / "bin/python"), str(PROGRAMS / program), *arguments)


def _changed(out: dict[str, Any]) -> tuple[str, int, str]:
    """A refusal has no number: it counts as wrong."""
    return out["unit_id"], out.get("sequence", 0), out["report_id"]


OURS = "registry"
FLOOR = "floor"
"""The harness alone: the input topic is read back directly."""
JAVA = ("java", "-Xmx512m", "-cp", f"{ENVS}/streams/target/classes:{ENVS}/streams/target/libs/*", "OwnerReports")
CONTESTANTS = {
    FLOOR: Contestant("main", (), "none", output=lambda out: (out["unit_id"], 0, out["event_id"])),
    "raw": Contestant("main", _python("main", "raw.py"), "tables"),
    OURS: Contestant("main", _python("main", "registry.py"), "registry", as_contract, _changed),
    "raw_contract": Contestant("main", _python("main", "raw_contract.py"), "contract", as_contract, _changed),
    "product_shape": Contestant("main", _python("main", "product_shape.py"), "tables"),
    "bytewax": Contestant("bytewax", _python("bytewax", "bytewax_flow.py"), "outputs"),
    "confluent": Contestant("main", _python("main", "confluent_psycopg.py"), "tables"),
    "streams": Contestant("streams", JAVA, "changelog"),
    "quix": Contestant("quixstreams", _python("quixstreams", "quix.py"), "changelog"),
    "pathway": Contestant("pathway", _python("pathway", "pathway_tables.py"), "outputs"),
    "faust": Contestant(
        "faust", _python("faust", "faust_agent.py", "worker", "-l", "warn", "--without-web"), "changelog"
    ),
    "naive": Contestant(
        "main",
        (str(ENVS / "main/bin/faststream"), "run", "--app-dir", str(PROGRAMS), "naive:app"),
        "tables",
    ),
}

VIEWS = """
DROP TABLE IF EXISTS inbox, units, counters, outbox;
CREATE VIEW units AS SELECT unit_id, {number} AS seq FROM {homes};
CREATE VIEW counters AS
  SELECT {municipality} AS municipality, {owner} AS owner, count(*) AS reports,
         count(*) FILTER (WHERE report_type = 'unit-vacated')
       - count(*) FILTER (WHERE report_type = 'unit-assigned') AS vacant
  FROM {history} JOIN {homes} USING (unit_id) GROUP BY 1, 2
"""
KEPT = {
    "registry": VIEWS.format(
        homes="registry.unit",
        history="registry.unit_history",
        number="sequence",
        municipality="municipality",
        owner="owner",
    ),
    "contract": VIEWS.format(
        homes="contract.homes",
        history="contract.history",
        number="homes.seq",
        municipality="state::json ->> 'municipality'",
        owner="state::json ->> 'owner'",
    ),
}
"""What those keep who keep a history, as the check reads it."""


def prepare(name: str, run: str, partitions: int, servers: Servers) -> Topics:
    """Empty topics and an empty database. The registry's topics have their declared names and partitions."""
    contestant, admin = CONTESTANTS[name], AdminClient({"bootstrap.servers": servers.bootstrap, "log_level": 2})
    with psycopg.connect(servers.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS registry CASCADE; DROP SCHEMA IF EXISTS contract CASCADE")
        if contestant.state == "tables":
            connection.execute((PROGRAMS / "schema.sql").read_text())
        connection.execute("CHECKPOINT")
    if name == OURS:
        prefix = f"{run}."
        asyncio.run(KafkaTransport(servers.bootstrap, replica="bench", prefix=prefix).apply(every_topic(())))
        return Topics(f"{prefix}owner-reports", f"{prefix}units", "", declared()["units"].partitions)
    topics = Topics(f"owner-reports-{run}", f"units-{run}", f"counters-{run}", partitions)
    new = [NewTopic(topic, partitions, 1) for topic in (topics.reports, topics.units, topics.counters)]
    for created in admin.create_topics(new).values():
        created.result()
    return topics


def remove(admin: AdminClient, names: set[str]) -> None:
    """Delete those topics that are there, and wait until they are gone."""
    there = names & admin.list_topics(timeout=10).topics.keys()
    if there:
        for deleted in admin.delete_topics(sorted(there)).values():
            deleted.result()
    while names & admin.list_topics(timeout=10).topics.keys():
        time.sleep(0.1)


def kept(
    name: str, group: str, topics: Topics, servers: Servers
) -> tuple[dict[str, int], dict[tuple[str, str], list[int]]]:
    """Each home's last number and each owner's counters, as the contestant keeps them."""
    state = CONTESTANTS[name].state
    if state == "tables" or state in KEPT:
        with psycopg.connect(servers.dsn) as connection:
            if state in KEPT:
                connection.execute(KEPT[state])
            units = dict(connection.execute("SELECT unit_id, seq FROM units").fetchall())
            rows = connection.execute("SELECT municipality, owner, reports, vacant FROM counters").fetchall()
            connection.rollback()
        return units, {(municipality, owner): [reports, vacant] for municipality, owner, reports, vacant in rows}
    return _changelogs(group if state == "changelog" else topics.counters, servers)


def _changelogs(part_of_name: str, servers: Servers) -> tuple[dict[str, int], dict[tuple[str, str], list[int]]]:
    """The last committed record of each key in the worker's changelog topics, or in the topic of its counters."""
    units: dict[str, int] = {}
    counters: dict[tuple[str, str], list[int]] = {}
    admin = AdminClient({"bootstrap.servers": servers.bootstrap, "log_level": 2})
    for topic, metadata in admin.list_topics(timeout=10).topics.items():
        if part_of_name in topic and ("changelog" in topic or topic.startswith("counters-")):
            for key, value in _records(topic, list(metadata.partitions), servers):
                _take(key, value, units, counters)
    return units, counters


def _take(key: bytes, value: bytes, units: dict[str, int], counters: dict[tuple[str, str], list[int]]) -> None:
    """Each tool wraps the key, a home or municipality|owner, in bytes of its own."""
    home = key.find(b"U-amb-")
    if home >= 0:
        found = orjson.loads(value)
        number = found["seq"] if isinstance(found, dict) else found[0] if isinstance(found, list) else found
        units[key[home : home + 14].decode()] = number
        return
    bar = max(key.find(b"|aler"), key.find(b"|comune-"))
    if bar < 6:
        return
    found = orjson.loads(value)
    if isinstance(found, dict) and found.get("diff", 1) < 0:  # Pathway takes a row back
        return
    municipality = key[bar - 6 : bar].decode()
    owner = "aler" if key[bar + 1 :].startswith(b"aler") else f"comune-{municipality}"
    counters[municipality, owner] = [found["reports"], found["vacant"]] if isinstance(found, dict) else found


def _records(topic: str, partitions: list[int], servers: Servers) -> list[tuple[bytes, bytes]]:
    settings = {"bootstrap.servers": servers.bootstrap, "group.id": "check", "enable.auto.commit": False}
    consumer = Consumer(settings | {"isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    left, found = set(partitions), []
    while left and (record := consumer.poll(10)) is not None:
        if record.error():
            left.discard(record.partition())
        elif record.value() is not None:
            found.append((record.key() or b"", record.value()))
    consumer.close()
    return found
