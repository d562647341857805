"""What of a change somebody may be told: the planner has marked what would give a household away."""

from __future__ import annotations

from enum import IntEnum

from shared.events import Audience, FigureChange, MunicipalityChange


class Insight(IntEnum):
    """Quanto si può sapere delle famiglie di un comune: nothing, its cases, or all that the plan counts of them."""

    NONE = 0
    CASES = 1
    ALL = 2


def told_to(change: MunicipalityChange, insight: Insight) -> MunicipalityChange:
    """The change without the figures and causes that only others may be told."""
    causes = tuple(cause for cause in change.causes if insight or cause.audience is Audience.EVERYBODY)
    return change.model_copy(
        update={
            "figures": tuple(figure for figure in change.figures if insight >= _needed(figure)),
            "causes": causes,
            "cause_count": change.cause_count - len(change.causes) + len(causes),
        }
    )


def _needed(figure: FigureChange) -> Insight:
    if figure.audience is Audience.EVERYBODY:
        return Insight.NONE
    return Insight.ALL if figure.is_pooled else Insight.CASES
