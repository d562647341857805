"""Which home for which case (planner.md, section 5): tiers first, then burden, distance and fit, then the identifier.

Who is served is settled by the statutory order alone, the reference last, so that one more home never takes another's
away (but an owner's allowance shared by more homes goes to who comes first). Of all ways to serve just these cases the
one is taken with, in this order:

1. the most even burden: the least sum of x squared / s over each owner's homes in each municipality (ALER is counted by
   municipality, as in R.R. 4/2017, art. 13 c. 3), x homes newly to be set aside of the s that are free. Homes set aside
   already burden nobody any more, and so come first. Over a municipality as a whole such a sum could not be
   minimised exactly together with allowances that run across municipalities;
2. the least distance: metres between the municipalities of case and home, summed;
3. the best fit: the fewest accessible homes to who does not need one, then the fewest places to spare, summed;
4. for each case in turn the first bucket by its key, and of that the home vacant longest, then the first identifier.

So it is solved in stages: who is served, where only matters whom a home suits; then where, by 1 to 3; then by 4.
1 to 3 are the digits of one whole number, each larger than all behind it can become: sized from the instance, exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import lcm
from typing import NamedTuple

from services.planner.domain.cases import Case, statutory_order
from services.planner.domain.emergency.matching import Matching, Room
from services.planner.domain.homes import Bucket, Home

ELSEWHERE_METRES = 100_000
"""Where no distance is known: farther than any municipality of a Lombard ambito from another of the same."""

Metres = Mapping[tuple[str, str], int]
"""Between two municipalities; none of a municipality from itself."""


class Demand(NamedTuple):
    """Requisiti dell'alloggio: room for so many people, and whether it must be accessible."""

    people: int
    accessible: bool


Profile = tuple[str, Demand]
"""(municipality, demand): cases that share it are alike to every home."""


class Placement(NamedTuple):
    """Sistemazione proposta: a home for a case, and what it was chosen by."""

    case_ref: str
    unit_id: str
    home: Home
    metres: int
    spare_places: int


class Refusal(NamedTuple):
    """Caso senza alloggio: `unit_ids`, all that could be freed for it, go to `case_refs` before it.

    As many homes as cases (Hall's theorem); none of both where no home suits. `capped_owners` have other homes that
    would suit it, or those cases, but may not set aside any more of them.
    """

    case_ref: str
    unit_ids: tuple[str, ...]
    case_refs: tuple[str, ...]
    capped_owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """Who is placed where, by reference, and who is refused and why."""

    placements: Mapping[str, Placement]
    refusals: Mapping[str, Refusal]


def place_cases(
    cases: Mapping[str, Case],
    homes: Mapping[Bucket, Mapping[str, Home]],
    allowances: Mapping[str, int],
    metres: Metres,
    largest: int,
) -> Placing:
    """Place cases in homes, by unit; `allowances` is how many each owner may still set aside of those that need it.

    `largest` is the household size that the last area band holds with all larger ones.
    """
    buckets = sorted(bucket for bucket in homes if not bucket.needs_reserving or allowances.get(bucket.owner, 0) > 0)
    order = sorted(cases, key=lambda reference: statutory_order(reference, cases[reference]))
    demands = {reference: demand_of(case, largest) for reference, case in cases.items()}
    profiles = {reference: (case.municipality, demands[reference]) for reference, case in cases.items()}
    costs = costs_of(set(profiles.values()), buckets, metres, len(cases))
    heaviest = len(cases) * max((max(wishes.values(), default=0) for wishes in costs.values()), default=0)
    rooms = rooms_of(buckets, {bucket: len(homes[bucket]) for bucket in buckets}, allowances, heaviest + 1)
    suiting = {demand: wishes.keys() for (_, demand), wishes in costs.items()}
    in_the_way = who_is_in_the_way({reference: suiting[demands[reference]] for reference in order}, rooms)
    served = [reference for reference in order if reference not in in_the_way]
    matching = Matching(rooms, {reference: costs[profiles[reference]] for reference in served})
    # The order matters to the time only: who fits in the fewest homes first has the fewest households move later.
    for reference in sorted(served, key=lambda each: len(suiting[demands[each]])):
        matching.serve(reference)
    matching.settle(served)
    placements = {}
    for reference, unit_id in units_of(served, matching.place, buckets, homes).items():
        bucket = buckets[matching.place[reference]]
        distance = metres_between(metres, cases[reference].municipality, bucket.municipality)
        spare_places = bucket.size_class - demands[reference].people
        placements[reference] = Placement(reference, unit_id, homes[bucket][unit_id], distance, spare_places)
    return Placing(placements, refusals_of(in_the_way, placements, demands, homes))


