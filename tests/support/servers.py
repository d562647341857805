"""A real Kafka and a real PostgreSQL for tests: containers or plain processes, never a mock, never a skip.

PIANOVIVO_TEST_SERVERS   auto (default): containers if an engine answers, else plain processes, else an error;
                         testcontainers or native: that way or an error
PIANOVIVO_KAFKA_IMAGE    default apache/kafka at pom.xml's version; any image with that one's entry point
PIANOVIVO_POSTGRES_IMAGE default postgres:15; any image with the official one's entry point

`python -m tests.support.servers` prints the way a test run would take, or why there is none.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import docker
import psutil
from docker.models.containers import Container
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient, get_docker_host

from deploy.kafka import local

SWITCH = "PIANOVIVO_TEST_SERVERS"
LOOPBACK = "127.0.0.1"
# Names the test process, so that what a killed run left can be told from what another run uses.
LABEL = {"pianovivo.test": str(os.getpid())}


class ServersUnavailableError(RuntimeError):
    """Neither way to real servers is open here: an error of the test run, not a reason to skip."""


class Handle(Protocol):
    """One started server, to be crashed and brought back."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None:
        """SIGKILL; returns when the server is gone."""

    def start(self) -> None:
        """Start again with the same data at the same address; returns when clients can connect."""


@dataclass(frozen=True)
class Servers:
    mode: str
    kafka_bootstrap: str
    postgres_dsn: str
    kafka: Handle
    postgres: Handle


def choose() -> str:
    """The way to start servers: "testcontainers" or "native".

    Raises:
        ServersUnavailableError: the way asked for, or every way, is closed; says what to do about it.
    """
    wanted = os.environ.get(SWITCH, "").strip().lower() or "auto"
    if wanted not in ("auto", "testcontainers", "native"):
        raise ServersUnavailableError(f"{SWITCH}={wanted!r}: must be auto, testcontainers or native")
    engine = _engine_problem() if wanted != "native" else "not asked for"
    if engine is None:
        return "testcontainers"
    if wanted == "testcontainers":
        raise ServersUnavailableError(f"{SWITCH}=testcontainers, but {engine}")
    if wanted == "auto" and os.environ.get("DOCKER_HOST"):
        raise ServersUnavailableError(f"{engine}, though DOCKER_HOST is set: start it or unset DOCKER_HOST")
    if lacks := local.missing():
        raise ServersUnavailableError(f"{SWITCH}={wanted}: engine: {engine}; missing: {'; '.join(lacks)}")
    return "native"


@contextlib.contextmanager
def servers(mode: str, *, durable: bool = False) -> Iterator[Servers]:
    """Both servers, empty, until the context ends.

    Args:
        mode: what `choose()` said.
        durable: PostgreSQL keeps what it confirmed over a crash (fsync and synchronous_commit on).
    """
    with _containers(durable) if mode == "testcontainers" else _processes(durable) as started:
        yield started


@contextlib.contextmanager
def _processes(durable: bool) -> Iterator[Servers]:
    with (
        _scratch("postgres") as postgres_folder,
        _scratch("kafka") as kafka_folder,
        local.LocalPostgres(postgres_folder, durable=durable) as postgres,
        local.LocalKafka(kafka_folder) as kafka,
    ):
        yield Servers("native", kafka.bootstrap, postgres.dsn, kafka, postgres)


