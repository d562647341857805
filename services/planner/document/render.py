"""The document as PDF/UA-1 and PDF/A-2a by Typst; the same bytes for the same document, on any machine.

It reads no clock, network or system font. It is heavy for a processor, though Typst lets other threads run meanwhile;
and Typst remembers what its last ten builds computed, some 40 MB for each, so that a process which builds many is best
ended now and then.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Final

import orjson
import typst

from services.planner.document.model import Document
from services.planner.document.typesetting import typeset
from shared.pages.assets import italia_folder

TEMPLATES: Final = Path(__file__).parent / "templates"
STANDARDS: Final[list[typst.PDFStandard]] = ["ua-1", "a-2a"]


def pdf_of(document: Document) -> bytes:
    """The document, dated on its reference day.

    Raises:
        typst.TypstError: what it holds cannot be set so that it is accessible.
        AssetsMissingError: the fonts are not installed.
    """
    pdf: bytes = typst.compile(
        TEMPLATES / "plan.typ",
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": orjson.dumps(typeset(document)).decode()},
        pdf_standards=STANDARDS,
        timestamp=datetime.combine(document.edition.reference_on, time(), UTC),
    )
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Those of the pages; none of this machine's, or the bytes would depend on it."""
    return typst.Fonts(include_system_fonts=False, font_paths=[italia_folder() / "fonts"])
