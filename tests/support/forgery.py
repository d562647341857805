"""Copies of a PDF with something changed in them, as somebody with the tools of the trade would change it."""

from __future__ import annotations

import re
from io import BytesIO

from pypdf import PdfReader, PdfWriter

SHOWN = re.compile(rb"[^\\()]\)\]TJ")
"""The last byte of a text that is shown."""


def text_count(pdf: bytes, page: int) -> int:
    """How many texts a page shows; pages count from one."""
    return len(SHOWN.findall(PdfReader(BytesIO(pdf)).pages[page - 1]["/Contents"].get_object().get_data()))


def with_one_byte_of_text_changed(pdf: bytes, page: int, place: int) -> bytes:
    """The file, whole and valid, in which one text of a page ends in another character."""
    writer = PdfWriter(clone_from=BytesIO(pdf))
    contents = writer.pages[page - 1]["/Contents"].get_object()
    data = bytearray(contents.get_data())
    data[list(SHOWN.finditer(data))[place].start()] ^= 1
    contents.set_data(bytes(data))
    forged = BytesIO()
    writer.write(forged)
    return forged.getvalue()


def with_one_byte_flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
