"""How the document's values are written in Italian, whatever the language of the page that asked for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.planner.document.model import Cell, ColumnKind, Span
from shared.pages import Spoken, speaking
from shared.pages.formats import day, number, percent, span, thousandths


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
