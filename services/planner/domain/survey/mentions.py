"""Servizi e criticità del territorio, in the words of who declared them (R.R. 4/2017, art. 3 c. 2; planner.md §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple


class Topic(StrEnum):
    """Argomento del quadro ricognitivo."""

    SERVICE = "SERVICE"
    CRITICALITY = "CRITICALITY"


class Mention(NamedTuple):
    """Voce del quadro ricognitivo: a text as it was declared, where, and in which submission."""

    topic: Topic
    municipality: str
    text: str
    source: str


class Voices(NamedTuple):
    """What one submission says of its municipality; `source` is the submission's identifier."""

    municipality: str
    source: str
    services: Sequence[str] = ()
    criticalities: Sequence[str] = ()


def mentions_of(submissions: Iterable[Voices]) -> tuple[Mention, ...]:
    """Every text once for each municipality and source, blank ones left out, in a fixed order."""
    found = {
        Mention(topic, submission.municipality, text.strip(), submission.source)
        for submission in submissions
        for topic, texts in ((Topic.SERVICE, submission.services), (Topic.CRITICALITY, submission.criticalities))
        for text in texts
        if text.strip()
    }
    return tuple(sorted(found))
