"""What owners declared for the three years, as the state keeps it, and what of it speaks of a municipality's need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from services.planner.domain.need.declared import DeclaredNeed
from services.planner.domain.state import DeclarationKey, PlanState
from shared.events.planning import HousingNeed, ThreeYearData

OWN = "comune-"
"""A municipality is known by this and its ISTAT code; it alone speaks of the need on its territory."""
FLOWS = ("newly_admitted", "left_without_assignment")


@lru_cache(maxsize=4096)
def three_years(told: str) -> ThreeYearData:
    """What a declaration says beside its annual columns."""
    return ThreeYearData.model_validate_json(told, extra="ignore") if told else ThreeYearData()


def latest_told(state: PlanState) -> dict[tuple[str, str], ThreeYearData]:
    """By municipality and owner, the three-year data of the latest cycle year declared."""
    latest: dict[tuple[str, str], int] = {}
    for year, owner, municipality in state.declarations:
        latest[municipality, owner] = max(year, latest.get((municipality, owner), year))
    return {
        (municipality, owner): three_years(state.declarations[year, owner, municipality].told)
        for (municipality, owner), year in sorted(latest.items())
    }


def expected_turnover(state: PlanState) -> dict[DeclarationKey, int]:
    """Turnover atteso per l'anno dopo quello del ciclo: the row that names that year or, without rows, column e."""
    found = {}
    for key, declaration in state.declarations.items():
        rows = {row.year: row.turnover_expected for row in three_years(declaration.told).forecast or ()}
        found[key] = rows.get(key[0] + 1, declaration.turnover_expected)
    return found


def declared_needs(state: PlanState) -> dict[str, DeclaredNeed]:
    """Dati sul fabbisogno, by municipality: counts of the latest year that has any, flows of every year."""
    years: dict[str, dict[int, HousingNeed]] = defaultdict(dict)
    for (year, owner, municipality), declaration in state.declarations.items():
        need = three_years(declaration.told).need
        if need is not None and owner == OWN + municipality:
            years[municipality][year] = need
    return {municipality: _declared(found) for municipality, found in sorted(years.items())}


def _declared(years: Mapping[int, HousingNeed]) -> DeclaredNeed:
    latest = years[max(years)]
    counts = {name: getattr(latest, name) for name in DeclaredNeed._fields if name not in FLOWS}
    flows = {
        name: {year: count for year, need in sorted(years.items()) if (count := getattr(need, name)) is not None}
        for name in FLOWS
    }
    return DeclaredNeed(**counts | flows)
