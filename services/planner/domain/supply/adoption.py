"""Valore adottato: what the owner declared, what the model says, and which of them the plan uses, side by side."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.supply.outlook import Estimate


class Basis(StrEnum):
    """Fonte del valore adottato."""

    DECLARED = "DECLARED"
    MODEL = "MODEL"
    LAST_YEAR = "LAST_YEAR"


class Quantity(StrEnum):
    """Grandezza adottata: what owners declare and the model forecasts, in the order of an outlook."""

    TURNOVER = "TURNOVER"
    ASSIGNABLE = "ASSIGNABLE"


AdoptionKey = tuple[str, str, int, Quantity]
"""(municipality, owner, year, quantity)."""


class Choice(NamedTuple):
    """Scelta motivata: the plan's office prefers one of the two, and says why; `event_id` is where it said so."""

    basis: Basis
    reason: str
    event_id: str


class Adopted(NamedTuple):
    """The three columns of a cell: counts declared (None while nothing is) and modelled, and the one adopted.

    Means are in thousandths of a home; the band is that of the model, whatever is adopted: a declaration is a number
    without one. `is_estimated` marks a cell of which nothing was declared.
    """

    declared: int | None
    model: int
    low: int
    high: int
    basis: Basis
    adopted: int
    reason: str
    is_estimated: bool


def adopt(declared: int | None, model: Estimate, choice: Choice | None = None) -> Adopted:
    """Declared where submitted, the model where missing, or an explicit choice with its reason.

    Raises:
        ValueError: a choice gives no reason, or prefers a declaration that does not exist.
    """
    if choice is not None and not choice.reason.strip():
        raise ValueError(f"choice {choice.event_id} gives no reason")
    if choice is not None and choice.basis is Basis.DECLARED and declared is None:
        raise ValueError(f"choice {choice.event_id} adopts a declaration that was never submitted")
    by_rule = Basis.MODEL if declared is None else Basis.DECLARED
    basis = by_rule if choice is None else choice.basis
    value = model.mean if basis is Basis.MODEL or declared is None else 1000 * declared
    reason = choice.reason if choice else ""
    return Adopted(declared, model.mean, model.low, model.high, basis, value, reason, declared is None)
