"""Part 7: linee d'azione per l'accesso e la permanenza nell'abitazione (L.R. 16/2016, titolo V)."""

from __future__ import annotations

from services.planner.domain.declared_years import latest_told
from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, scope_of

MEASURES = (
    "le misure dichiarate sono {access_measures}; raggiungono {access_households:nucleo|nuclei} con "
    "{access_budget_eur:euro|euro}."
)


def access_part(material: Material, municipality: str | None) -> PlanPart:
    """Measures with their budget (EUR), households reached and rule of origin, and their totals.

    A household that two measures reach is counted in both.
    """
    told = [
        (place, owner, measure)
        for (place, owner), declared in latest_told(material.state).items()
        if municipality in (None, place)
        for measure in declared.measures or ()
    ]
    items = tuple(
        Item(
            "measure",
            measure.name,
            place,
            owner,
            (
                ("budget_eur", measure.budget_eur),
                ("households", measure.households),
                ("rule_of_origin", measure.rule_of_origin),
            ),
        )
        for place, owner, measure in told
    )
    scope = scope_of(municipality)
    figures = (
        Figure(scope, "access_measures", FigureUnit.COUNT, len(told), "access_measures"),
        Figure(scope, "access_households", FigureUnit.COUNT, sum(m.households for *_, m in told), "access_households"),
        Figure(scope, "access_budget_eur", FigureUnit.COUNT, int(sum(m.budget_eur for *_, m in told)), "access_budget"),
    )
    text = tell((f"{material.place_it(municipality)} {MEASURES}",), by_name(figures)) if told else ()
    return PlanPart(7, "Linee d'azione per l'accesso e la permanenza", text, figures, items)
