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

1 to 3 are the digits of one whole number, each larger than all behind it can become: sized from the instance, exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
Profile = tuple[str, int, bool]
"""(municipality, household size, accessible): who share it are alike to every home."""


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
    profiles = {reference: profile_of(case, largest) for reference, case in cases.items()}
    costs = {profile: costs_of(profile, buckets, metres, len(cases)) for profile in sorted(set(profiles.values()))}
    heaviest = len(cases) * max((cost for wishes in costs.values() for cost in wishes.values()), default=0)
    matching = Matching(
        rooms_of(buckets, {bucket: len(homes[bucket]) for bucket in buckets}, allowances, heaviest + 1),
        {reference: costs[profiles[reference]] for reference in order},
    )
    in_the_way = {reference: found for reference in order if (found := matching.serve(reference)) is not None}
    served = [reference for reference in order if reference in matching.place]
    matching.settle(served)
    units = units_of(served, matching.place, buckets, homes)
    placements = {}
    for reference, unit_id in units.items():
        bucket, (municipality, people, _) = buckets[matching.place[reference]], profiles[reference]
        distance = metres_between(metres, municipality, bucket.municipality)
        spare_places = bucket.size_class - people
        placements[reference] = Placement(reference, unit_id, homes[bucket][unit_id], distance, spare_places)
    refusals = {
        reference: refusal_of(reference, [other for other in served if other in before], units, profiles, homes)
        for reference, before in in_the_way.items()
    }
    return Placing(placements, refusals)


def refusal_of(
    reference: str,
    before: Sequence[str],
    units: Mapping[str, str],
    profiles: Mapping[str, Profile],
    homes: Mapping[Bucket, Mapping[str, Home]],
) -> Refusal:
    """What to tell the case that cases `before` it hold every home which could be freed for it."""
    held = {units[other] for other in before}
    wanting = {profiles[reference], *(profiles[other] for other in before)}
    capped = {
        bucket.owner
        for bucket, alike in homes.items()
        if any(is_suitable(bucket, profile) for profile in wanting) and alike.keys() - held
    }
    return Refusal(reference, tuple(sorted(held)), tuple(before), tuple(sorted(capped)))


def profile_of(case: Case, largest: int) -> Profile:
    return case.municipality, min(case.household_size, largest), case.accessible


def is_suitable(bucket: Bucket, profile: Profile) -> bool:
    """Large enough for the household (R.R. 4/2017, art. 9 c. 2), and accessible if it must be."""
    _, people, accessible = profile
    return bucket.size_class >= people and (bucket.accessible or not accessible)


def costs_of(profile: Profile, buckets: Sequence[Bucket], metres: Metres, case_count: int) -> dict[int, int]:
    """Distance and fit of each bucket that suits, by its number."""
    municipality, people, accessible = profile
    spare_digit = case_count * max((bucket.size_class for bucket in buckets), default=0) + 1
    return {
        number: (
            metres_between(metres, municipality, bucket.municipality) * (case_count + 1)
            + (bucket.accessible and not accessible)
        )
        * spare_digit
        + bucket.size_class
        - people
        for number, bucket in enumerate(buckets)
        if is_suitable(bucket, profile)
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
