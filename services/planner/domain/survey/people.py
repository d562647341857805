"""Residenti di un territorio: counts that add up exactly, and shares that are ratios of sums (planner.md §4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from services.planner.domain.survey.households import AverageHousehold, HouseholdEstimate, estimate_households, together
from shared.territory import Municipality

HUNDREDTH_OF_A_PERCENT = Decimal("0.0001")
TENTH = Decimal(1) / 10
FIVE_YEARS = 5


class People(NamedTuple):
    """Popolazione residente, counted on 1 January (2011: census), ages and sexes in the last of `by_year`.

    `registered` are those of the national register of residents in January 2024 (ANPR), which is another source.
    """

    by_year: tuple[tuple[int, int], ...]
    female: int
    male: int
    age_0_14: int
    age_15_64: int
    age_65_plus: int
    age_75_plus: int
    registered: int
    area_km2: Decimal

    @property
    def population(self) -> int:
        return self.by_year[-1][1]


class Trend(NamedTuple):
    """Andamento demografico: how many more residents there are than in an earlier year, and their share of those."""

    since: int
    until: int
    change: int
    change_share: Decimal


class Profile(NamedTuple):
    """Profilo socio-demografico di un territorio.

    Density per km2 and the two indices are to a tenth, shares to a hundredth of a percent, halves up; None where nobody
    is of the age that an index divides by. The old-age index (*indice di vecchiaia*) is 100 x (65 and more) / (0-14);
    the structural dependency index (*indice di dipendenza strutturale*) 100 x (0-14 and 65 and more) / (15-64).
    """

    people: People
    households: HouseholdEstimate
    long_trend: Trend
    recent_trend: Trend
    density: Decimal
    old_age_index: Decimal | None
    dependency_index: Decimal | None
    share_75_plus: Decimal


class Survey(NamedTuple):
    """Quadro ricognitivo dell'ambito (R.R. 4/2017, art. 3 c. 2): municipalities by ISTAT code, and all together."""

    municipalities: dict[str, Profile]
    ambito: Profile


def survey_ambito(municipalities: Iterable[Municipality], size: AverageHousehold) -> Survey:
    """Every municipality and the ambito; its counts are exact sums, its shares ratios of these.

    Raises:
        ValueError: a territory's years differ from another's, or nobody lives in it.
    """
    found = {m.istat_code: people_of(m) for m in sorted(municipalities, key=lambda m: m.istat_code)}
    homes = {code: estimate_households(people.population, size) for code, people in found.items()}
    return Survey(
        {code: profile(people, homes[code]) for code, people in found.items()},
        profile(added(found.values()), together(homes.values())),
    )


def people_of(municipality: Municipality) -> People:
    return People(
        municipality.population_history,
        municipality.female,
        municipality.male,
        municipality.age_0_14,
        municipality.age_15_64,
        municipality.age_65_plus,
        municipality.age_75_plus,
        municipality.registered_2024,
        municipality.area_km2,
    )


def added(territories: Iterable[People]) -> People:
    parts = tuple(territories)
    years = {tuple(year for year, _ in part.by_year) for part in parts}
    if len(years) != 1:
        raise ValueError(f"residents of different years cannot be added: {sorted(years)}")
    by_year: Counter[int] = Counter()
    for part in parts:
        by_year.update(dict(part.by_year))
    return People(
        tuple(sorted(by_year.items())),
        female=sum(part.female for part in parts),
        male=sum(part.male for part in parts),
        age_0_14=sum(part.age_0_14 for part in parts),
        age_15_64=sum(part.age_15_64 for part in parts),
        age_65_plus=sum(part.age_65_plus for part in parts),
        age_75_plus=sum(part.age_75_plus for part in parts),
        registered=sum(part.registered for part in parts),
        area_km2=sum((part.area_km2 for part in parts), Decimal(0)),
    )


def profile(people: People, households: HouseholdEstimate) -> Profile:
    if not people.population:
        raise ValueError("nobody lives in the territory")
    young, old, working = people.age_0_14, people.age_65_plus, people.age_15_64
    return Profile(
        people,
        households,
        trend(people, people.by_year[0][0]),
        trend(people, people.by_year[-1][0] - FIVE_YEARS),
        rounded(people.population / people.area_km2, TENTH),
        rounded(Decimal(100 * old) / young, TENTH) if young else None,
        rounded(Decimal(100 * (young + old)) / working, TENTH) if working else None,
        rounded(Decimal(people.age_75_plus) / people.population, HUNDREDTH_OF_A_PERCENT),
    )


def trend(people: People, since: int) -> Trend:
    """From an earlier year to the last one.

    Raises:
        KeyError: residents of that year are not known.
    """
    before = dict(people.by_year)[since]
    until, now = people.by_year[-1]
    return Trend(since, until, now - before, rounded(Decimal(now - before) / before, HUNDREDTH_OF_A_PERCENT))


def rounded(value: Decimal, places: Decimal) -> Decimal:
    """Half away from zero, as a reader rounds."""
    return value.quantize(places, rounding=ROUND_HALF_UP)
