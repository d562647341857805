"""The house's rules that an import graph cannot see, as functions from source to what breaks them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import PurePath

from services.planner.law import parameters

Finding = tuple[int, str]
"""Line, and what is wrong there."""

CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "today_in_italy"})
IMPURE_MODULES = frozenset({"random", "secrets", "time", "asyncio"})
IDENTIFIERS = frozenset({"uuid1", "uuid4", "urandom"})
PUBLISHING = frozenset({"publish", "send_batch", "send_and_wait"})
APOSTROPHE = re.compile(r"[^\W\d_]+'[^\W_]+")
HANDLER_LINES, FUNCTION_LINES, FILE_LINES = 20, 50, 400


@dataclass(frozen=True)
class Rule:
    """`find` applies to files that match one of `where` and none of `but`."""

    name: str
    where: tuple[str, ...]
    but: tuple[str, ...]
    find: Callable[[str], Iterator[Finding]]

    def applies_to(self, path: PurePath) -> bool:
        return any(map(path.match, self.where)) and not any(map(path.match, self.but))


def calls(source: str) -> Iterator[tuple[ast.Call, str]]:
    """Each call and the dotted text of what is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def methods_called(source: str, names: frozenset[str]) -> Iterator[Finding]:
    for node, called in calls(source):
        if isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node.lineno, f"calls {called}()"


def commits(source: str) -> Iterator[Finding]:
    """Of a consumer's positions (`super().commit`) there is nothing to be said: they are no transaction."""
    return ((line, said) for line, said in methods_called(source, frozenset({"commit"})) if "super()" not in said)


def ends_transactions(source: str) -> Iterator[Finding]:
    return methods_called(source, frozenset({"commit", "rollback", "begin", "begin_nested", "transaction", "close"}))


def publishes(source: str) -> Iterator[Finding]:
    return methods_called(source, PUBLISHING)


def is_impure(source: str) -> Iterator[Finding]:
    """Clock, drawn identifiers, chance, waiting and files: what makes a second run differ from the first."""
    for node, called in calls(source):
        last_two = ".".join(called.split(".")[-2:])
        if last_two in CLOCKS or called.split(".")[-1] in IDENTIFIERS or called in ("open", "print", "input"):
            yield node.lineno, f"calls {called}()"
    for other in ast.walk(ast.parse(source)):
        if isinstance(other, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in other.names] if isinstance(other, ast.Import) else [other.module or ""]
            yield from ((other.lineno, f"imports {name}") for name in modules if name.split(".")[0] in IMPURE_MODULES)
        elif isinstance(other, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield other.lineno, "waits"


def days_elsewhere(source: str) -> Iterator[Finding]:
    """Days of the machine's zone, or of the zone that an instant happens to be written in."""
    for node, called in calls(source):
        if called.split(".")[-2:] == ["date", "today"] or (called.endswith(".date") and not node.args):
            yield node.lineno, f"calls {called}(): which day it is, shared/civil_time.py says"


def straight_apostrophes(source: str) -> Iterator[Finding]:
    """In what people read; docstrings are for us."""
    tree = ast.parse(source)
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if node not in docstrings and (found := APOSTROPHE.search(text)):
                yield node.lineno, f"{found[0]} has a typewriter's apostrophe, texts have ’"


def compares_floats(source: str) -> Iterator[Finding]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
                if isinstance(operator, ast.Eq | ast.NotEq) and (_is_float(left) or _is_float(right)):
                    yield node.lineno, f"compares floats: {ast.unparse(node)}"


def _is_float(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=float()):
            return True
        case ast.Call(func=ast.Name(id="float")):
            return True
        case ast.BinOp(op=ast.Div()):
            return True
        case ast.BinOp(left=left, right=right):
            return _is_float(left) or _is_float(right)
        case ast.UnaryOp(operand=operand):
            return _is_float(operand)
    return False


def functions(source: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Each function and its lines, its decorators left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def long_handlers(source: str) -> Iterator[Finding]:
    for node, lines in functions(source):
        if node.name.startswith("on_") and lines > HANDLER_LINES:
            yield node.lineno, f"{node.name} has {lines} lines, a handler at most {HANDLER_LINES}"


def long_functions(source: str) -> Iterator[Finding]:
    for node, lines in functions(source):
        if lines > FUNCTION_LINES:
            yield node.lineno, f"{node.name} has {lines} lines, a function at most {FUNCTION_LINES}"


def long_files(source: str) -> Iterator[Finding]:
    if (lines := source.count("\n")) > FILE_LINES:
        yield lines, f"the file has {lines} lines, at most {FILE_LINES}"


LEVELS = frozenset(map(Decimal, ("0.05", "0.1", "0.5")))
"""Legal shares that are also quantile levels: as floats they are statistics, not law."""
SIZES = frozenset({"max_length", "retry"})
"""Keywords that take the size of an answer or a time in milliseconds."""


@cache
def legal_values() -> tuple[frozenset[Decimal], frozenset[Decimal]]:
    """(amounts and numbers of inhabitants, shares) of every parameter, in force or not."""
    dated = [dated for history in parameters().values() for dated in history if isinstance(dated.value, str)]
    return (
        frozenset(Decimal(str(d.value)) for d in dated if d.unit in ("EUR", "EUR/year", "inhabitants")),
        frozenset(Decimal(str(d.value)) for d in dated if d.unit == "share"),
    )


def legal_numbers(source: str) -> Iterator[Finding]:
    """Legal values written in code: amounts and inhabitants as integers, these and shares as Decimal."""
    amounts, shares = legal_values()
    tree = ast.parse(source)
    sizes = {node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in SIZES}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=int(number)) if node not in sizes and number in amounts:
                yield node.lineno, f"{number} is a legal value: read it from the rule set"
            case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(text))]):
                if _is_decimal(text) and Decimal(text) in amounts | shares:
                    yield node.lineno, f"Decimal({text!r}) is a legal value: read it from the rule set"


