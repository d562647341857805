"""Which rows a cycle year expects, and what became of each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.api.examples import THREE_YEARS
from services.intake.domain.duties import (
    DueRow,
    RowKey,
    RowState,
    default_faults,
    due_keys,
    due_rows,
    home_moves,
)
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import OF_STOCK, OF_TERRITORY, missing_parts
from shared.events import OwnerKind, SubmissionDefaulted, SubmissionReceived, UnitChanged, UnitStatus, derived
from shared.events.contracts.examples import unit_changed

ALER, TOWN, VILLAGE = "aler-bcm", "comune-019026", "comune-019003"
MEMBERS = frozenset({"019003", "019026"})
HOMES = {RowKey(ALER, "019026"): 12, RowKey(TOWN, "019026"): 3, RowKey(ALER, "019003"): 0}
RULES = CycleRules.of(2026)
DUE_ON = date(2026, 10, 31)  # R.R. 4/2017, art. 5(1)


def received(owner: str, municipality: str, revision: int = 1, **more: Any) -> SubmissionReceived:
    parts = {name: value for name, value in THREE_YEARS.items() if name not in ("municipality", "cycle_year")}
    told = {
        "submission_id": str(derived(f"{owner}/{municipality}/{revision}")),
        "ambito": "cremonese",
        "cycle_year": 2026,
        "owner": owner,
        "owner_kind": "ALER" if owner == ALER else "MUNICIPALITY",
        "municipality": municipality,
        "revision": revision,
        "nil": False,
        "received_on": "2026-10-01",
        "late": False,
    }
    return SubmissionReceived.read(orjson.dumps(parts | told | more))


def defaulted(owner: str, municipality: str) -> SubmissionDefaulted:
    return SubmissionDefaulted(
        default_id=derived(f"{owner}/{municipality}"),
        ambito="cremonese",
        cycle_year=2026,
        owner=owner,
        owner_kind=OwnerKind.ALER,
        municipality=municipality,
        recorded_on=date(2026, 11, 20),
        reason="Nessuna risposta",
    )


def rows(
    revisions: list[SubmissionReceived], defaults: list[SubmissionDefaulted] | None = None, today: date = DUE_ON
) -> dict[RowKey, DueRow]:
    found = due_rows(HOMES, MEMBERS, revisions, defaults or [], RULES, today)
    assert [(row.municipality, row.owner) for row in found] == sorted((row.municipality, row.owner) for row in found)
    return {RowKey(row.owner, row.municipality): row for row in found}


def test_due_are_owners_where_they_have_homes_and_every_municipality_for_itself() -> None:
    assert due_keys(HOMES, MEMBERS) == {
        RowKey(ALER, "019026"),
        RowKey(TOWN, "019026"),
        RowKey(VILLAGE, "019003"),
    }
    assert due_keys(HOMES, None) == {RowKey(ALER, "019026"), RowKey(TOWN, "019026")}


def test_a_row_is_missing_and_late_only_after_the_deadline() -> None:
    on_the_day, after = rows([]), rows([], today=DUE_ON + timedelta(days=1))
    assert {row.state for row in on_the_day.values()} == {row.state for row in after.values()} == {RowState.MISSING}
    assert not any(row.late for row in on_the_day.values())
    assert all(row.late for row in after.values())
    assert on_the_day[RowKey(ALER, "019026")].homes == 12


def test_the_current_revision_tells_the_state_and_the_first_whether_it_was_late() -> None:
    first = received(TOWN, "019026")
    second = received(TOWN, "019026", 2, nil=True, columns=None, forecast=None, programmes=None, late=True)
    for order in ([first, second], [second, first]):
        row = rows(order)[RowKey(TOWN, "019026")]
        assert (row.state, row.late, row.revision) == (RowState.NIL, False, 2)
        assert row.submission_id == second.submission_id


def test_a_default_stays_on_record_until_the_row_comes() -> None:
    key, default = RowKey(ALER, "019026"), defaulted(ALER, "019026")
    absent = rows([], [default])[key]
    assert (absent.state, absent.reason, absent.owner_kind) == (RowState.IN_DEFAULT, "Nessuna risposta", OwnerKind.ALER)
    late = rows([received(ALER, "019026", late=True)], [default])[key]
    assert (late.state, late.late, late.reason) == (RowState.SUBMITTED, True, None)


def test_a_row_that_came_without_being_due_is_listed_too() -> None:
    row = rows([received(ALER, "019003", nil=True, columns=None)])[RowKey(ALER, "019003")]
    assert (row.state, row.homes) == (RowState.NIL, 0)


def test_missing_parts_are_those_that_the_owner_is_asked_for() -> None:
    nothing: dict[str, Any] = dict.fromkeys((*OF_STOCK, *OF_TERRITORY))
    assert missing_parts(received(TOWN, "019026")) == []
    assert missing_parts(received(TOWN, "019026", **nothing)) == [*OF_STOCK, *OF_TERRITORY]
    assert missing_parts(received(ALER, "019026", **nothing)) == [*OF_STOCK]
    assert missing_parts(received(TOWN, "019026", **nothing, nil=True, columns=None)) == [*OF_TERRITORY]
    assert missing_parts(received(TOWN, "019026", **{name: [] for name in OF_STOCK})) == [
        *("forecast.2027", "forecast.2028", "forecast.2029")
    ]
    counted = {name: value for name, value in THREE_YEARS["need"].items() if name not in ("barriers", "linked_total")}
    assert missing_parts(received(TOWN, "019026", need=counted)) == ["need.barriers"]


@pytest.mark.parametrize(
    ("today", "is_due", "is_received", "expected"),
    [
        (DUE_ON, True, False, ["default-before-deadline"]),
        (DUE_ON + timedelta(days=1), True, False, []),
        (DUE_ON + timedelta(days=1), True, True, ["default-of-received-row"]),
        (DUE_ON + timedelta(days=1), False, False, ["default-of-undue-row"]),
        (DUE_ON + timedelta(days=1), False, True, ["default-of-received-row"]),
    ],
)
def test_a_default_is_of_a_due_row_that_did_not_come_in_time(
    today: date, is_due: bool, is_received: bool, expected: list[str]
) -> None:
    found = list(default_faults(RowKey(ALER, "019026"), is_due, is_received, RULES, today))
    assert [fault.code for fault in found] == expected
    assert all(fault.rule.it and fault.rule.en and fault.remedy.it and fault.remedy.en for fault in found)


def moved(before: UnitStatus | None, after: UnitStatus) -> UnitChanged:
    fact = unit_changed()
    unit = fact.after.having({"status": after})
    return fact.having({"before": unit.having({"status": before}) if before else None, "after": unit})


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, UnitStatus.OCCUPIED, +1),
        (UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE, 0),
        (UnitStatus.IN_DISPOSAL_PLAN, UnitStatus.SOLD, -1),
        (UnitStatus.SOLD, UnitStatus.IN_DISPOSAL_PLAN, +1),  # a correction
        (None, UnitStatus.SOLD, 0),
    ],
)
def test_homes_are_counted_while_they_stand_and_are_owned(
    before: UnitStatus | None, after: UnitStatus, change: int
) -> None:
    moves = list(home_moves(moved(before, after)))
    assert {key for key, _ in moves} <= {RowKey("comune-019036", "019036")}
    assert sum(by for _, by in moves) == change


@given(st.lists(st.sampled_from(list(UnitStatus)), min_size=1, max_size=12))
def test_the_count_of_one_home_is_one_while_it_stands(states: list[UnitStatus]) -> None:
    steps = zip([None, *states], states, strict=False)
    total = sum(change for before, after in steps for _, change in home_moves(moved(before, after)))
    gone = {UnitStatus.SOLD, UnitStatus.BARTERED, UnitStatus.DEMOLISHED}
    assert total == (states[-1] not in gone)
