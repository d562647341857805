"""The rules of the three-year data, each broken once: field, value, sentences in both languages, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.api.examples import THREE_YEARS
from services.intake.domain.faults import Fault
from shared.events import OwnerKind
from tests.unit.intake.samples import CONFIRMED_FIELD, faults, told

# 2026 is the cycle year of the sample: its triennium is 2027, 2028, 2029; its stock is 100 homes.
BROKEN: list[tuple[str, dict[str, Any], tuple[str, str, str | None], str, str]] = [
    (
        "V4 turnover of a later year above the stock",
        {"/forecast/1/turnover_expected": 101},
        ("V4", "/forecast/1/turnover_expected", "101"),
        "Riga 2, anno 2028: il turnover atteso (101) supera il patrimonio (a = 100).",
        "Row 2, year 2028: the expected turnover (101) exceeds the stock (a = 100).",
    ),
    (
        "V4 turnover of a later year above 15 %",
        {"/forecast/1/turnover_expected": 16},
        ("V4", "/forecast/1/turnover_expected", "16"),
        "Riga 2, anno 2028: un turnover di 16 alloggi su 100 supera il 15%: non è plausibile senza conferma.",
        "Row 2, year 2028: a turnover of 16 homes out of 100 is above 15%: not plausible unless confirmed.",
    ),
    (
        "a year outside the triennium",
        {"/forecast/1/year": 2026},
        ("forecast-year", "/forecast/1/year", "2026"),
        "Riga 2, anno 2026: non è un anno del triennio (2027, 2028, 2029).",
        "Row 2, year 2026: not a year of the triennium (2027, 2028, 2029).",
    ),
    (
        "a year twice",
        {"/forecast/2/year": 2028},
        ("forecast-year", "/forecast/2/year", "2028"),
        "Riga 3, anno 2028: l’anno c’è già in un’altra riga.",
        "Row 3, year 2028: the year has a row already.",
    ),
    (
        "V17 the first year differs from the annual columns",
        {"/forecast/0/as_is_assignable": 2},
        ("V17", "/forecast/0/as_is_assignable", "2"),
        "Riga 1, anno 2027: «Assegnabili nello stato di fatto» = 2 non coincide con la colonna annuale b, che dice 1.",
        "Row 1, year 2027: 'Assignable as they are' = 2 differs from the annual column b, which says 1.",
    ),
    (
        # Recovery of 2 homes ends in 2027 and they are assignable then: none is left for 2028.
        "V15 works without a programme",
        {"/forecast/1/works_assignable": 1},
        ("V15", "/forecast/1/works_assignable", "1"),
        "Riga 2, anno 2028: «Assegnabili dopo lavori» dall’inizio del triennio sono 3, ma i programmi che "
        "finiscono entro l’anno ne contano 2.",
        "Row 2, year 2028: 'Assignable after works' since the triennium began are 3, but the programmes that "
        "end by then have 2.",
    ),
    (
        # The three new homes of 2027 would be ready in 2028 only.
        "V15 new homes before their programme ends",
        {"/programmes/1/expected_completion_on": "2028-01-31"},
        ("V15", "/forecast/0/new_build_assignable", "3"),
        "Riga 1, anno 2027: «Nuovi o acquistati» dall’inizio del triennio sono 3, ma i "
        "programmi che finiscono entro l’anno ne contano 0.",
        "Row 1, year 2027: 'New or bought' since the triennium began are 3, but the programmes "
        "that end by then have 0.",
    ),
    (
        "V15 an end after the triennium",
        {"/programmes/0/expected_completion_on": "2030-01-01"},
        ("V15", "/programmes/0/expected_completion_on", "2030-01-01"),
        "Riga 1, programma PR-2026-7: la fine prevista 01/01/2030 è fuori dal triennio (2027-2029).",
        "Row 1, programme PR-2026-7: the expected end 2030-01-01 lies outside the triennium (2027-2029).",
    ),
    (
        "one programme in two rows",
        {"/programmes/1/programme_id": "PR-2026-7", "/programmes/1/kind": "RECOVERY"},
        ("programme-twice", "/programmes/1/programme_id", "PR-2026-7"),
        "Riga 2, programma PR-2026-7: c’è già una riga con lo stesso programma, tipo e data.",
        "Row 2, programme PR-2026-7: another row has the same programme, kind and date.",
    ),
    (
        # Five per cent of 100 homes are 5.
        "V13 more sold than the cap",
        {"/disposals/0/units": 6},
        ("V13", "/disposals", "6"),
        "Gli alloggi da alienare sono 6 su 100: il limite del 5% è 5 (L.R. 16/2016, art. 28(2)).",
        "The homes to be sold or bartered are 6 out of 100: the limit of 5% is 5 (L.R. 16/2016, art. 28(2)).",
    ),
    (
        "V13 more disposed of than the cap",
        {"/disposals/0/units": 16, "/disposals/0/kind": "VALORISED"},
        ("V13", "/disposals", "16"),
        "Gli alloggi da alienare o valorizzare sono 16 su 100: il limite del 15% è 15 (L.R. 16/2016, art. 28(2)).",
        "The homes to be disposed of are 16 out of 100: the limit of 15% is 15 (L.R. 16/2016, art. 28(2)).",
    ),
    (
        "V13 more than there are",
        {"/disposals/0/units": 101},
        ("V13", "/disposals", "101"),
        "Gli alloggi da alienare o valorizzare (101) superano il patrimonio (a = 100).",
        "The homes to be disposed of (101) exceed the stock (a = 100).",
    ),
    (
        "V13 a disposal after the triennium",
        {"/disposals/0/expected_on": "2030-03-31"},
        ("V13", "/disposals/0/expected_on", "2030-03-31"),
        "Riga 1, programma AL-2026-1: la data prevista 31/03/2030 è fuori dal triennio (2027-2029).",
        "Row 1, programme AL-2026-1: the expected date 2030-03-31 lies outside the triennium (2027-2029).",
    ),
    (
        "a part of a count above the whole",
        {"/need/admitted_unsatisfied": 97, "/need/by_household_size": None},
        ("need-part", "/need/admitted_unsatisfied", "97"),
        "«Ammessi e non soddisfatti» = 97 supera «Nuclei ammessi» = 96.",
        "'Admitted and not satisfied' = 97 exceeds 'Households admitted' = 96.",
    ),
    (
        "a count that is usually a part of another",
        {"/need/eviction_executions": 22},
        ("need-part", "/need/eviction_executions", "22"),
        "«Sfratti eseguiti» = 22 supera «Provvedimenti di sfratto» = 21.",
        "'Evictions carried out' = 22 exceeds 'Eviction orders' = 21.",
    ),
    (
        # max(58, 11, 6, 17, 4, 9) = 58
        "fewer linked households than one reason has",
        {"/need/linked_total": 57, "/need/by_household_size": None},
        ("need-linked-total", "/need/linked_total", "57"),
        "I nuclei in stato di bisogno, contati una volta sola, sono 57: meno di una delle sue parti (58).",
        "The households in need, each counted once, are 57: fewer than one of the reasons has (58).",
    ),
    (
        # 58 + 11 + 6 + 17 + 4 + 21 = 117
        "more linked households than all reasons have",
        {"/need/linked_total": 118, "/need/by_household_size": None},
        ("need-linked-total", "/need/linked_total", "118"),
        "I nuclei in stato di bisogno, contati una volta sola, sono 118: più della somma delle sue parti (117).",
        "The households in need, each counted once, are 118: more than all reasons have (117).",
    ),
    (
        # 40 + 24 + 18 + 12 + 6 + 4 = 104
        "a split that is not the total",
        {"/need/by_household_size/5": 4},
        ("need-split", "/need/by_household_size", "104"),
        "La ripartizione per numero di componenti è 40 + 24 + 18 + 12 + 6 + 4 = 104, diversa da «Nuclei in stato di "
        "bisogno» = 103.",
        "The split by household size is 40 + 24 + 18 + 12 + 6 + 4 = 104, other than 'Households in need' = 103.",
    ),
    (
        "a target of no figure",
        {"/strategies/0/figure": None},
        ("strategy-target", "/strategies/0/figure", None),
        "Riga 1: la cifra a cui si mira e il suo valore obiettivo si indicano insieme.",
        "Row 1: the figure aimed at and its target go together.",
    ),
    (
        "personal data in a text",
        {"/criticalities/0": "Nucleo di RSSMRA80A01D150X"},
        ("no-personal-data", "/criticalities/0", None),
        "Il testo sembra un codice fiscale: qui non si trasmettono dati personali.",
        "The text looks like a codice fiscale: no personal data are sent here.",
    ),
]
CASES = [pytest.param(*case[1:], id=case[0]) for case in BROKEN]
CONFIRMABLE = {
    *("V4 turnover of a later year above 15 %", "V17 the first year differs from the annual columns"),
    *("V13 more sold than the cap", "V13 more disposed of than the cap", "V13 a disposal after the triennium"),
    "a count that is usually a part of another",
}


def test_the_sample_is_accepted() -> None:
    assert faults({}) == []


@pytest.mark.parametrize(("changes", "expected", "it", "en"), CASES)
def test_a_broken_rule_is_told_with_row_field_value_and_remedy(
    changes: dict[str, Any], expected: tuple[str, str, str | None], it: str, en: str
) -> None:
    found = [fault for fault in faults(changes) if told([fault]) == [expected]]
    assert [(fault.rule.it, fault.rule.en) for fault in found] == [(it, en)]
    assert all(fault.remedy.it and fault.remedy.en for fault in found)


@pytest.mark.parametrize(("name", "changes", "field"), [(name, one, told[1]) for name, one, told, *_ in BROKEN])
def test_what_is_implausible_is_accepted_with_a_reason_and_what_is_wrong_never(
    name: str, changes: dict[str, Any], field: str
) -> None:
    confirmed = [{"field": field, "reason": "Verificato"}, *THREE_YEARS["confirmations"]]
    still = [fault for fault in faults(changes | {"/confirmations": confirmed}) if fault.field == field]
    assert (still == []) == (name in CONFIRMABLE)


def test_a_remedy_of_an_implausible_value_says_how_to_confirm_it() -> None:
    [fault] = faults({"/confirmations": None})
    assert (fault.field, fault.is_implausible) == (CONFIRMED_FIELD, True)
    assert fault.remedy.it == (
        f"Correggere il valore, oppure indicarne il motivo in «confirmations» con il campo {CONFIRMED_FIELD}."
    )
    assert CONFIRMED_FIELD in fault.remedy.en


@pytest.mark.parametrize("kind", [OwnerKind.ALER, OwnerKind.ACCREDITED_OPERATOR])
def test_only_a_municipality_states_the_need_of_its_territory(kind: OwnerKind) -> None:
    assert told(faults({}, kind)) == [("need-of-own-territory", "/need", None)]


@pytest.mark.parametrize(
    ("inhabitants", "units", "expected"),
    [
        # 50 % up to 5,000 inhabitants, 30 % up to 10,000 (L.R. 16/2016, art. 28(2 bis)); of 100 homes.
        (5_000, 50, []),
        (5_000, 51, ["V13", "V13"]),
        (5_001, 30, []),
        (5_001, 31, ["V13", "V13"]),
        (10_000, 30, []),
        (10_001, 6, ["V13"]),
        (None, 5, []),
        (None, 16, ["V13", "V13"]),
    ],
)
def test_v13_small_municipalities_have_larger_caps(inhabitants: int | None, units: int, expected: list[str]) -> None:
    found: list[Fault] = faults({"/disposals/0/units": units}, inhabitants=inhabitants)
    assert [fault.code for fault in found] == expected


def test_v13_counts_homes_to_be_bartered_as_alienated_and_others_owners_homes_not_by_municipality() -> None:
    six = {"/disposals/0/units": 6, "/disposals/0/kind": "BARTERED"}
    assert [fault.value for fault in faults(six)] == ["6"]
    assert faults(six | {"/need": None}, OwnerKind.ALER) == []
    assert [fault.value for fault in faults({"/disposals/0/units": 101, "/need": None}, OwnerKind.ALER)] == ["101"]


def test_v1_nil_leaves_nothing_to_say_of_homes_but_need_and_measures() -> None:
    nil = {"/nil": True, "/columns": None}
    assert told(faults(nil)) == [("V1", f"/{part}", None) for part in ("forecast", "programmes", "disposals")]
    assert faults(nil | {"/forecast": None, "/programmes": None, "/disposals": []}) == []


def test_an_unknown_part_says_nothing_of_the_linked_total() -> None:
    # Overcrowded households may be any number: 200 in all is possible.
    without = {"/need/overcrowded": None, "/need/linked_total": 200, "/need/by_household_size": None}
    assert faults(without) == []


def test_a_split_without_linked_total_is_of_the_admitted_and_unsatisfied() -> None:
    # 20 + 15 + 10 + 7 + 4 + 2 = 58
    assert faults({"/need/linked_total": None, "/need/by_household_size": [20, 15, 10, 7, 4, 2]}) == []
    neither = {"/need/linked_total": None, "/need/admitted_unsatisfied": None}
    [fault] = faults(neither)
    assert fault.rule.it.endswith("= 103, ma manca il totale, «Ammessi e non soddisfatti».")
    assert fault.rule.en.endswith("= 103, but the total is missing, 'Admitted and not satisfied'.")
