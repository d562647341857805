"""`pianovivo rebuild`: the projections follow the topics again, byte for byte, and nothing is lost on the way."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from services.intake import app as intake_app
from services.intake.settings import IntakeSettings
from services.intake.tables import OwnedHomesRow
from services.planner.app import create_runtime
from services.planner.settings import PlannerSettings
from services.planner.tables import StockRow
from services.registry.tables import UnitRow
from shared.events.topics import declared
from shared.rebuild import projection_hash
from shared.runtime import Runtime
from tests.support.installations import LOCAL, Installation
from tests.support.operator import pianovivo, told
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle, synthetic_reports

REPORTS = synthetic_reports(30)
FIRST_YEAR = 2026


async def test_identical_projections_after_damage_and_without(installation: Installation) -> None:
    """All services derive what they had; each report is one record of the registry's, each fact one of the others'."""
    configured = installation.environment | {"planner_first_year": FIRST_YEAR}
    runtimes = await _at_rest(installation)
    tables = (UnitRow.__tablename__, StockRow.__tablename__, OwnedHomesRow.__tablename__)
    for runtime, damaged in zip(runtimes, tables, strict=True):
        before = await projection_hash(runtime)
        line = f"{runtime.name}: {len(REPORTS)} records replayed"
        assert (await told(configured, "rebuild", runtime.name)).splitlines() == [
            line,
            f"before {before}",
            f"after  {before}",
        ]
        async with runtime.db.transaction() as session:
            await session.execute(text(f"DELETE FROM {damaged}"))
        spoilt = await projection_hash(runtime)
        answer = await pianovivo(configured, "rebuild", runtime.name)
        assert answer.out.splitlines() == [line, f"before {spoilt}", f"after  {before}"]
        assert "the projections differ from what the topics say; they now follow the topics" in answer.err
        assert answer.status == 0
        assert before != spoilt
        assert await projection_hash(runtime) == before
    await _close(*runtimes)


async def test_running_service_is_not_rebuilt(installation: Installation) -> None:
    registry = installation.registry()
    async with registry.running():
        await registry.transport.publish(as_outgoing(REPORTS))
        await until(lambda: is_idle(registry))
        before = await projection_hash(registry)
        answer = await pianovivo(installation.environment, "rebuild", "registry")
        assert answer.refusal == "a registry service is running on this database: stop all its replicas first"
        assert await projection_hash(registry) == before


async def test_nothing_is_dropped_where_the_bus_cannot_give_it_back(distributed: Installation) -> None:
    registry = distributed.registry()
    async with registry.running():
        await registry.transport.publish(as_outgoing(REPORTS))
        await until(lambda: is_idle(registry))
        before = await projection_hash(registry)
    prefix = distributed.environment["kafka_prefix"]
    empty_bus = {"kafka_prefix": f"{prefix}empty-"}
    await told(distributed.environment | empty_bus, "topics", "apply")
    for wrong, said in (
        (empty_bus, "there is no record in owner-reports to derive the registry from: nothing is dropped; "),
        ({"kafka_prefix": "nobody-"}, "topics nobody-owner-reports are missing at "),
        (
            {"owner_topics": "aler-unknown"},
            f"topics {distributed.environment['kafka_prefix']}owner-reports.aler-unknown are missing",
        ),
        ({"kafka_bootstrap_servers": "127.0.0.1:1"}, "Apache Kafka does not answer at 127.0.0.1:1 "),
    ):
        answer = await pianovivo(distributed.environment | wrong, "rebuild", "registry")
        assert (answer.status, answer.err.splitlines()[-1][: len(said)]) == (1, said), answer.err
        assert "Traceback" not in answer.err
    again = distributed.registry()
    assert await projection_hash(again) == before
    await _close(again)


@pytest.mark.parametrize("name", ["warehouse", "notifier"])
async def test_service_without_projections_is_refused(standalone: Installation, name: str) -> None:
    answer = await pianovivo(standalone.environment, "rebuild", name)
    assert answer.status == 2
    assert f"'{name}' is not one of 'intake', 'registry', 'planner'" in answer.err


async def _at_rest(installation: Installation) -> tuple[Runtime, Runtime, Runtime]:
    """Registry, planner and intake, not running, after all reports took effect."""
    async with AsyncExitStack() as stack:
        registry = installation.registry()
        await registry.transport.apply(list(declared().values()))
        shared_bus = registry.transport if installation.form == LOCAL else None
        own = installation.environment | {"replica": "first", "planner_first_year": FIRST_YEAR}
        planner = create_runtime(PlannerSettings(**own), shared_bus)
        intake = intake_app.create_runtime(IntakeSettings(**own), shared_bus)
        for runtime in (registry, planner, intake):
            await stack.enter_async_context(runtime.running())
        await registry.transport.publish(as_outgoing(REPORTS))
        for runtime in (registry, planner, intake):
            await until(lambda one=runtime: is_idle(one))
    later = (create_runtime(PlannerSettings(**own)), intake_app.create_runtime(IntakeSettings(**own)))
    return installation.registry(), *later


async def _close(*runtimes: Runtime) -> None:
    for runtime in runtimes:
        await runtime.transport.stop()
        await runtime.db.close()
