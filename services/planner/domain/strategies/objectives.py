"""Obiettivi del piano: impegni e risultati (R.R. 4/2017, art. 3 c. 2): each commitment beside what the plan counts now.

An objective names a figure of the plan; its actual value is the figure's value now, so that no one reports progress:
the plan shows it (planner.md §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.declarations import Pursued
from services.planner.domain.rounding import half_up


class ObjectiveStatus(StrEnum):
    """Stato dell'obiettivo."""

    REACHED = "REACHED"
    ON_TRACK = "ON_TRACK"
    LATE = "LATE"
    UNKNOWN = "UNKNOWN"


class Objective(NamedTuple):
    """Obiettivo del piano: from `baseline` on `starts_on` to `target` by `due_on`; `figure` is a figure's identifier.

    Values are in the figure's own integers (homes, or thousandths); a target below the baseline is to be sunk to.
    `organisation` set it for the `reason`, by the event `cause`.
    """

    id: str
    text: str
    owner: str
    figure: str
    baseline: int
    starts_on: date
    target: int
    due_on: date
    reason: str = ""
    organisation: str = ""
    cause: str = ""


class Commitment(NamedTuple):
    """Impegno e risultato: `expected` is the straight line's value today, `actual` the figure's, None without one."""

    objective: Objective
    on: date
    expected: int
    actual: int | None
    status: ObjectiveStatus

    @property
    def missing(self) -> int | None:
        """How far the actual value is from the target, in the direction of the objective; 0 when it is reached."""
        if self.actual is None:
            return None
        up = 1 if self.objective.target >= self.objective.baseline else -1
        return max(up * (self.objective.target - self.actual), 0)


def objectives_of(steps: Mapping[str, Pursued]) -> tuple[Objective, ...]:
    """Those that were not withdrawn, in the order of their identifiers."""
    return tuple(
        Objective(identifier, *(getattr(step, name) for name in Objective._fields[1:]))
        for identifier, step in sorted(steps.items())
        if not step.is_withdrawn
    )


def commitments(objectives: Iterable[Objective], figures: Mapping[str, int], on: date) -> tuple[Commitment, ...]:
    """Every objective beside its figure's value now, in the order of their identifiers.

    Raises:
        ValueError: an objective is due before it starts, or two have the same identifier.
    """
    ordered = sorted(objectives, key=lambda objective: objective.id)
    if len({objective.id for objective in ordered}) != len(ordered):
        raise ValueError("two objectives have the same identifier")
    return tuple(commitment(objective, figures.get(objective.figure), on) for objective in ordered)


def commitment(objective: Objective, actual: int | None, on: date) -> Commitment:
    """Where an objective stands on a day.

    Reached: the actual value is at the target or beyond. On track: it is at least where a straight line from the
    baseline to the target is that day. Late: it is behind that line; after the deadline, whatever is not reached is.
    """
    return Commitment(objective, on, expected_on(objective, on), actual, _status(objective, actual, on))


def expected_on(objective: Objective, on: date) -> int:
    """Where the straight line is on a day: the baseline before it starts, the target after the deadline."""
    passed, days = _passed(objective, on)
    return objective.baseline + half_up((objective.target - objective.baseline) * passed, days)


def _passed(objective: Objective, on: date) -> tuple[int, int]:
    days = (objective.due_on - objective.starts_on).days
    if days <= 0:
        raise ValueError(f"objective {objective.id} is due on {objective.due_on}, not after {objective.starts_on}")
    return min(max((on - objective.starts_on).days, 0), days), days


def _status(objective: Objective, actual: int | None, on: date) -> ObjectiveStatus:
    if actual is None:
        return ObjectiveStatus.UNKNOWN
    up = 1 if objective.target >= objective.baseline else -1
    if up * (actual - objective.target) >= 0:
        return ObjectiveStatus.REACHED
    passed, days = _passed(objective, on)
    # In integers: the rounded line may lie above a value that is exactly on it.
    ahead = up * ((actual - objective.baseline) * days - (objective.target - objective.baseline) * passed)
    return ObjectiveStatus.ON_TRACK if ahead >= 0 and passed < days else ObjectiveStatus.LATE
