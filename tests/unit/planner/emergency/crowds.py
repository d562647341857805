"""Ambiti with many more cases than are common, over real municipalities and distances; cases and homes are invented."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random

from services.planner.domain.cases import Case
from services.planner.domain.emergency.placing import Metres, Placing, place_cases
from services.planner.domain.homes import Bucket, Home
from shared.events.units import UnitStatus
from shared.territory import ambito, metres_of

PLACES = ambito("cremonese").municipalities
TOWNS, PEOPLE = [place.istat_code for place in PLACES], [place.population for place in PLACES]
METRES = metres_of("cremonese")
DAY, LARGEST = date(2026, 1, 1), 6


@dataclass(frozen=True)
class Crowd:
    """Cases and homes by identifier, how many homes each owner may still set aside, and how far all is apart."""

    cases: dict[str, Case]
    homes: dict[str, Home]
    allowances: dict[str, int]
    metres: Metres

    @cached_property
    def buckets(self) -> dict[Bucket, dict[str, Home]]:
        found: dict[Bucket, dict[str, Home]] = defaultdict(dict)
        for unit_id, home in self.homes.items():
            found[home.bucket][unit_id] = home
        return found

    def placed(self) -> Placing:
        return place_cases(self.cases, self.buckets, self.allowances, self.metres, LARGEST)


def crowd(random: Random, case_count: int, home_count: int) -> Crowd:
    """Where people live or anywhere; much or little room; allowances that bind or do not; distances that tie or not."""
    weights = random.choice([PEOPLE, [round(people**0.5) for people in PEOPLE], [1] * len(TOWNS)])
    free_share, accessible_share = random.choice([0.5, 0.8, 0.95]), random.choice([0.1, 0.3])
    largest_home, tightness = random.choice([3, 6, 6]), random.choice([0.05, 0.3, 1])

    def town() -> str:
        return random.choices(TOWNS, weights)[0]

    cases = {
        f"C{number:03}": Case(
            municipality=town(),
            household_size=random.choice([1, 1, 2, 2, 3, 4, 5, 7]),
            accessible=random.random() < 0.15,
            urgency_class=random.randint(1, 3),
            waiting_since=DAY - timedelta(random.randint(0, 90)),
            deadline_on=None,
            blameless_arrears=False,
            cause=f"case {number}",
        )
        for number in range(case_count)
    }
    homes = {}
    for number in range(home_count):
        where = town()
        owner = "aler" if random.random() < 0.6 else f"comune-{where}"
        homes[f"U{number:03}"] = Home(
            status=UnitStatus.RESERVED_SAT if random.random() > free_share else UnitStatus.FREE_ASSIGNABLE,
            municipality=where,
            owner=owner,
            manager=owner,
            size_class=random.randint(1, largest_home),
            accessible=random.random() < accessible_share,
            since=DAY - timedelta(random.randint(0, 400)),
            pending_inspection=False,
            works_end_on=None,
            sat_ends_on=None,
            cause=f"home {number}",
        )
    allowances = {
        owner: round(tightness * sum(home.owner == owner for home in homes.values()))
        for owner in sorted({home.owner for home in homes.values()})
    }
    coarse = random.choice([1, 1, 10_000])
    return Crowd(cases, homes, allowances, {pair: metres // coarse * coarse for pair, metres in METRES.items()})
