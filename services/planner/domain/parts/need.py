"""Part 3: fabbisogno abitativo primario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from services.planner.domain.declared_years import declared_needs
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.need.amounts import HouseholdBand
from services.planner.domain.need.assessment import NeedAssessment
from services.planner.domain.need.coverage import coverage
from services.planner.domain.need.declared import EVERY_COMPONENT, Component, NeedFault, declared_totals
from services.planner.domain.need.figures import (
    ambito_figures,
    coverage_figures,
    declared_figures,
    need_figures,
    pressure_figures,
)
from services.planner.domain.need.pressure import rank_pressure
from services.planner.domain.need.sentences import need_sentences
from services.planner.domain.needs import Hearsay, assess, hearsay_in
from services.planner.domain.parts.material import Item, Material, PlanPart, scope_of
from services.planner.domain.plan import NOTHING, Plan
from services.planner.domain.publication import STEP
from services.planner.domain.withholding import TOLD_OF_A_MUNICIPALITY, for_the_silent, stepped

TITLE = "Fabbisogno abitativo primario"
METHOD: Final = ("years_to_clear", "need_declared_count", "municipality_count")
"""Figures that count no households."""
STEPS: Final = (
    f"Chi legge trova le famiglie a multipli di {STEP}, arrotondate per difetto, perché da nessun numero si ricavi "
    "quante sono in un piccolo comune."
)


def need_part(
    material: Material, municipality: str | None, components: frozenset[Component] = EVERY_COMPONENT
) -> PlanPart:
    """The need low, central and high, its components, its coverage; what was declared and what is estimated.

    With fewer `components` it is the need that those alone make: the plan's own counts them all. Of that, and of what
    a municipality's need is made of, nothing is for all.
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
    need: HouseholdBand | None = territory.whole.need
    if material.is_for_all:
        need = _told_band(material.plan, municipality) if components == EVERY_COMPONENT else None
        hearsay, heard = hearsay_in(assessment, material.people)
        if municipality is None and need and hearsay.silent:
            figures = tuple(_heard(figures, assess(material.state, heard, material.rules)))
        figures = tuple(_stepped(figures, municipality, hearsay, is_told=need is not None))
    figures += _covered(material, municipality, need) if need else ()
    left_out = [component for component in Component if component not in components]
    told = need_sentences(material.place_it(municipality), territory, figures, assessment.unknown, left_out=left_out)
    if material.is_for_all:
        told = (*told, Sentence(STEPS, ())) if need else ()
    faults = (fault for fault in assessment.faults if municipality in (None, fault.municipality))
    return PlanPart(3, TITLE, told, figures, tuple(dict.fromkeys(_fault(material, fault) for fault in faults)))


def _heard(figures: Iterable[Figure], assessment: NeedAssessment) -> Iterator[Figure]:
    """The ambito's figures made of who was heard alone; of what was declared, all."""
    own = {figure.name: figure for figure in ambito_figures(scope_of(None), assessment)}
    for figure in figures:
        if figure.name in METHOD or figure.name.startswith("declared_"):
            yield figure
        elif figure.name in own:
            yield own[figure.name]


def _stepped(
    figures: Iterable[Figure], municipality: str | None, hearsay: Hearsay, *, is_told: bool
) -> Iterator[Figure]:
    """Those of the whole need, and of the ambito also what it is made of, each as the step it lies in."""
    for figure in figures:
        if figure.name in METHOD:
            yield figure
        elif is_told and (municipality is None or figure.name in TOLD_OF_A_MUNICIPALITY) and figure.value is not None:
            unit = 1000 if figure.unit is FigureUnit.THOUSANDTHS else 1
            is_count = figure.name.endswith("_by")
            value = int(figure.value) if is_count else stepped(figure.name, int(figure.value), unit)
            if municipality is None and not figure.name.startswith("declared_"):
                value = for_the_silent(figure.name, value, unit, hearsay)
            yield figure._replace(value=value, operands=())


def _told_band(plan: Plan, municipality: str | None) -> HouseholdBand | None:
    """The need that everybody may be told; None where it does not fill a step."""
    sheet = plan.needs.get(municipality)
    return HouseholdBand(sheet["need_3y_low"], sheet["need_3y"], sheet["need_3y_high"]) if sheet else None


def _fault(material: Material, fault: NeedFault) -> Item:
    if material.is_for_all:
        name = material.plan.names.get(fault.municipality, fault.municipality)
        return Item("fault", f"Comune di {name}: dati dichiarati che si contraddicono.", fault.municipality, None)
    numbers = (("declared", fault.declared), ("other", fault.other))
    return Item("fault", fault.text_it, fault.municipality, None, numbers)


def _covered(material: Material, municipality: str | None, need: HouseholdBand) -> tuple[Figure, ...]:
    mean, low, high = material.plan.outlooks.get((municipality, None), NOTHING).assignable[-1]
    supply = HouseholdBand(low, mean, high)
    return coverage_figures(scope_of(municipality), coverage(supply, need), supply, need)
