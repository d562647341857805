"""What a planner keeps between batches: never what another has changed, and nothing of what it does not read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from services.planner.app import create_runtime
from services.planner.domain.state import PlanState, fold
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from services.planner.store.plans import Edition
from shared.db import StaleWriter
from shared.events import ReportRefused
from shared.migrate import migrate
from shared.runtime import Runtime
from tests.support.world import AMBITO, as_records, facts_of, letters, synthetic_reports

FIRST_YEAR = 2026
METHOD = method_of(PlannerSettings(planner_first_year=FIRST_YEAR))
FACTS = facts_of(synthetic_reports(30))
THIRDS = [FACTS[at * len(FACTS) // 3 : (at + 1) * len(FACTS) // 3] for at in range(3)]


@asynccontextmanager
async def planner(home: Path) -> AsyncIterator[Runtime]:
    """A planner with a memory of its own; nothing is delivered to it but what the test hands it."""
    runtime = create_runtime(PlannerSettings(home=home, planner_first_year=FIRST_YEAR))
    await migrate(runtime.db, runtime.migrations)
    yield runtime
    await runtime.transport.stop()
    await runtime.db.close()


async def edition(runtime: Runtime) -> Edition:
    async with runtime.db.reading() as session:
        return (await store.editions_of(session, [AMBITO]))[AMBITO]


def expected() -> str:
    state = PlanState(AMBITO, METHOD.bands)
    for message in FACTS:
        fold(state, message)
    return plan_hash(METHOD.plan_of(state))


async def test_a_planner_does_not_go_on_from_a_state_that_another_has_changed(tmp_path: Path) -> None:
    async with planner(tmp_path) as first, planner(tmp_path) as second:
        for number, runtime in enumerate((first, second, first)):
            assert runtime.consumer is not None
            await runtime.consumer.consume(as_records(THIRDS[number], start=1000 * number))
        assert (await edition(first)).hash == expected()


async def test_a_refused_report_as_the_first_thing_heard_makes_neither_plan_nor_dead_letter(tmp_path: Path) -> None:
    cause = FACTS[0]
    refused = ReportRefused(
        unit_id="X1",
        report="unit-vacated",
        report_id=cause.envelope.id,
        organisation="aler-bcm",
        rule="unknown-unit",
        reason_it="non iscritto",
        reason_en="not registered",
    )
    async with planner(tmp_path) as runtime:
        assert runtime.consumer is not None
        await runtime.consumer.consume(as_records([cause.caused(refused, "registry", "X1")]))
        async with runtime.db.reading() as session:
            assert await store.editions_of(session, [AMBITO]) == {}
        assert await letters(runtime) == []


async def test_a_writer_that_is_behind_undoes_its_whole_transaction(tmp_path: Path) -> None:
    async with planner(tmp_path) as runtime:
        assert runtime.consumer is not None
        await runtime.consumer.consume(as_records(THIRDS[0]))
        read = await edition(runtime)
        await runtime.consumer.consume(as_records(THIRDS[1], start=1000))
        now = await edition(runtime)
        late = Edition(read.revision + 1, uuid4(), read.version + 1, read.hash)
        with pytest.raises(StaleWriter, match=AMBITO):
            async with runtime.db.transaction() as session:
                await store.replace_edition(session, AMBITO, read, late, "{}")
        assert await edition(runtime) == now
