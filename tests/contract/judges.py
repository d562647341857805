"""Runs a JavaScript judge of this folder: an implementation that shares no code with ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def judged(script: str, content: object) -> Any:
    """What the judge answers to `content`."""
    node = shutil.which("node")
    if node is None or not (HERE.parent / "node/node_modules").is_dir():
        pytest.fail("independent judge missing: install Node and run `npm ci` in tests/node")
    run = subprocess.run(
        [node, str(HERE / script)], input=json.dumps(content), capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
