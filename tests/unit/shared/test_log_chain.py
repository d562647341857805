"""The chain of the event log, computed again with nothing but the standard library."""

from __future__ import annotations

import hmac
import json

from hypothesis import given
from hypothesis import strategies as st

from shared.log_chain import links

ENTRIES = st.lists(st.tuples(st.text(max_size=5), st.none() | st.text(max_size=5)), max_size=6)
KEY = b"segreto"


def test_a_link_is_that_of_the_one_before_and_the_entry() -> None:
    first = hmac.digest(KEY, b'["","e1","units",null]', "sha256").hex()
    second = json.dumps([first, "e2", "già", "x"], ensure_ascii=False, separators=(",", ":")).encode()
    expected = [first, hmac.digest(KEY, second, "sha256").hex()]
    assert list(links([("e1", "units", None), ("e2", "già", "x")], KEY)) == expected


def test_nothing_has_no_links() -> None:
    assert list(links([], KEY)) == []


def test_without_the_key_no_entry_can_be_tried() -> None:
    """The attacker guesses right, and cannot know it."""
    [published] = links([("e1", "submission-received", "2")], KEY)
    assert published not in {next(links([("e1", "submission-received", str(n))], b"")) for n in range(9)}


@given(ENTRIES, ENTRIES)
def test_two_logs_agree_exactly_as_far_as_their_entries_do(
    one: list[tuple[str, ...]], other: list[tuple[str, ...]]
) -> None:
    agree = [a == b for a, b in zip(links(one, KEY), links(other, KEY), strict=False)]
    expected = [one[: n + 1] == other[: n + 1] for n in range(min(len(one), len(other)))]
    assert agree == expected
