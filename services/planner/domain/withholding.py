"""Dati non pubblicati: of counts that are told beside their total, which to keep back so that no small one follows.

A count below three would give a household away. Kept back alone it would follow from the total, so another is kept back
with it: of the small one it then stays open whether it is one or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import LEAST_TOLD, OF_NEED, is_few, is_of_households, open_cases
from shared.events.plans import Measure

K = TypeVar("K", str, int)
TOLD_OF_A_MUNICIPALITY: Final = ("need_3y", "coverage", "pressure")
"""Of its need the whole, if it is not small; what it is made of is told of the ambito only."""
NEED: Final = ("need_3y", "need_backlog", "need_arrivals", "need_departures", "need_yearly")


class Untold(NamedTuple):
    """Dati non pubblicati di un piano: what whoever may not see small counts of households is not told.

    `cases` and `need` are those of the ambito, where they are few; `municipalities` those of which no need is told,
    because it is small or would give a small one away: None where it is nobody's.
    """

    cases: bool
    need: bool
    municipalities: frozenset[str] | None

    def hides(self, key: FigureKey) -> bool:
        if not is_of_households(key.figure):
            return False
        if not key.figure.startswith(OF_NEED):
            return key.municipality is not None or self.cases
        if self.municipalities is None or key.municipality is None:
            return self.municipalities is None or self.need
        return key.municipality in self.municipalities or not key.figure.startswith(TOLD_OF_A_MUNICIPALITY)

    def hides_value(self, key: FigureKey, *values: int | None) -> bool:
        """As `hides`, of values that the figure had or is to have."""
        few = any(is_few(whole(v) if key.measure is Measure.THOUSANDTHS else v) for v in values if v is not None)
        return self.hides(key) or (few and is_of_households(key.figure))


NO_HOUSEHOLDS: Final = Untold(cases=True, need=True, municipalities=None)
"""Nothing that counts households is told, however many they are."""


def untold_of(plan: Plan) -> Untold:
    own = (plan.figures.get(FigureKey(None, None, name, None), 0) for name in NEED)
    return Untold(is_few(open_cases(plan)), any(is_few(whole(value)) for value in own), withheld_municipalities(plan))


def withheld_municipalities(plan: Plan) -> frozenset[str] | None:
    """Of which no figure of need is told: those of few households, and one that would give their number away.

    None where the ambito's own need would.
    """
    needs = {code: plan.figures.get(FigureKey(code, None, "need_3y", None)) for code in plan.names}
    return withheld({code: whole(value) for code, value in needs.items() if value is not None})


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
