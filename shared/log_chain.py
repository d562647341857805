"""Registro degli eventi, concatenato: each link seals an entry and all that came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import orjson

BEGINNING: Final = ""
"""What comes before the first link, and the head of a log that is empty."""


def link_after(before: str, entry: Sequence[str | None]) -> str:
    """SHA-256, in hexadecimal, of the link before and the entry as one JSON list without white space."""
    return sha256(orjson.dumps([before, *entry])).hexdigest()


def links(entries: Iterable[Sequence[str | None]]) -> Iterator[str]:
    """Every link of a log."""
    link = BEGINNING
    for entry in entries:
        link = link_after(link, entry)
        yield link
