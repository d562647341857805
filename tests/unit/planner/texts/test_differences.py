"""What changed between two texts: both can be put together again from it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.texts.differences import Change, Piece, differences

TEXTS = st.lists(st.sampled_from(["alloggi ", "liberi ", "nel ", "2026", "\n", "\n\n", ". "]), max_size=40).map("".join)


def test_only_the_words_that_changed_are_told() -> None:
    assert differences("Uno.\nNel 2026 nove alloggi.\n", "Uno.\nNel 2026 undici alloggi.\n") == (
        Piece(Change.SAME, "Uno.\nNel 2026 "),
        Piece(Change.REMOVED, "nove "),
        Piece(Change.ADDED, "undici "),
        Piece(Change.SAME, "alloggi.\n"),
    )


@given(TEXTS | st.text(max_size=80), TEXTS | st.text(max_size=80))
def test_both_texts_are_in_what_changed(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == after
    assert all(piece.text for piece in pieces)
    assert all(one.change is not other.change for one, other in pairwise(pieces))
    assert (before == after) == all(piece.change is Change.SAME for piece in pieces)
