"""What every page tells the base template about itself and how table data are handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.problem_texts import Text


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Context variable ``page`` of ``base.html``; `live_source` is the address of a stream of ``plan`` events."""

    title: str
    ambito_name: str
    nav: Sequence[NavItem] = ()
    home: str = "/"
    live_source: str | None = None


ColumnType = Literal[
    "text", "number", "thousandths", "band", "span", "percent", "tenths_of_percent", "euros", "day", "shown"
]


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a `data_table`: `kind` says how its cells are written and aligned."""

    label: str
    kind: ColumnType = "text"


@dataclass(frozen=True, slots=True)
class Flag:
    """A word below every cell that leads to some address, and where the word itself leads."""

    text: Text
    href: str


CellValue = str | int | Decimal | date | tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Table cell with a link, a live figure or a remark; a plain value needs none.

    `value` None is "not available", or what stands `instead` of it.
    """

    value: CellValue
    href: str | None = None
    figure: str | None = None
    note: str | None = None
    instead: str | None = None

    @property
    def level(self) -> int:
        """The integer by which a live page tells up from down: the low end of a band; 0 for what has no size."""
        value = self.value[0] if isinstance(self.value, tuple) else self.value
        return value if isinstance(value, int) else 0


def as_cell(value: Cell | CellValue) -> Cell:
    """A plain value is a cell without link, live figure or note."""
    return value if isinstance(value, Cell) else Cell(value)
