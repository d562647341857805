"""A section's text as the state keeps it, and how the plan's content names it without repeating it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from shared.events.decisions import SectionWritten

TextKey = tuple[int, str]
"""(first year of the triennium, section)."""


class Written(NamedTuple):
    """Testo in vigore di una sezione: its Markdown, by which organisation and office it was written, and when."""

    revision: int
    markdown: str
    organisation: str
    office: str
    written_on: date
    note: str
    cause: str


class TextSeal(NamedTuple):
    """Sigillo di un testo: its revision and the SHA-256 of its Markdown, so that the plan's hash covers it."""

    revision: int
    sha256: str


def written(event: SectionWritten, cause: str) -> Written:
    author = event.organisation, event.office.value, event.on
    return Written(event.revision, event.markdown, *author, event.note or "", cause)


def seals_of(texts: Mapping[TextKey, Written], first_year: int) -> dict[str, TextSeal]:
    """The seal of each section's text in one triennium."""
    return {
        section: TextSeal(text.revision, sha256(text.markdown.encode()).hexdigest())
        for (year, section), text in texts.items()
        if year == first_year
    }
