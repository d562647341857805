"""The annual plans of Cremona and Crema of 2019, as printed (`examples.json` says where), through the plan's sums."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import Declaration, declaration_faults
from services.planner.cli import app
from services.planner.domain.annual import COLUMNS, SUMMANDS, aggregate
from services.planner.domain.checks.annual_totals import annual_checks
from services.planner.domain.checks.faults import RowKey
from services.planner.domain.published import (
    Finding,
    FindingKind,
    PublishedCase,
    PublishedFault,
    amounts_of,
    check_published,
    read_published,
)
from shared.events import AnnualColumns, OwnerKind

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples.json"
CASES = {case.id: case for case in read_published(EXAMPLES.read_text("utf-8"), EXAMPLES.name)}
CREMA, CREMONA = CASES["crema_plan_2019"], CASES["cremona_plan_2019"]


def printed_and_computed(case: PublishedCase, kind: FindingKind) -> dict[str, tuple[object, object]]:
    return {one.what: (one.printed, one.computed) for one in check_published(case) if one.kind is kind}


def of_all(who: str) -> str:
    return f"{who}, all services, 2019"


def test_crema_every_printed_total_is_the_sum_of_its_rows() -> None:
    assert printed_and_computed(CREMA, FindingKind.COLUMN_TOTAL) == {
        "units_free": (18, 18),
        "units_turnover_in_year": (11, 11),
        "units_assignable_in_year": (50, 50),
        "units_assigned_previous_year": (28, 28),
        "stock_sas": (6, 6),
    }
    assert printed_and_computed(CREMA, FindingKind.SOURCE_CHECK)["municipalities without stock, %"] == (
        48,
        Decimal("47.917"),
    )


def test_crema_discrepancies_are_told_with_both_numbers() -> None:
    """Trescore prints one home more than it has free; Sergnano's is in no total; of ALER's 29 only 4 + 4 are."""
    findings = [one for one in check_published(CREMA) if one.holds is False]
    assert {(one.what, one.printed, one.computed) for one in findings} == {
        (f"g ({of_all('ambito, all owners')})", 50, 29),
        (f"g ({of_all('ambito, aler')})", 29, 8),
        (f"g ({of_all('Trescore Cremasco, comune')})", 3, 2),
        (f"g ({of_all('Sergnano, unstated')})", None, 1),
    }
    assert all("not published: columns b, c, d" in one.note for one in findings)


def test_crema_nine_municipalities_have_free_plus_turnover_as_their_total() -> None:
    held = {one.what for one in check_published(CREMA) if one.kind is FindingKind.ROW_SUM and one.holds}
    nine = "Castelleone, Crema, Offanengo, Soncino, Vaiano Cremasco, Izano, Montodine, Rivolta d'Adda, Vailate"
    assert held == {f"g ({of_all(f'{name}, comune')})" for name in nine.split(", ")}


def test_cremona_totals_and_that_one_of_them_proves_nothing() -> None:
    """107 + 8 = 115 in the city. The ambito's 160 are 115 + 45, but the 45 were inferred from the 160."""
    assert printed_and_computed(CREMONA, FindingKind.PRINTED_TOTAL) == {
        f"assignable_total ({of_all('Cremona, all owners')})": (115, 115),
        f"assignable_total ({of_all('ambito, all owners')})": (160, 160),
    }
    notes = {one.printed: one.note for one in check_published(CREMONA) if one.kind is FindingKind.PRINTED_TOTAL}
    assert notes == {Decimal(115): "", Decimal(160): "has a value inferred, not printed"}
    assert all(one.holds for one in check_published(CREMONA) if one.kind is FindingKind.SOURCE_CHECK)


def test_intakes_rules_find_the_same_row_wrong() -> None:
    """V5 over every municipality that prints a total; V4 needs the stock, which is not printed by municipality."""
    columns: dict[tuple[str, str], dict[str, int]] = {}
    for name, scope, value in amounts_of(CREMA):
        if scope.territory and scope.owner and name in (*SUMMANDS, "assignable_total"):
            columns.setdefault((scope.territory, scope.owner), {})[name] = value
    faults = {}
    for (territory, _), counts in columns.items():
        if "assignable_total" in counts:
            declaration = Declaration(
                cycle_year=2019, municipality="019035", columns=AnnualColumns(stock_sap=100, **counts)
            )
            found = list(declaration_faults(declaration, OwnerKind.MUNICIPALITY, CycleRules.of(2019)))
            if found:
                faults[territory] = [(fault.code, fault.value) for fault in found]
    assert len(columns) > 10
    assert faults == {"Trescore Cremasco": [("V5", "3")]}


def test_the_planners_checks_hold_between_printed_and_computed_totals() -> None:
    sums = aggregate(amounts_of(CREMA), 2019)
    printed = {"free_now": 18, "turnover_expected": 11, "assignable_total": 50, "assigned_previous_year": 28}
    computed = {column: total.value for column in printed if (total := sums.total(column))}
    row = RowKey("ambito", None, 2019)
    assert list(annual_checks(row, printed, computed)) == []
    [check] = annual_checks(row, printed | {"free_now": 19}, computed)
    assert "il piano annuale dice 19" in check.rule.it
    assert "del piano triennale 18" in check.rule.it


