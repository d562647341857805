"""Parameters of the checks as dated data: value, first day, article. `assumed` is a working assumption, not law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """One value of a parameter; `valid_from` None is "already so in the oldest text read"."""

    value: T
    valid_from: date | None
    article: str
    status: Literal["read", "assumed"]


@dataclass(frozen=True, slots=True)
class DayOfYear:
    month: int
    day: int


SUBMISSION_DEADLINE = (Dated(DayOfYear(10, 31), None, "R.R. 4/2017, art. 5(1)", "read"),)
"""Termine per la trasmissione dei dati, in the cycle year."""

INDIGENCE_SHARE = (Dated(Decimal("0.20"), None, "R.R. 4/2017, art. 13(3)", "read"),)
"""Quota per nuclei in condizioni di indigenza: the least; only municipalities may go above."""

PLAUSIBLE_TURNOVER_SHARE = (Dated(Decimal("0.15"), None, "soglia di plausibilità del prodotto", "assumed"),)
"""Turnover of a year over the stock, above which the owner is asked to confirm."""


def in_force(history: Sequence[Dated[T]], on: date) -> Dated[T]:
    """The value of that day; `history` is in the order of `valid_from`."""
    return next(dated for dated in reversed(history) if dated.valid_from is None or dated.valid_from <= on)


@dataclass(frozen=True, slots=True)
class CycleRules:
    """The parameters of one cycle year."""

    deadline_on: date
    indigence_share: Dated[Decimal]
    plausible_turnover_share: Dated[Decimal]

    @classmethod
    def of(cls, cycle_year: int) -> CycleRules:
        start = date(cycle_year, 1, 1)
        deadline = in_force(SUBMISSION_DEADLINE, start).value
        return cls(
            deadline_on=date(cycle_year, deadline.month, deadline.day),
            indigence_share=in_force(INDIGENCE_SHARE, start),
            plausible_turnover_share=in_force(PLAUSIBLE_TURNOVER_SHARE, start),
        )
