"""Dati non pubblicati: of counts that are told beside their total, which to keep back so that no small one follows.

A count below three would give a household away. Kept back alone it would follow from the total, so another is kept back
with it: of the small one it then stays open whether it is one or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from services.planner.domain.publication import LEAST_TOLD, is_few

K = TypeVar("K", str, int)


def withheld(counts: Mapping[K, int]) -> frozenset[K] | None:
    """Keys of the counts that are not told though their sum is; None where for that the sum itself must be kept back.

    The companion is the smallest that stays a count of three or more whichever of the two the small one is.
    """
    few = frozenset(key for key, count in counts.items() if is_few(count))
    companions = sorted((count, key) for key, count in counts.items() if count > LEAST_TOLD)
    if few and not companions:
        return None
    return few | {companions[0][1]} if few else few


def whole(thousandths: int) -> int:
    """Households that a mean stands for: none only if it is zero, else at least one."""
    return max(thousandths // 1000, 1) if thousandths > 0 else 0
