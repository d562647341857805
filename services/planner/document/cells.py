"""Cells, columns and short blocks of which the chapters are made, each value with the figure that it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from services.planner.document.model import Block, Cell, Column, ColumnKind, Listing, Paragraph, Section, Span, Table
from services.planner.domain.labels import LABELS
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import FEW
from shared.events.plans import Measure
from shared.territory import municipality_organisation
from shared.wording import organisation_name

MUNICIPALITY: Final = Column("Comune")
OWNER: Final = Column("Ente")
EVERYWHERE: Final = "tutti"
KINDS: Final = {Measure.COUNT: ColumnKind.NUMBER, Measure.THOUSANDTHS: ColumnKind.THOUSANDTHS}
EMPTY: Final = Cell(None, instead="")
UNTOLD: Final = Cell(None, instead="n.p.")
"""What stands for a number that is not told."""
SMALL: Final = Cell(None, instead=FEW)
"""What stands for a number of households that does not fill a step."""


def section(title: str, *blocks: Block | None) -> Section:
    """Blocks that there are, under a heading."""
    return Section(title, tuple(block for block in blocks if block is not None))


def plain(*texts: str) -> Paragraph:
    return Paragraph(tuple(Sentence(text, ()) for text in texts))


def paragraph(sentences: tuple[Sentence, ...]) -> Paragraph | None:
    return Paragraph(sentences) if sentences else None


def listing(texts: Iterable[str]) -> Listing | None:
    items = tuple(Sentence(text, ()) for text in texts)
    return Listing(items) if items else None


def table(caption: str, columns: Iterable[Column], rows: Iterable[tuple[Cell, ...]], note: str = "") -> Table:
    return Table(caption, tuple(columns), tuple(rows), note=note)


def texts(*row: str) -> tuple[Cell, ...]:
    return tuple(map(Cell, row))


def of_plan(plan: Plan, municipality: str | None, name: str, year: int | None = None) -> Cell:
    """A figure of the plan, all owners together."""
    key = FigureKey(municipality, None, name, year)
    return Cell(plan.figures.get(key), key.id)


def band_of_plan(plan: Plan, municipality: str | None, name: str, year: int | None = None) -> Cell:
    """Both ends of a figure that has a band; its identifier is that of the low end."""
    low, high = (plan.figures.get(FigureKey(municipality, None, f"{name}_{end}", year)) for end in ("low", "high"))
    if low is None or high is None:
        return Cell(None)
    return Cell(Span(low, high), FigureKey(municipality, None, f"{name}_low", year).id)


def share_of_plan(plan: Plan, municipality: str | None, name: str) -> Cell:
    """A figure in thousandths that is a ratio, as a share of one."""
    found = of_plan(plan, municipality, name)
    return found if found.value is None else Cell(Decimal(str(found.value)) / 1000, found.figure)


def of_part(figure: Figure | None) -> Cell:
    """A figure of a part of the plan, in the form that its column has; tenths are thousandths."""
    if figure is None or figure.value is None:
        return Cell(None)
    match figure.unit:
        case FigureUnit.SHARE | FigureUnit.CHANGE_SHARE:
            return Cell(Decimal(figure.value), figure.id)
        case FigureUnit.DECIMAL:
            return Cell(int(figure.value * 1000), figure.id)
    return Cell(int(figure.value), figure.id)


def column_of(name: str, label: str = "") -> Column:
    """A column of one figure of the plan."""
    return Column(label or LABELS[name].overall, KINDS[LABELS[name].measure])


def owner_name(owner: str, names: Mapping[str, str]) -> str:
    return organisation_name(owner, names).removeprefix("il ")


def whose(place: str | None, owner: str, names: Mapping[str, str]) -> tuple[Cell, Cell]:
    """Cells of `MUNICIPALITY` and `OWNER`; a municipality's own row does not say its name twice."""
    if place is None:
        return Cell(EVERYWHERE), Cell(owner_name(owner, names))
    is_own = owner == municipality_organisation(place)
    return Cell(names.get(place, place)), Cell("Comune" if is_own else owner_name(owner, names))


def alphabetical(names: Mapping[str, str]) -> list[str]:
    """Codes in the order in which a reader looks for their names."""
    return sorted(names, key=lambda code: (names[code], code))
