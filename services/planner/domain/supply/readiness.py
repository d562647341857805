"""Quota di alloggi da sistemare: how many of the homes given back need works before they can be let again.

Vacated and assignable are forecast apart: most exits do not become supply in the year (in Lombardy, ALER 2023: 3,556
homes freed while the vacant stock rose by 2,962).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

from services.planner.domain.rounding import half_up
from services.planner.domain.supply.counts import Distribution, gamma_poisson
from services.planner.domain.supply.katz import significant
from services.planner.domain.supply.turnover import Expectation

PRIOR_READY, PRIOR_NEEDING_WORKS = 4, 6
"""As if 6 of 10 homes given back had needed works: between the 50 and 70 % that published figures lie around."""
OUTCOME_DIGITS = 16
"""How many outcomes an owner's share rests on counts to one part in so many."""


class ReadyShare(NamedTuple):
    """Quota di alloggi pronti al rilascio of one owner in whole percent, and about how many outcomes say so.

    Rounded by less than the data can tell, so that one more outcome seldom moves all the owner's municipalities.
    """

    percent: int
    outcomes: int

    @property
    def share(self) -> float:
        return self.percent / 100

    @property
    def relative_variance(self) -> float:
        return (100 - self.percent) / (self.percent * (self.outcomes + 1))


class Readiness(NamedTuple):
    """One owner's homes given back whose inspection is known: assignable at once, or in need of works."""

    ready: int = 0
    needing_works: int = 0

    @property
    def outcomes(self) -> int:
        return self.ready + self.needing_works + PRIOR_READY + PRIOR_NEEDING_WORKS

    @property
    def likely_ready(self) -> int:
        """Of so many outcomes, those ready."""
        return self.ready + PRIOR_READY

    @property
    def share(self) -> float:
        """Mean of the Beta posterior of the share that is ready."""
        return self.likely_ready / self.outcomes

    @property
    def relative_variance(self) -> float:
        return (self.needing_works + PRIOR_NEEDING_WORKS) / ((self.ready + PRIOR_READY) * (self.outcomes + 1))

    @property
    def rounded(self) -> ReadyShare:
        """Never none and never all, as the posterior never is."""
        percent = half_up(100 * self.likely_ready, self.outcomes)
        return ReadyShare(min(max(percent, 1), 99), significant(self.outcomes, OUTCOME_DIGITS))


def ready_exits(parts: Sequence[tuple[int, Readiness]], whole: Expectation) -> Distribution:
    """Homes given back that are assignable at once; `parts` are each owner's mean in thousandths of the whole's.

    Exits thinned by a share stay Gamma-Poisson; the uncertain shares add to the spread of their mean.
    """
    means = [mean * readiness.share for mean, readiness in parts]
    total = fsum(means)
    if total <= 0:
        return gamma_poisson(0.0, 0.0)
    shares = fsum(mean * mean * part.relative_variance for mean, (_, part) in zip(means, parts, strict=True))
    relative = (1 + shares / (total * total)) * (1 + whole.relative_variance) - 1
    return gamma_poisson(total / 1000, relative).at_most(whole.cap)
