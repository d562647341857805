"""What keeps a step from being taken: what has happened meanwhile, and what is wrong with what is told."""

from __future__ import annotations

from collections.abc import Iterable

from services.planner.domain.lifecycle.transitions import StepFault
from shared.events import PlanStatusChanged
from shared.lifecycle_wording import step_sentence
from shared.problems import FieldError, Problem, Text, invalid, of_status


def out_of_turn(last: PlanStatusChanged) -> Problem:
    """409 that says which step was taken last, on which day and by which acts."""
    detail = Text(
        f"L’edizione {last.edition} non ammette ora questo passo. {step_sentence(last)}",
        f"Edition {last.edition} does not allow this step now: it is {last.status} since {last.on}.",
    )
    return Problem(409, "step-out-of-turn", of_status(409).title, detail)


def plan_moved(wanted: int, version: int) -> Problem:
    """409 where the plan is no longer the version that somebody has read and wants to propose."""
    detail = Text(
        f"Il piano è ora alla versione {version}, non più alla {wanted}: rileggerlo e proporre quella.",
        f"The plan is now at version {version}, no longer at {wanted}: read it again and propose that one.",
    )
    return Problem(409, "plan-moved", of_status(409).title, detail)


def check_faultless(faults: Iterable[StepFault]) -> None:
    """Raises `Problem` 422 that names every field."""
    errors = [FieldError(*fault) for fault in faults]
    if errors:
        raise invalid(errors)
