"""Thresholds with hysteresis: for any course of a figure, the reader is never further off than the threshold."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.moves import FigureId, figure_id, moves, thousandths
from shared.events import FigureChange, Measure

KEY: FigureId = "assignable_mean//2027"


def figure(before: int | None, after: int | None, measure: Measure = Measure.THOUSANDTHS) -> FigureChange:
    return FigureChange(
        figure="assignable_mean", label_it="Alloggi", year=2027, measure=measure, before=before, after=after
    )


@pytest.mark.parametrize(
    ("threshold", "measure", "before", "after", "is_told"),
    [
        ("0.1", Measure.THOUSANDTHS, 9000, 9099, False),
        ("0.1", Measure.THOUSANDTHS, 9000, 9100, True),
        ("0.1", Measure.THOUSANDTHS, 9100, 9000, True),
        ("0.1", Measure.COUNT, 4, 5, True),
        ("2", Measure.COUNT, 4, 5, False),
        ("2", Measure.COUNT, 4, 2, True),
        ("2.5", Measure.COUNT, 4, 2, False),
        ("0.1", Measure.COUNT, None, 1, True),
        ("0.1", Measure.COUNT, None, 0, False),
        ("0.1", Measure.COUNT, 1, None, True),
    ],
)
def test_a_threshold_is_in_homes_whatever_the_measure(
    threshold: str, measure: Measure, before: int | None, after: int | None, is_told: bool
) -> None:
    told, _ = moves([figure(before, after, measure)], "comune-019036", thousandths(Decimal(threshold)), {})
    assert bool(told) is is_told


def test_what_is_told_counts_from_the_value_last_told() -> None:
    told, remembered = moves([figure(9050, 9150)], "comune-019036", 100, {KEY: 9000})
    assert (told[0].before, told[0].after, remembered) == (9000, 9150, {KEY: 9150})


def test_what_is_not_told_leaves_the_memory_alone_once_it_has_a_value() -> None:
    assert moves([figure(9000, 9050)], "comune-019036", 100, {}) == ((), {KEY: 9000})
    assert moves([figure(9050, 9080)], "comune-019036", 100, {KEY: 9000}) == ((), {})


@given(st.lists(st.integers(0, 3000), min_size=2, max_size=40), st.integers(100, 2000))
def test_the_reader_is_always_less_than_the_threshold_off_and_told_no_more_often_than_needed(
    course: list[int], threshold: int
) -> None:
    told: dict[FigureId, int] = {}
    for before, after in pairwise(course):
        known = told.get(KEY, course[0])
        heard, remembered = moves([figure(before, after)], "comune-019036", threshold, told)
        told |= remembered
        assert [(it.before, it.after) for it in heard] == ([(known, after)] if abs(after - known) >= threshold else [])
        assert abs(told[KEY] - after) < threshold


def test_other_owners_figures_are_nobodys_news_but_theirs() -> None:
    theirs = figure(0, 9000).model_copy(update={"owner": "aler-bcm"})
    assert moves([theirs], "comune-019036", 100, {}) == ((), {})
    assert moves([theirs], "aler-bcm", 100, {}) == ((theirs,), {figure_id(theirs): 9000})
