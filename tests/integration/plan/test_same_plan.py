"""One log, whichever form it is fed to, in whichever order and batches: the same plan, to the byte of its hash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, time
from functools import cache

import pytest

from deploy.demo.synthetic import generate
from services.planner.app import create_runtime
from services.planner.domain.plan import canonical, hash_of, read
from services.planner.domain.state import PlanState, fold
from services.planner.domain.withholding import plan_hash
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from services.planner.tables import PlanRow
from shared.events import Message, SubmissionReceived, UnitChanged, derived
from shared.events.topics import declared
from shared.rebuild import projection_hash, rebuild
from shared.runtime import Runtime
from shared.territory import ambito
from tests.support.installations import LOCAL, Installation
from tests.support.waiting import until
from tests.support.world import (
    AMBITO,
    SEED,
    UNTIL,
    as_outgoing,
    facts_of,
    is_idle,
    repeated,
    shuffled,
    synthetic_reports,
)

HOMES = 300
FIRST_YEAR = 2026
METHOD = method_of(PlannerSettings(planner_first_year=FIRST_YEAR))


@cache
def reports() -> tuple[Message, ...]:
    return synthetic_reports(HOMES)


@cache
def needs() -> tuple[Message, ...]:
    """Emergency cases and declarations of the synthetic world, in the order of time."""
    world = generate(SEED, ambito(AMBITO), UNTIL)
    said = []
    for event in (*world.cases, *world.submissions):
        subject = f"{event.municipality}/{event.owner}" if isinstance(event, SubmissionReceived) else event.case_ref
        owner = event.owner if isinstance(event, SubmissionReceived) else f"comune-{event.municipality}"
        identifier = derived(f"test/{event.name()}/{subject}")
        envelope = reports()[0].envelope
        said.append(
            Message(
                type(envelope)(
                    identifier,
                    "urn:pianovivo:intake",
                    datetime.combine(UNTIL, time(12), UTC),
                    subject,
                    AMBITO,
                    identifier,
                    organisation=owner,
                ),
                event,
            )
        )
    return tuple(said)


@cache
def expected() -> str:
    """The digest of the whole content by folding every fact once, in the plain order, without bus or database."""
    state = PlanState(AMBITO, METHOD.bands)
    for message in (*facts_of(reports()), *needs()):
        if isinstance(message.event, UnitChanged) or message.event.TOPIC != "units":
            fold(state, message)
    return hash_of(canonical(METHOD.plan_of(state)))


@asynccontextmanager
async def both(installation: Installation, batch: int) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """Registry and planner at work over one bus."""
    async with AsyncExitStack() as stack:
        registry = installation.registry(batch=batch)
        await registry.transport.apply(list(declared().values()))
        own = {"replica": "first", "batch": batch, "planner_first_year": FIRST_YEAR}
        shared_bus = registry.transport if installation.form == LOCAL else None
        planner = create_runtime(PlannerSettings(**installation.environment | own), shared_bus)
        planner.tasks.clear()  # no day begins but those that the log tells of
        for runtime in (registry, planner):
            await stack.enter_async_context(runtime.running())
        yield registry, planner


async def current(planner: Runtime) -> PlanRow | None:
    async with planner.db.reading() as session:
        return await store.plan_content(session, AMBITO)


async def fed(registry: Runtime, planner: Runtime, claims: Sequence[Message]) -> str:
    await registry.transport.publish(as_outgoing(claims))
    await planner.transport.publish(as_outgoing(needs()))
    await until(lambda: is_idle(registry), seconds=120)
    await until(lambda: is_idle(planner), seconds=120)
    row = await current(planner)
    assert row is not None
    assert row.hash == plan_hash(read(row.content, METHOD.names(AMBITO)))
    return hash_of(row.content.encode())


async def test_both_forms_arrive_at_the_plan_of_the_plain_fold(installation: Installation) -> None:
    async with both(installation, batch=500) as (registry, planner):
        assert await fed(registry, planner, reports()) == expected()


@pytest.mark.parametrize("batch", [1, 7, 500])
async def test_mixed_and_repeated_in_any_batch(standalone: Installation, batch: int) -> None:
    async with both(standalone, batch) as (registry, planner):
        assert await fed(registry, planner, repeated(shuffled(reports(), batch), batch)) == expected()


async def test_a_rebuild_gives_the_same_bytes_and_keeps_the_versions(installation: Installation) -> None:
    async with both(installation, batch=500) as (registry, planner):
        await fed(registry, planner, reports())
        before, plan = await projection_hash(planner), await current(planner)
    own = {"replica": "second", "planner_first_year": FIRST_YEAR}
    again = create_runtime(PlannerSettings(**installation.environment | own))
    assert await rebuild(again) > 0
    assert await projection_hash(again) == before
    after = await current(again)
    assert plan is not None
    assert after is not None
    assert (after.version, after.hash, after.content) == (plan.version, plan.hash, plan.content)
    await again.transport.stop()
    await again.db.close()
