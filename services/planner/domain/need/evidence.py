"""What is known of each component in each municipality: said by itself, or estimated from what the others said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.planner.domain.need.amounts import UncertainCount
from services.planner.domain.need.declared import BACKLOG, EVERY_COMPONENT, Component, DeclaredNeed
from services.planner.domain.need.rates import PooledCount, basis, estimate_missing, flow_basis, forecast_flow
from services.planner.domain.need.sizes import pooled

NOTHING_DECLARED = DeclaredNeed()


class NeedMethod(NamedTuple):
    """Metodo di stima del fabbisogno: T, the years in which the backlog is to be met, and the components that count."""

    years_to_clear: int = 5
    components: frozenset[Component] = EVERY_COMPONENT


class Counted(NamedTuple):
    """Households of one component in one municipality, and whether it said so itself.

    A flow is the yearly forecast, which counts as estimated where the municipality has no past of its own.
    """

    households: UncertainCount
    is_estimated: bool


class Evidence(NamedTuple):
    """What was declared, once contradictions are left out, and what follows of it for everybody."""

    declared: Mapping[str, DeclaredNeed]
    bases: Mapping[Component, PooledCount]
    estimates: Mapping[Component, Mapping[str, UncertainCount]]
    arrivals: Mapping[str, UncertainCount]
    departures: Mapping[str, UncertainCount]
    pool: tuple[int, ...]

    def of(self, municipality: str) -> DeclaredNeed:
        return self.declared.get(municipality, NOTHING_DECLARED)

    def is_unknown(self, component: Component) -> bool:
        """Nobody declared it, so there is nothing to estimate it from."""
        if component is Component.NEWLY_ADMITTED:
            return not self.arrivals
        if component is Component.LEFT_WITHOUT_ASSIGNMENT:
            return not self.departures
        return all(need.counts[component] is None for need in self.declared.values())


def weigh_evidence(declared: Mapping[str, DeclaredNeed], households: Mapping[str, int], method: NeedMethod) -> Evidence:
    """Only components that are switched on are estimated and forecast."""
    counts: dict[Component, dict[str, int]] = {component: {} for component in BACKLOG}
    for name, need in declared.items():
        for component, count in need.counts.items():
            if count is not None:
                counts[component][name] = count
    on = method.components
    arrivals = {name: need.newly_admitted for name, need in declared.items()}
    departures = {name: need.left_without_assignment for name, need in declared.items()}
    bases = {component: basis(counts[component], households) for component in BACKLOG if component in on} | {
        component: flow_basis(history, households)
        for component, history in (
            (Component.NEWLY_ADMITTED, arrivals),
            (Component.LEFT_WITHOUT_ASSIGNMENT, departures),
        )
        if component in on
    }
    return Evidence(
        declared,
        bases,
        {component: estimate_missing(counts[component], households) for component in BACKLOG if component in on},
        forecast_flow(arrivals, households) if Component.NEWLY_ADMITTED in on else {},
        forecast_flow(departures, households) if Component.LEFT_WITHOUT_ASSIGNMENT in on else {},
        pooled(need.by_household_size for need in declared.values() if need.by_household_size),
    )


def components_of(municipality: str, evidence: Evidence, method: NeedMethod) -> dict[Component, Counted]:
    """Every component that counts there. Who links its lists leaves nothing to estimate: its total holds everybody."""
    need = evidence.of(municipality)
    found = {}
    for component, count in need.counts.items():
        if component in method.components and count is not None:
            found[component] = Counted(UncertainCount(1000 * count), is_estimated=False)
        elif need.linked_total is None and municipality in evidence.estimates.get(component, ()):
            found[component] = Counted(evidence.estimates[component][municipality], is_estimated=True)
    if municipality in evidence.arrivals:
        found[Component.NEWLY_ADMITTED] = Counted(evidence.arrivals[municipality], not need.newly_admitted)
    if municipality in evidence.departures:
        left = evidence.departures[municipality]
        found[Component.LEFT_WITHOUT_ASSIGNMENT] = Counted(left, not need.left_without_assignment)
    return found
