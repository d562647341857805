"""Who may see counts of households however small: who writes the plan all of them, a municipality its own cases."""

from __future__ import annotations

from typing import Final

from services.planner.domain.drift import Reason
from services.planner.domain.plan import FigureKey
from services.planner.domain.publication import EMERGENCY_KINDS, OF_CASES, is_emergency, is_of_households
from shared.auth import Principal, Role
from shared.events import Cause, MunicipalityChange, PlanRecomputed

WRITERS: Final = frozenset({Role.LEAD, Role.TECHNICAL_PARTNER})


def sees_households(who: Principal, municipality: str | None) -> bool:
    """Whether `who` may see the cases and measures of a municipality, or of the ambito (None)."""
    return who.role in WRITERS or (municipality is not None and who.istat_code == municipality)


def sees_need(who: Principal) -> bool:
    """Whether `who` may see needs as they are. What nobody declared is estimated from what all did, flows and the
    pressure are compared with everybody's: a municipality's own need tells of the others' households."""
    return who.role in WRITERS


def opens_to(who: Principal, key: FigureKey) -> bool:
    """Whether `who` may see what a figure is made of: the parts of a need are smaller than the need."""
    if not is_of_households(key.figure):
        return True
    return sees_households(who, key.municipality) if key.figure in OF_CASES else sees_need(who)


def is_shown(who: Principal, municipality: str, owner: str) -> bool:
    """Whether `who` may see what is said of a case: who writes the plan, its municipality, who has to act."""
    return sees_households(who, municipality) or who.organisation == owner


def shown_to(who: Principal, event: PlanRecomputed) -> PlanRecomputed:
    """What a version brought, without what counts households that `who` may not see, and what moved them."""
    if who.role in WRITERS:
        return event
    changes = [_shown_change(who, change) for change in event.changes]
    told = {"causes": _shown_causes(who, event.causes), "changes": tuple(one for one in changes if one.figures)}
    return event.having(told)


def _shown_change(who: Principal, change: MunicipalityChange) -> MunicipalityChange:
    place = change.municipality
    figures = tuple(one for one in change.figures if opens_to(who, FigureKey(place, one.owner, one.figure, one.year)))
    hidden, causes = len(change.figures) - len(figures), _shown_causes(who, change.causes)
    return change.having(
        {
            "figures": figures,
            "causes": causes,
            "figure_count": change.figure_count - hidden,
            "cause_count": change.cause_count - len(change.causes) + len(causes),
        }
    )


def _shown_causes(who: Principal, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    return tuple(cause for cause in causes if sees_households(who, cause.municipality) or not is_emergency(cause))


def is_reason_shown(who: Principal, reason: Reason) -> bool:
    """Whether `who` may see where cases were opened, and how many."""
    return not reason.kind.startswith(EMERGENCY_KINDS) or sees_households(who, reason.municipality)
