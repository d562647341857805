"""Which declarations of a cycle are there, and whose are missing: the one rule of document and proposal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.planner.domain.plan import Plan
from services.planner.domain.state import PlanState
from shared.events.submissions import SubmissionDefaulted, SubmissionReceived
from shared.territory import municipality_organisation

RowKey = tuple[str, str]
"""(municipality, owner)."""


class Cycle(NamedTuple):
    """Ciclo annuale: its year, the declaration in force of each owner and municipality, and whose are missing."""

    year: int
    rows: tuple[SubmissionReceived, ...]
    missing: tuple[RowKey, ...]
    in_default: frozenset[RowKey] = frozenset()
    """Whose default is on record, whether or not the row came later."""

    @property
    def unexplained(self) -> tuple[RowKey, ...]:
        """Rows that are neither there nor recorded as in default: no plan is proposed while there are any."""
        return tuple(key for key in self.missing if key not in self.in_default)

    def complete_among(self, municipalities: Iterable[str]) -> frozenset[str]:
        """Those of which no row is missing, be it an owner's or the municipality's own."""
        return frozenset(municipalities) - {place for place, _ in self.missing}


def cycle_of(
    plan: Plan, state: PlanState, filed: Iterable[SubmissionReceived], defaulted: Iterable[SubmissionDefaulted] = ()
) -> Cycle:
    """The latest cycle that anybody declared, or else the one before the triennium.

    Expected are every municipality and every owner of homes in one: who has nothing to declare says so (R.R. 4/2017,
    art. 5 c. 1).
    """
    every = sorted(filed, key=lambda row: row.revision)
    year = max((row.cycle_year for row in every), default=plan.triennium.first_year - 1)
    latest = {(row.municipality, row.owner): row for row in every if row.cycle_year == year}
    owners = {(place, owner) for (place, owner, _), count in state.stock.items() if count}
    expected = owners | {(place, municipality_organisation(place)) for place in plan.names}
    return Cycle(
        year,
        tuple(latest[key] for key in _in_order(plan, latest)),
        tuple(_in_order(plan, expected - latest.keys())),
        frozenset((row.municipality, row.owner) for row in defaulted if row.cycle_year == year),
    )


def _in_order(plan: Plan, keys: Iterable[RowKey]) -> Sequence[RowKey]:
    return sorted(keys, key=lambda key: (plan.names.get(key[0], key[0]), key[1]))
