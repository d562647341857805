"""The results as tables: `python -m tests.bench.table [results.jsonl]`. Ratios are to raw in the same round."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.contestants import ROOT

Result = dict[str, Any]
TIMED = ("n20k", "n100k")
SERVERS = ("worker", "postgres", "broker")


def show(path: Path) -> None:
    results = [json.loads(line) for line in path.read_text().splitlines()]
    names = list(dict.fromkeys(result["competitor"] for result in results))
    sound = [result for result in results if _is_sound(result)]
    for title, rows in (
        ("Throughput", [_throughput(sound, name) for name in names]),
        ("Latency at 200 reports a second", [_latency(sound, name) for name in names]),
        ("SIGKILL and restart", [_kill(sound, name) for name in names]),
    ):
        print(f"\n{title}")
        for row in filter(None, rows):
            print(row)
    for result in results:
        if result not in sound:
            print(f"failed: {result}")


def _is_sound(result: Result) -> bool:
    """It ran to its end: a worker that gave up or fell silent has no time of its last output."""
    return (
        "error" not in result and "died" not in result and (result["mode"] != "throughput" or "from_start_s" in result)
    )


def _of(results: Iterable[Result], name: str, *phases: str) -> list[Result]:
    return [result for result in results if result["competitor"] == name and result["phase"] in phases]


def _marginal(results: list[Result], name: str) -> dict[int, float]:
    """Events a second by round, between the two input sizes: neither start-up nor one large gulp is in it."""
    times = {(r["phase"], r["round"]): r["from_start_s"] for r in _of(results, name, *TIMED) if "from_start_s" in r}
    rates = {}
    for number in {number for _, number in times}:
        small, large = times.get(("n20k", number)), times.get(("n100k", number))
        if small and large and large > small:
            rates[number] = 80_000 / (large - small)
    return rates


def _throughput(results: list[Result], name: str) -> str:
    runs = [run for run in _of(results, name, *TIMED, "slow") if run.get("events_per_s")]
    if not runs:
        return ""
    rates, raw = _marginal(results, name), _marginal(results, "raw")
    ratios = [rates[number] / raw[number] for number in rates.keys() & raw.keys()]
    largest = [run for run in runs if run["n"] == max(run["n"] for run in runs)]
    cpu = [f"{median(run['cpu_s_per_10k'][server] for run in largest):.3f}" for server in SERVERS]
    bad = sum(sum(run["state"].values()) + run["out"]["lost"] + run["out"]["wrong"] for run in runs)
    return (
        f"{name:14} marginal {_spread(rates.values(), 0)}/s, ratio to raw {_spread(ratios, 2)};"
        f" window {_spread([run['events_per_s'] for run in largest], 0)}/s; CPU-s per 10k: {' / '.join(cpu)}"
        f" (worker / PostgreSQL / broker); {max(run['rss_mb'] for run in runs)} MB; lost, wrong, doubled: {bad}"
    )


def _latency(results: list[Result], name: str) -> str:
    runs = _of(results, name, "latency")
    if not runs:
        return ""
    labels = (("p50", "p50_ms"), ("p90", "p90_ms"), ("p99", "p99_ms"), ("max", "max_ms"))
    figures = "; ".join(f"{label} {', '.join(str(run[key]) for run in runs)}" for label, key in labels)
    arrived = ", ".join(f"{run['got']}/{run['want']}" for run in runs)
    return f"{name:14} ms: {figures}; arrived {arrived}"


def _kill(results: list[Result], name: str) -> str:
    return "\n".join(
        f"{name:14} back after {run['recovery_s']} s; outputs lost {run['out']['lost']}, wrong {run['out']['wrong']},"
        f" repeated {run['out']['repeated']}; effects {run['state']}"
        for run in _of(results, name, "kill")
    )


def _spread(values: Iterable[float], digits: int) -> str:
    found = sorted(values)
    if not found:
        return "-"
    return f"{median(found):.{digits}f} ({found[0]:.{digits}f} to {found[-1]:.{digits}f})"


if __name__ == "__main__":
    show(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/bench/results.jsonl")
