"""Registro concatenato: each link seals an entry and all that came before it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson

BEGINNING: Final = ""
"""What comes before the first link, and the head of a log that is empty."""
OPEN: Final = b""
"""The key of a log whose links anybody may compute who has its entries."""


def link_after(before: str, entry: Sequence[str | None], key: bytes) -> str:
    """HMAC-SHA-256, in hexadecimal, of the link before and the entry as one JSON list without white space.

    Where entries hold counts so small that whoever has the link before could try them all, the key is a secret of the
    installation.
    """
    return hmac.digest(key, orjson.dumps([before, *entry]), "sha256").hex()


def links(entries: Iterable[Sequence[str | None]], key: bytes) -> Iterator[str]:
    """Every link of a log."""
    link = BEGINNING
    for entry in entries:
        link = link_after(link, entry, key)
        yield link
