"""One number of the plan with everything that explains it, and how an Italian reader sees it written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from shared.events.plans import Measure
from shared.wording import amount

HOUSEHOLDS: Final = ("need_", "component_")
"""How the names of the figures begin that are households; everybody is told them in steps of five."""
HOUSEHOLD_STEP: Final = 5
Value = int | Decimal | None
Operands = tuple[tuple[str, Value], ...]
"""What a formula took, by name."""
ITALIAN = str.maketrans(",.-", ".,\u2212")


class FigureUnit(StrEnum):
    """How a value is read: integers, thousandths, decimals to a tenth, shares of one; changes show their sign."""

    YEAR = "YEAR"
    COUNT = "COUNT"
    THOUSANDTHS = "THOUSANDTHS"
    DECIMAL = "DECIMAL"
    SHARE = "SHARE"
    CHANGE = "CHANGE"
    CHANGE_SHARE = "CHANGE_SHARE"


class Figure(NamedTuple):
    """Cifra del piano: `scope` is a municipality or the ambito, `formula` the name of how it was made.

    `operands` are what the formula took, by name and with their values; `parameters` the law's or the method's.
    """

    scope: str
    name: str
    unit: FigureUnit
    value: Value
    formula: str
    operands: Operands = ()
    parameters: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.scope}/{self.name}"


def by_name(figures: Iterable[Figure]) -> Mapping[str, Figure]:
    """The figures of one territory."""
    return {figure.name: figure for figure in figures}


def written(figure: Figure) -> str:
    """`1.204`, `9,0`, `2011`, `13,2%`, `−3.798`, `+1,5%`; halves are rounded away from zero.

    Raises:
        ValueError: the figure has no value.
    """
    value = figure.value
    if value is None:
        raise ValueError(f"{figure.id} has no value")
    match figure.unit:
        case FigureUnit.YEAR:
            return str(value)
        case FigureUnit.COUNT:
            return amount(Measure.COUNT, int(value))
        case FigureUnit.THOUSANDTHS if is_in_steps(figure.name, int(value)):
            return amount(Measure.COUNT, int(value) // 1000)
        case FigureUnit.THOUSANDTHS:
            return amount(Measure.THOUSANDTHS, int(value))
        case FigureUnit.DECIMAL:
            return decimal_it(Decimal(value), 1)
        case FigureUnit.SHARE:
            return f"{decimal_it(100 * Decimal(value), 1)}%"
        case FigureUnit.CHANGE:
            return decimal_it(Decimal(value), 0, sign="+")
        case FigureUnit.CHANGE_SHARE:
            return f"{decimal_it(100 * Decimal(value), 1, sign='+')}%"


def is_in_steps(name: str, value: int) -> bool:
    """Whether thousandths are households told in whole steps: `585 famiglie`, where a mean is `586,3`."""
    return name.startswith(HOUSEHOLDS) and value % (1000 * HOUSEHOLD_STEP) == 0


def is_one(figure: Figure) -> bool:
    """Its noun is singular: `1 comune`, `−1 residente`, but `1,0 famiglie`."""
    return figure.unit in (FigureUnit.COUNT, FigureUnit.CHANGE) and figure.value in (1, -1)


def decimal_it(value: Decimal, places: int, sign: str = "-") -> str:
    """In Italian, with a sign only before what is not zero."""
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{abs(rounded):,}".translate(ITALIAN) if rounded.is_zero() else f"{rounded:{sign},}".translate(ITALIAN)
