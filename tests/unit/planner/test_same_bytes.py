"""The plan's hash is the same on every machine: hash seed, language and time zone leave no trace."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import locale
locale.setlocale(locale.LC_ALL, "")
from services.planner.domain.chronicle import state_as_of
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from tests.support.planner import synthetic
method = method_of(PlannerSettings())
print(plan_hash(method.plan_of(state_as_of("cremonese", method.bands, synthetic().past))))
"""
PLAIN = {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"}


def hash_under(**changes: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=os.environ | PLAIN | changes, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def plain() -> str:
    return hash_under()


@pytest.mark.parametrize("changes", [{"PYTHONHASHSEED": "4711"}, {"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}])
def test_the_hash_does_not_depend_on_where_it_is_computed(plain: str, changes: dict[str, str]) -> None:
    assert len(plain) == 64
    assert hash_under(**changes) == plain
