"""Which changed figures are worth telling: thresholds measured from the value last told, not from the last version.

Ten steps of 0.05 are told at every second step, a figure that trembles around a value not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from shared.events import FigureChange, Measure

FigureId = str
"""`figure/owner/year`, with an empty part for all owners and for the present or the whole triennium."""

DEFAULT_THRESHOLD: Final = 100
"""In thousandths: a tenth of a home, the precision at which the plan is published."""
_THOUSANDTHS: Final = {Measure.COUNT: 1000, Measure.THOUSANDTHS: 1}


def figure_id(figure: FigureChange) -> FigureId:
    return f"{figure.figure}/{figure.owner or ''}/{figure.year or ''}"


def thousandths(threshold: Decimal) -> int:
    """A threshold in homes (at most three decimals) as the integer that figures are compared with."""
    return int(threshold * 1000)


def concerns(figure: FigureChange, organisation: str) -> bool:
    """An organisation hears of the figures over all owners and of its own."""
    return figure.owner in (None, organisation)


def moves(
    figures: Iterable[FigureChange], organisation: str, threshold: int, told: Mapping[FigureId, int]
) -> tuple[tuple[FigureChange, ...], dict[FigureId, int]]:
    """Figures that lie at least `threshold` thousandths off what was last told, and what to remember as told.

    The figures returned count from the value last told (`before`). One never told counts from its value before this
    change, which is remembered even if it is not told now: small steps add up. One that is not there counts as zero,
    as in the plan.
    """
    moved, remembered = [], {}
    for figure in figures:
        if not concerns(figure, organisation):
            continue
        key = figure_id(figure)
        last, now = told.get(key, figure.before or 0), figure.after or 0
        if abs(now - last) * _THOUSANDTHS[figure.measure] >= threshold:
            moved.append(figure.model_copy(update={"before": last}) if key in told else figure)
            remembered[key] = now
        elif key not in told:
            remembered[key] = last
    return tuple(moved), remembered
