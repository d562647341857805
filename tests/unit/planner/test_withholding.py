"""What is not published beside a total: from what is told, no small count follows."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.withholding import whole, withheld


def test_nothing_is_kept_back_where_no_count_is_small() -> None:
    assert withheld({"a": 0, "b": 3, "c": 40}) == frozenset()


def test_a_small_count_takes_the_smallest_safe_one_with_it() -> None:
    """Three would betray a small one of one: their sum of four leaves nothing else."""
    assert withheld({"a": 2, "b": 40, "c": 5, "d": 0, "e": 3}) == {"a", "c"}


def test_without_a_companion_not_even_the_sum_is_told() -> None:
    assert withheld({"a": 2, "b": 3, "c": 0}) is None


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 12), max_size=6))
def test_each_small_count_stays_open_to_who_knows_the_sum_and_all_that_is_told(counts: dict[int, int]) -> None:
    """By trying every combination: a small one is 1 or 2, its companion 3 or more."""
    hidden = withheld(counts)
    if hidden is None:
        return
    few = sorted(key for key in hidden if counts[key] < 3)
    assert few == sorted(key for key, count in counts.items() if count in (1, 2))
    told = sum(count for key, count in counts.items() if key not in hidden)
    rest = sum(counts.values()) - told
    possible = [guess for guess in product((1, 2), repeat=len(few)) if rest - sum(guess) >= 3]
    for place in range(len(few)):
        assert {guess[place] for guess in possible} == {1, 2}


def test_a_mean_below_one_household_is_not_nothing() -> None:
    assert [whole(mean) for mean in (0, 1, 999, 2999, 3000)] == [0, 1, 1, 2, 3]
