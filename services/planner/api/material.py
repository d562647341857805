"""What the parts of an asked plan are made of."""

from __future__ import annotations

from collections.abc import Mapping

from services.planner.api.editions import Asked
from services.planner.domain.parts.material import Material
from services.planner.domain.plan import Plan
from services.planner.domain.state import PlanState
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import Survey, survey_ambito
from services.planner.domain.texts.telling import Numbers
from services.planner.domain.withholding import untold_of
from services.planner.law.directives import regional_directives
from shared import territory
from shared.territory import UnknownAmbitoError


def material_of(plans: Asked, state: PlanState) -> Material:
    survey, inhabitants = _territory(plans.plan.ambito)
    return Material(
        plan=plans.plan,
        state=state,
        rules=plans.method.law(plans.plan.reference_on),
        survey=survey,
        people=plans.method.people(plans.plan.ambito),
        inhabitants=inhabitants,
        directives=regional_directives(),
        metres=plans.method.metres(plans.plan.ambito),
    )


def numbers_of(plan: Plan) -> Numbers:
    """What texts may name, and what of it they tell."""
    return Numbers(plan, _territory(plan.ambito)[0], untold_of(plan))


def _territory(code: str) -> tuple[Survey | None, Mapping[str, Mapping[int, int]]]:
    try:
        municipalities = territory.ambito(code).municipalities
    except UnknownAmbitoError:
        return None, {}
    return survey_ambito(municipalities, ASSUMED), {
        one.istat_code: dict(one.population_history) for one in municipalities
    }
