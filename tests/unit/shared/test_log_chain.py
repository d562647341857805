"""The chain of the event log, computed again with nothing but the standard library."""

from __future__ import annotations

import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from shared.log_chain import links

ENTRIES = st.lists(st.tuples(st.text(max_size=5), st.none() | st.text(max_size=5)), max_size=6)


def test_a_link_is_that_of_the_one_before_and_the_entry() -> None:
    first = sha256(b'["","e1","units",null]').hexdigest()
    second = sha256(json.dumps([first, "e2", "già", "x"], ensure_ascii=False, separators=(",", ":")).encode())
    assert list(links([("e1", "units", None), ("e2", "già", "x")])) == [first, second.hexdigest()]


def test_nothing_has_no_links() -> None:
    assert list(links([])) == []


@given(ENTRIES, ENTRIES)
def test_two_logs_agree_exactly_as_far_as_their_entries_do(
    one: list[tuple[str, ...]], other: list[tuple[str, ...]]
) -> None:
    agree = [a == b for a, b in zip(links(one), links(other), strict=False)]
    expected = [one[: n + 1] == other[: n + 1] for n in range(min(len(one), len(other)))]
    assert agree == expected
