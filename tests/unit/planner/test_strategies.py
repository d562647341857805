"""Disposal caps, objectives beside what the plan counts, and the list of directives."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.strategies.directives import directives_on
from services.planner.domain.strategies.disposals import Baseline, Disposal, caps, disposal_balances
from services.planner.domain.strategies.objectives import (
    Objective,
    ObjectiveStatus,
    commitment,
    commitments,
    expected_on,
)
from services.planner.law import RulesFault, rules_on
from services.planner.law.directives import read_directives, regional_directives
from shared.events.units import OwnerKind

TODAY = date(2026, 6, 1)
COMUNE, ALER = OwnerKind.MUNICIPALITY, OwnerKind.ALER
VILLAGE, TOWN, CITY = "019001", "019098", "019036"
PEOPLE = {VILLAGE: {2018: 5_000, 2024: 5_001}, TOWN: {2018: 9_000}, CITY: {2018: 72_000}}


def sale(sold: int, valorised: int, on: date, owner: str = "comune", where: str = VILLAGE, kind=COMUNE) -> Disposal:
    return Disposal(f"P-{on:%Y-%m}", owner, kind, where, on, sold, valorised)


def balances(disposals, baseline: int, where: str = VILLAGE, kind=COMUNE, on: date = TODAY):
    return disposal_balances(disposals, [Baseline("comune", kind, where, baseline)], PEOPLE, rules_on, on)


@pytest.mark.parametrize(
    ("people", "on", "expected"),
    [
        (5_000, TODAY, (20, 20)),  # half of 40, and all of it may be sold: art. 28 c. 2 bis derogates both limits
        (5_001, TODAY, (12, 12)),  # 30 %
        (10_000, TODAY, (12, 12)),
        (10_001, TODAY, (6, 2)),  # 15 % and 5 %
        (None, TODAY, (6, 2)),  # ALER, or inhabitants unknown
        (5_000, date(2017, 12, 28), (20, 20)),
        (5_000, date(2017, 12, 27), (6, 2)),  # the day before the larger caps
    ],
)
def test_caps_of_forty_homes(people: int | None, on: date, expected: tuple[int, int]) -> None:
    assert tuple(cap.homes for cap in caps(40, people, rules_on(on).disposal)) == expected


def test_caps_are_rounded_down() -> None:
    whole, sold = caps(39, None, rules_on(TODAY).disposal)  # 5.85 and 1.95
    assert (whole.homes, sold.homes) == (5, 1)


def test_programmes_add_up_over_the_years_until_one_goes_beyond() -> None:
    first, second, third = sale(2, 3, date(2019, 1, 1)), sale(0, 1, date(2021, 1, 1)), sale(0, 1, date(2024, 1, 1))
    [city] = balances([p._replace(municipality=CITY) for p in (third, first, second)], 40, CITY)
    assert (city.used, city.used_sold, city.left, city.left_to_sell) == (7, 2, 0, 0)
    [check] = city.checks
    assert (check.code, check.value, check.row.year) == ("V13", "7", 2024)
    assert check.rule.it == (
        "Con il programma P-2024-01 gli alloggi alienati o valorizzati sono 7 in tutto: il limite è 6, "
        "il 15% di 40 alloggi (L.R. 16/2016, art. 28 c. 2)."
    )
    assert check.remedy.it == "Togliere almeno 1 alloggio dal programma."


def test_of_the_cap_only_a_third_may_be_sold() -> None:
    [city] = balances([sale(3, 0, date(2020, 1, 1), where=CITY)], 40, CITY)
    assert [(check.column, check.value) for check in city.checks] == [("disposal.sold", "3")]
    assert (city.left, city.left_to_sell) == (3, 0)


def test_what_was_lawful_stays_so_when_the_village_passes_5000_inhabitants() -> None:
    """20 homes in 2020 are half of 40; in 2024 there are 5,001 people and the cap is 12: no fault, and nothing left."""
    [before] = balances([sale(20, 0, date(2020, 1, 1))], 40, on=date(2023, 12, 31))
    assert (before.whole.homes, before.left, before.checks) == (20, 0, ())
    [after] = balances([sale(20, 0, date(2020, 1, 1))], 40)
    assert (after.inhabitants, after.whole.homes, after.left, after.checks) == (5_001, 12, 0, ())
    [more] = balances([sale(12, 0, date(2020, 1, 1)), sale(1, 0, date(2025, 1, 1))], 40)
    assert [(check.value, check.row.year) for check in more.checks if check.column == "disposal.homes"] == [
        ("13", 2025)
    ]


def test_a_programme_before_the_larger_caps_is_judged_by_the_law_of_its_day() -> None:
    [one] = balances([sale(0, 7, date(2017, 12, 27))], 40)
    assert [check.value for check in one.checks] == ["7"]
    [other] = balances([sale(0, 7, date(2017, 12, 28))], 40)
    assert other.checks == ()


def test_aler_has_no_larger_caps_and_is_capped_over_all_municipalities() -> None:
    """60 homes: 9 in all, 3 sold. In the village alone they would be more than 15 %, and that is no fault."""
    disposals = [sale(3, 6, date(2020, 1, 1), "aler", VILLAGE, ALER)]
    stock = [Baseline("aler", ALER, VILLAGE, 20), Baseline("aler", ALER, CITY, 40)]
    whole, village, city = disposal_balances(disposals, stock, PEOPLE, rules_on, TODAY)
    assert (whole.municipality, village.municipality, city.municipality) == (None, VILLAGE, CITY)
    assert (whole.whole.homes, whole.used, whole.left, whole.checks) == (9, 9, 0, ())
    assert (village.whole.homes, village.used, village.checks) == (3, 9, ())
    beyond = disposal_balances(
        [*disposals, sale(0, 1, date(2022, 1, 1), "aler", CITY, ALER)], stock, PEOPLE, rules_on, TODAY
    )
    assert [(b.municipality, [check.value for check in b.checks]) for b in beyond if b.checks] == [(None, ["10"])]


def test_without_a_baseline_nothing_may_be_disposed_of_and_the_future_does_not_count() -> None:
    [found] = disposal_balances([sale(1, 0, date(2020, 1, 1))], [], PEOPLE, rules_on, TODAY)
    assert [check.column for check in found.checks] == ["disposal.homes", "disposal.sold"]
    assert balances([sale(9, 9, TODAY + timedelta(days=1))], 40)[0].used == 0


@given(
    st.lists(st.builds(sale, st.integers(0, 9), st.integers(0, 9), st.dates(date(2017, 1, 1), TODAY)), max_size=6),
    st.integers(0, 200),
    st.randoms(use_true_random=False),
)
def test_balances_do_not_depend_on_order_and_nothing_left_exceeds_the_cap(disposals, baseline, chance) -> None:
    unique = list({disposal.programme: disposal for disposal in disposals}.values())
    mixed = unique[:]
    chance.shuffle(mixed)
    [found] = balances(unique, baseline)
    assert balances(mixed, baseline) == (found,)
    assert found.used == sum(d.sold + d.valorised for d in unique)
    assert found.left == max(found.whole.homes - found.used, 0)
    assert 0 <= found.left_to_sell <= found.left


RECOVER = Objective("O1", "Recuperare alloggi", "comune-019036", "f", 10, date(2026, 1, 1), 40, date(2026, 12, 27))
"""360 days, 30 homes: one home every twelve days."""


@pytest.mark.parametrize(
    ("days", "actual", "expected", "status"),
    [
        (0, 10, 10, ObjectiveStatus.ON_TRACK),
        (12, 10, 11, ObjectiveStatus.LATE),
        (12, 11, 11, ObjectiveStatus.ON_TRACK),
        (6, 10, 11, ObjectiveStatus.LATE),  # half a home is due
        (180, 25, 25, ObjectiveStatus.ON_TRACK),
        (180, 40, 25, ObjectiveStatus.REACHED),
        (360, 39, 40, ObjectiveStatus.LATE),
        (360, 40, 40, ObjectiveStatus.REACHED),
        (999, 39, 40, ObjectiveStatus.LATE),
        (-30, 10, 10, ObjectiveStatus.ON_TRACK),
        (100, None, 18, ObjectiveStatus.UNKNOWN),  # 8.33 homes are due
    ],
)
def test_status_by_the_straight_line(days: int, actual: int | None, expected: int, status: ObjectiveStatus) -> None:
    found = commitment(RECOVER, actual, RECOVER.starts_on + timedelta(days=days))
    assert (found.expected, found.status) == (expected, status)


def test_an_objective_may_be_to_sink() -> None:
    fewer = RECOVER._replace(baseline=40, target=10)
    half_way = RECOVER.starts_on + timedelta(days=180)
    found = [commitment(fewer, actual, half_way) for actual in (26, 25, 10, 5)]
    assert [one.status.value for one in found] == ["LATE", "ON_TRACK", "REACHED", "REACHED"]
    assert [one.missing for one in found] == [16, 15, 0, 0]


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(1, 2_000), st.integers(-50, 2_100))
def test_the_line_agrees_with_fractions_and_a_value_above_it_is_never_late(
    baseline: int, target: int, days: int, day: int
) -> None:
    objective = RECOVER._replace(baseline=baseline, target=target, due_on=RECOVER.starts_on + timedelta(days=days))
    on = RECOVER.starts_on + timedelta(days=day)
    exact = baseline + Fraction(target - baseline) * min(max(day, 0), days) / days
    assert abs(expected_on(objective, on) - exact) <= Fraction(1, 2)
    up = 1 if target >= baseline else -1
    assert commitment(objective, target + up, on).status is ObjectiveStatus.REACHED


def test_objectives_are_looked_up_by_figure_and_two_of_one_name_are_refused() -> None:
    second = RECOVER._replace(id="O0", figure="absent")
    found = commitments([RECOVER, second], {"f": 12}, RECOVER.starts_on)
    assert [(one.objective.id, one.actual) for one in found] == [("O0", None), ("O1", 12)]
    with pytest.raises(ValueError, match="same identifier"):
        commitments([RECOVER, RECOVER], {}, TODAY)
    with pytest.raises(ValueError, match="O1 is due on"):
        commitment(RECOVER._replace(due_on=RECOVER.starts_on), 1, TODAY)


def test_directives_are_data_with_their_article_and_their_days() -> None:
    assert [directive.id for directive in directives_on(regional_directives(), TODAY)] == [
        "annual-plan-columns",
        "disposal-programmes",
        "regional-plan",
        "transitional-services",
    ]
    assert "annual-plan-columns" not in {d.id for d in directives_on(regional_directives(), date(2019, 4, 1))}
    assert all(directive.article and directive.title_it for directive in regional_directives())
    assert read_directives("", "own.yaml") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {", "own.yaml, line 1, YAML"),
        ("- 1", "own.yaml, line 1, file"),
        ("\nx:\n  title_it: A", "own.yaml, line 2, x.article: Field required"),
    ],
)
def test_a_bad_list_of_directives_is_told_where(text: str, said: str) -> None:
    with pytest.raises(RulesFault, match=said):
        read_directives(text, "own.yaml")
