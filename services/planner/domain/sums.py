"""Signed sums by key, and what is taken from a share of the events and given back.

An entry that comes to zero is not kept, so that equal sums are equal dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def add(sums: dict[K, int], key: K, count: int) -> None:
    if total := sums.get(key, 0) + count:
        sums[key] = total
    else:
        sums.pop(key, None)


def take(mine: dict[K, V], theirs: Mapping[K, V], put: Callable[[K, V], None], touched: set[K], sign: int) -> None:
    """Take what is one thing's alone from another share of the events, or give it back."""
    for key, one in theirs.items():
        if sign > 0:
            put(key, one)
        else:
            del mine[key]
    touched.update(theirs)


def without(entries: dict[K, V], gone: Mapping[K, V]) -> dict[K, V]:
    return {key: entry for key, entry in entries.items() if key not in gone}
