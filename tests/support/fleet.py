"""The services as real processes, to be killed and started again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from deploy.kafka.local import free_ports
from shared.settings import Settings, load

SERVICES = ("intake", "registry", "planner", "notifier")
COMMAND = (sys.executable, "-m", "deploy.cli")


class Fleet:
    """Four processes on Kafka and PostgreSQL, or one on SQLite; each can be killed at any moment."""

    def __init__(self, home: Path, kafka: str | None = None, dsn: str | None = None) -> None:
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self.environment = {
            "PIANOVIVO_HOME": str(home),
            "PIANOVIVO_LOG_LEVEL": "WARNING",
            "PIANOVIVO_BATCH": "200",
            **{f"PIANOVIVO_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
        }
        if kafka and dsn:
            self.environment |= {
                "PIANOVIVO_BUS": "kafka",
                "PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS": kafka,
                "PIANOVIVO_DATABASE_URL": dsn,
            }
        self.commands = {name: (name, "serve") for name in SERVICES} if kafka else {"up": ("up",)}
        self.settings = load(Settings, home=home)
        self._home = home
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()

    def run(self, *arguments: str) -> str:
        """One command of `pianovivo`, to its end."""
        done = subprocess.run(
            [*COMMAND, *arguments], env=os.environ | self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, names: Iterable[str] | None = None) -> None:
        for name in names or self.commands:
            with (self._home / f"{name}.log").open("ab") as log:
                command = [*COMMAND, *self.commands[name]]
                environment = os.environ | self.environment | {"PIANOVIVO_REPLICA": f"{name}-1"}
                self._running[name] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """SIGKILL, and start again at once."""
        with self._guard:
            process = self._running[name]
            process.kill()
            process.wait()
            self.start([name])

    def died(self) -> dict[str, int]:
        """Processes that ended by themselves, with their exit status."""
        with self._guard:
            return {name: p.returncode for name, p in self._running.items() if p.poll() is not None}

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def ready(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        for service in SERVICES:
            while not _answers(self.url(service)):
                assert time.monotonic() < end, f"{service} is not ready, died: {self.died()}\n{self.logs()}"
                time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"{p.name}\n{p.read_text(errors='replace')[-3000:]}" for p in sorted(self._home.glob("*.log")))


class Reaper(threading.Thread):
    """Kills at random while the test works: `count` blows, the targets drawn in turn from a shuffled round."""

    def __init__(
        self, targets: dict[str, Callable[[], None]], count: int, seed: int, pause: tuple[float, float]
    ) -> None:
        super().__init__(daemon=True)
        self._targets, self._count, self._pause = targets, count, pause
        self._random = random.Random(seed)
        self.blows: list[str] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            round_: list[str] = []
            while len(self.blows) < self._count:
                if not round_:
                    round_ = self._random.sample(sorted(self._targets), len(self._targets))
                time.sleep(self._random.uniform(*self._pause))
                name = round_.pop()
                self._targets[name]()
                self.blows.append(name)
        except BaseException as error:  # told to the test by `finished`
            self.error = error

    def finished(self, seconds: float) -> list[str]:
        self.join(seconds)
        assert self.error is None, self.error
        assert not self.is_alive(), f"only {len(self.blows)} blows within {seconds} s"
        return self.blows


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/ready", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