def who_is_in_the_way(suiting: Mapping[str, Collection[int]], rooms: Sequence[Room]) -> dict[str, frozenset[str]]:
    """Who gets no home, and the cases that have all that suit: distance and burden play no part in it.

    `suiting` has the buckets that suit each case, the same object for the same demand, in the statutory order.
    """
    free = {id(buckets): dict.fromkeys(buckets, 0) for buckets in suiting.values()}
    matching = Matching(
        [room._replace(rate=0) for room in rooms],
        {reference: free[id(buckets)] for reference, buckets in suiting.items()},
    )
    return {reference: before for reference in suiting if (before := matching.serve(reference)) is not None}


def refusals_of(
    in_the_way: Mapping[str, frozenset[str]],
    placements: Mapping[str, Placement],
    demands: Mapping[str, Demand],
    homes: Mapping[Bucket, Mapping[str, Home]],
) -> dict[str, Refusal]:
    """What to tell each case: that those in its way hold every home which could be freed for it.

    Cases of the same demand are refused for the same reason.
    """
    owned = {demand: suiting_units(demand, homes) for demand in set(demands.values())} if in_the_way else {}
    told: dict[Demand, Refusal] = {}
    for reference, before in in_the_way.items():
        if (demand := demands[reference]) not in told:
            in_order = tuple(other for other in placements if other in before)
            held = {placements[other].unit_id for other in in_order}
            wanting = {demand, *(demands[other] for other in in_order)}
            capped = {owner for each in wanting for owner, units in owned[each].items() if not units <= held}
            told[demand] = Refusal(reference, tuple(sorted(held)), in_order, tuple(sorted(capped)))
    return {reference: told[demands[reference]]._replace(case_ref=reference) for reference in in_the_way}


def suiting_units(demand: Demand, homes: Mapping[Bucket, Mapping[str, Home]]) -> dict[str, set[str]]:
    """The homes that suit, by owner."""
    found: dict[str, set[str]] = defaultdict(set)
    for bucket, alike in homes.items():
        if is_suitable(bucket, demand):
            found[bucket.owner].update(alike)
    return found


def demand_of(case: Case, largest: int) -> Demand:
    return Demand(min(case.household_size, largest), case.accessible)


def is_suitable(bucket: Bucket, demand: Demand) -> bool:
    """Large enough for the household (R.R. 4/2017, art. 9 c. 2), and accessible if it must be."""
    return bucket.size_class >= demand.people and (bucket.accessible or not demand.accessible)


def costs_of(
    profiles: Collection[Profile], buckets: Sequence[Bucket], metres: Metres, case_count: int
) -> dict[Profile, dict[int, int]]:
    """Distance and fit of each bucket that suits a profile, by its number."""
    spare_digit = case_count * max((bucket.size_class for bucket in buckets), default=0) + 1
    metre = (case_count + 1) * spare_digit
    fits = {
        demand: [
            (number, bucket.municipality, wasted * spare_digit + bucket.size_class - demand.people)
            for number, bucket in enumerate(buckets)
            if is_suitable(bucket, demand)
            for wasted in [bucket.accessible and not demand.accessible]
        ]
        for demand in {demand for _, demand in profiles}
    }
    places = {bucket.municipality for bucket in buckets}
    far = {here: {there: metre * metres_between(metres, here, there) for there in places} for here, _ in profiles}
    return {
        (here, demand): {number: far[here][there] + fit for number, there, fit in fits[demand]}
        for here, demand in profiles
    }


def metres_between(metres: Metres, here: str, there: str) -> int:
    return 0 if here == there else metres.get((here, there), ELSEWHERE_METRES)


def rooms_of(
    buckets: Sequence[Bucket], capacity: Mapping[Bucket, int], allowances: Mapping[str, int], digit: int
) -> list[Room]:
    """Buckets in their order, then what each owner has in each municipality, then the owners with their allowances.

    A home newly set aside costs as its part of the burden; `digit` is more than all distances and fits together.
    """
    free: dict[tuple[str, str], int] = defaultdict(int)
    for bucket in buckets:
        if bucket.needs_reserving:
            free[bucket.municipality, bucket.owner] += capacity[bucket]
    numbers = count(len(buckets))
    part_number = dict(zip(sorted(free), numbers, strict=False))
    owner_number = {owner: next(numbers) for owner in sorted({owner for _, owner in free})}
    whole = lcm(*free.values()) * digit
    rooms = [
        Room(capacity[bucket], part_number[bucket.municipality, bucket.owner] if bucket.needs_reserving else None)
        for bucket in buckets
    ]
    rooms += [Room(free[part], owner_number[part[1]], whole // free[part]) for part in part_number]
    return rooms + [Room(allowances[owner]) for owner in owner_number]


def units_of(
    served: Sequence[str],
    place: Mapping[str, int],
    buckets: Sequence[Bucket],
    homes: Mapping[Bucket, Mapping[str, Home]],
) -> dict[str, str]:
    """The home of each case served: of a bucket's, the one vacant longest to who comes first."""
    by_vacancy = {
        number: iter(sorted((home.since, unit_id) for unit_id, home in homes[buckets[number]].items()))
        for number in set(place.values())
    }
    return {reference: next(by_vacancy[place[reference]])[1] for reference in served}
