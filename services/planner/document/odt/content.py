"""The body of the OpenDocument text: the model, element by element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from services.planner.document.model import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Document,
    DocumentPart,
    Drawing,
    Listing,
    Paragraph,
    Table,
)
from services.planner.document.typesetting import WIDE, column_widths
from services.planner.document.writing import printable, written, written_day

SPACES: Final = {
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
}
LINE_CM: Final = 16.6
WIDE_LINE_CM: Final = 25.3
"""On a page upright and on its side."""
VIEW_BOX: Final = re.compile(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"')


def content_of(document: Document) -> bytes:
    for prefix, uri in SPACES.items():
        ElementTree.register_namespace(prefix, uri)
    text = _element("office:text", *_front(document))
    tables, figures = count(1), count(1)
    for kind, parts in (
        ("", (document.legal_frame, document.submissions)),
        ("Parte", document.parts),
        ("Allegato", document.annexes),
    ):
        for part in parts:
            text.extend(_chapter(part, kind, tables, figures))
    widths = {width for one in text.iter(_name("table:table-column")) if (width := one.get(_name("table:style-name")))}
    styles = _element("office:automatic-styles", *_table_styles(), *map(_column_style, sorted(widths)))
    root = _element("office:document-content", styles, _element("office:body", text))
    root.set(_name("office:version"), "1.3")
    content: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def drawings_of(document: Document) -> Iterator[tuple[str, str]]:
    """Path in the package and SVG of every drawing, in the order of their numbers."""
    found = (block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Drawing))
    for number, drawing in enumerate(found, start=1):
        yield _path(number), drawing.svg


def _front(document: Document) -> Iterator[Element]:
    cover, edition = document.cover, document.edition
    yield _paragraph("Title", cover.title)
    yield _paragraph("Subtitle", f"{cover.ambito}, {'  ·  '.join(map(str, cover.years))}")
    for line in (
        *cover.acts,
        f"Comune capofila: {cover.lead}.",
        f"Versione {edition.version}, {edition.status}.",
        f"Dati al {written_day(edition.reference_on)}, regole in vigore al {written_day(edition.rules_on)}.",
        f"Impronta del documento: {edition.hash}",
        f"Impronta delle cifre: {edition.plan_hash}",
        f"Testa del registro eventi: {edition.log_head}",
        *([f"Testa del registro accessi: {edition.audit_head}"] if edition.audit_head else []),
    ):
        yield _paragraph("Text_20_body", line)


def _chapter(part: DocumentPart, kind: str, tables: Iterator[int], figures: Iterator[int]) -> Iterator[Element]:
    is_wide = any(isinstance(block, Table) and len(block.columns) > WIDE for block in part.blocks)
    name = f"{kind} {part.number}. {part.title}" if part.number else part.title
    yield _heading(1, name, "Wide_20_chapter" if is_wide else "Chapter")
    for section in part.sections:
        if section.title:
            yield _heading(2, section.title, "Heading_20_2")
        for block in section.blocks:
            yield from _block(block, tables, figures)


def _block(block: Block, tables: Iterator[int], figures: Iterator[int]) -> Iterator[Element]:
    match block:
        case Paragraph():
            yield _paragraph("Text_20_body", block.text)
        case Listing():
            items = (_element("text:list-item", _paragraph("List_20_item", item.text)) for item in block.items)
            yield _element("text:list", *items, **{"text:style-name": "List"})
        case Table():
            number = next(tables)
            yield _paragraph("Caption", f"Tabella {number}: {block.caption}")
            if block.note:
                yield _paragraph("Note", block.note)
            yield _table(block, number)
        case Drawing():
            number = next(figures)
            yield _paragraph("Caption", f"Figura {number}: {block.caption}")
            if block.note:
                yield _paragraph("Note", block.note)
            yield _element("text:p", _drawing(block, number), **{"text:style-name": "Drawing"})


def _table(table: Table, number: int) -> Element:
    shares, line = column_widths(table), WIDE_LINE_CM if len(table.columns) > WIDE else LINE_CM
    widths = [round(100 * line * share / sum(shares)) for share in shares]
    columns = [_element("table:table-column", **{"table:style-name": f"W{width}"}) for width in widths]
    heads = (_cell(f"Table_20_heading_20_{_side(column)}", column.label) for column in table.columns)
    header = _element("table:table-row", *heads)
    rows = [_row(row, table.columns, "Table_20_") for row in table.rows]
    total = [_row(table.total, table.columns, "Total_20_")] if table.total else []
    named = {"table:name": f"Tabella{number}", "table:style-name": "Table"}
    return _element("table:table", *columns, _element("table:table-header-rows", header), *rows, *total, **named)


def _table_styles() -> Iterator[Element]:
    """A line under each cell; no row is cut by the end of a page."""
    line = {"fo:padding": "0.08cm", "fo:border-bottom": "0.5pt solid #c5d0db"}
    cell = _element("style:table-cell-properties", **line)
    yield _element("style:style", cell, **{"style:name": "Cell", "style:family": "table-cell"})
    kept = _element("style:table-row-properties", **{"fo:keep-together": "always"})
    yield _element("style:style", kept, **{"style:name": "Row", "style:family": "table-row"})


def _side(column: Column) -> str:
    return "text" if column.kind is ColumnKind.TEXT else "number"


def _column_style(name: str) -> Element:
    """`W250`: two and a half centimetres."""
    width = _element("style:table-column-properties", **{"style:column-width": f"{int(name[1:]) / 100:.2f}cm"})
    return _element("style:style", width, **{"style:name": name, "style:family": "table-column"})


def _row(row: tuple[Cell, ...], columns: tuple[Column, ...], style: str) -> Element:
    return _element(
        "table:table-row",
        *(_cell(style + _side(column), written(cell, column.kind)) for cell, column in zip(row, columns, strict=True)),
    )


def _cell(style: str, text: str) -> Element:
    named = {"table:style-name": "Cell", "office:value-type": "string"}
    return _element("table:table-cell", _paragraph(style, text), **named)


def _drawing(drawing: Drawing, number: int) -> Element:
    """As wide as the PDF has it, as high as its view box says."""
    box = VIEW_BOX.search(drawing.svg)
    ratio = float(box[2]) / float(box[1]) if box else 0.75
    width = LINE_CM * drawing.width / 100
    image = {"xlink:href": _path(number), "xlink:type": "simple", "xlink:show": "embed", "xlink:actuate": "onLoad"}
    alternative = _element("svg:desc")
    alternative.text = printable(drawing.alternative)
    size = {"svg:width": f"{width:.2f}cm", "svg:height": f"{width * ratio:.2f}cm"}
    named = {"draw:name": f"Figura{number}", "text:anchor-type": "as-char", "draw:style-name": "Frame"}
    return _element("draw:frame", _element("draw:image", **image), alternative, **named, **size)


def _path(number: int) -> str:
    return f"Pictures/figura-{number}.svg"


def _heading(level: int, text: str, style: str) -> Element:
    heading = _element("text:h", **{"text:style-name": style, "text:outline-level": str(level)})
    heading.text = printable(text)
    return heading


def _paragraph(style: str, text: str) -> Element:
    """White space counts in OpenDocument only where it is said to."""
    paragraph = _element("text:p", **{"text:style-name": style})
    for piece in re.split(r"(\n|\t| (?= ))", printable(text)):
        match piece:
            case "\n" | "\t" | " ":
                tag = {"\n": "text:line-break", "\t": "text:tab", " ": "text:s"}[piece]
                paragraph.append(_element(tag))
            case _ if len(paragraph):
                paragraph[-1].tail = (paragraph[-1].tail or "") + piece
            case _:
                paragraph.text = (paragraph.text or "") + piece
    return paragraph


def _element(name: str, *children: Element, **attributes: str) -> Element:
    element = Element(_name(name), {_name(key): value for key, value in attributes.items()})
    element.extend(children)
    return element


def _name(prefixed: str) -> str:
    prefix, _, local = prefixed.partition(":")
    return f"{{{SPACES[prefix]}}}{local}"
