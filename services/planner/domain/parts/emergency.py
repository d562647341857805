"""Part 6: linee d'azione per il contrasto del disagio e dell'emergenza abitativa."""

from __future__ import annotations

from services.planner.domain.emergency import Situation, derive_emergency
from services.planner.domain.emergency.refusals import Unplaced, unplaced_cases
from services.planner.domain.narrative.figures import by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, figures_in_plan

ORDER_ARTICLE = "D.G.R. XI/2063"
"""Lays down who comes first: urgency class, then waiting date."""
OPEN = (
    "sono aperti {open_cases:caso|casi} di emergenza abitativa; per darvi risposta il piano propone "
    "{emergency_actions:azione|azioni}."
)


def emergency_part(material: Material, municipality: str | None) -> PlanPart:
    """Open cases and what to do now, each action with its cause, its article and its deadline; who gets no home."""
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
    items += tuple(map(_refusal, unplaced_in(material, municipality)))
    told = tell((f"{material.place_it(municipality)} {OPEN}",), by_name(figures))
    return PlanPart(6, "Linee d’azione per l’emergenza abitativa", told, figures, items)


def unplaced_in(material: Material, municipality: str | None) -> tuple[Unplaced, ...]:
    """The cases of a municipality, or of all, that are proposed no home now, in the statutory order."""
    state = material.state
    situation = Situation(state.cases, state.homes, state.stock, state.holds, material.plan.reference_on)
    emergency = derive_emergency(situation, material.rules, material.plan.names, material.metres)
    found = unplaced_cases(emergency, state.cases)
    return tuple(one for one in found if municipality in (None, one.case.municipality))


def _refusal(one: Unplaced) -> Item:
    """The text names who competes while they are few; the resource of refusals names all, with their homes."""
    values = (
        ("case_ref", one.case_ref),
        ("article", ORDER_ARTICLE),
        ("competing_cases", len(one.competitors)),
        ("capped_owners", len(one.capped)),
    )
    text = f"Il caso {one.case_ref} resta senza alloggio. {one.why_it}"
    where = one.case.municipality
    return Item("refusal", text, where, f"comune-{where}", values, (one.case.cause,))
