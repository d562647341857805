"""Interleaved rounds on a Kafka and a PostgreSQL of their own, one JSON line per run in build/bench/results.jsonl.

`python -m tests.bench.sweep [--full]`: throughput of every contestant in each round, so that what else the machine
does meets all of them; then latency, kill and the table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.kafka.local import LocalKafka, LocalPostgres, missing
from tests.bench import table
from tests.bench.contestants import CONTESTANTS, FLOOR, OURS, ROOT

SHORT = ("raw", "raw_contract", OURS, "product_shape", "bytewax")
SLOW = {"naive": ("--n", "2000", "--warm", "300"), "faust": ("--n", "3000", "--warm", "1000")}
"""Too slow for the large inputs: a window of their own size."""
KILLS = ("--n", "60000", "--kills", "3")
OPTIONS = {"RAW_STATIC": "1", "QUIX_COMMIT": "0.1"}
"""What brings raw back at once after a kill, and Quix Streams to its lowest latency."""
LIMIT = 240
"""Seconds that one run may take."""

Step = tuple[str, int, str, tuple[str, ...]]
"""Phase, round, contestant, options of bench.py."""


def steps(names: list[str], rounds: int) -> Iterator[Step]:
    fast, slow = [name for name in names if name not in SLOW], [name for name in names if name in SLOW]
    for number in range(1, rounds + 1):
        for phase, size in (("n20k", "20000"), ("n100k", "100000")):
            yield from ((phase, number, name, ("--n", size)) for name in fast)
        yield from (("slow", number, name, SLOW[name]) for name in slow)
    for number in range(1, min(rounds, 2) + 1):
        for name in (FLOOR, *(name for name in names if name != "naive")):
            yield "latency", number, name, ("--mode", "latency", "--seconds", "12")
    for name in fast:
        yield "kill", 1, name, ("--mode", "kill", *KILLS)


def run(step: Step, environment: dict[str, str]) -> dict[str, object]:
    phase, number, name, options = step
    command = [sys.executable, "-m", "tests.bench.bench", name, *options]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT)
        result = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"error": done.stderr[-500:]}
    except subprocess.TimeoutExpired:
        result = {"error": f"not done after {LIMIT} s"}
    return {"phase": phase, "round": number, "competitor": name} | result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="all contestants and more rounds")
    options = parser.parse_args()
    if lacks := missing():
        sys.exit("missing: " + "; ".join(lacks))
    wanted = [name for name in CONTESTANTS if name != FLOOR] if options.full else list(SHORT)
    names = [name for name in wanted if CONTESTANTS[name].is_installed]
    print(f"taking part: {', '.join(names)}", file=sys.stderr)
    results = ROOT / "build/bench/results.jsonl"
    home = Path(tempfile.mkdtemp(prefix="pianovivo-bench-servers-"))
    home.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
    try:
        with (
            LocalPostgres(home / "postgres") as postgres,
            LocalKafka(home / "kafka") as kafka,
            results.open("w") as file,
        ):
            environment = os.environ | {"BENCH_KAFKA": kafka.bootstrap, "BENCH_POSTGRES": postgres.dsn, **OPTIONS}
            for step in steps(names, rounds=3 if options.full else 2):
                result = run(step, environment)
                print(json.dumps(result), file=file, flush=True)
                print(*step[:3], result.get("events_per_s", ""), result.get("error", ""), file=sys.stderr)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    table.show(results)


if __name__ == "__main__":
    main()
