"""Lavori a rischio: what each programme's homes cost the supply if they ended three months later than they would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate, groupby
from typing import NamedTuple

from services.planner.domain.supply.offer import Inventory, Term
from services.planner.domain.supply.schedule import Medians
from services.planner.domain.supply.turnover import Window

SLIP = 91
"""Days: three months."""


class WorksAtRisk(NamedTuple):
    """Programma di lavori a rischio: its homes in one municipality, and thousandths of them lost by a slip.

    `lost` is by year and, last, in the triennium; it is negative where more slips in from the year before than out.
    """

    municipality: str
    owner: str
    programme: str
    is_new_build: bool
    homes: int
    lost: tuple[int, ...]

    @property
    def missing(self) -> int:
        """Thousandths of home-years: what is missing at the end of each year, summed over the years."""
        return sum(accumulate(self.lost[:-1]))


def works_at_risk(inventory: Inventory, on: date, windows: Sequence[Window]) -> tuple[WorksAtRisk, ...]:
    """Every programme that loses homes, the dearest first: by the homes that are missing at the end of each year."""
    ends = tuple([max((window.ends_on - on).days, 0) for window in windows])
    return ranked(tuple(sorted(inventory.works.items())), inventory.medians, on, ends)


@lru_cache(maxsize=64)
def ranked(
    works: tuple[tuple[Term, int], ...], medians: Medians, on: date, ends: tuple[int, ...]
) -> tuple[WorksAtRisk, ...]:
    """Most events leave all works as they are."""
    slipped = tuple([max(days - SLIP, 0) for days in ends])
    found = []
    for (municipality, owner, programme, is_new), terms in groupby(works, key=lambda found: found[0][:4]):
        homes, lost = 0, [0.0] * (len(ends) + 1)
        for term, count in terms:
            kept = term.done(medians, on, slipped)
            homes += count
            for window, (done, later) in enumerate(zip(term.done(medians, on, ends), kept, strict=True)):
                lost[window] += count * (done.mean - later.mean)
        by_year = [round(1000 * loss) for loss in lost[:-1]]
        found.append(WorksAtRisk(municipality, owner, programme, is_new, homes, (*by_year, sum(by_year))))
    found.sort(key=lambda programme: (-programme.missing, programme[:4]))
    return tuple([programme for programme in found if any(programme.lost)])