@contextlib.contextmanager
def _scratch(kind: str) -> Iterator[Path]:
    """A folder directly under the temporary one: pytest's own is closed to the user PostgreSQL runs as."""
    base = Path(tempfile.gettempdir())
    for left in base.glob(f"pianovivo-{kind}-*"):
        pid = left.name.split("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"pianovivo-{kind}-{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _ContainerHandle:
    def __init__(self, container: Container, is_ready: Callable[[Container], bool]) -> None:
        self._container = container
        self._is_ready = is_ready

    @property
    def pid(self) -> int:
        self._container.reload()
        return int(self._container.attrs["State"]["Pid"])

    def kill(self) -> None:
        self._container.kill()
        self._container.wait()

    def start(self) -> None:
        before = self._container.attrs["HostConfig"]["PortBindings"]
        self._container.start()
        self.wait_ready()
        if self._container.attrs["HostConfig"]["PortBindings"] != before:
            raise ServersUnavailableError(f"the engine gave {self._container.name} another port than before")

    def wait_ready(self, timeout: float = 90) -> None:
        end = time.monotonic() + timeout
        while not self._is_ready(self._container):
            self._container.reload()
            if self._container.status == "exited" or time.monotonic() > end:
                said = self._container.logs(tail=60).decode(errors="replace")
                raise ServersUnavailableError(f"{self._container.image} did not start:\n{said}")
            time.sleep(0.1)


@contextlib.contextmanager
def _containers(durable: bool) -> Iterator[Servers]:
    # By number where it is this machine: "localhost" may be ::1 first, where nothing is published.
    host = DockerClient().host().replace("localhost", LOOPBACK)
    kafka_port, postgres_port = local.free_ports(2)
    postgres, password = _postgres_container(durable), secrets.token_hex(12)
    postgres.password = password
    kafka = _kafka_container(f"{host}:{kafka_port}")
    _publish(kafka, host, 9092, kafka_port)
    _publish(postgres, host, 5432, postgres_port)
    with postgres, kafka:
        kafka_handle = _ContainerHandle(kafka.get_wrapped_container(), _StartedAgain())
        kafka_handle.wait_ready()
        yield Servers(
            "testcontainers",
            f"{host}:{kafka_port}",
            f"postgresql://{postgres.username}:{password}@{host}:{postgres_port}/{postgres.dbname}",
            kafka_handle,
            _ContainerHandle(postgres.get_wrapped_container(), _accepts_connections),
        )


def _publish(container: DockerContainer, host: str, inside: int, outside: int) -> None:
    """At a port chosen beforehand, since an engine's own choice changes when the container starts again.

    On loopback only, unless the engine is on another machine.
    """
    # docker-py takes a pair here, testcontainers' annotation does not know it
    ports: dict[str, Any] = {f"{inside}/tcp": (LOOPBACK, outside) if host == LOOPBACK else outside}
    container.ports = ports
    container.with_kwargs(labels=LABEL)


def _kafka_container(advertised: str) -> DockerContainer:
    """testcontainers' own KafkaContainer drives Confluent's images only; this drives Apache's."""
    settings = local.broker_settings() | {
        "controller.quorum.voters": "1@127.0.0.1:9094",
        "listeners": "PLAINTEXT://0.0.0.0:9092,BROKER://127.0.0.1:9093,CONTROLLER://127.0.0.1:9094",
        "advertised.listeners": f"PLAINTEXT://{advertised},BROKER://127.0.0.1:9093",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "log.dirs": "/var/lib/kafka/data",
    }
    container = DockerContainer(os.environ.get("PIANOVIVO_KAFKA_IMAGE") or f"apache/kafka:{local.kafka_version()}")
    for key, value in settings.items():
        container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    return container.with_env("KAFKA_HEAP_OPTS", "-Xms128m -Xmx512m")


def _postgres_container(durable: bool) -> PostgresContainer:
    image = os.environ.get("PIANOVIVO_POSTGRES_IMAGE") or "postgres:15"
    container = PostgresContainer(image, username="pianovivo", dbname="pianovivo", driver=None)
    settings = () if durable else local.FAST_NOT_DURABLE
    return container.with_command(["postgres", *(word for setting in settings for word in ("-c", setting))])


class _StartedAgain:
    """Ready when the log, which goes on over restarts, reports one more start than before."""

    def __init__(self) -> None:
        self._starts = 0

    def __call__(self, container: Container) -> bool:
        ready: bool = container.logs().count(b"Kafka Server started") > self._starts
        self._starts += ready
        return ready


def _accepts_connections(container: Container) -> bool:
    # By TCP: while the image initialises its data, its server listens on the socket file only.
    return bool(container.exec_run(["pg_isready", "-q", "-h", "127.0.0.1"]).exit_code == 0)


def _engine_problem() -> str | None:
    host = get_docker_host()
    try:
        client = docker.DockerClient(base_url=host, timeout=5) if host else docker.from_env(timeout=5)
        with contextlib.closing(client):
            client.ping()
    except Exception as error:  # whatever the client raises, the reason is for a person to read
        return f"no container engine answers ({type(error).__name__}: {str(error)[:120]})"
    return None


if __name__ == "__main__":
    try:
        sys.stdout.write(choose() + "\n")
    except ServersUnavailableError as unavailable:
        sys.exit(str(unavailable))
