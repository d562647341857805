"""The document as one page to be read and printed: the words, tables and drawings of the PDF, and nothing else.

The same bytes for the same document; no script, no style but the sheet of the house. Every block says where in the
document it is (`data-at`, a JSON pointer), so that a saved page can be compared with the document (`web_reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from services.planner.document.model import Document
from services.planner.document.typesetting import typeset
from shared.pages import Spoken, page_environment, speaking

TEMPLATE: Final = "document.html"
_STYLE: Final = re.compile(r'<style>[^<]*</style>| paint-order="stroke"')
_environment: Final = page_environment(Path(__file__).parent / "templates")


def page_of(document: Document, home: str = "/") -> bytes:
    """The whole document in Italian, the language in which the plan is adopted; `home` is where the plan's pages begin.

    Raises:
        AssetsMissingError: the style sheets are not installed.
    """
    content = typeset(document)
    with speaking(Spoken()):
        told = _environment.get_template(TEMPLATE).render(
            plan=content, chapters=list(_placed(content)), home=home, inlined=_inlined
        )
    return told.encode()


def _placed(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chapters in reading order, each with its pointer and its name in the page; tables and drawings numbered."""
    numbers = {"table": 0, "drawing": 0}
    chapters = [*zip(("/legal_frame", "/submissions"), content["front"], strict=True)]
    for name in ("parts", "annexes"):
        chapters += [(f"/{name}/{index}", part) for index, part in enumerate(content[name])]
    for place, (pointer, part) in enumerate(chapters, start=1):
        for section in part["sections"]:
            for block in section["blocks"]:
                if block["block"] in numbers:
                    numbers[block["block"]] += 1
                    block["number"] = numbers[block["block"]]
        yield part | {"pointer": pointer, "name": f"capitolo-{place}"}


def _inlined(svg: str) -> str:
    """Without the style that it carries where it stands alone: here it comes from the sheet, as our policy asks."""
    return _STYLE.sub("", svg)