def test_the_regions_columns_are_known() -> None:
    """Shares (h, i) are no counts of homes."""
    listed = json.loads((HERE / "annual_plan_columns.json").read_text("utf-8"))["columns"]
    for column in listed:
        if column["letter"] not in "hi":
            for key in column["key"].split("/"):
                assert COLUMNS[key].letter == column["letter"]


def plan(rows: list[tuple[str, str, int]], checks: list[dict] | None = None) -> PublishedCase:
    """A plan of 2023 in the files' shape."""
    case = {
        "id": "p",
        "year": 2023,
        "rows": [{"ente": ente, "metric": metric, "value": value} for ente, metric, value in rows],
        "checks": checks or [],
    }
    [read] = read_published(json.dumps({"cases": [case]}), "p.json")
    return read


def kinds(case: PublishedCase) -> list[tuple[FindingKind, bool | None]]:
    return [(one.kind, one.holds) for one in check_published(case)]


def test_a_plan_that_prints_e_as_one_number() -> None:
    """Mantova 2023, as quoted in `annual_plan_columns.json`: 8 + 54 + 0 + 112 + 0 = 174."""
    rows = [
        ("ambito", "as_is_assignable", 8),
        ("ambito", "under_renovation_assignable", 54),
        ("ambito", "new_build_assignable", 0),
        ("ambito", "free_plus_turnover", 112),
        ("ambito", "conferred_by_private", 0),
        ("ambito", "assignable_total", 174),
    ]
    [found] = check_published(plan(rows))
    assert (found.kind, found.printed, found.computed, found.holds, found.note) == (
        FindingKind.ROW_SUM,
        174,
        174,
        True,
        "",
    )
    [wrong] = check_published(plan([*rows[:-1], ("ambito", "assignable_total", 175)]))
    assert (wrong.difference, wrong.holds) == (-1, False)


def test_a_row_printed_twice_and_a_total_that_is_not_its_parts() -> None:
    twice = plan([("Crema", "units_free", 3), ("Crema", "units_free", 3), ("ambito", "units_free", 7)])
    found = check_published(twice)
    assert [(one.kind, one.printed, one.computed) for one in found] == [
        (FindingKind.PRINTED_TOTAL, 7, 3),
        (FindingKind.SCOPE, 3, None),
    ]
    assert "the same number is there twice" in found[1].note


def test_a_three_year_plan_and_an_owner_that_is_all_of_them() -> None:
    row = {"ente": "Crema", "metric": "stock_sas", "value": 5.0, "owner": "all", "page": 3}
    [case] = read_published(json.dumps({"cases": [{"id": "p", "year": "2021-2023", "rows": [row]}]}), "p.json")
    [amount] = amounts_of(case)
    assert (amount.value, amount.scope) == (5, ("Crema", None, None, 2021))


def test_checks_of_the_source_that_fail_or_are_not_known() -> None:
    checks = [
        {"op": "sum", "metric": "x", "parts": [1, 2], "expected": 4},
        {"op": "difference", "metric": "y", "parts": [9, 2, 3], "expected": 4},
        {"op": "ratio", "num": 1, "den": 3, "expected_pct": 34},
        {"op": "ratio", "num": 1, "den": 0, "expected_pct": 34},
        {"op": "median", "parts": [1], "expected": 1},
    ]
    assert [one.holds for one in check_published(plan([], checks))] == [False, True, False, None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "x.json: file: Invalid JSON"),
        ("{}", "x.json: cases: Field required"),
        ('{"cases": []}', "x.json: cases: Tuple should have at least 1 item"),
        ('{"cases": [{"id": "p"}]}', r"x.json: cases\[0\].year: Field required"),
        (
            '{"cases": [{"id": "p", "year": 2019, "rows": [{"ente": "a", "metric": "b", "value": "c"}]}]}',
            r"x.json: cases\[0\].rows\[0\].value",
        ),
    ],
)
def test_a_bad_file_is_told_where(text: str, said: str) -> None:
    with pytest.raises(PublishedFault, match=said):
        read_published(text, "x.json")


def test_the_command_prints_every_comparison(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["check", str(EXAMPLES)])
    assert run.exit_code == 0
    assert "holds       COLUMN_TOTAL  units_free: printed 18, computed 18, difference 0" in run.stdout
    differs = [line for line in run.stdout.splitlines() if "DIFFERS" in line]
    assert len(differs) == 4
    told = json.loads(CliRunner().invoke(app, ["check", "--json", str(EXAMPLES)]).stdout)
    assert len(told) == sum(len(check_published(case)) for case in CASES.values())
    assert told[0].keys() == {*Finding._fields, "difference", "holds"}
    assert (told[0]["printed"], told[0]["holds"], told[5]["computed"]) == (18, True, 47.917)
    bad = tmp_path / "bad.json"
    bad.write_bytes(b"\xff")
    refused = CliRunner().invoke(app, ["check", str(bad)])
    assert (refused.exit_code, "byte 0 is not UTF-8" in refused.output) == (2, True)
