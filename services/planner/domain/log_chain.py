"""Registro degli eventi, concatenato: each link seals an entry and all that came before it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson

BEGINNING: Final = ""
"""What comes before the first link, and the head of a log that is empty."""


def links(entries: Iterable[Sequence[str | None]], key: bytes) -> Iterator[str]:
    """HMAC-SHA-256, in hexadecimal, of the link before and the entry as one JSON list without white space.

    The key is the installation's secret: an entry holds counts so small that whoever has the link before could try
    them all, were it a hash that anybody can compute.
    """
    link = BEGINNING
    for entry in entries:
        link = hmac.digest(key, orjson.dumps([link, *entry]), "sha256").hex()
        yield link
