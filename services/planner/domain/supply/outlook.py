"""Previsione dell'offerta per ambito, comune ed ente: means that add up, and bands that do not.

A band is that of the scope's own count, never a sum of bands: what its parts share (the rate of exits, an owner's
capacity and readiness, how late works end) makes their errors alike. Moments add up; the band is that of the count with
the sum's mean and variance, within a home of the convolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import fsum
from typing import NamedTuple

from services.planner.domain.supply.katz import near_band
from services.planner.domain.supply.offer import KEPT, Offer, Origin, Restored, Supply
from services.planner.domain.supply.readiness import ReadyShare
from services.planner.domain.supply.schedule import Medians, whole_variance
from services.planner.domain.supply.turnover import Expectation

SHARE_RESTORED = 30
"""An owner's refurbishments fall to its municipalities as if so many had been shared out in proportion: it restores in
an order that nobody tells. As many as exits have within a municipality."""
Scope = tuple[str | None, str | None]
"""(municipality, owner); None is all of them."""


class Estimate(NamedTuple):
    """A mean in thousandths of a home and an 80 % band in homes."""

    mean: int
    low: int
    high: int


class Outlook(NamedTuple):
    """One scope's forecast: an estimate for each year and, last, for the triennium."""

    turnover: tuple[Estimate, ...]
    assignable: tuple[Estimate, ...]


def outlooks_of(supply: Supply) -> Mapping[Scope, Outlook]:
    """Every municipality and owner, every municipality, and the ambito: (None, None)."""
    found: dict[Scope, Outlook] = {}
    towns: dict[str, list[Offer]] = defaultdict(list)
    for (municipality, owner), offer in supply.offers.items():
        found[municipality, owner] = outlook((offer,), offer.exits, supply.medians)
        towns[municipality].append(offer)
    for municipality, offers in towns.items():
        only = supply.turnover.municipalities.get(municipality, offers[0].exits)
        is_alone = len(offers) == 1
        found[municipality, None] = (
            found[municipality, offers[0].owner] if is_alone else outlook(tuple(offers), only, supply.medians)
        )
    found[None, None] = outlook(tuple(supply.offers.values()), supply.turnover.ambito, supply.medians)
    return found


@lru_cache(maxsize=KEPT)
def outlook(offers: tuple[Offer, ...], exits: tuple[Expectation, ...], medians: Medians) -> Outlook:
    """Of these holdings together, whose exits are `exits`; most of them are as they were when the last event came."""
    by_owner: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_owner[offer.owner].append(offer)
    alike = list(by_owner.values())
    turnover, assignable = [], []
    for window, expected in enumerate(exits):
        low, high = near_band(expected.mean, poisson_mixture_variance(expected.mean / 1000, expected.relative_variance))
        turnover.append(Estimate(expected.mean, min(low, expected.cap), min(high, expected.cap)))
        mean = sum([offer.total[window] for offer in offers])
        free = sum([offer.means[Origin.FREE][window] for offer in offers])
        done = [offer.done[window] for offer in offers if offer.done]
        variance = owners_variance(alike, window, expected.relative_variance) + whole_variance(done, medians)
        low, high = near_band(mean - free, variance)
        assignable.append(Estimate(mean, free // 1000 + low, free // 1000 + high))
    return Outlook(tuple(turnover), tuple(assignable))


def poisson_mixture_variance(mean: float, relative_variance: float) -> float:
    return mean + mean * mean * relative_variance


def owners_variance(by_owner: Sequence[Sequence[Offer]], window: int, spread: float) -> float:
    """Of homes given back, restored or taken out of a disposal plan; `spread` is that of the exits' mean.

    What an owner's holdings share, its readiness and its refurbishments, counts once for all of them.
    """
    ready = doubt = apart = 0.0
    for offers in by_owner:
        readiness = offers[0].readiness
        mean = sum([offer.exits[window].mean for offer in offers]) / 1000 * readiness.share
        ready += mean
        doubt += mean * mean * readiness.relative_variance
        apart += thinned_variance(offers[0].restored[window], fsum([offer.part for offer in offers]))
        if unseen := sum([offer.unseen[window] for offer in offers]):
            apart += unseen_variance(unseen, readiness)
        if leaving := sum([offer.leaving[window] for offer in offers]):
            apart += offers[0].disposals.variance(leaving)
    relative = (1 + doubt / (ready * ready)) * (1 + spread) - 1 if ready > 0 else 0.0
    return poisson_mixture_variance(ready, relative) + apart


def unseen_variance(homes: int, readiness: ReadyShare) -> float:
    """Of the homes given back and not inspected yet that are ready: beta-binomial."""
    share, seen = readiness.share, readiness.outcomes
    return homes * share * (1 - share) * (seen + homes) / (seen + 1)


def thinned_variance(restored: Restored, part: float) -> float:
    """Of a part of an owner's refurbishments; that each falls to it with this probability is itself not sure."""
    pairs = restored.mean * (restored.mean + restored.dispersion - 1)
    unsure = part * (1 - part) / (SHARE_RESTORED + 1) * max(pairs, 0.0)
    return part * restored.mean * (1 + part * (restored.dispersion - 1)) + max(unsure, 0.0)
