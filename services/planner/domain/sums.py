"""Signed sums by key; an entry that comes to zero is not kept, so that equal sums are equal dictionaries."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")


def add(sums: dict[K, int], key: K, count: int) -> None:
    if total := sums.get(key, 0) + count:
        sums[key] = total
    else:
        sums.pop(key, None)
