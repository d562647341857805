"""How numbers and dates are written in the language of the page; every one is a Jinja filter of the same name.

The examples are Italian.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from shared.civil_time import ROME
from shared.pages.language import say, spoken

_MONTHS = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_THOUSAND = Decimal(1000)
_ITALIAN = str.maketrans({",": ".", ".": ",", "-": "\u2212"})
_ENGLISH = str.maketrans({"-": "\u2212"})


def number(value: int | Decimal, places: int = 0) -> str:
    """``1234.56`` with one place -> ``1.234,6`` (half up, as a reader rounds), minus sign U+2212."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    # A result that rounds to nothing has no sign: never "-0,0".
    return f"{abs(rounded) if rounded.is_zero() else rounded:,}".translate(
        _ENGLISH if spoken().language == "en" else _ITALIAN
    )


def thousandths(value: int, places: int = 1) -> str:
    """Integer thousandths, the exact form of the plan's means: ``12300`` -> ``12,3``."""
    return number(Decimal(value) / _THOUSAND, places)


def band(bounds: tuple[int, int], places: int = 1) -> str:
    """Low and high end in integer thousandths: ``(8100, 12400)`` -> ``8,1–12,4``.

    Raises:
        ValueError: the low end lies above the high end.
    """
    low, high = bounds
    if low > high:
        raise ValueError(f"a band goes from low to high, got {bounds!r}")
    return f"{thousandths(low, places)}\u2013{thousandths(high, places)}"


def span(bounds: tuple[int, int]) -> str:
    """Low and high end of a count: ``(28, 1035)`` -> ``28–1.035``; one number when they are the same.

    Raises:
        ValueError: the low end lies above the high end.
    """
    low, high = bounds
    if low > high:
        raise ValueError(f"a span goes from low to high, got {bounds!r}")
    return number(low) if low == high else f"{number(low)}\u2013{number(high)}"


def percent(share: Decimal, places: int = 0) -> str:
    """A share between 0 and 1: ``Decimal("0.2")`` -> ``20%``."""
    return f"{number(share * 100, places)}%"


def tenths_of_percent(share: Decimal) -> str:
    """``Decimal("0.2034")`` -> ``20,3%``."""
    return percent(share, 1)


def euros(value: Decimal) -> str:
    """``Decimal("1200.5")`` -> ``1.200,50 €``."""
    return f"{number(value, 2)} €"


def day(value: date) -> str:
    """``2026-11-23`` -> ``23 novembre 2026``; an instant is read on the calendar of Rome.

    Raises:
        ValueError: a datetime without time zone.
    """
    if isinstance(value, datetime):
        value = _in_rome(value)
    if spoken().language == "en":
        return f"{value.day} {_ENGLISH_MONTHS[value.month - 1]} {value.year}"
    ordinal = "1\u00ba" if value.day == 1 else str(value.day)
    return f"{ordinal} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Instant on the clock of Rome: ``23 novembre 2026, ore 14:05``.

    Raises:
        ValueError: a datetime without time zone.
    """
    return f"{day(value)}, {say('ore ', '')}{_in_rome(value):%H:%M}"


def _in_rome(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant without time zone has no day in Rome")
    return value.astimezone(ROME)


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "number": number,
    "thousandths": thousandths,
    "band": band,
    "span": span,
    "percent": percent,
    "tenths_of_percent": tenths_of_percent,
    "euros": euros,
    "day": day,
    "moment": moment,
}


def written(value: Any, kind: str) -> str:
    """A table cell by its column's kind: a filter's name, or ``text`` or ``shown`` (a number) for what is written."""
    return str(value) if kind in ("text", "shown") else FILTERS[kind](value)
