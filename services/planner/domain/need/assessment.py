"""The need of every municipality and of the ambito, low, central and high, by household size (planner.md §3).

Means of the ambito are the exact sums of the municipalities', those the sums of the size classes. The ambito's band is
made anew: limits of the overlap add up, own errors add in variance, shared errors in standard deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.planner.domain.need.amounts import NONE, HouseholdBand, UncertainCount, outwards, spread, total
from services.planner.domain.need.backlog import Backlog, backlog_of, sum_of_backlogs
from services.planner.domain.need.declared import BACKLOG, Component, DeclaredNeed, NeedFault, mended
from services.planner.domain.need.evidence import Counted, Evidence, NeedMethod, components_of, weigh_evidence
from services.planner.domain.need.rates import YEARS, PooledCount
from services.planner.domain.need.sizes import POOLED_HOUSEHOLDS, SizeWeights, apportion, divide, divide_backlog, shares
from services.planner.domain.rounding import half_up


class Use(NamedTuple):
    """Componente considerata: households it stands for (a flow: a year), and whether any of that is estimated."""

    component: Component
    households: HouseholdBand
    is_estimated: bool


class NeedParts(NamedTuple):
    """B, and A and L a year on average over the three years ahead."""

    backlog: Backlog
    arrivals: UncertainCount
    departures: UncertainCount


class Need(NamedTuple):
    """Fabbisogno abitativo primario (R.R. 4/2017, art. 3 c. 2 lett. c): in three years, and as a yearly flow.

    `need` = B + 3A - 3L, `yearly` = B / T + A - L, neither below zero: whoever leaves had been waiting.
    What is published is in the bands; `parts` are what they were made of.
    """

    backlog: HouseholdBand
    arrivals: HouseholdBand
    departures: HouseholdBand
    need: HouseholdBand
    yearly: HouseholdBand
    parts: NeedParts


class TerritoryNeed(NamedTuple):
    """Fabbisogno di un territorio: `by_size` of one to six people, empty when no municipality divided its households.

    `uses` are the components that were counted. The ambito has a linked total if all municipalities have one, and is
    declared if one of them is.
    """

    households: int
    whole: Need
    by_size: tuple[Need, ...]
    uses: tuple[Use, ...]
    size_weights: SizeWeights
    linked_total: int | None
    is_declared: bool


@dataclass(frozen=True, slots=True)
class NeedAssessment:
    """Fabbisogno dell'ambito e dei suoi comuni; `unknown` components were declared by nobody and count nothing."""

    method: NeedMethod
    bases: Mapping[Component, PooledCount]
    municipalities: Mapping[str, TerritoryNeed]
    ambito: TerritoryNeed
    declared_count: int
    unknown: tuple[Component, ...]
    faults: tuple[NeedFault, ...]


class Place(NamedTuple):
    """A municipality on the way to its need: whole, by size class, and what it is made of."""

    whole: NeedParts
    by_size: tuple[NeedParts, ...]
    size_weights: SizeWeights
    components: Mapping[Component, Counted]


def assess_need(
    declared: Mapping[str, DeclaredNeed], households: Mapping[str, int], method: NeedMethod
) -> NeedAssessment:
    """The need from what municipalities declared; `households` has every municipality of the ambito.

    Raises:
        ValueError: a municipality declares that is not in `households`, or the backlog is to be met in no time.
    """
    if strangers := sorted(declared.keys() - households.keys()):
        raise ValueError(f"municipalities that are not in the ambito: {', '.join(strangers)}")
    if method.years_to_clear < 1:
        raise ValueError(f"years to clear the backlog must be at least 1, not {method.years_to_clear}")
    sound = {name: mended(name, need) for name, need in sorted(declared.items())}
    evidence = weigh_evidence({name: need for name, (need, _) in sound.items()}, households, method)
    places = {name: place_of(name, evidence, method) for name in sorted(households)}
    found = {name: territory_need(place, households[name], evidence.of(name), method) for name, place in places.items()}
    return NeedAssessment(
        method,
        evidence.bases,
        found,
        ambito_need(list(places.values()), list(found.values()), method),
        sum(need.is_declared for need in found.values()),
        tuple(part for part in Component if part in method.components and evidence.is_unknown(part)),
        tuple(fault for _, faults in sound.values() for fault in faults),
    )


