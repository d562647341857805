"""Part 7: linee d'azione per l'accesso e la permanenza nell'abitazione (L.R. 16/2016, titolo V)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from services.planner.domain.declared_years import latest_told
from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, scope_of
from services.planner.domain.publication import STEP, is_few
from shared.events.planning import AccessMeasure

MEASURES = (
    "le misure dichiarate sono {access_measures}; raggiungono {access_households:nucleo|nuclei} con "
    "{access_budget_eur:euro|euro}."
)


MEASURES_FOR_ALL = (
    f"le misure dichiarate sono {{access_measures}}; quelle che raggiungono almeno {STEP} nuclei ne raggiungono "
    "{access_households} con {access_budget_eur:euro|euro}."
)


def access_part(material: Material, municipality: str | None) -> PlanPart:
    """Measures with their budget (EUR), households reached and rule of origin, and their totals.

    A household that two measures reach is counted in both. Of a measure that reaches few neither households nor budget
    are for all, not even in the totals: divided by the contribution the budget would tell the households.
    """
    told = [
        (place, owner, measure)
        for (place, owner), declared in latest_told(material.state).items()
        if municipality in (None, place)
        for measure in declared.measures or ()
    ]
    counted = [measure for *_, measure in told if not (material.is_for_all and is_few(measure.households))]
    items = tuple(
        Item("measure", measure.name, place, owner, tuple(_values(measure, is_told=measure in counted)))
        for place, owner, measure in told
    )
    scope = scope_of(municipality)
    figures = (
        Figure(scope, "access_measures", FigureUnit.COUNT, len(told), "access_measures"),
        Figure(scope, "access_households", FigureUnit.COUNT, sum(m.households for m in counted), "access_households"),
        Figure(scope, "access_budget_eur", FigureUnit.COUNT, int(sum(m.budget_eur for m in counted)), "access_budget"),
    )
    template = MEASURES_FOR_ALL if material.is_for_all else MEASURES
    text = tell((f"{material.place_it(municipality)} {template}",), by_name(figures)) if told else ()
    return PlanPart(7, "Linee d’azione per l’accesso e la permanenza", text, figures, items)


def _values(measure: AccessMeasure, *, is_told: bool) -> Iterator[tuple[str, int | Decimal | str | None]]:
    if is_told:
        yield "budget_eur", measure.budget_eur
        yield "households", measure.households
    yield "rule_of_origin", measure.rule_of_origin
