"""The figures of parts 1 and 2 of the plan, each with its formula and operands (planner.md §4, domain.md §7)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from services.planner.domain.narrative.figures import Figure, FigureUnit, Value
from services.planner.domain.survey.households import AverageHousehold
from services.planner.domain.survey.people import People, Profile, Trend

FORMULAS: Final = MappingProxyType(
    {
        "counted": "residenti contati (ISTAT; anagrafe nazionale per il gennaio 2024); per l’ambito somma dei comuni",
        "measured": "superficie misurata sui confini comunali; per l’ambito somma dei comuni",
        "assumed": "ipotesi di lavoro, non un dato",
        "difference": "residenti dell’ultimo anno meno residenti dell’anno di confronto",
        "relative_change": "differenza / residenti dell’anno di confronto",
        "density": "residenti / superficie in km2",
        "old_age_index": "100 x residenti di 65 anni e più / residenti fino a 14 anni",
        "dependency_index": "100 x (fino a 14 anni + 65 anni e più) / da 15 a 64 anni",
        "share_75_plus": "residenti di 75 anni e più / residenti",
        "households": "residenti / numero medio di componenti, comune per comune; per l’ambito somma dei comuni",
    }
)
COUNTS: Final = ("female", "male", "age_0_14", "age_15_64", "age_65_plus", "age_75_plus", "registered")


def survey_figures(scope: str, profile: Profile, size: AverageHousehold) -> tuple[Figure, ...]:
    """Every figure of one territory."""
    people, households = profile.people, profile.households
    counts = people._asdict()

    def figure(name: str, unit: FigureUnit, value: Value, formula: str, *operands: str) -> Figure:
        used = tuple((operand, known[operand]) for operand in operands)
        parameters = ("average_household_size",) if formula == "households" else ()
        return Figure(scope, name, unit, value, formula, used, parameters)

    known: dict[str, Value] = {name: counts[name] for name in COUNTS}
    known |= {"population": people.population, "area_km2": people.area_km2}
    known |= {"small_household": size.small, "average_household": size.central, "large_household": size.large}
    return (
        figure("population", FigureUnit.COUNT, people.population, "counted"),
        figure("population_year", FigureUnit.YEAR, people.by_year[-1][0], "counted"),
        *(figure(f"population_{year}", FigureUnit.COUNT, count, "counted") for year, count in people.by_year),
        *(figure(name, FigureUnit.COUNT, known[name], "counted") for name in COUNTS),
        figure("area_km2", FigureUnit.DECIMAL, people.area_km2, "measured"),
        *trend_figures(scope, "long", profile.long_trend, people),
        *trend_figures(scope, "recent", profile.recent_trend, people),
        figure("density", FigureUnit.DECIMAL, profile.density, "density", "population", "area_km2"),
        figure("old_age_index", FigureUnit.DECIMAL, profile.old_age_index, "old_age_index", "age_65_plus", "age_0_14"),
        figure(
            "dependency_index",
            *(FigureUnit.DECIMAL, profile.dependency_index),
            *("dependency_index", "age_0_14", "age_65_plus", "age_15_64"),
        ),
        figure("share_75_plus", FigureUnit.SHARE, profile.share_75_plus, "share_75_plus", "age_75_plus", "population"),
        figure("average_household", FigureUnit.DECIMAL, size.central, "assumed"),
        figure("households_low", FigureUnit.COUNT, households.low, "households", "population", "large_household"),
        figure("households", FigureUnit.COUNT, households.central, "households", "population", "average_household"),
        figure("households_high", FigureUnit.COUNT, households.high, "households", "population", "small_household"),
    )


def trend_figures(scope: str, name: str, trend: Trend, people: People) -> tuple[Figure, ...]:
    counts = dict(people.by_year)
    operands = (f"population_{trend.until}", counts[trend.until]), (f"population_{trend.since}", counts[trend.since])
    return (
        Figure(scope, f"{name}_since", FigureUnit.YEAR, trend.since, "counted"),
        Figure(scope, f"{name}_change", FigureUnit.CHANGE, trend.change, "difference", operands),
        Figure(scope, f"{name}_change_share", FigureUnit.CHANGE_SHARE, trend.change_share, "relative_change", operands),
    )
