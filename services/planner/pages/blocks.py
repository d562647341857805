"""The chapters of the plan's document as parts of a page: each number leads to its own page, each chart to its data.

They are the document's own blocks, so that page, PDF and data cannot tell two numbers, nor one that is kept back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from markupsafe import Markup

from services.planner.document import model
from services.planner.document.model import ColumnKind, DocumentPart
from services.planner.domain.narrative.figures import Figure, written
from services.planner.domain.narrative.sentences import Sentence
from services.planner.pages.addresses import Addresses
from services.planner.pages.frame import templates
from shared.pages import Cell, Column, Flag, Spoken, speaking
from shared.pages.layout import ColumnType

LONG: Final = 60
"""A table of more rows is opened by who wants to read it."""
KINDS: Final[Mapping[ColumnKind, ColumnType]] = {
    ColumnKind.TEXT: "text",
    ColumnKind.NUMBER: "number",
    ColumnKind.THOUSANDTHS: "thousandths",
    ColumnKind.SPAN: "span",
    ColumnKind.PERCENT: "tenths_of_percent",
    ColumnKind.EUROS: "euros",
    ColumnKind.DAY: "day",
}


class Segment(NamedTuple):
    """A piece of a sentence; a number of the plan leads to its page."""

    text: str
    href: str | None = None
    figure: str = ""
    level: int = 0


class Datum(NamedTuple):
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph, or the items of a list."""

    sentences: tuple[tuple[Segment, ...], ...]
    kind: Literal["paragraph", "listing"]


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None
    note: str
    kind: Literal["table"] = "table"

    @property
    def is_long(self) -> bool:
        return len(self.rows) > LONG


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, what it shows in words, and its data as a table."""

    caption: str
    svg: Markup
    summary: str
    data: tuple[Datum, ...]
    kind: Literal["chart"] = "chart"


class Heading(NamedTuple):
    """Blocks under a heading."""

    title: str
    blocks: tuple[Words | Table | Chart, ...]
    edit: str = ""
    """Where its text is written, for who may."""


def written_part(
    part: DocumentPart,
    figures: Mapping[str, Figure],
    at: Addresses,
    flags: Mapping[str, Flag] = MappingProxyType({}),
    edit: Mapping[str, str] = MappingProxyType({}),
) -> Markup:
    """The part in Italian, the language in which the plan is adopted; `edit` has the addresses of texts by title.

    `flags` are those of its tables' figures, by the address of each.
    """
    headings = [Heading(one.title, tuple(_blocks(one, figures, at)), edit.get(one.title, "")) for one in part.sections]
    with speaking(Spoken()):
        return Markup(templates.get_template("blocks.html").render(headings=headings, flags=flags))


def _blocks(section: model.Section, figures: Mapping[str, Figure], at: Addresses) -> Iterator[Words | Table | Chart]:
    for block in section.blocks:
        match block:
            case model.Paragraph(sentences=sentences):
                yield Words(tuple(linked(sentence, figures, at) for sentence in sentences), "paragraph")
            case model.Listing(items=sentences):
                yield Words(tuple(linked(sentence, figures, at) for sentence in sentences), "listing")
            case model.Table():
                yield table_of(block, at)
            case model.Drawing() if not _is_map(block):
                yield chart_of(block)


def _is_map(drawing: model.Drawing) -> bool:
    """The page draws its own, whose municipalities can be opened."""
    return "pv-area" in drawing.svg


def linked(sentence: Sentence, figures: Mapping[str, Figure], at: Addresses) -> tuple[Segment, ...]:
    """The sentence cut where its figures stand, in the order in which it names them."""
    found: list[Segment] = []
    rest = sentence.text
    for name in sentence.figures:
        figure = figures.get(name)
        number = written(figure) if figure and figure.value is not None else None
        place = re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d%]|[.,]\d)", rest) if number else None
        if place is not None:
            found += [Segment(rest[: place.start()]), Segment(place[0], at.figure(name), name, _level(number or ""))]
            rest = rest[place.end() :]
    return (*found, Segment(rest))


def _level(text: str) -> int:
    """The number as it is written, without its sign: by it an open page tells up from down."""
    return int(re.sub(r"\D", "", text) or 0)


def table_of(table: model.Table, at: Addresses) -> Table:
    columns = tuple(Column(column.label, KINDS[column.kind]) for column in table.columns)
    rows = tuple(tuple(_cell(cell, at) for cell in row) for row in table.rows)
    total = tuple(_cell(cell, at) for cell in table.total) or None
    return Table(table.caption, columns, rows, total, table.note)


def chart_of(drawing: model.Drawing) -> Chart:
    """Its alternative text says what it is, then every value: `Grafico a barre, alloggi. 2026: 12,3; 2027: 9,0.`"""
    summary, _, told = drawing.alternative.partition(". ")
    data = (entry.partition(": ") for entry in told.removesuffix(".").split("; "))
    return Chart(
        drawing.caption, Markup(drawing.svg), f"{summary}.", tuple(Datum(name, value) for name, _, value in data)
    )


def _cell(cell: model.Cell, at: Addresses) -> Cell:
    href = at.figure(cell.figure) if cell.figure and cell.value is not None else None
    return Cell(cell.value, href=href, figure=cell.figure or None, instead=cell.instead)
