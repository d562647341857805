"""Ripartizione dell'offerta per classe dimensionale e tipo di servizio: the same figures, divided and never anew.

What is known by size class is taken as it is; the rest is divided as the homes it will come from are. Parts are whole
thousandths and add up exactly.
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


def breakdown(supply: Supply, makeup: Mapping[MakeupKey, int]) -> dict[tuple[str, str, int, ServiceType], Slice]:
    """Every municipality, owner, size class and service type that has or had homes."""
    homes: dict[Holding, dict[UnitStatus, dict[Kind, int]]] = defaultdict(lambda: defaultdict(dict))
    for (municipality, owner, size, service, status), count in makeup.items():
        homes[municipality, owner][status][size, service] = count
    sizes: dict[Holding, dict[int, Sequence[Expectation]]] = defaultdict(dict)
    for (municipality, owner, size), cells in supply.turnover.cells.items():
        sizes[municipality, owner][size] = cells
    found = {}
    for (municipality, owner), offer in supply.offers.items():
        kinds = homes[municipality, owner]
        years = range(len(offer.exits) - 1)
        by_year = [divide_year(offer, sizes[municipality, owner], year, kinds) for year in years]
        for kind in sorted({kind for alike in kinds.values() for kind in alike}):
            turnover = [exits.get(kind, 0) for exits, _ in by_year]
            assignable = [sum([part.get(kind, 0) for part in parts]) for _, parts in by_year]
            found[municipality, owner, *kind] = Slice((*turnover, sum(turnover)), (*assignable, sum(assignable)))
    return found


def divide_year(
    offer: Offer, sizes: Mapping[int, Sequence[Expectation]], year: int, kinds: Kinds
) -> tuple[dict[Kind, int], list[dict[Kind, int]]]:
    """The exits of a year, and what is assignable by origin; where the homes are not known yet, as the exits are."""
    exits = divide_exits({size: cells[year].mean for size, cells in sizes.items()}, kinds)
    otherwise = exits or weights_of(kinds, set(kinds))
    weights = [exits if origin is Origin.TURNOVER else weights_of(kinds, COMES_FROM[origin]) for origin in Origin]
    return exits, [
        divide(offer.means[origin][year], weight or otherwise) for origin, weight in zip(Origin, weights, strict=True)
    ]


def divide_exits(by_size: Mapping[int, int], kinds: Kinds) -> dict[Kind, int]:
    """Exits of each size class, as its homes let are of each service type."""
    found: dict[Kind, int] = {}
    for size, mean in by_size.items():
        let = {kind: homes for kind, homes in kinds.get(UnitStatus.OCCUPIED, {}).items() if kind[0] == size}
        found |= divide(mean, let)
    return found


def weights_of(kinds: Kinds, statuses: set[UnitStatus]) -> dict[Kind, int]:
    found: dict[Kind, int] = defaultdict(int)
    for status in statuses:
        for kind, homes in kinds.get(status, {}).items():
            found[kind] += homes
    return found


def divide(total: int, weights: Mapping[Kind, int]) -> dict[Kind, int]:
    """In proportion, the remainder to the largest fractions, then in the order of the kinds."""
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    found = {kind: total * weight // whole for kind, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda kind: (-(total * weights[kind] % whole), kind))
    for kind in by_remainder[: total - sum(found.values())]:
        found[kind] += 1
    return found
