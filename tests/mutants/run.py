"""Plants one defect after the other into a copy of the tree: the tests named for it must turn red.

    python tests/mutants/run.py [words of a defect's name ...]

First the same tests run on the copy as it is: they must be green. Exit status 1 if they are not or a defect survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from shared.bus.progress import STUCK  # noqa: E402
from tests.mutants.planted import MUTANTS, Mutant  # noqa: E402

COPIED = ("services", "shared", "deploy", "tests", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "bench", ".*")
FAILED = (1, STUCK)
"""Exit statuses of a defect that was found: tests ran and some failed, or our own watchdog ended the process.

An error of collection is none of them.
"""


def main(words: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="pianovivo-mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=LEFT_OUT)
            else:
                shutil.copy(source, copy / name)
        selections = sorted({argument for mutant in chosen for argument in mutant.tests if "::" in argument})
        status, said = _pytest(copy, selections)
        if status != 0:
            typer.echo(f"{said}\nwithout any defect the tests end with status {status}")
            return 1
        survivors = [mutant.name for mutant in chosen if not _is_found(copy, mutant)]
    typer.echo(f"{len(chosen) - len(survivors)} of {len(chosen)} planted defects found")
    return 1 if survivors else 0


def _is_found(copy: Path, mutant: Mutant) -> bool:
    path = copy / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        typer.echo(f"STALE     {mutant.name}: its text occurs {text.count(mutant.old)} times in {mutant.file}")
        return False
    path.write_text(text.replace(mutant.old, mutant.new))
    start = time.monotonic()
    try:
        status, _ = _pytest(copy, list(mutant.tests))
    finally:
        path.write_text(text)
    typer.echo(f"{'found' if status in FAILED else 'SURVIVED':9} {mutant.name} ({time.monotonic() - start:.0f} s)")
    return status in FAILED


def _pytest(copy: Path, arguments: list[str]) -> tuple[int, str]:
    """Exit status and what pytest said."""
    libraries = os.environ.get("PIANOVIVO_KAFKA_LIBS", str(ROOT / "build" / "kafka" / "libs"))
    ours = {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIANOVIVO_KAFKA_LIBS": libraries,
        "PIANOVIVO_TEST_PATIENCE": "0.5",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "--no-header", "--show-capture=no", *arguments],
        cwd=copy,
        env=os.environ | ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
