"""How the document's values are written in Italian, whatever the language of the page that asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from services.planner.document.model import Cell, ColumnKind, Span
from shared.pages import Spoken, speaking
from shared.pages.formats import day, number, percent, span, thousandths

PRINTABLE: Final = (
    *((0x20, 0x7E), (0xA0, 0x377), (0x384, 0x38A), (0x38E, 0x3A1), (0x3A3, 0x4FF), (0x1E00, 0x1EFF), (0x2000, 0x200A)),
    *((0x2010, 0x2027), (0x2030, 0x2040), (0x2074, 0x208E), (0x20A0, 0x20BF), (0x2100, 0x211E), (0x2190, 0x22FF)),
)
"""Characters that the fonts have: Latin, Greek, Cyrillic, punctuation, currencies, arrows, mathematical signs."""
DRAWABLE: Final = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x131), (0x134, 0x137), (0x139, 0x13E), (0x141, 0x148), (0x14A, 0x17E)),
    *((0x2013, 0x2014), (0x2018, 0x201A), (0x201C, 0x201E), (0x2026, 0x2026), (0x20AC, 0x20AC), (0x2212, 0x2212)),
)
"""Those of the main font alone: within one text of a drawing no other font comes to its help."""


def _others(ranges: Iterable[tuple[int, int]]) -> re.Pattern[str]:
    return re.compile(f"[^\t\n{''.join(f'{chr(first)}-{chr(last)}' for first, last in ranges)}]")


_UNPRINTABLE: Final = _others(PRINTABLE)
_UNDRAWABLE: Final = _others(DRAWABLE)


def printable(text: str) -> str:
    """With `[U+1F600]` for a character that no font has: PDF/A allows none such, and nothing may be lost unseen."""
    return _UNPRINTABLE.sub(_spelled, text)


def drawable(text: str) -> str:
    """The same for a text in a drawing."""
    return _UNDRAWABLE.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def written(cell: Cell, kind: ColumnKind) -> str:
    """A cell's text; where it has no value, what stands instead."""
    if cell.value is None:
        return cell.instead
    with speaking(Spoken()):
        match kind, cell.value:
            case ColumnKind.THOUSANDTHS, int(value):
                return thousandths(value)
            case ColumnKind.SPAN, Span() as ends:
                return span(ends)
            case ColumnKind.PERCENT, Decimal() as share:
                return percent(share, 1)
            case ColumnKind.EUROS, Decimal() as money:
                return f"{number(money, 2)} €"
            case ColumnKind.DAY, date() as value:
                return day(value)
            case ColumnKind.NUMBER, int(value):
                return number(value)
    return str(cell.value)


def written_day(value: date) -> str:
    """`23 novembre 2026`."""
    with speaking(Spoken()):
        return day(value)
