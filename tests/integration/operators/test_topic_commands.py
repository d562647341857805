"""`pianovivo topics apply` and `pianovivo lag`."""

from __future__ import annotations

from shared.events.topics import every_topic
from tests.support.installations import OWN_WRITERS, Installation, topics_of_tests
from tests.support.operator import pianovivo, told
from tests.support.waiting import until
from tests.support.world import as_outgoing, is_idle, synthetic_reports

REPORTS = synthetic_reports(5)


async def test_missing_topics_are_created_once(installation: Installation) -> None:
    own = installation.environment | {"owner_topics": ",".join(OWN_WRITERS)}
    missing = {topic.name for topic in every_topic(OWN_WRITERS)} - {topic.name for topic in topics_of_tests()}
    assert set((await told(own, "topics", "apply")).splitlines()) == {f"created {name}" for name in missing}
    assert await told(own, "topics", "apply") == "nothing to create: all declared topics are there\n"


async def test_lag_is_what_nobody_has_handled_and_goes_to_zero(installation: Installation) -> None:
    await told(installation.environment, "topics", "apply")
    registry = installation.registry()
    await registry.transport.publish(as_outgoing(REPORTS))
    assert await _lag(installation, "registry", "owner-reports") == (len(REPORTS), len(REPORTS))
    async with registry.running():
        await until(lambda: is_idle(registry))
        assert await _lag(installation, "registry", "owner-reports") == (len(REPORTS), 0)
        # each report is a fact, which no planner has read
        assert await _lag(installation, "planner", "units") == (len(REPORTS), len(REPORTS))


async def test_lag_of_a_bus_without_our_topics_is_refused(distributed: Installation) -> None:
    answer = await pianovivo(distributed.environment | {"kafka_prefix": "nobody-"}, "lag")
    assert answer.refusal.startswith("topics nobody-emergency-cases, nobody-owner-reports, ")
    assert "are missing at" in answer.refusal
    assert "do `pianovivo topics apply`" in answer.refusal


async def _lag(installation: Installation, service: str, topic: str) -> tuple[int, int]:
    """Records and lag in the table's line of this service and topic."""
    rows = [
        [cell.strip() for cell in line.split("│")]
        for line in (await told(installation.environment, "lag")).splitlines()
    ]
    [(records, lag)] = [(int(row[3]), int(row[4])) for row in rows if row[1:3] == [service, topic]]
    return records, lag
