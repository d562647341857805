"""What of a change somebody may be told: the planner has marked what would give a household away."""

from __future__ import annotations

from shared.events import Audience, MunicipalityChange


def told_to(change: MunicipalityChange, *, sees_households: bool) -> MunicipalityChange:
    """The change without the figures and causes that only its municipality and who writes the plan may be told."""
    if sees_households:
        return change
    causes = tuple(cause for cause in change.causes if cause.audience is Audience.EVERYBODY)
    return change.model_copy(
        update={
            "figures": tuple(figure for figure in change.figures if figure.audience is Audience.EVERYBODY),
            "causes": causes,
            "cause_count": change.cause_count - len(change.causes) + len(causes),
        }
    )
