"""A small document with every kind of element and of column, and hypothesis strategies of tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from services.planner.document.model import (
    Cell,
    Column,
    ColumnKind,
    Cover,
    Document,
    DocumentPart,
    Drawing,
    Edition,
    Listing,
    Paragraph,
    Section,
    Span,
    Table,
    Value,
)
from services.planner.domain.narrative.sentences import Sentence

ONE_OF_EACH: dict[ColumnKind, Value] = {
    ColumnKind.TEXT: "Comune di Soresina",
    ColumnKind.NUMBER: 1204,
    ColumnKind.THOUSANDTHS: 12_345,
    ColumnKind.SPAN: Span(8, 15),
    ColumnKind.PERCENT: Decimal("0.1396"),
    ColumnKind.EUROS: Decimal("1850.50"),
    ColumnKind.DAY: date(2026, 10, 31),
}
TABLE = Table(
    "Una di ogni tipo",
    tuple(Column(kind.value.lower(), kind) for kind in ONE_OF_EACH),
    (
        tuple(Cell(value, f"cremonese/{kind}") for kind, value in ONE_OF_EACH.items()),
        tuple(Cell(None, instead="meno di 5") for _ in ONE_OF_EACH),
    ),
    tuple(map(Cell, ONE_OF_EACH.values())),
    "Fonte: prova.",
)
PART = DocumentPart(
    "4",
    "Consistenza del patrimonio",
    (
        Section("", (Paragraph((Sentence("Ci sono 40 alloggi.", ("cremonese/stock_total",)),)),)),
        Section(
            "Dati",
            (Listing((Sentence("Una voce.", ()),)), TABLE, Drawing("Carta", "<svg/>", "La carta.", "Fonte.", 88)),
        ),
    ),
)
DOCUMENT = Document(
    cover=Cover("Piano triennale", "Ambito Cremonese", "Comune di Cremona", (2026, 2027, 2028), ("Proposta.",)),
    edition=Edition(3, "Proposta", date(2026, 11, 23), date(2026, 1, 1), "a" * 64, "b" * 64),
    legal_frame=DocumentPart("", "Quadro normativo", ()),
    submissions=DocumentPart("", "Chi ha trasmesso i dati", ()),
    parts=(PART,),
    annexes=(),
    synthetic=True,
)

VALUES = {
    ColumnKind.TEXT: st.text(max_size=20),
    ColumnKind.NUMBER: st.integers(-(2**53), 2**53),
    ColumnKind.THOUSANDTHS: st.integers(-(2**53), 2**53),
    ColumnKind.SPAN: st.builds(lambda low, width: Span(low, low + width), *[st.integers(0, 10**6)] * 2),
    ColumnKind.PERCENT: st.decimals(0, 1, places=4),
    ColumnKind.EUROS: st.decimals(0, 10**9, places=2),
    ColumnKind.DAY: st.dates(),
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = draw(st.lists(st.sampled_from(ColumnKind), min_size=1, max_size=4))
    row = st.tuples(*[st.builds(Cell, st.none() | VALUES[kind], st.text(max_size=5)) for kind in kinds])
    columns = tuple(Column(draw(st.text(max_size=10)), kind) for kind in kinds)
    total = draw(st.just(()) | row)
    return Table(draw(st.text(max_size=10)), columns, tuple(draw(st.lists(row, max_size=3))), total)


def with_table(table: Table) -> Document:
    return replace(DOCUMENT, parts=(replace(PART, sections=(Section("", (table,)),)),))
