"""Which servers a test run takes, and that none outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

# A server that needs nothing installed, started by a thread that ends before its process does.
START_AND_WAIT = """
import pathlib, psutil, signal, sys, threading
from deploy.kafka.local import LocalServer

class Sleeper(LocalServer):
    stop_signal = signal.SIGTERM
    def _prepare(self): pass
    def _command(self): return [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
    def _is_ready(self): return "up" in self._said()

server = Sleeper(pathlib.Path(sys.argv[1]), 0)
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
try:
    psutil.Process(server.pid).wait(timeout=0.5)
    print("the server ended with the thread that started it", flush=True)
except psutil.TimeoutExpired:
    print(server.pid, flush=True)
sys.stdin.read()
"""


def chosen(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.support.servers"],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_unknown_way_is_refused() -> None:
    answer = chosen(PIANOVIVO_TEST_SERVERS="docker")
    assert answer.returncode == 1
    assert "must be auto, testcontainers or native" in answer.stderr


@pytest.mark.parametrize("wanted", ["auto", "testcontainers"])
def test_dead_engine_that_was_asked_for_is_an_error_not_a_fall_back(tmp_path: Path, wanted: str) -> None:
    answer = chosen(PIANOVIVO_TEST_SERVERS=wanted, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "no container engine answers" in answer.stderr


def test_native_says_what_to_install(tmp_path: Path) -> None:
    answer = chosen(PIANOVIVO_TEST_SERVERS="native", PIANOVIVO_KAFKA_LIBS=str(tmp_path))
    assert answer.returncode == 1
    assert "Kafka’s jars (deploy/kafka/kafka-local.sh fetch; needs Maven)" in answer.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent’s life")
def test_server_ends_with_the_process_that_started_it_even_if_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    gone, _ = psutil.wait_procs([server], timeout=10)
    assert gone == [server]
