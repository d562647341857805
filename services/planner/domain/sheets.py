"""What is counted in each municipality: counted anew only where an event has touched something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import orjson

from services.planner.domain.labels import STATUS_FIGURES
from services.planner.domain.state import PlanState
from services.planner.domain.sums import add
from shared.events.units import UnitStatus

CountKey = tuple[str | None, str, int | None]
"""(owner or None for all, figure, year or None for the present)."""
COUNTED = ("stock_total", *STATUS_FIGURES.values(), "in_construction", "open_cases")
"""The counts that every municipality has, if only as zero."""


@dataclass(frozen=True)
class Sheet:
    """One municipality's counts, all owners and each, without zeros; it is shared by all plans that it is true in."""

    counts: Mapping[CountKey, int]

    @cached_property
    def written(self) -> orjson.Fragment:
        """Its canonical JSON: sorted keys `owner/figure/year`, with an empty part for None."""
        named = {f"{owner or ''}/{figure}/{year or ''}": count for (owner, figure, year), count in self.counts.items()}
        return orjson.Fragment(orjson.dumps(named, option=orjson.OPT_SORT_KEYS))


EMPTY_SHEET = Sheet({})


def read_sheet(written: Mapping[str, int]) -> Sheet:
    counts: dict[CountKey, int] = {}
    for name, count in written.items():
        owner, figure, year = name.split("/")
        counts[owner or None, figure, int(year) if year else None] = count
    return Sheet(counts)


def sheets_of(state: PlanState, known: Mapping[str, Sheet] | None) -> dict[str, Sheet]:
    """The sheet of every municipality that has anything to count.

    `known` are the sheets of this state as it was last settled: of them only those touched since are counted anew.
    """
    if known is None:
        return count_sheets(state, municipalities_in(state))
    touched = state.touched.municipalities
    kept = {municipality: sheet for municipality, sheet in known.items() if municipality not in touched}
    return kept | count_sheets(state, touched)


def municipalities_in(state: PlanState) -> Set[str]:
    homes = {municipality for municipality, _, _ in state.stock}
    declared = {municipality for _, _, municipality in state.declarations}
    return homes | declared | {case.municipality for case in state.cases.values()}


def count_sheets(state: PlanState, municipalities: Set[str]) -> dict[str, Sheet]:
    counts: dict[str, dict[CountKey, int]] = defaultdict(dict)
    for (municipality, owner, status), count in state.stock.items():
        if municipality in municipalities:
            for figure in figures_of(status):
                add(counts[municipality], (owner, figure, None), count)
                add(counts[municipality], (None, figure, None), count)
    for (municipality, owner), cycle_year in latest_declarations(state, municipalities).items():
        declared = state.declarations[cycle_year, owner, municipality].assignable_total
        counts[municipality][owner, "declared_assignable_total", cycle_year + 1] = declared
        of_all = None, "declared_assignable_total", cycle_year + 1
        counts[municipality][of_all] = counts[municipality].get(of_all, 0) + declared
    for case in state.cases.values():
        if case.municipality in municipalities:
            add(counts[case.municipality], (None, "open_cases", None), 1)
    return {municipality: Sheet(found) for municipality, found in counts.items() if found}


def figures_of(status: UnitStatus) -> tuple[str, ...]:
    """The figures that a home of this status counts in: none once it is sold, bartered or demolished."""
    if status is UnitStatus.IN_CONSTRUCTION:
        return ("in_construction",)
    return ("stock_total", STATUS_FIGURES[status]) if status in STATUS_FIGURES else ()


def latest_declarations(state: PlanState, municipalities: Set[str]) -> dict[tuple[str, str], int]:
    """The latest cycle year each owner has declared in a municipality: what it says is of the year that follows."""
    latest: dict[tuple[str, str], int] = {}
    for year, owner, municipality in state.declarations:
        if municipality in municipalities:
            place = (municipality, owner)
            latest[place] = max(year, latest.get(place, year))
    return latest
