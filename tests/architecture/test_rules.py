"""The whole tree keeps every rule, and every rule can fail."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from tests.architecture.rules import (
    FILE_LINES,
    FUNCTION_LINES,
    HANDLER_LINES,
    MORE_ROOMS,
    ROOMS,
    RULES,
    Rule,
    strange_rooms,
)

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT): path.read_text("utf-8")
    for top in ("services", "shared", "deploy")
    for path in sorted((ROOT / top).rglob("*.py"))
}
BY_NAME = {rule.name: rule for rule in RULES}


def body(lines: int) -> str:
    return "    pass\n" * lines


PLANTS = [
    ("only shared/db.py commits", "services/intake/api/submissions.py", "await session.commit()"),
    ("only shared/db.py commits", "deploy/dead_letters.py", "connection.commit()"),
    ("only the bus publishes", "services/registry/handlers.py", "await runtime.transport.publish(records)"),
    ("only the bus publishes", "deploy/demo/runner.py", "producer.send_batch(builder, topic, partition=0)"),
    (
        "stores leave transactions to who opened them",
        "services/planner/store/plans.py",
        "async with db.transaction(): pass",
    ),
    ("stores leave transactions to who opened them", "services/intake/store.py", "await session.rollback()"),
    ("domain code knows no clock, chance or waiting", "services/planner/domain/plan.py", "datetime.now(UTC)"),
    ("domain code knows no clock, chance or waiting", "services/planner/domain/plan.py", "datetime.date.today()"),
    ("domain code knows no clock, chance or waiting", "services/planner/domain/supply/works.py", "date.today()"),
    ("domain code knows no clock, chance or waiting", "services/registry/domain.py", "from time import monotonic"),
    ("domain code knows no clock, chance or waiting", "services/planner/law/__init__.py", "import random"),
    ("domain code knows no clock, chance or waiting", "services/registry/domain/history.py", "uuid.uuid4()"),
    ("domain code knows no clock, chance or waiting", "shared/events/base.py", "async def f(): pass"),
    ("domain code knows no clock, chance or waiting", "services/intake/domain/cases.py", "open('cases.csv')"),
    ("domain code knows no clock, chance or waiting", "services/planner/domain/plan.py", "today_in_italy()"),
    ("days are those of Italy", "services/planner/domain/causes.py", "on = envelope.time.date()"),
    ("days are those of Italy", "deploy/demo/runner.py", "datetime.now(UTC).date()"),
    ("days are those of Italy", "services/intake/api/duties.py", "date.today()"),
    ("apostrophes are typographic", "services/intake/domain/labels.py", """Text(f"{where} dell'alloggio", "")"""),
    ("domain code compares no floats", "services/planner/domain/forecast.py", "share == 0.1"),
    ("domain code compares no floats", "services/planner/domain/forecast.py", "0 < mean != float(text)"),
    ("domain code compares no floats", "services/planner/domain/forecast.py", "a / b == c"),
    ("law is data, never code", "services/planner/domain/quotas.py", "share = Decimal('0.20')"),
    ("legal shares are no floats", "services/planner/domain/quotas.py", "share = 0.2"),
    ("legal shares are no floats", "services/planner/domain/checks/quotas.py", "units * .15"),
    ("law is data, never code", "services/planner/domain/strategies/disposals.py", "small = inhabitants <= 5_000"),
    ("law is data, never code", "services/planner/domain/checks/contributions.py", "limit = Decimal(1850) + 1"),
    ("law is data, never code", "services/planner/pages/views.py", "ISEE = 16000"),
    ("handlers are short", "services/planner/handlers.py", "def on_fact():\n" + body(HANDLER_LINES)),
    ("functions are short", "shared/web.py", "async def f():\n" + body(FUNCTION_LINES)),
    ("files are short", "deploy/cli.py", "\n" * (FILE_LINES + 1)),
]
INNOCENT = [
    ("only shared/db.py commits", "services/intake/api/submissions.py", "def commit(): pass"),
    ("domain code knows no clock, chance or waiting", "services/planner/domain/plan.py", "uuid5(NAMESPACE, 'a')"),
    ("apostrophes are typographic", "shared/sql.py", "'the docstring of a module: the owner\\'s'; keys = 'a'"),
    ("domain code compares no floats", "services/planner/domain/forecast.py", "count == 3 and a // b == c"),
    ("domain code compares no floats", "services/planner/domain/forecast.py", "share < 0.1"),
    ("law is data, never code", "services/planner/api/plans.py", "Field(max_length=5000), 1000, True, Decimal('0.33')"),
    ("legal shares are no floats", "services/planner/pages/views.py", "levels = (0.05, 0.1, 0.5); years = 3"),
    ("handlers are short", "services/planner/handlers.py", "def on_fact():\n" + body(HANDLER_LINES - 1)),
    ("functions are short", "shared/web.py", "def f():\n" + body(FUNCTION_LINES - 1)),
    ("files are short", "deploy/cli.py", "\n" * FILE_LINES),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    subject = {path: source for path, source in SOURCES.items() if rule.applies_to(path)}
    assert subject, "the rule applies to nothing: its paths have moved"
    found = [f"{path}:{line}: {what}" for path, source in subject.items() for line, what in rule.find(source)]
    assert found == []


@pytest.mark.parametrize(("name", "path", "source"), PLANTS)
def test_a_planted_violation_is_found(name: str, path: str, source: str) -> None:
    assert BY_NAME[name].applies_to(PurePath(path))
    assert list(BY_NAME[name].find(source))


@pytest.mark.parametrize(("name", "path", "source"), INNOCENT)
def test_what_only_looks_alike_is_left_alone(name: str, path: str, source: str) -> None:
    assert BY_NAME[name].applies_to(PurePath(path))
    assert not list(BY_NAME[name].find(source))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("only shared/db.py commits", "shared/db.py"),
        ("only the bus publishes", "shared/bus/outbox.py"),
        ("domain code compares no floats", "services/planner/api/plans.py"),
        ("law is data, never code", "services/planner/law/overlay.py"),
        ("legal shares are no floats", "services/planner/domain/forecast.py"),
        ("functions are short", "services/intake/migrations/intake_0001_what_owners_send.py"),
    ],
)
def test_a_rule_leaves_other_places_alone(name: str, path: str) -> None:
    assert not BY_NAME[name].applies_to(PurePath(path))


def test_every_rule_has_a_planted_violation() -> None:
    assert {name for name, _, _ in PLANTS} == BY_NAME.keys()


def test_every_service_has_its_rooms_and_no_others() -> None:
    services = [path for path in sorted((ROOT / "services").iterdir()) if path.is_dir() and path.name[0] != "_"]
    assert [path.name for path in services] == ["intake", "notifier", "planner", "registry"]
    found = {path: {entry.name for entry in path.iterdir() if entry.name != "__pycache__"} for path in services}
    assert [fault for path, entries in found.items() for fault in strange_rooms(path.name, entries)] == []


def test_a_stray_room_and_a_missing_one_are_found() -> None:
    assert strange_rooms("planner", {*ROOMS, *MORE_ROOMS["planner"]}) == []
    assert strange_rooms("planner", {*ROOMS, "utils.py"}) == ["planner/utils is no room"]
    assert strange_rooms("intake", {*ROOMS, "delivery"}) == ["intake/delivery is no room"]
    assert strange_rooms("registry", {*ROOMS} - {"store.py"}) == ["registry/store is missing"]


def test_tests_are_short_files_too() -> None:
    rule = BY_NAME["files are short"]
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts]
    assert [path.name for path in tests if list(rule.find(path.read_text("utf-8")))] == []
