"""What changed between two texts of a section: lines, and the words within the lines that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\S+\s*|\s+")


class Change(StrEnum):
    """Che cosa è successo a un pezzo di testo."""

    SAME = "SAME"
    REMOVED = "REMOVED"
    ADDED = "ADDED"


class Piece(NamedTuple):
    """Pezzo di testo, rimasto, tolto o aggiunto."""

    change: Change
    text: str


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """Same and removed pieces together are the one text, same and added ones the other."""
    pieces = _compared(before.splitlines(keepends=True), after.splitlines(keepends=True), within=True)
    return tuple(_joined(pieces))


def _compared(was: Sequence[str], now: Sequence[str], *, within: bool = False) -> Iterator[Piece]:
    for what, first, last, begin, end in SequenceMatcher(None, was, now, autojunk=not within).get_opcodes():
        old, new = "".join(was[first:last]), "".join(now[begin:end])
        if what == "equal":
            yield Piece(Change.SAME, old)
        elif what == "replace" and within:
            yield from _compared(_WORD.findall(old), _WORD.findall(new))
        else:
            yield from (Piece(kind, text) for kind, text in ((Change.REMOVED, old), (Change.ADDED, new)) if text)


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece.change is last.change:
            last = Piece(last.change, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
