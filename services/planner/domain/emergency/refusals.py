"""Who could not be placed and why: the cases that compete for the same homes, and who comes first (planner.md §5).

The homes that could be freed for a refused case by moving anybody go to just as many cases before it: by Hall's theorem
nothing but another home helps, and each of those pairs is evidence for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.planner.domain.cases import Case, statutory_order
from services.planner.domain.emergency import Emergency
from services.planner.domain.emergency.actions import why_it
from services.planner.domain.emergency.allowances import SatAllowance
from services.planner.domain.homes import Home


class Competitor(NamedTuple):
    """Caso che precede: a case before the refused one, and the home that it gets."""

    case_ref: str
    case: Case
    unit_id: str
    home: Home


class Unplaced(NamedTuple):
    """Caso che resta senza alloggio: who competes with it for which homes (an insieme di Hall), and what else there is.

    `capped` are owners that have other suitable homes but may not set aside any more; `asked_unit_id` is a home that
    its owner is asked to make ready for it, empty where there is none. `sources` are the events that all this rests on.
    """

    case_ref: str
    case: Case
    competitors: tuple[Competitor, ...]
    capped: tuple[tuple[str, SatAllowance], ...]
    asked_unit_id: str
    why_it: str

    @property
    def sources(self) -> tuple[str, ...]:
        causes = (cause for one in self.competitors for cause in (one.case.cause, one.home.cause))
        return tuple(dict.fromkeys((self.case.cause, *causes)))


def unplaced_cases(emergency: Emergency, cases: Mapping[str, Case]) -> tuple[Unplaced, ...]:
    """Every case that is proposed no home now, in the statutory order."""
    refused = sorted(emergency.placing.refusals, key=lambda reference: statutory_order(reference, cases[reference]))
    return tuple(_unplaced(reference, emergency, cases) for reference in refused)


def _unplaced(reference: str, emergency: Emergency, cases: Mapping[str, Case]) -> Unplaced:
    refusal, asked = emergency.placing.refusals[reference], emergency.asking.placements.get(reference)
    return Unplaced(
        reference,
        cases[reference],
        tuple(_competitors(refusal.case_refs, emergency, cases)),
        tuple((owner, emergency.allowances[owner]) for owner in refusal.capped_owners),
        asked.unit_id if asked else "",
        why_it(refusal),
    )


def _competitors(references: tuple[str, ...], emergency: Emergency, cases: Mapping[str, Case]) -> Iterator[Competitor]:
    for reference in sorted(references, key=lambda reference: statutory_order(reference, cases[reference])):
        placement = emergency.placing.placements[reference]
        yield Competitor(reference, cases[reference], placement.unit_id, placement.home)
