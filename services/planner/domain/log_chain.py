"""Registro degli eventi, concatenato: each link seals an entry and all that came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import orjson

BEGINNING: Final = ""
"""What comes before the first link, and the head of a log that is empty."""


def links(entries: Iterable[Sequence[str | None]]) -> Iterator[str]:
    """SHA-256, in hexadecimal, of the link before and the entry as one JSON list without white space."""
    link = BEGINNING
    for entry in entries:
        link = sha256(orjson.dumps([link, *entry])).hexdigest()
        yield link
