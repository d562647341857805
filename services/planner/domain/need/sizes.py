"""Ampiezza del nucleo: how a municipality's households divide among the size classes, to the last thousandth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.planner.domain.need.amounts import UncertainCount
from services.planner.domain.need.backlog import Backlog

POOLED_HOUSEHOLDS = 30
"""A municipality's shares begin as if it had seen this many households in the ambito's proportions."""


class SizeWeights(NamedTuple):
    """Whole numbers in proportion to the size classes; empty when no municipality divided its households."""

    backlog: tuple[int, ...] = ()
    flows: tuple[int, ...] = ()


def pooled(splits: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """The ambito's households by class; empty when nobody divided any."""
    sums = tuple(sum(column) for column in zip(*splits, strict=True))
    return sums if any(sums) else ()


def shares(split: Sequence[int], pool: Sequence[int]) -> tuple[int, ...]:
    """Whole numbers in proportion to a municipality's shares, drawn towards the ambito's."""
    everybody = sum(pool)
    return tuple(
        POOLED_HOUSEHOLDS * of_all + everybody * own for of_all, own in zip(pool, split or [0] * len(pool), strict=True)
    )


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Integers that add up to `whole`, in proportion: by largest remainder, the smaller class first when equal."""
    all_weights = sum(weights)
    if not all_weights:
        return [0] * len(weights)
    parts = [divmod(whole * weight, all_weights) for weight in weights]
    found = [quotient for quotient, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    for place in by_remainder[: whole - sum(found)]:
        found[place] += 1
    return found


def divide(count: UncertainCount, weights: Sequence[int], seen: int | None, years: int = 1) -> list[UncertainCount]:
    """A count among classes whose shares are known as well as `seen` households tell, or exactly (None).

    The variance is that of a binomial with an uncertain number of trials and, by Beta(seen x share), chance of success.
    A yearly count that is the average of several `years` has as many trials more.
    """
    everything = sum(weights)
    mean = count.mean / 1000
    found = []
    for part, weight in zip(apportion(count.mean, weights), weights, strict=True):
        share = weight / everything if everything else 0.0
        unsure = 0.0 if seen is None else share * (1 - share) / (seen + 1)
        thinned = 0.0 if seen is None else mean * seen * unsure / years
        own = thinned + count.own_variance * (share * share + unsure) + mean * mean * unsure
        found.append(UncertainCount(part, own, share * count.shared_deviation))
    return found


def divide_backlog(backlog: Backlog, weights: Sequence[int], seen: int | None) -> list[Backlog]:
    return [
        Backlog(fewest, largest, mean, most)
        for fewest, largest, mean, most in zip(
            divide(backlog.fewest, weights, seen),
            apportion(backlog.largest, weights),
            apportion(backlog.mean, weights),
            divide(backlog.most, weights, seen),
            strict=True,
        )
    ]
