"""What became of works and disposals: sums over the transitions of homes, the same in any order.

Summed by municipality, owner and quarter; a correction subtracts what it withdraws.
"""

from __future__ import annotations

from typing import NamedTuple

from services.planner.domain.supply.elementary import log
from services.planner.domain.supply.works import SHORTEST
from shared.events.units import (
    DisposalWithdrawn,
    Transition,
    UnitBartered,
    UnitSold,
    UnitStatus,
    WorksCompleted,
    WorksTerm,
)

COMPLETED, WITHDRAWN = WorksCompleted.name(), DisposalWithdrawn.name()
GONE = frozenset({UnitSold.name(), UnitBartered.name()})

OutcomeKey = tuple[str, str, int]
"""(municipality, owner, quarter)."""


class Outcomes(NamedTuple):
    """Esiti di lavori e alienazioni of one quarter, in homes: restored, built, sold, taken out of the disposal plan.

    `termed` are homes completed whose term is known; `slips` sums their slips, `squares` the squares of those.
    """

    restored: int = 0
    built: int = 0
    sold: int = 0
    withdrawn: int = 0
    termed: int = 0
    slips: int = 0
    squares: int = 0

    def plus(self, other: Outcomes, sign: int = 1) -> Outcomes:
        return Outcomes(*(one + sign * another for one, another in zip(self, other, strict=True)))


NONE = Outcomes()


def slip_of(term: WorksTerm, ended_on_ordinal: int) -> int:
    """Slittamento: logarithm of the true to the declared duration, in thousandths."""
    declared = max((term.declared_end_on - term.planned_on).days, SHORTEST)
    ratio = max(ended_on_ordinal - term.planned_on.toordinal(), 1) / declared
    return round(1000 * log(ratio))


def outcome_of(transition: Transition) -> Outcomes:
    """What a transition ended; `NONE` for most."""
    if transition.report == COMPLETED:
        is_new = transition.before is UnitStatus.IN_CONSTRUCTION
        ended = Outcomes(restored=int(not is_new), built=int(is_new))
        if transition.works_term is None:
            return ended
        slip = slip_of(transition.works_term, transition.on.toordinal())
        return ended._replace(termed=1, slips=slip, squares=slip * slip)
    if transition.report in GONE:
        return Outcomes(sold=1)
    if transition.report == WITHDRAWN:
        return Outcomes(withdrawn=1)
    return NONE
