"""What every test may ask for: real servers, and a fresh installation in either form."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support import servers as real
from tests.support.installations import FORMS, KAFKA, Installation, fresh_installation

# A busy machine draws slowly; how long a test may take is not what its property says.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def servers() -> Iterator[real.Servers]:
    """Kafka and PostgreSQL for the whole run; tests that kill servers start their own."""
    try:
        mode = real.choose()
    except real.ServersUnavailableError as unavailable:
        pytest.fail(str(unavailable), pytrace=False)
    print(f"\nintegration servers: {mode}", file=sys.__stderr__)
    with real.servers(mode) as started:
        yield started


@pytest.fixture(params=FORMS)
async def installation(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Installation]:
    """An empty installation: the test runs once on each form."""
    started = request.getfixturevalue("servers") if request.param == KAFKA else None
    async with fresh_installation(tmp_path, started) as made:
        yield made


@pytest.fixture
async def distributed(tmp_path: Path, servers: real.Servers) -> AsyncIterator[Installation]:
    """An empty installation on Kafka and PostgreSQL, for what only several replicas can show."""
    async with fresh_installation(tmp_path, servers) as made:
        yield made


@pytest.fixture
async def standalone(tmp_path: Path) -> AsyncIterator[Installation]:
    """An empty installation on SQLite and the local log."""
    async with fresh_installation(tmp_path, None) as made:
        yield made
