"""One run: `python -m tests.bench.bench NAME [--mode throughput|latency|kill] ...` prints one JSON line.

BENCH_KAFKA and BENCH_POSTGRES say where the servers are; `sweep.py` starts them and calls this for each run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psutil
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests.bench.contestants import CONTESTANTS, FLOOR, ROOT, Servers, kept, prepare, remove
from tests.bench.measure import Sink, Usage, difference
from tests.bench.workload import Reported, answer, generate

UNDERWAY = 0.2
"""Seconds after a kill in which outputs may arrive that were sent before it; nobody is back so soon."""


class Run:
    """Input in the topic, a worker in its own process group, and a sink behind it."""

    def __init__(self, name: str, options: argparse.Namespace, servers: Servers) -> None:
        self.name, self.options, self.servers = name, options, servers
        self.contestant = CONTESTANTS[name]
        self.id = uuid.uuid4().hex[:8]
        self.group = f"g-{self.id}"
        self.folder = Path(tempfile.mkdtemp(prefix="pianovivo-bench-"))
        self.topics = prepare(name, self.id, options.partitions, servers)
        count = int(options.rate * options.seconds) if options.mode == "latency" else options.n
        self.reports = generate(options.warm + count, options.seed)
        self.right = answer(self.reports)
        linger = 0 if options.mode == "latency" else 20
        self.producer = Producer(
            {
                "bootstrap.servers": servers.bootstrap,
                "partitioner": "murmur2",
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": linger,
                "queue.buffering.max.messages": 2_000_000,
            }
        )
        read = self.topics.reports if name == FLOOR else self.topics.units
        self.sink = Sink(servers.bootstrap, read, self.topics.partitions)
        broker, postgres = servers.bootstrap.rpartition(":")[2], urlsplit(servers.dsn).port
        self.usage = Usage(int(broker), postgres or 5432)
        self.worker: subprocess.Popen[bytes] | None = None
        self.known: set[tuple[str, int]] = set()
        self._read = 0
        self.result: dict[str, Any] = {"competitor": name, "mode": options.mode, "n": count}

    def send(self, reports: Sequence[Reported]) -> None:
        for report in reports:
            value, headers = self.contestant.encode(report)
            self.producer.produce(self.topics.reports, value, report.home.ambito.encode(), headers=headers)
        self.producer.flush()

    def spawn(self) -> None:
        if self.name == FLOOR:
            return
        log = (self.folder / "worker.log").open("ab")
        self.worker = subprocess.Popen(
            self.contestant.command,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=self.folder,
        )
        self.usage.worker = psutil.Process(self.worker.pid)

    def wait(self, count: int, idle: float) -> bool:
        """Until `count` outputs are there; False when none came for `idle` seconds or the worker died."""
        last, since = -1, time.perf_counter()
        while len(self.sink.rows) < count:
            if len(self.sink.rows) != last:
                last, since = len(self.sink.rows), time.perf_counter()
            if time.perf_counter() - since > idle:
                return False
            if self.worker is not None and self.worker.poll() is not None:
                self.result["died"] = self.worker.returncode
                return False
            time.sleep(0.01)
        return True

    def outputs(self) -> list[tuple[str, int, str]]:
        values = map(orjson.loads, (value for _, value in self.sink.rows))
        return [self.contestant.output(value) for value in values if value.get("diff", 1) > 0]

    def news(self) -> list[float]:
        """When those outputs came that were not there at the last call and do not repeat an earlier one."""
        arrived = []
        for at, value in self.sink.rows[self._read :]:
            self._read += 1
            unit, number, _ = self.contestant.output(orjson.loads(value))
            if (unit, number) not in self.known:
                self.known.add((unit, number))
                arrived.append(at)
        return arrived

    def check(self) -> None:
        """Every accepted report exactly one record under its own number; homes and counters as they must be."""
        outputs = self.outputs()
        have = {(unit, number) for unit, number, _ in outputs}
        right = self.right
        self.result["out"] = {
            "expected": len(right.numbers),
            "lost": len(right.numbers.keys() - have),
            "wrong": sum(right.numbers.get((unit, number)) != report for unit, number, report in outputs),
            "repeated": len(outputs) - len(have),
        }
        units, counters = kept(self.name, self.group, self.topics, self.servers)
        if self.contestant.state == "outputs":  # no store to read: the outputs tell its homes
            for unit, number in have:
                units[unit] = max(units.get(unit, 0), number)
        excess = [units.get(unit, 0) - right.last.get(unit, 0) for unit in right.last.keys() | units.keys()]
        keys = right.counters.keys() | counters.keys()
        excess += [counters.get(key, [0, 0])[0] - right.counters.get(key, [0, 0])[0] for key in keys]
        vacant = sum(counters.get(key, [0, 0])[1] != right.counters.get(key, [0, 0])[1] for key in keys)
        lost, doubled = -sum(e for e in excess if e < 0), sum(e for e in excess if e > 0)
        self.result["state"] = {"lost": lost, "doubled": doubled, "vacant_wrong": vacant}

    def end(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
            try:
                self.worker.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.worker.pid, signal.SIGKILL)
                self.worker.wait()
        self.usage.end()
        self.sink.end()
        if self.options.log:
            sys.stderr.write((self.folder / "worker.log").read_text(errors="replace")[-20_000:])
        admin = AdminClient({"bootstrap.servers": self.servers.bootstrap, "log_level": 2})
        remove(admin, {topic for topic in admin.list_topics(timeout=10).topics if self.id in topic})
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        servers, topics = self.servers, self.topics
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return inherited | {
            "KAFKA": servers.bootstrap,
            "PGDSN": servers.dsn,
            "IN_TOPIC": topics.reports,
            "OUT_TOPIC": topics.units,
            "COUNTERS_TOPIC": topics.counters,
            "PARTS": str(topics.partitions),
            "MODE": self.options.mode,
            "GROUP": self.group,
            "STATE_DIR": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPYCACHEPREFIX": str(ROOT / "build/bench/bytecode"),  # what an installation has from its start
            "PIANOVIVO_HOME": str(self.folder),
            "PIANOVIVO_BUS": "kafka",
            "PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap,
            "PIANOVIVO_DATABASE_URL": servers.dsn,
            "PIANOVIVO_KAFKA_PREFIX": f"{self.id}.",
            "PIANOVIVO_REPLICA": "bench",
            "PIANOVIVO_REGISTRY_PORT": "0",
            "PIANOVIVO_LOG_LEVEL": "WARNING",
        }


def throughput(run: Run) -> None:
    """The whole input lies there; the clock runs from the first W outputs to the last one."""
    options, result = run.options, run.result
    run.send(run.reports)
    run.sink.start()
    run.usage.start()
    started = time.perf_counter()
    run.spawn()
    total = len(run.right.numbers)
    ok = run.wait(options.warm, 60)
    before = run.usage.seconds()
    ok = ok and run.wait(total, options.idle)
    after = run.usage.seconds()
    if ok:
        (first, had), (last, _) = run.sink.time_of(options.warm), run.sink.time_of(total)
        inputs = (total - had) / total * len(run.reports)
        result["from_start_s"] = round(last - started, 3)
        result["worker_cpu_s"] = round(after["worker"], 3)
        if last > first:
            result["window_s"] = round(last - first, 3)
            result["events_per_s"] = round(inputs / (last - first))
            result["cpu_s_per_10k"] = difference(before, after, inputs / 10_000)
    time.sleep(4 if run.contestant.state == "changelog" else 1)  # changelogs are written at intervals


def latency(run: Run) -> None:
    """Warmed up by W reports, then evenly paced ones: from just before produce() to the output's arrival."""
    options, result = run.options, run.result
    warm, paced = run.reports[: options.warm], run.reports[options.warm :]
    run.send(warm)
    run.sink.start()
    run.usage.start()
    run.spawn()
    warm_ids = {report.event_id for report in warm}
    run.wait(len(warm) if run.name == FLOOR else len(warm_ids), 60)
    time.sleep(2)
    before, had = run.usage.seconds(), len(run.sink.rows)
    sent: dict[str, float] = {}
    begin = time.perf_counter() + 0.2
    for number, report in enumerate(paced):
        value, headers = run.contestant.encode(report)
        _sleep_until(begin + number / options.rate, run.producer)
        if report.event_id not in warm_ids:
            sent.setdefault(str(report.event_id), time.perf_counter())
        run.producer.produce(run.topics.reports, value, report.home.ambito.encode(), headers=headers)
    run.producer.flush()
    run.wait(had + len(sent), 15)
    time.sleep(0.3)
    result["cpu_s"] = difference(before, run.usage.seconds())
    arrived: dict[str, float] = {}
    for at, value in run.sink.rows[had:]:
        _, _, report_id = run.contestant.output(orjson.loads(value))
        if report_id in sent:
            arrived.setdefault(report_id, (at - sent[report_id]) * 1000)
    taken = sorted(arrived.values())
    result["want"], result["got"] = len(sent), len(taken)
    for label, share in (("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("max_ms", 1.0)):
        result[label] = round(taken[min(len(taken) - 1, int(share * len(taken)))], 2) if taken else None


def kill(run: Run) -> None:
    """SIGKILL midway and an immediate restart, with the same identity and folders; back = the next new output."""
    options, result = run.options, run.result
    run.send(run.reports)
    run.sink.start()
    run.usage.start()
    run.spawn()
    total, result["recovery_s"] = len(run.right.numbers), []
    for number in range(options.kills):
        run.wait(int(total * (0.4 + 0.5 * number / options.kills)), 75)
        run.news()
        assert run.worker is not None
        os.killpg(run.worker.pid, signal.SIGKILL)
        run.worker.wait()
        killed = time.perf_counter()
        run.spawn()
        time.sleep(UNDERWAY)
        run.news()
        while not (arrived := run.news()) and run.wait(len(run.sink.rows) + 1, 90):
            pass
        result["recovery_s"].append(round(arrived[0] - killed, 2) if arrived else None)
    done, since = -1, time.perf_counter()
    while done < total and time.perf_counter() - since < 60:
        run.news()
        if len(run.known) != done:
            done, since = len(run.known), time.perf_counter()
        time.sleep(0.2)
    time.sleep(1.5)


def _sleep_until(due: float, producer: Producer) -> None:
    while (left := due - time.perf_counter()) > 0:
        producer.poll(0)
        if left > 0.002:
            time.sleep(left - 0.0015)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(CONTESTANTS))
    parser.add_argument("--mode", default="throughput", choices=["throughput", "latency", "kill"])
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--warm", type=int, default=2000)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument("--rate", type=float, default=200, help="reports a second (latency)")
    parser.add_argument("--seconds", type=float, default=15, help="how long they come (latency)")
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--idle", type=float, default=30, help="seconds without an output before giving up")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--log", action="store_true", help="print the end of the worker’s log")
    options = parser.parse_args()
    run = Run(options.name, options, Servers(os.environ["BENCH_KAFKA"], os.environ["BENCH_POSTGRES"]))
    try:
        {"throughput": throughput, "latency": latency, "kill": kill}[options.mode](run)
        if options.mode != "latency" and options.name != FLOOR:
            run.check()
        run.result["rss_mb"] = round(run.usage.peak / 2**20)
    finally:
        run.end()
    print(json.dumps(run.result))


if __name__ == "__main__":
    main()
