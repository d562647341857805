"""The document as canonical JSON: the same bytes for the same document, with the hash that page and PDF carry too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson
from pydantic import TypeAdapter

from services.planner.document.model import SINCE_SEALED, ColumnKind, Document, Span, Value
from services.planner.domain.narrative.sentences import Sentence

_DOCUMENT: Final = TypeAdapter(Document)
_RESTORED: Final[dict[str, Callable[[Any], Value]]] = {
    ColumnKind.PERCENT: Decimal,
    ColumnKind.EUROS: Decimal,
    ColumnKind.DAY: date.fromisoformat,
    ColumnKind.SPAN: lambda ends: Span(*ends),
}


class Difference(NamedTuple):
    """A place of the document (a JSON pointer, RFC 6901) and what stands there in the one and in the other."""

    pointer: str
    published: Any
    presented: Any


def json_of(document: Document) -> bytes:
    """Sorted keys, no white space; decimals and dates as text, spans as `[low, high]`."""
    return orjson.dumps(_plain(document), option=orjson.OPT_SORT_KEYS)


def read_document(content: bytes) -> Document:
    """The document that `json_of` wrote.

    Raises:
        ValueError: not JSON, or not of a document.
    """
    held = orjson.loads(content)
    try:
        return _DOCUMENT.validate_python(_restored(held))
    except (ArithmeticError, KeyError, TypeError) as error:
        raise ValueError(f"not a document: {error!r}") from error


def hash_of(document: Document) -> str:
    """SHA-256 of the canonical JSON in which the hash itself is left empty."""
    bare = replace(document, edition=replace(document.edition, hash=""))
    return hashlib.sha256(json_of(bare)).hexdigest()


def sealed(document: Document) -> Document:
    """The document that carries its own hash."""
    return replace(document, edition=replace(document.edition, hash=hash_of(document)))


def is_sealed(document: Document) -> bool:
    """Whether the hash that the document carries is that of what it says."""
    return document.edition.hash == hash_of(document)


def differences(published: bytes, presented: bytes) -> tuple[Difference, ...]:
    """Every place in which the JSON that somebody presents is not the published one.

    Raises:
        ValueError: one of them is not JSON.
    """
    return tuple(_differences("", orjson.loads(published), orjson.loads(presented)))


def _differences(pointer: str, published: Any, presented: Any) -> Iterator[Difference]:
    match published, presented:
        case dict(), dict():
            for key in sorted({*published, *presented}):
                step = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                if key in published and key in presented:
                    yield from _differences(step, published[key], presented[key])
                else:
                    yield Difference(step, published.get(key), presented.get(key))
        case list(), list() if len(published) == len(presented):
            for index, pair in enumerate(zip(published, presented, strict=True)):
                yield from _differences(f"{pointer}/{index}", *pair)
        case _ if published != presented or type(published) is not type(presented):
            yield Difference(pointer, published, presented)


def _restored(held: Any) -> Any:
    """With the decimals, dates and spans of its tables, which JSON has no types for."""
    match held:
        case {"columns": [*columns], "rows": [*rows], "total": [*total]}:
            restored = [[_cell(*pair) for pair in zip(columns, row, strict=True)] for row in rows]
            last = [_cell(*pair) for pair in zip(columns, total, strict=True)] if total else []
            return {**held, "rows": restored, "total": last}
        case dict():
            return {key: _restored(value) for key, value in held.items()}
        case list():
            return [_restored(value) for value in held]
    return held


def _cell(column: dict[str, Any], cell: dict[str, Any]) -> dict[str, Any]:
    restore = _RESTORED.get(column["kind"])
    return {**cell, "value": restore(cell["value"])} if restore and cell["value"] is not None else cell


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        told = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: _plain(said) for field, said in told if said or field.metadata != SINCE_SEALED}
    match value:
        case Sentence():
            return {"text": value.text, "figures": list(value.figures)}
        case tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
    return value
