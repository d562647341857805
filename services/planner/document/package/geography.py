"""The municipalities on the map with the numbers that the document tells of each (GeoJSON, RFC 7946)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson

from services.planner.document.model import Cell, ColumnKind, Document, Span, Table
from shared.territory import ATTRIBUTION, UnknownAmbitoError, boundaries


def geography_of(document: Document, ambito: str) -> bytes | None:
    """A feature for each municipality; None where the territory is not installed.

    Properties are named as the figures are, of a year with the year behind; all owners together. What the document does
    not tell is not there.
    """
    try:
        collection = boundaries(ambito)
    except UnknownAmbitoError:
        return None
    told: dict[str, dict[str, Any]] = defaultdict(dict)
    for place, name, value in _figures(document):
        told[place][name] = value
    features = [
        {
            **feature,
            "properties": feature["properties"] | dict(sorted(told[feature["properties"]["istat_code"]].items())),
        }
        for feature in collection["features"]
    ]
    return orjson.dumps({**collection, "attribution": ATTRIBUTION, "features": features}, option=orjson.OPT_SORT_KEYS)


def _figures(document: Document) -> Iterator[tuple[str, str, float]]:
    """(municipality, name, value) of every cell that is a figure of a municipality, all owners together."""
    for block in (block for chapter in document.chapters for block in chapter.blocks):
        if isinstance(block, Table):
            for row in block.rows:
                for cell, column in zip(row, block.columns, strict=True):
                    place, name = _named(cell.figure)
                    if place:
                        yield from ((place, one, value) for one, value in _values(name, cell, column.kind))


def _named(figure: str) -> tuple[str, str]:
    """Municipality and name, of `019036:-:occupied:2026` or `019036/population`."""
    match figure.split(":"):
        case [place, "-", name, year] if place != "-":
            return place, name if year == "-" else f"{name}_{year}"
        case [told] if told[:6].isdigit():
            place, _, name = told.partition("/")
            return place, name
    return "", ""


def _values(name: str, cell: Cell, kind: ColumnKind) -> Iterator[tuple[str, float]]:
    match kind, cell.value:
        case ColumnKind.SPAN, Span(low, high):
            yield from ((name, low), (name.replace("_low", "_high"), high))
        case ColumnKind.THOUSANDTHS, int(value):
            yield name, value / 1000
        case _, int(value):
            yield name, value
        case _, Decimal() as value:
            yield name, float(value)
