"""The ledger of holds: whatever happens to a home, its entries sum to zero and it is in one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.holds import (
    ACTIVE,
    Entry,
    HoldStatus,
    LedgerAccount,
    WrongStep,
    balances,
    check_step,
    is_overdue,
    movement,
)

HELD, ACCEPTED, RETURNED = HoldStatus.HELD, HoldStatus.ACCEPTED, HoldStatus.RETURNED
DECLINED, EXPIRED = HoldStatus.DECLINED, HoldStatus.EXPIRED
ALLOWED = {(HELD, ACCEPTED), (HELD, DECLINED), (HELD, EXPIRED), (ACCEPTED, RETURNED)}


@pytest.mark.parametrize("before", HoldStatus)
@pytest.mark.parametrize("after", HoldStatus)
def test_only_these_steps_follow_each_other(before: HoldStatus, after: HoldStatus) -> None:
    if (before, after) in ALLOWED:
        check_step(before, after)
    else:
        with pytest.raises(WrongStep, match=f"{before} cannot become {after}"):
            check_step(before, after)


def life(choices: list[int]) -> list[HoldStatus]:
    """Steps of one home: a hold can begin where the last one has ended."""
    steps: list[HoldStatus] = []
    for choice in choices:
        last = steps[-1] if steps else None
        allowed = [HELD] if last not in ACTIVE else sorted(after for before, after in ALLOWED if before is last)
        steps.append(allowed[choice % len(allowed)])
    return steps


@given(st.lists(st.integers(0, 5), max_size=20))
def test_a_home_is_always_in_one_place_and_its_entries_sum_to_zero(choices: list[int]) -> None:
    steps, entries = life(choices), list[Entry]()
    for before, after in zip([None, *steps], steps, strict=False):
        pair = movement(before, after)
        assert sum(entry.amount for entry in pair) == 0
        entries += pair
        balance = balances(entries)
        assert sum(balance.values()) == 0
        assert balance[LedgerAccount.FREE] == -1
        assert sorted(balance[a] for a in (LedgerAccount.HELD, LedgerAccount.PLACED, LedgerAccount.RETURNED)) == [
            0,
            0,
            1,
        ]
        assert (balance[LedgerAccount.HELD] + balance[LedgerAccount.PLACED] == 1) is (after in ACTIVE)


def test_a_hold_that_is_placed_and_accepted_moves_the_home_twice() -> None:
    assert movement(None, HELD) == ((LedgerAccount.FREE, -1), (LedgerAccount.HELD, 1))
    assert movement(HELD, ACCEPTED) == ((LedgerAccount.HELD, -1), (LedgerAccount.PLACED, 1))


def test_a_hold_runs_out_at_the_very_moment_it_says() -> None:
    ends = datetime(2026, 1, 4, tzinfo=UTC)
    assert not is_overdue(HELD, ends, ends - timedelta(microseconds=1))
    assert is_overdue(HELD, ends, ends)
    assert not is_overdue(ACCEPTED, ends, ends)
