"""Part 6: linee d'azione per il contrasto del disagio e dell'emergenza abitativa."""

from __future__ import annotations

from services.planner.domain.narrative.figures import by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, figures_in_plan

OPEN = (
    "sono aperti {open_cases:caso|casi} di emergenza abitativa; per darvi risposta il piano propone "
    "{emergency_actions:azione|azioni}."
)


def emergency_part(material: Material, municipality: str | None) -> PlanPart:
    """Open cases and what to do now, each action with its cause, its article and its deadline."""
    figures = figures_in_plan(material.plan, municipality, ("open_cases", "emergency_actions"))
    items = tuple(
        Item(
            "action",
            action.effect_it,
            action.municipality,
            action.owner,
            (
                ("kind", action.kind.value),
                ("article", action.article),
                ("deadline_on", action.deadline_on.isoformat() if action.deadline_on else None),
            ),
            action.causes,
        )
        for action in material.plan.actions
        if municipality in (None, action.municipality)
    )
    told = tell((f"{material.place_it(municipality)} {OPEN}",), by_name(figures))
    return PlanPart(6, "Linee d'azione per l'emergenza abitativa", told, figures, items)
