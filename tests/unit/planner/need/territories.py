"""Declarations of need for small made-up ambiti, and hypothesis strategies of them."""

from __future__ import annotations

from hypothesis import strategies as st

from services.planner.domain.need.amounts import HouseholdBand
from services.planner.domain.need.assessment import Need, NeedAssessment, TerritoryNeed
from services.planner.domain.need.declared import BACKLOG, Component, DeclaredNeed

NAMES = ("101", "102", "103", "104", "105")
ALL = frozenset(Component)
NOW = frozenset(BACKLOG)
"""The backlog alone, without flows."""
COUNTED = {
    "admitted_unsatisfied": 40,
    "eviction_orders": 10,
    "eviction_executions": 4,
    "homeless_or_temporary": 6,
    "uninhabitable_home": 2,
    "overcrowded": 8,
    "barriers": 0,
}
"""The largest is 40, the sum 40 + 10 + 4 + 6 + 2 + 8 + 0 = 70, the middle 55."""

counts = st.none() | st.integers(0, 60)
histories = st.dictionaries(st.integers(2019, 2024), st.integers(0, 40), max_size=5)


@st.composite
def needs(draw: st.DrawFn) -> DeclaredNeed:
    """What a municipality may declare without contradicting itself."""
    found = {field: draw(counts) for field in COUNTED}
    known = [count for count in found.values() if count is not None]
    split = draw(st.none() | st.tuples(*[st.integers(0, 30)] * 6))
    linked = None
    if split is not None and draw(st.booleans()):
        found["admitted_unsatisfied"] = sum(split)
    elif known and draw(st.booleans()):
        split, linked = None, draw(st.integers(max(known), sum(known)))
    else:
        split = None
    applications = draw(st.none() | st.integers(0, 200))
    indigent = None if applications is None else draw(st.none() | st.integers(0, applications))
    return DeclaredNeed(
        **found,
        linked_total=linked,
        by_household_size=split,
        newly_admitted=draw(histories),
        left_without_assignment=draw(histories),
        applications_submitted=applications,
        indigent_applicants=indigent,
    )


declarations = st.dictionaries(st.sampled_from(NAMES), needs(), max_size=5)
households = st.fixed_dictionaries({name: st.integers(1, 30_000) for name in NAMES})
switches = st.frozensets(st.sampled_from(list(Component)))


def territories(found: NeedAssessment) -> list[TerritoryNeed]:
    return [found.ambito, *found.municipalities.values()]


def every_need(found: NeedAssessment) -> list[Need]:
    return [need for territory in territories(found) for need in (territory.whole, *territory.by_size)]


def bands_of(need: Need) -> tuple[HouseholdBand, ...]:
    return need.backlog, need.arrivals, need.departures, need.need, need.yearly
