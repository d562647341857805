"""The gate between a committed schema and the class as it is now: within a version only optional fields may come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
PROSE = frozenset({"title", "description", "examples", "default", "$id", "$schema", "$defs", "$comment"})
"""Keywords that say nothing about which bodies are valid."""


def breaks(committed: Schema, current: Schema) -> list[str]:
    """A sentence for each change that a reader or writer of the committed version could stumble over."""
    return sorted(_Comparison(committed, current).at("body", committed, current))


class _Comparison:
    """Two schemas side by side; a part that refers to itself is compared once."""

    def __init__(self, committed: Schema, current: Schema) -> None:
        self._was, self._is = committed.get("$defs", {}), current.get("$defs", {})
        self._seen: set[tuple[str, str]] = set()

    def at(self, where: str, was: Schema, now: Schema) -> Iterator[str]:
        references = str(was.get("$ref")), str(now.get("$ref"))
        if "$ref" in was and "$ref" in now and references in self._seen:
            return
        self._seen.add(references)
        was, now = _resolved(was, self._was), _resolved(now, self._is)
        yield from self._fields(where, was, now)
        yield from self._parts(where, was, now)
        for keyword in sorted((was.keys() | now.keys()) - PROSE - {"properties", "required", "items", "anyOf"}):
            if was.get(keyword) != now.get(keyword):
                yield f"{where} was changed: {keyword} was {_told(was, keyword)}, is {_told(now, keyword)}"

    def _fields(self, where: str, was: Schema, now: Schema) -> Iterator[str]:
        old, new = was.get("properties", {}), now.get("properties", {})
        old_required, new_required = set(was.get("required", ())), set(now.get("required", ()))
        for name in old.keys() - new.keys():
            yield f"{where}/{name} was removed: old readers may need it"
        for name in new.keys() & new_required - old.keys():
            yield f"{where}/{name} was added as a required field: records already written lack it"
        for name in old.keys() & new.keys():
            if name in new_required - old_required:
                yield f"{where}/{name} was optional and is required now: records already written may lack it"
            if name in old_required - new_required:
                yield f"{where}/{name} was required and is optional now: old readers need it"
            yield from self.at(f"{where}/{name}", old[name], new[name])

    def _parts(self, where: str, was: Schema, now: Schema) -> Iterator[str]:
        if "items" in was and "items" in now:
            yield from self.at(f"{where}[]", was["items"], now["items"])
        elif was.get("items") != now.get("items"):
            yield f"{where} was changed: its items"
        old, new = was.get("anyOf", []), now.get("anyOf", [])
        if len(old) != len(new):
            yield f"{where} was changed: it had {len(old)} alternatives and has {len(new)}"
            return
        for before, after in zip(old, new, strict=True):
            yield from self.at(where, before, after)


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else schema


def _told(schema: Schema, keyword: str) -> str:
    return repr(schema[keyword]) if keyword in schema else "absent"
