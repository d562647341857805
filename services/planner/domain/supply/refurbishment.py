"""Coda di ripristino: homes in need of works wait for their owner's capacity; completions are limited by both."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from services.planner.domain.supply.counts import Distribution, gamma_poisson, normalised

PRIOR_SHAPE = 0.5
"""Jeffreys' prior of a Poisson rate: half a completion seen."""
PRIOR_SHARE = 0.5
"""Before any completion is seen, an owner is taken to restore half of what comes in."""
PACE = 0.03
"""Relative variance (an sd of 17 %) of an owner's capacity between one three-year budget and the next."""


class Queue(NamedTuple):
    """One owner's homes in need of works: completions in the last `days` days, and those waiting or in works now."""

    completed: int
    days: int
    backlog: int


def completions(queue: Queue, inflow: float, inflow_variance: float, days: int, engaged: float = 0.0) -> Distribution:
    """Refurbishments completed in the next `days` days.

    `inflow` homes are expected to join the queue in that time; `inflow_variance` is relative, of the Poisson's mean.
    `engaged` of the owner's completions are those of works already planned, which are counted elsewhere.
    """
    if days <= 0 or (queue.completed == 0 and queue.backlog == 0 and inflow <= 0):
        return gamma_poisson(0.0, 0.0)
    shape = queue.completed + PRIOR_SHAPE
    usual = max(PRIOR_SHARE * inflow / days, 1e-6)
    rate = shape / (queue.days + PRIOR_SHAPE / usual)
    capacity = gamma_poisson(max(rate * days - engaged, 0.0), 1 / shape + PACE)
    return lesser(capacity, gamma_poisson(inflow, inflow_variance).plus(queue.backlog))


def lesser(one: Distribution, other: Distribution) -> Distribution:
    """The lesser of two independent counts: it exceeds n when both do."""
    first = min(one.first, other.first)
    last = min(one.first + len(one.masses), other.first + len(other.masses)) - 1
    both = [a * b for a, b in zip(survival(one, first, last), survival(other, first, last), strict=True)]
    masses = [before - after for before, after in zip([1.0, *both], both, strict=False)]
    return normalised(first, [max(mass, 0.0) for mass in masses])


def survival(count: Distribution, first: int, last: int) -> list[float]:
    """Probability to exceed each count from `first` to `last`; summed from the far end, so that it does not cancel."""
    above = list(accumulate(reversed(count.masses), initial=0.0))
    top = count.first + len(count.masses) - 1
    return [1.0 if n < count.first else above[top - n] if n < top else 0.0 for n in range(first, last + 1)]
