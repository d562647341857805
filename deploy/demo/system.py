"""The system under demonstration: started as its users start it, ended with the demo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.auth import local_token
from deploy.demo.client import Client
from deploy.demo.synthetic import SYNTHETIC_NOTICE_IT
from deploy.kafka.local import LocalKafka, LocalPostgres
from shared.auth import Role
from shared.settings import Settings
from shared.settings import load as load_settings

PORTS = {"intake": 8001, "registry": 8002, "planner": 8003, "notifier": 8004}
LEAD = "--organisation comune-019036 --role LEAD"
COMMAND = (sys.executable, "-m", "deploy.cli")


class DidNotStart(RuntimeError):
    """A process of the demo ended or never became ready; the message has the end of its log."""


@dataclass(frozen=True)
class System:
    """Where the services listen, and the settings they were started with."""

    form: str
    ports: Mapping[str, int]
    settings: Settings
    processes: tuple[subprocess.Popen[bytes], ...]

    def client(self) -> Client:
        return Client({name: self.url(name) for name in self.ports}, self.token)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def token(self, organisation: str, role: Role) -> str:
        return local_token(self.settings, organisation, role, "demo", timedelta(hours=12))

    def wait(self) -> None:
        """Until one of the processes ends."""
        while all(process.poll() is None for process in self.processes):
            time.sleep(0.5)

    def addresses(self, ambito: str, cycle_year: int) -> list[tuple[str, str]]:
        return [
            ("live page of the ambito", f"{self.url('planner')}/ambiti/{ambito}"),
            ("the plan’s way to its vote", f"{self.url('planner')}/ambiti/{ambito}/iter"),
            ("its editions", f"{self.url('planner')}/ambiti/{ambito}/edizioni"),
            ("declarations and their forms", f"{self.url('intake')}/dichiarazioni?anno={cycle_year}"),
            ("inbox", f"{self.url('notifier')}/inbox"),
            ("token for a program", f"PIANOVIVO_HOME={self.settings.home} pianovivo auth issue {LEAD}"),
            ("the plan as data", f"curl -H 'Authorization: Bearer <token>' {self.url('planner')}/plans/{ambito}"),
            ("why a number is so", f"… {self.url('planner')}/plans/{ambito}/figures/019036:-:free_assignable:-/why"),
            ("what moved since a day", f"… {self.url('planner')}/plans/{ambito}/drift?from_on=2026-01-01"),
            ("health", f"{self.url('registry')}/ready"),
        ]


@contextmanager
def running(folder: Path, *, first_year: int, kafka: bool, webhook: str) -> Iterator[System]:
    """Start all services with their data in `folder`; `webhook` is the loopback endpoint they may send to."""
    ports = {name: _free(port) for name, port in PORTS.items()}
    environment = {
        "PIANOVIVO_HOME": str(folder),
        "PIANOVIVO_PLANNER_FIRST_YEAR": str(first_year),
        "PIANOVIVO_PUBLIC_URL": ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items()),
        "PIANOVIVO_NOTICE": SYNTHETIC_NOTICE_IT,
        "PIANOVIVO_PLANNER_SYNTHETIC_DATA": "true",
        "PIANOVIVO_NOTIFIER_LOOPBACK_ENDPOINTS": webhook,
        "PIANOVIVO_LOG_LEVEL": "WARNING",
        **{f"PIANOVIVO_{name.upper()}_PORT": str(port) for name, port in ports.items()},
    }
    with ExitStack() as stack:
        commands: list[tuple[str, ...]] = [("up",)]
        if kafka:
            postgres = stack.enter_context(LocalPostgres(folder / "postgres"))
            broker = stack.enter_context(LocalKafka(folder / "kafka"))
            environment |= {
                "PIANOVIVO_BUS": "kafka",
                "PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
                "PIANOVIVO_DATABASE_URL": postgres.dsn,
            }
            subprocess.run([*COMMAND, "topics", "apply"], env=os.environ | environment, check=True, capture_output=True)
            commands = [(name, "serve") for name in PORTS]
        settings = load_settings(Settings, home=folder, database_url=environment.get("PIANOVIVO_DATABASE_URL"))
        local_token(settings, "aler-bcm", Role.OWNER, "demo", timedelta(hours=1))  # makes the key before they start
        processes = [stack.enter_context(_process(command, environment, folder)) for command in commands]
        for name, port in ports.items():
            _wait_ready(f"http://127.0.0.1:{port}/ready", processes, folder / f"{name}.log")
        form = "four processes on Apache Kafka and PostgreSQL" if kafka else "one process, SQLite and the local log"
        yield System(form, ports, settings, tuple(processes))


@contextmanager
def _process(command: tuple[str, ...], environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, *command], env=os.environ | environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_ready(url: str, processes: list[subprocess.Popen[bytes]], log: Path, seconds: float = 60) -> None:
    end, answer = time.monotonic() + seconds, "no answer"
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        try:
            reply = httpx.get(url, timeout=2)
        except httpx.HTTPError as error:
            answer = repr(error)
        else:
            if reply.status_code == httpx.codes.OK:
                return
            answer = reply.text
        time.sleep(0.1)
    logs = "\n".join(path.read_text(errors="replace")[-6000:] for path in sorted(log.parent.glob("*.log")))
    raise DidNotStart(f"{url} is not ready: {answer}\n{logs}")


def _free(preferred: int) -> int:
    """The usual port, or any free one where it is taken."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DidNotStart("no free port on 127.0.0.1")
