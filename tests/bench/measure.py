"""What is measured and by whom: arrival of outputs, processor time and memory."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable

import psutil
from confluent_kafka import Consumer, TopicPartition


class Sink(threading.Thread):
    """Read-committed consumer of the output topic: keeps (arrival time, value) of every record."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        super().__init__(daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "sink-" + uuid.uuid4().hex,
                "enable.auto.commit": False,
                "log_level": 2,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "fetch.error.backoff.ms": 10,
                "max.partition.fetch.bytes": 8 << 20,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        self.rows: list[tuple[float, bytes]] = []
        self.marks: list[tuple[float, int]] = []
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.is_set():
            first = self._consumer.poll(0.1)  # returns at once when a record is there
            at = time.perf_counter()
            if first is not None:
                records = [first, *self._consumer.consume(1000, 0)]
                self.rows.extend((at, record.value()) for record in records if not record.error())
                self.marks.append((at, len(self.rows)))

    def end(self) -> None:
        self._ending.set()
        self.join()
        self._consumer.close()

    def time_of(self, count: int) -> tuple[float, int]:
        """When the `count`th output had arrived, and how many had by then."""
        return next(mark for mark in self.marks if mark[1] >= count)


class Usage(threading.Thread):
    """Processor seconds of worker, PostgreSQL and broker, each with its children; the worker's peak memory."""

    def __init__(self, broker_port: int, postgres_port: int) -> None:
        super().__init__(daemon=True)
        self.worker: psutil.Process | None = None
        self.peak = 0
        self._servers = {"postgres": _listener(postgres_port), "broker": _listener(broker_port)}
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.wait(0.25):
            self.peak = max(self.peak, sum(_memory(process) for process in _family(self.worker)))

    def end(self) -> None:
        self._ending.set()
        self.join()

    def seconds(self) -> dict[str, float]:
        roots = {"worker": self.worker, **self._servers}
        return {name: sum(map(_seconds, _family(root))) for name, root in roots.items()}


def difference(before: dict[str, float], after: dict[str, float], per: float = 1) -> dict[str, float]:
    return {name: round((after[name] - before[name]) / per, 3) for name in before}


def _listener(port: int) -> psutil.Process | None:
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    return None


def _family(root: psutil.Process | None) -> Iterable[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)] if root else []
    except psutil.Error:
        return []


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0
    return float(times.user + times.system)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
