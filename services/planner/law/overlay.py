"""A rule set that is not in force yet, as a file of the same shape as the law's own, laid over it to rehearse it.

A parameter whose first period has a day in `valid_from` goes on from the history there is: what is in force the day
before ends then. One whose first period is open at its start takes the whole history's place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from services.planner.law.values import DatedValue, History, RulesFault, Value, check_periods

PERIODS = TypeAdapter(History)


@dataclass(frozen=True, eq=False)
class Overlay:
    """The histories that take the place of the law's, by parameter; each file read is a rule set of its own.

    `changes_on` are the days from which one of the file's values holds, in order.
    """

    file: str
    histories: Mapping[str, History]
    changes_on: tuple[date, ...]


def read_overlay(text: str, file: str, present: Mapping[str, History]) -> Overlay:
    """The overlay that a file says, over the `present` law.

    Raises:
        RulesFault: not YAML, an unknown parameter, a value of another form, or periods with a gap or an overlap.
    """
    histories: dict[str, History] = {}
    days: set[date] = set()
    for key, node in _root(text, file).value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in histories:
            raise RulesFault(file, line, name, "it is given twice", "keep one of the two")
        if name not in present:
            known = ", ".join(sorted(present))
            raise RulesFault(file, line, name, "no rule reads this parameter", f"choose one of: {known}")
        given = _periods(file, name, node)
        _check_shape(file, line, name, given, present[name])
        histories[name] = extended(present[name], given)
        days |= {dated.valid_from for dated in given if dated.valid_from is not None}
        try:
            check_periods(name, histories[name])
        except ValueError as error:
            why = str(error).removeprefix(f"{name}: ")
            raise RulesFault(file, line, name, why, "every day needs exactly one value") from None
    return Overlay(file, histories, tuple(sorted(days)))


def extended(present: History, given: History) -> History:
    """The history there is up to the day before `given` begins, then `given`; or `given` alone if it is open there."""
    starts_on = given[0].valid_from
    if starts_on is None:
        return given
    before = [dated for dated in present if (dated.valid_from or date.min) < starts_on]
    if not before:
        return given
    last = before[-1].model_copy(update={"valid_to": starts_on - timedelta(days=1)})
    return (*before[:-1], last, *given)


def _root(text: str, file: str) -> yaml.MappingNode:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesFault(file, line, "YAML", str(error.problem), "mend the indentation or quotation there") from None
    except yaml.YAMLError as error:
        raise RulesFault(file, 1, "YAML", str(error).partition("\n")[0], "save the file as UTF-8 text") from None
    finally:
        loader.dispose()
    if not isinstance(root, yaml.MappingNode) or not root.value:
        raise RulesFault(file, 1, "file", "it names no parameter", "write `parameter:` and below it its periods")
    return root


def _periods(file: str, name: str, node: yaml.Node) -> History:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise RulesFault(file, node.start_mark.line + 1, name, "it has no periods", "write one as `- {value: ...}`")
    rows = []
    for period in node.value:
        if not isinstance(period, yaml.MappingNode):
            why, remedy = "a period is written between braces", "write `- {value: ..., unit: ..., ...}`"
            raise RulesFault(file, period.start_mark.line + 1, name, why, remedy)
        rows.append(dict(_fields(file, name, period)))
    try:
        return PERIODS.validate_python(rows)
    except ValidationError as error:
        first = error.errors()[0]
        at, field = int(first["loc"][0]), str(first["loc"][1]) if len(first["loc"]) > 1 else "value"
        line = _line_of(node.value[at], field)
        raise RulesFault(file, line, f"{name}.{field}", *_why(field, first["type"], first["msg"])) from None


def _fields(file: str, name: str, period: yaml.MappingNode) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, node in period.value:
        field, line = str(key.value), key.start_mark.line + 1
        if field in seen:
            raise RulesFault(file, line, f"{name}.{field}", "it is given twice", "keep one of the two")
        seen.add(field)
        try:
            yield field, yaml.safe_load(yaml.serialize(node))
        except (yaml.YAMLError, ValueError) as error:
            why = str(error).partition("\n")[0]
            raise RulesFault(file, line, f"{name}.{field}", why, "write a day of the calendar: 2027-01-01") from None


def _line_of(period: yaml.MappingNode, field: str) -> int:
    return int(next((key for key, _ in period.value if key.value == field), period).start_mark.line) + 1


def _why(field: str, kind: str, message: str) -> tuple[str, str]:
    if kind == "missing":
        return "it is missing", f"add `{field}: ...` (null where there is none)"
    if kind == "extra_forbidden":
        return "a period has no such field", f"keep to: {', '.join(DatedValue.model_fields)}"
    if field == "value" and kind != "value_error":
        return "a value is text, a list of texts or null", 'write it between quotation marks: "0.20"'
    return message.removeprefix("Value error, "), "correct the value"


def _check_shape(file: str, line: int, name: str, given: History, present: History) -> None:
    """A rule can only read a value as it reads today's: of the same unit, list or not, null only where it may be."""
    shapes = {_shape(dated.value) for dated in present}
    codes = {code for dated in present if dated.unit == "code" for code in _items(dated.value)}
    for dated in given:
        if dated.unit != present[0].unit:
            why = f"its unit is {present[0].unit!r}, not {dated.unit!r}"
        elif _shape(dated.value) not in shapes:
            why = f"the rule cannot read {_shape(dated.value)} here, only {' or '.join(sorted(shapes))}"
        elif dated.unit == "code" and not codes.issuperset(_items(dated.value)):
            why = (
                f"no rule knows the code {', '.join(sorted(set(map(str, _items(dated.value))) - set(map(str, codes))))}"
            )
        else:
            continue
        raise RulesFault(file, line, name, why, "write it as in services/planner/law")


def _shape(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "one text"
    return "a list" if all(_is_code(item) for item in value) else f"a list of {len(value)}"


def _is_code(item: str | None) -> bool:
    return item is not None and not item.isdigit()


def _items(value: Value) -> tuple[str | None, ...]:
    return value if isinstance(value, tuple) else (value,)