def place_of(municipality: str, evidence: Evidence, method: NeedMethod) -> Place:
    """A municipality's B, A and L, whole and by size class."""
    need = evidence.of(municipality)
    components = components_of(municipality, evidence, method)
    estimated = [
        components[part].households for part in BACKLOG if part in components and components[part].is_estimated
    ]
    backlog = backlog_of(need.counts, method.components, need.linked_total, estimated)
    whole = NeedParts(
        backlog,
        evidence.arrivals.get(municipality, NONE),
        evidence.departures.get(municipality, NONE),
    )
    if not evidence.pool:
        return Place(whole, (), SizeWeights(), components)
    split = need.by_household_size or ()
    weights, seen = shares(split, evidence.pool), POOLED_HOUSEHOLDS + sum(split)
    is_exact = any(split) and need.linked_total is not None and method.components >= set(BACKLOG)
    own = SizeWeights(split if any(split) else weights, weights)
    by_size = zip(
        divide_backlog(backlog, own.backlog, None if is_exact else seen),
        divide(whole.arrivals, own.flows, seen, YEARS),
        divide(whole.departures, own.flows, seen, YEARS),
        strict=True,
    )
    return Place(whole, tuple(NeedParts(*parts) for parts in by_size), own, components)


def territory_need(place: Place, households: int, declared: DeclaredNeed, method: NeedMethod) -> TerritoryNeed:
    years = method.years_to_clear
    need = max(net(place.whole, YEARS), 0)
    yearly = half_up(max(net(place.whole, years), 0), years)
    needs = apportion(need, [max(net(parts, YEARS), 0) for parts in place.by_size])
    yearlies = apportion(yearly, [max(net(parts, years), 0) for parts in place.by_size])
    return TerritoryNeed(
        households,
        banded(place.whole, need, yearly, years),
        tuple(
            banded(parts, need, yearly, years)
            for parts, need, yearly in zip(place.by_size, needs, yearlies, strict=True)
        ),
        tuple(
            Use(part, households.band(), is_estimated) for part, (households, is_estimated) in place.components.items()
        ),
        place.size_weights,
        declared.linked_total,
        not declared.is_empty,
    )


def ambito_need(places: Sequence[Place], found: Sequence[TerritoryNeed], method: NeedMethod) -> TerritoryNeed:
    """Sums of means; the parts are added up before the band is made of them."""

    def added(parts: Sequence[NeedParts], needs: Sequence[Need]) -> Need:
        sums = NeedParts(
            sum_of_backlogs([part.backlog for part in parts]),
            total(part.arrivals for part in parts),
            total(part.departures for part in parts),
        )
        need, yearly = sum(one.need.central for one in needs), sum(one.yearly.central for one in needs)
        return banded(sums, need, yearly, method.years_to_clear)

    classes = zip(*(place.by_size for place in places), strict=True)
    needs_by_class = zip(*(territory.by_size for territory in found), strict=True)
    linked = [territory.linked_total for territory in found if territory.linked_total is not None]
    return TerritoryNeed(
        sum(territory.households for territory in found),
        added([place.whole for place in places], [territory.whole for territory in found]),
        tuple(added(parts, needs) for parts, needs in zip(classes, needs_by_class, strict=True)),
        tuple(
            Use(part, total(one.households for one in counted).band(), any(one.is_estimated for one in counted))
            for part in Component
            if (counted := [place.components[part] for place in places if part in place.components])
        ),
        SizeWeights(),
        sum(linked) if len(linked) == len(found) else None,
        any(territory.is_declared for territory in found),
    )


def net(parts: NeedParts, years: int) -> int:
    """B + years x (A - L), in thousandths."""
    return parts.backlog.mean + years * (parts.arrivals.mean - parts.departures.mean)


def banded(parts: NeedParts, need: int, yearly: int, years_to_clear: int) -> Need:
    """The bands about the means that are given."""
    low, high = ends(parts, 0)
    need_low, need_high = ends(parts, YEARS)
    yearly_low, yearly_high = ends(parts, years_to_clear)
    return Need(
        outwards(low, parts.backlog.mean, high),
        parts.arrivals.band(),
        parts.departures.band(),
        outwards(need_low, need, need_high),
        outwards(yearly_low, yearly, yearly_high, years_to_clear),
        parts,
    )


def ends(parts: NeedParts, years: int) -> tuple[int, int]:
    """Ends of the band of B + years x (A - L): all counts overlap at the low end, none does at the high end.

    Nobody arrives less than not at all: the low end is at least that without arrivals, and the high end at most that
    without departures.
    """
    fewest, most = parts.backlog.fewest, parts.backlog.most
    come, leave = years * parts.arrivals.mean, years * parts.departures.mean
    coming, leaving = (years * years * part.variance for part in (parts.arrivals, parts.departures))
    low = max(
        fewest.mean + come - leave - spread(fewest.variance + coming + leaving),
        fewest.mean - leave - spread(fewest.variance + leaving),
    )
    high = min(
        most.mean + come - leave + spread(most.variance + coming + leaving),
        most.mean + come + spread(most.variance + coming),
    )
    return max(low, 0), max(high, 0)
