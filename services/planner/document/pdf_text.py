"""The words of a PDF, line by line, also of one that is broken."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

UNREADABLE = "(illeggibile)"
"""Stands for the words of a page that cannot be read."""


class Line(NamedTuple):
    """A line of a page; pages count from one."""

    page: int
    text: str


def lines_of(pdf: bytes) -> list[Line]:
    """In the order in which they are drawn; a page that cannot be read is one line that says so."""
    return [Line(page, line.strip()) for page, text in enumerate(_pages(pdf), start=1) for line in text.splitlines()]


def _pages(pdf: bytes) -> Iterator[str]:
    # Half a second to import, which no service and no other command shall wait for.
    from pypdf import PdfReader

    # What is wrong with a file is told as a difference, not logged.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    # A broken file makes pypdf fail in as many ways as there are bytes to break.
    try:
        reader = PdfReader(BytesIO(pdf))
        page_count = len(reader.pages)
    except Exception:
        yield UNREADABLE
        return
    for number in range(page_count):
        try:
            yield reader.pages[number].extract_text() or UNREADABLE
        except Exception:
            yield UNREADABLE
