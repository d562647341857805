"""Topics as data and services as code agree: who is declared to read reads, who is declared to write writes."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from deploy.services import SERVICES, Service
from shared.bus.local import LocalTransport
from shared.bus.transport import Transport
from shared.events import REPORTS
from shared.events.base import Event
from shared.events.contracts import contracts
from shared.events.topics import Topic, declared

ROOMS = Path(__file__).parents[2] / "services"
EDGES = ("api", "handlers", "contesting", "days", "delivery", "pages")
"""Rooms in which something happens that the bus is told of."""
Handled = Mapping[str, Iterable[type[Event]]]


@pytest.fixture(scope="module")
def handled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handled]:
    """The event classes each service has a handler for."""
    home = tmp_path_factory.mktemp("home")
    transport = LocalTransport(home / "log.db")
    yield {one.name: _handled_by(one, home, transport) for one in SERVICES}
    asyncio.run(transport.stop())


def _handled_by(service: Service, home: Path, transport: Transport) -> tuple[type[Event], ...]:
    handlers = service.create_runtime(service.settings(home=home), transport).handlers
    return tuple(handlers.on) if handlers else ()


def disagreements(topics: Mapping[str, Topic], handled: Handled) -> list[str]:
    """A sentence for each declared reader that does not read, each undeclared one, and each event nobody handles."""
    said = []
    for service, events in handled.items():
        reads = {cls.TOPIC for cls in events}
        declared_for = {topic.name for topic in topics.values() if service in topic.readers}
        said += [f"{service} is declared to read {name} and handles nothing of it" for name in declared_for - reads]
        said += [f"{service} handles events of {name} and is not declared to read it" for name in reads - declared_for]
    handled_by_any = {cls for events in handled.values() for cls in events}
    for cls in contracts():
        if cls not in handled_by_any and topics[cls.TOPIC].readers:
            said.append(f"nobody handles {cls.name()}, though {cls.TOPIC} is read")
    return sorted(said)


def made_by(service: str) -> set[str]:
    """Names of the event classes that the service's edge calls or hands to a call."""
    found: set[str] = set()
    for edge in EDGES:
        for path in [ROOMS / service / f"{edge}.py", *(ROOMS / service / edge).glob("*.py")]:
            if path.is_file():
                found |= made_in(path.read_text("utf-8"))
    return found


def made_in(source: str) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = {
        part.id
        for call in calls
        if ast.unparse(call.func) != "isinstance"
        for part in (call.func, *call.args)
        if isinstance(part, ast.Name)
    }
    named |= {ast.unparse(call.func).removesuffix(".believed") for call in calls}
    # The class is chosen by the name that the sender gives.
    is_looked_up = any(ast.unparse(call.func) == "REPORTS.get" for call in calls)
    return named | ({cls.__name__ for cls in REPORTS.values()} if is_looked_up else set())


def test_declared_readers_are_those_that_read(handled: Handled) -> None:
    assert disagreements(declared(), handled) == []


def test_every_service_of_topics_yaml_exists_and_every_topic_has_events() -> None:
    names = {one.name for one in SERVICES}
    for topic in declared().values():
        assert topic.writers, f"nobody writes {topic.name}"
        assert {*topic.writers, *topic.readers} <= names
        assert any(topic.name == cls.TOPIC for cls in contracts()), f"{topic.name} has no event"


def test_every_event_is_made_by_a_declared_writer_of_its_topic() -> None:
    makes = {one.name: made_by(one.name) for one in SERVICES}
    orphans = [
        cls.name()
        for cls in contracts()
        if not any(cls.__name__ in makes[writer] for writer in declared()[cls.TOPIC].writers)
    ]
    assert orphans == []


def test_a_reader_that_does_not_read_and_an_event_nobody_handles_are_found(handled: Handled) -> None:
    silent = declared()["plans"].model_copy(update={"readers": ("notifier", "intake")})
    deaf = {service: () if service == "notifier" else events for service, events in handled.items()}
    assert disagreements({**declared(), "plans": silent}, deaf) == [
        "intake is declared to read plans and handles nothing of it",
        "nobody handles comment-replied, though plan-decisions is read",
        "nobody handles plan-recomputed, though plans is read",
        "nobody handles plan-status-changed, though plans is read",
        "notifier is declared to read plan-decisions and handles nothing of it",
        "notifier is declared to read plans and handles nothing of it",
    ]


def test_making_is_told_from_mentioning() -> None:
    assert "UnitSold" in made_in("put(session, UnitSold(unit_id=unit_id))")
    assert "UnitSold" in made_in("read_value(UnitSold, document)")
    assert "UnitSold" in made_in("cls = REPORTS.get(name)")
    assert "UnitSold" not in made_in("def f(event: UnitSold) -> None: assert isinstance(event, UnitSold)")
