"""Ripartizione dell'offerta per classe dimensionale e tipo di servizio: the same figures, divided and never anew.

What is known by size class is taken as it is; the rest is divided as the homes it will come from are. Parts are whole
thousandths and add up exactly to the cell they divide, also where its homes have gone or are not known yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.planner.domain.supply.offer import Holding, Offer, Origin, Supply
from services.planner.domain.supply.turnover import Expectation
from shared.events.units import ServiceType, UnitStatus

MakeupKey = tuple[str, str, int, ServiceType, UnitStatus]
"""(municipality, owner, size class, service type, status)."""
Kind = tuple[int, ServiceType]
"""(size class, service type)."""
Kinds = Mapping[UnitStatus, Mapping[Kind, int]]
"""Homes by status, size class and service type."""
Weights = Mapping[Kind, int]
NO_CLASS = 0
"""Of a home of which no area is known."""
COMES_FROM = {
    Origin.FREE: {UnitStatus.FREE_ASSIGNABLE},
    Origin.TURNOVER: {UnitStatus.OCCUPIED},
    Origin.REFURBISHMENT: {UnitStatus.FREE_STATE_OF_FACT, UnitStatus.UNINHABITABLE},
    Origin.RENOVATION: {UnitStatus.IN_WORKS},
    Origin.NEW_BUILD: {UnitStatus.IN_CONSTRUCTION},
    Origin.DISPOSAL_WITHDRAWN: {UnitStatus.IN_DISPOSAL_PLAN},
}


class Slice(NamedTuple):
    """Quota dell'offerta of one size class and service type: thousandths of a home by year and in the triennium."""

    turnover: tuple[int, ...]
    assignable: tuple[int, ...]


class DividedYear(NamedTuple):
    """Offerta di un anno per classe e servizio: thousandths of the exits, and of what is assignable by its origin."""

    exits: Mapping[Kind, int]
    parts: Mapping[Origin, Mapping[Kind, int]]


def breakdown(supply: Supply, makeup: Mapping[MakeupKey, int]) -> dict[tuple[str, str, int, ServiceType], Slice]:
    """Every municipality, owner, size class and service type that has or had homes."""
    found = {}
    for (municipality, owner), (kinds, years) in divided(supply, makeup).items():
        for kind in kinds:
            turnover = [year.exits.get(kind, 0) for year in years]
            assignable = [sum([part.get(kind, 0) for part in year.parts.values()]) for year in years]
            found[municipality, owner, *kind] = Slice((*turnover, sum(turnover)), (*assignable, sum(assignable)))
    return found


def divided(
    supply: Supply, makeup: Mapping[MakeupKey, int]
) -> dict[Holding, tuple[tuple[Kind, ...], tuple[DividedYear, ...]]]:
    """The kinds of each holding's homes, and its years divided among them."""
    homes: dict[Holding, dict[UnitStatus, dict[Kind, int]]] = defaultdict(lambda: defaultdict(dict))
    for (municipality, owner, size, service, status), count in makeup.items():
        if count > 0:
            homes[municipality, owner][status][size, service] = count
    sizes: dict[Holding, dict[int, Sequence[Expectation]]] = defaultdict(dict)
    for (municipality, owner, size), cells in supply.turnover.cells.items():
        sizes[municipality, owner][size] = cells
    found = {}
    for holding, offer in supply.offers.items():
        kinds = homes[holding]
        years = tuple([divide_year(offer, sizes[holding], year, kinds) for year in range(len(offer.exits) - 1)])
        named = {kind for alike in kinds.values() for kind in alike}
        named |= {kind for year in years for part in (year.exits, *year.parts.values()) for kind in part}
        found[holding] = tuple(sorted(named)), years
    return found


def divide_year(offer: Offer, sizes: Mapping[int, Sequence[Expectation]], year: int, kinds: Kinds) -> DividedYear:
    """The exits of a year, and what is assignable by origin; where the homes are not known yet, as the exits are."""
    exits = divide_exits({size: cells[year].mean for size, cells in sizes.items()}, kinds)
    every = weights_of(kinds, set(kinds))
    parts = {}
    for origin in Origin:
        own = exits if origin is Origin.TURNOVER else weights_of(kinds, COMES_FROM[origin])
        parts[origin] = divide(offer.means[origin][year], first_of(own, exits, every, {(NO_CLASS, ServiceType.SAP): 1}))
    return DividedYear(exits, parts)


def divide_exits(by_size: Mapping[int, int], kinds: Kinds) -> dict[Kind, int]:
    """Exits of each size class, as its homes let are of each service type.

    Where none of them is let any more, as all its homes are; without any, they count as public.
    """
    let, every = kinds.get(UnitStatus.OCCUPIED, {}), weights_of(kinds, set(kinds))
    found: dict[Kind, int] = {}
    for size, mean in by_size.items():
        alike = ({kind: homes for kind, homes in known.items() if kind[0] == size} for known in (let, every))
        found |= divide(mean, first_of(*alike, {(size, ServiceType.SAP): 1}))
    return found


def first_of(*choices: Weights) -> Weights:
    """The first weights by which anything can be divided."""
    return next(weights for weights in choices if sum(weights.values()) > 0)


def weights_of(kinds: Kinds, statuses: set[UnitStatus]) -> dict[Kind, int]:
    found: dict[Kind, int] = defaultdict(int)
    for status in statuses:
        for kind, homes in kinds.get(status, {}).items():
            found[kind] += homes
    return found


def divide(total: int, weights: Weights) -> dict[Kind, int]:
    """In proportion, the remainder to the largest fractions, then in the order of the kinds."""
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    found = {kind: total * weight // whole for kind, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda kind: (-(total * weights[kind] % whole), kind))
    for kind in by_remainder[: total - sum(found.values())]:
        found[kind] += 1
    return found
