"""The planner's checks of what owners declare, each with both numbers, and messages that a person can act on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.planner.domain.checks.annual_totals import annual_checks
from services.planner.domain.checks.faults import Check, RowKey, Severity, counted, percent
from services.planner.domain.checks.registry_counts import RegisteredHome, assignment_checks, stock_checks
from services.planner.domain.checks.reserved import reservation_checks, sat_checks, share_checks
from services.planner.domain.checks.works import PlannedWorks, works_checks
from services.planner.domain.quotas import OwnerYear, divide
from services.planner.law import rules_on
from shared.events.units import OwnerKind, ServiceType

ROW = RowKey("comune-019098", "019098", 2026)
NAMES = {"019098": "Soresina"}
NOW, IN_2020, IN_2018 = (rules_on(date(year, 1, 1)) for year in (2026, 2020, 2018))
SAP, SAS = ServiceType.SAP, ServiceType.SAS


def test_v3_stock_is_the_registrys_at_the_cut_off_and_the_difference_is_told_by_home() -> None:
    homes = [RegisteredHome(unit, SAP) for unit in ("S2", "S1", "S3")]
    assert list(stock_checks(ROW, {SAP: 3}, homes)) == []
    [check] = stock_checks(ROW, {SAP: 4}, homes)
    assert (check.code, check.column, check.value, check.units) == ("V3", "stock_sap", "4", ("S1", "S2", "S3"))
    assert check.rule.it == ("La consistenza dichiarata (a = 4) non è quella dell’anagrafe (3 alloggi): differenza +1.")
    [named] = stock_checks(ROW, {SAP: 4}, homes, listed={"S1", "S2", "S4", "S5"})
    assert named.units == ("S3", "S4", "S5"), "S3 is not named by the owner, S4 and S5 are not in the registry"
    [other] = stock_checks(ROW, {SAP: 3, SAS: 1}, homes)
    assert (other.column, other.value, other.units) == ("stock_sas", "1", ())


def test_v16_assignments_declared_are_those_reported() -> None:
    assert list(assignment_checks(ROW, 2, ["A", "B"])) == []
    [check] = assignment_checks(ROW, 3, ["B", "A"])
    assert (check.code, check.value, check.units) == ("V16", "3", ("A", "B"))
    assert "assegnati nel 2025" in check.rule.it
    assert "k = 3" in check.rule.it
    assert "2 alloggi" in check.rule.it


@pytest.mark.parametrize(
    ("baseline", "sat_units", "most"),
    [(9, 1, 0), (10, 1, None), (19, 2, 1), (20, 2, None), (0, 1, 0), (0, 0, None)],
)
def test_v10_sat_is_at_most_a_tenth_of_the_baseline_rounded_down(
    baseline: int, sat_units: int, most: int | None
) -> None:
    found = [check.remedy.it for check in sat_checks(ROW, sat_units, baseline, NOW)]
    assert found == ([] if most is None else [f"Indicare al massimo {most}."])


def test_v10_names_limit_share_and_article() -> None:
    [check] = sat_checks(ROW, 2, 19, NOW)
    assert check.rule.it == (
        "2 alloggi per i servizi abitativi transitori: il limite è 1, il 10% di 19 alloggi, per difetto "
        "(L.R. 16/2016, art. 23 c. 13)."
    )
    assert check.parameters == ("sat_set_aside_share", "sat_baseline")


def aler(available: int, **chosen: object) -> OwnerYear:
    return OwnerYear("aler", OwnerKind.ALER, "019098", available, **chosen)


def test_v11_the_only_home_of_a_village_is_for_an_indigent_household() -> None:
    [check] = reservation_checks(ROW, divide(aler(1, sat_units=1), NOW.quotas))
    assert (check.code, check.column, check.value) == ("V11", "sat_units", "1")
    assert check.rule.it == (
        "Alloggi riservati 2 (1 per nuclei indigenti, 1 per servizi abitativi transitori), disponibili 1: "
        "per servizi abitativi transitori ne restano 0. La quota per nuclei indigenti prevale."
    )
    assert list(reservation_checks(ROW, divide(aler(2, sat_units=1), NOW.quotas))) == []
    assert list(reservation_checks(ROW, divide(aler(0), NOW.quotas))) == []


@pytest.mark.parametrize(
    ("rules", "chosen", "codes"),
    [
        (IN_2018, {"forces_share": "0.01"}, ["V7"]),
        (IN_2020, {"forces_share": "0.10"}, []),
        (IN_2020, {"forces_share": "0.11"}, ["V7"]),
        (IN_2020, {"local_police_share": "0.01"}, ["V7"]),
        (IN_2020, {"categories_share": "0.01"}, ["V8"]),
        (NOW, {"forces_share": "0.10", "local_police_share": "0.10", "categories_share": "0.20"}, []),
        (NOW, {"forces_share": "0.15", "local_police_share": "0.10", "categories_share": "0.21"}, ["V7", "V8"]),
    ],
)
def test_v7_and_v8_follow_the_rule_set(rules, chosen: dict[str, str], codes: list[str]) -> None:
    year = aler(10, **{name: Decimal(share) for name, share in chosen.items()})
    assert [check.code for check in share_checks(ROW, year, rules)] == codes


def test_v7_says_that_there_was_no_such_share_or_how_large_it_may_be() -> None:
    [none] = share_checks(ROW, aler(10, local_police_share=Decimal("0.1")), IN_2020)
    assert none.rule.it.startswith("Le regole del 01.01.2020 non prevedono una quota per polizia locale")
    [above] = share_checks(ROW, aler(10, forces_share=Decimal("0.125")), IN_2020)
    assert "12,5%, supera il 10%" in above.rule.it
    assert above.remedy.it == "Indicare al massimo il 10%."


YEARS = (2026, 2027, 2028)


@pytest.mark.parametrize(
    ("works", "columns"),
    [
        (PlannedWorks("P-1", "RECOVERY", "PNRR", date(2028, 12, 31)), []),
        (PlannedWorks("P-1", "RECOVERY", "PNRR", date(2029, 1, 1)), ["works.expected_end_on"]),
        (PlannedWorks("P-1", "RECOVERY", "PNRR", date(2025, 12, 31)), ["works.expected_end_on"]),
        (PlannedWorks("P-1", None, "", None), ["works.kind", "works.programme", "works.expected_end_on"]),
    ],
)
def test_v15_works_have_kind_programme_and_an_end_inside_the_triennium(works: PlannedWorks, columns: list[str]) -> None:
    checks = list(works_checks(ROW, works, YEARS))
    assert [check.column for check in checks] == columns
    assert {check.code for check in checks} <= {"V15"}


def test_v15_slipping_out_of_the_triennium_is_invalid_and_a_gap_only_missing() -> None:
    [late] = works_checks(ROW, PlannedWorks("P-1", "RECOVERY", "PNRR", date(2029, 3, 1)), YEARS)
    assert (late.severity, late.value) == (Severity.VALIDITY, "2029-03-01")
    assert late.rule.it == "I lavori P-1 finiscono il 01.03.2029, fuori dal triennio 2026-2028."
    [gap] = works_checks(ROW, PlannedWorks("P-1", "RECOVERY", None, date(2027, 3, 1)), YEARS)
    assert gap.severity is Severity.MISSING


def test_v17_annual_and_three_year_plan_agree_on_the_columns_both_have() -> None:
    annual = {"free_now": 3, "turnover_expected": 5, "assignable_total": 8}
    assert list(annual_checks(ROW, annual, {"turnover_expected": 5})) == []
    [check] = annual_checks(ROW, annual, {"turnover_expected": 7, "new_build_assignable": 1})
    assert (check.code, check.column, check.value) == ("V17", "turnover_expected", "5")
    assert "il piano annuale dice 5, la riga 2026 del piano triennale 7; differenza -2" in check.rule.it


def test_a_message_names_row_column_value_rule_and_remedy() -> None:
    [check] = assignment_checks(ROW, 3, ["A"])
    assert check.told(NAMES).it == (
        "Comune di Soresina, Soresina, 2026, colonna assigned_previous_year, valore 3: "
        "Gli alloggi assegnati nel 2025 dichiarati (k = 3) non sono quelli comunicati all’anagrafe (1 alloggio): "
        "differenza +2. Correggere la dichiarazione, oppure comunicare le assegnazioni mancanti."
    )
    whole: Check = check._replace(row=RowKey("aler-bcm", None, 2026))
    assert whole.told(NAMES).en.startswith("ALER, 2026, column assigned_previous_year, value 3: The homes")


def test_numbers_in_sentences() -> None:
    assert [counted(count).it for count in (0, 1, 2, 1_204)] == [
        "0 alloggi",
        "1 alloggio",
        "2 alloggi",
        "1.204 alloggi",
    ]
    assert [counted(count, "household").en for count in (1, 1_204)] == ["1 household", "1,204 households"]
    assert [percent(Decimal(share)) for share in ("0.20", "0.125", "1", "0")] == ["20%", "12,5%", "100%", "0%"]
