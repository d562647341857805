"""Famiglie in condizione di bisogno (B): how many households there are behind several counts that may overlap.

Where a municipality can link its lists, each household is counted once. Elsewhere only Fréchet's bounds are certain
(*Annales de l'Université de Lyon*, A 14, 1951): at least the largest count, if it holds all others, and at most their
sum, if no household is in two. The mean is the middle of the two: no other value errs less in the worse case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from services.planner.domain.need.amounts import UncertainCount, spread, total
from services.planner.domain.need.declared import Component
from services.planner.domain.rounding import half_up


class Backlog(NamedTuple):
    """Famiglie in condizione di bisogno: if the counts overlap wholly, in the middle, and if they do not overlap.

    The middle lies between the `largest` count and the sum of all; both are in thousandths.
    """

    fewest: UncertainCount
    largest: int
    mean: int
    most: UncertainCount


def backlog_of(
    counts: Mapping[Component, int | None],
    switched_on: Collection[Component],
    linked_total: int | None,
    estimated: Sequence[UncertainCount],
) -> Backlog:
    """From what was declared, and estimates of what was not: none of them where `linked_total` holds everybody."""
    on = [count for component, count in counts.items() if component in switched_on]
    off = [count for component, count in counts.items() if component not in switched_on]
    least, most = bounds(on, off, linked_total)
    candidates = [UncertainCount(1000 * least), *estimated]
    everything = total([UncertainCount(1000 * most), *estimated])
    largest = max(count.mean for count in candidates)
    return Backlog(
        max(candidates, key=lambda count: (count.mean - spread(count.variance), count.mean)),
        largest,
        half_up(largest + everything.mean, 2),
        everything,
    )


def bounds(on: Sequence[int | None], off: Sequence[int | None], linked_total: int | None) -> tuple[int, int]:
    """Least and most households in the counts that are on, when the union of all counts may be known.

    Whoever is in the union and in no count that is off is in one that is on.
    """
    known = [count for count in on if count is not None]
    least, most = max(known, default=0), sum(known)
    if linked_total is None:
        return least, most
    others = [count for count in off if count is not None]
    if len(others) == len(off):
        least = max(least, linked_total - sum(others))
    return least, min(most, linked_total) if len(known) == len(on) else linked_total


def sum_of_backlogs(backlogs: Sequence[Backlog]) -> Backlog:
    """Of municipalities. What overlaps in one list overlaps in all: limits are no chances, and add up."""
    return Backlog(
        total(backlog.fewest for backlog in backlogs),
        sum(backlog.largest for backlog in backlogs),
        sum(backlog.mean for backlog in backlogs),
        total(backlog.most for backlog in backlogs),
    )
