"""What the plan's document says, in reading order (R.R. 4/2017, art. 3 c. 2); nothing here knows how it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from services.planner.domain.narrative.sentences import Sentence


class ColumnKind(StrEnum):
    """How a column's values are read: `THOUSANDTHS` are integers, `PERCENT` is a Decimal share of one."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    THOUSANDTHS = "THOUSANDTHS"
    SPAN = "SPAN"
    PERCENT = "PERCENT"
    EUROS = "EUROS"
    DAY = "DAY"


class Span(NamedTuple):
    """Low and high end of a count."""

    low: int
    high: int


SINCE_SEALED: Final = MappingProxyType({"since_sealed": True})
"""Of a field that documents sealed before do not have: it is not written where it says nothing."""
Value = str | int | Decimal | date | Span | None
VALUE_TYPES: Final[dict[ColumnKind, type]] = {
    ColumnKind.TEXT: str,
    ColumnKind.NUMBER: int,
    ColumnKind.THOUSANDTHS: int,
    ColumnKind.SPAN: Span,
    ColumnKind.PERCENT: Decimal,
    ColumnKind.EUROS: Decimal,
    ColumnKind.DAY: date,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, the figure it is, and what is written `instead` where there is none: `n.d.`, `meno di 5`."""

    value: Value
    figure: str = ""
    instead: str = "n.d."


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of one paragraph, each with the figures in it."""

    sentences: tuple[Sentence, ...]
    block: Literal["paragraph"] = "paragraph"

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Listing:
    """Items of a list, in order."""

    items: tuple[Sentence, ...]
    block: Literal["listing"] = "listing"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, one for each column; `total` is the last row, `note` its source and how it is read.

    Raises:
        ValueError: a row has more or fewer cells than there are columns, or a value is not of its column's kind.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()
    note: str = ""
    block: Literal["table"] = "table"

    def __post_init__(self) -> None:
        for row in self.all_rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.caption}: {len(row)} cells for {len(self.columns)} columns")
            for column, cell in zip(self.columns, row, strict=True):
                if cell.value is not None and type(cell.value) is not VALUE_TYPES[column.kind]:
                    raise ValueError(f"{self.caption}: {cell.value!r} is no {column.kind} ({column.label})")

    @property
    def all_rows(self) -> tuple[tuple[Cell, ...], ...]:
        return (*self.rows, self.total) if self.total else self.rows


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map or chart as SVG; `alternative` says all that it shows to who cannot see it, `note` its sources.

    `width` is in % of the line.
    """

    caption: str
    svg: str
    alternative: str
    note: str = ""
    width: int = 100
    block: Literal["drawing"] = "drawing"


Block = Paragraph | Listing | Table | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading; the first of a chapter may have none (an empty `title`)."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """Parte del piano: `number` is 1 to 7 for its parts, a letter for an annex, empty for what comes before them."""

    number: str
    title: str
    sections: tuple[Section, ...]

    @property
    def blocks(self) -> Iterator[Block]:
        return (block for section in self.sections for block in section.blocks)


@dataclass(frozen=True, slots=True)
class Cover:
    """Frontespizio: whose plan this is; `acts` are the sentences on who approved it and when, or that nobody has."""

    title: str
    ambito: str
    lead: str
    years: tuple[int, ...]
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Edizione: which version of which plan, true on which day and by the rules of which day.

    `plan_hash` is that of the plan's canonical figures, `log_head` the link of the event log that seals all it was made
    of; `hash` is the document's own and covers both: `services.planner.document.canonical.sealed` fills it in.
    `audit_head` seals who has signed in up to the edition's last step; the plan as it is today has none.
    """

    version: int
    status: str
    reference_on: date
    rules_on: date
    plan_hash: str
    log_head: str
    hash: str = ""
    audit_head: str = field(default="", metadata=SINCE_SEALED)


@dataclass(frozen=True, slots=True)
class Document:
    """Documento di piano: frontespizio, quadro normativo, chi ha trasmesso i dati, le sette parti, gli allegati."""

    cover: Cover
    edition: Edition
    legal_frame: DocumentPart
    submissions: DocumentPart
    parts: tuple[DocumentPart, ...]
    annexes: tuple[DocumentPart, ...]
    synthetic: bool
    """Whether its homes and events are made up; the document says so on every page."""

    @property
    def chapters(self) -> tuple[DocumentPart, ...]:
        return (self.legal_frame, self.submissions, *self.parts, *self.annexes)
