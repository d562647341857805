"""Part 3: fabbisogno abitativo primario."""

from __future__ import annotations

from services.planner.domain.declared_years import declared_needs
from services.planner.domain.narrative.figures import Figure
from services.planner.domain.need.amounts import HouseholdBand
from services.planner.domain.need.coverage import coverage
from services.planner.domain.need.declared import EVERY_COMPONENT, Component, declared_totals
from services.planner.domain.need.figures import (
    ambito_figures,
    coverage_figures,
    declared_figures,
    need_figures,
    pressure_figures,
)
from services.planner.domain.need.pressure import rank_pressure
from services.planner.domain.need.sentences import need_sentences
from services.planner.domain.needs import assess
from services.planner.domain.parts.material import Item, Material, PlanPart, scope_of
from services.planner.domain.plan import NOTHING

TITLE = "Fabbisogno abitativo primario"


def need_part(
    material: Material, municipality: str | None, components: frozenset[Component] = EVERY_COMPONENT
) -> PlanPart:
    """The need low, central and high, its components, its coverage; what was declared and what is estimated.

    With fewer `components` it is the need that those alone make: the plan's own counts them all.
    """
    declared = declared_needs(material.state)
    if not declared or not material.people:
        return PlanPart(3, TITLE, (), ())
    assessment, scope = assess(material.state, material.people, material.rules, components), scope_of(municipality)
    if municipality is None:
        territory = assessment.ambito
        figures = (*ambito_figures(scope, assessment), *declared_figures(scope, declared_totals(declared)))
    else:
        territory = assessment.municipalities[municipality]
        pressure = rank_pressure(declared, material.people).get(municipality)
        figures = need_figures(scope, territory, assessment) + (pressure_figures(scope, pressure) if pressure else ())
    figures += _covered(material, municipality, territory.whole.need)
    left_out = [component for component in Component if component not in components]
    told = need_sentences(material.place_it(municipality), territory, figures, assessment.unknown, left_out=left_out)
    faults = tuple(
        Item("fault", fault.text_it, fault.municipality, None, (("declared", fault.declared), ("other", fault.other)))
        for fault in assessment.faults
        if municipality in (None, fault.municipality)
    )
    return PlanPart(3, TITLE, told, figures, faults)


def _covered(material: Material, municipality: str | None, need: HouseholdBand) -> tuple[Figure, ...]:
    mean, low, high = material.plan.outlooks.get((municipality, None), NOTHING).assignable[-1]
    supply = HouseholdBand(low, mean, high)
    return coverage_figures(scope_of(municipality), coverage(supply, need), supply, need)