def legal_floats(source: str) -> Iterator[Finding]:
    """Legal shares written as floats."""
    _, shares = legal_values()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float(number)) if Decimal(repr(number)) in shares - LEVELS:
                yield node.lineno, f"{number} is a legal share: read it from the rule set"


def _is_decimal(text: str) -> bool:
    return re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) is not None


PURE = (
    *("services/*/domain.py", "services/*/domain/*.py", "services/*/domain/*/*.py"),
    *("services/planner/law/*.py", "shared/events/*.py"),
)
STORES = ("services/*/store.py", "services/*/store/*.py")
LAWFUL = tuple(f"services/planner/{room}/{at}" for room in ("domain", "api", "pages") for at in ("*.py", "*/*.py"))
STATISTICS = tuple(f"services/planner/domain/{at}.py" for at in ("forecast", "negative_binomial", "supply/*"))
"""Where floats are priors and grids of the forecast's mathematics."""
RULES = (
    Rule("only shared/db.py commits", ("*.py",), ("shared/db.py",), commits),
    Rule("only the bus publishes", ("*.py",), ("shared/bus/*.py",), publishes),
    Rule("stores leave transactions to who opened them", STORES, (), ends_transactions),
    Rule("domain code knows no clock, chance or waiting", PURE, (), is_impure),
    Rule("days are those of Italy", ("*.py",), ("shared/civil_time.py",), days_elsewhere),
    Rule(
        "apostrophes are typographic", ("*.py",), ("shared/events/*.py", "shared/events/*/*.py"), straight_apostrophes
    ),
    Rule("domain code compares no floats", PURE, (), compares_floats),
    Rule("law is data, never code", LAWFUL, (), legal_numbers),
    Rule("legal shares are no floats", LAWFUL, STATISTICS, legal_floats),
    Rule("handlers are short", ("services/*/handlers.py",), (), long_handlers),
    Rule("functions are short", ("*.py",), ("migrations/*.py", "migrations/versions/*.py"), long_functions),
    Rule("files are short", ("*.py",), (), long_files),
)

ROOMS = frozenset({"__init__.py", "app.py", "api", "handlers.py", "store.py", "tables.py", "domain", "settings.py"})
ROOMS |= {"cli.py", "migrations"}
MORE_ROOMS = {
    "intake": frozenset({"pages", "templates"}),
    "planner": frozenset({"pages", "templates", "law", "document", "forecasting", "days", "contesting"}),
    "notifier": frozenset({"pages", "templates", "delivery"}),
}


def strange_rooms(service: str, entries: set[str]) -> list[str]:
    """What a service's folder has that no service has, and what it lacks; a room may be a module or a package."""
    allowed = {_room(name) for name in ROOMS | MORE_ROOMS.get(service, frozenset())}
    found = {_room(name) for name in entries}
    strange = [f"{service}/{name} is no room" for name in sorted(found - allowed)]
    return strange + [f"{service}/{name} is missing" for name in sorted({_room(name) for name in ROOMS} - found)]


def _room(name: str) -> str:
    return name.removesuffix(".py")
