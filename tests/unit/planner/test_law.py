"""The law's dated values on both sides of each day they changed."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.planner.law import DatedValue, check_periods, parameters, rules_on

NOW = date(2026, 1, 1)


CHANGED = [
    (date(2019, 3, 12), "quotas", "forces_share", None, Decimal("0.10")),
    (date(2025, 3, 10), "quotas", "forces_share", Decimal("0.10"), Decimal("0.20")),
    (date(2019, 3, 12), "quotas", "forces_categories", (), ("POLICE", "FIRE_BRIGADE")),
    (
        date(2025, 3, 10),
        "quotas",
        "forces_categories",
        ("POLICE", "FIRE_BRIGADE"),
        ("POLICE", "FIRE_BRIGADE", "ARMED_FORCES", "LOCAL_POLICE"),
    ),
    (date(2025, 3, 10), "quotas", "owner_categories_share", None, Decimal("0.20")),
    (date(2022, 12, 13), "bands", "residual_tolerance", None, Decimal("0.20")),
    (date(2017, 12, 28), "disposal", "village_share", None, Decimal("0.50")),
    (date(2017, 12, 28), "disposal", "town_share", None, Decimal("0.30")),
]
R4, L16 = "R.R. 4/2017", "L.R. 16/2016"
UNCHANGED = [
    ("indigence_share", "quotas", "indigence_share", Decimal("0.20"), f"{R4}, art. 13 c. 3"),
    ("indigent_isee", "quotas", "indigent_isee_eur", 3_000, f"{R4}, art. 13 c. 1"),
    ("sat_set_aside_share", "sat", "set_aside_share", Decimal("0.10"), f"{L16}, art. 23 c. 13"),
    ("sat_baseline", "sat", "baseline", "EVER_REGISTERED", f"{L16}, art. 23 c. 13"),
    ("sat_duration", "sat", "duration_months", 12, "D.G.R. XI/2063"),
    ("sat_renewals", "sat", "renewals", 1, "D.G.R. XI/2063"),
    ("area_band_minimum", "bands", "minimum", (28, 38, 48, 58, 68, 78), f"{R4}, art. 9 c. 2"),
    ("area_band_maximum", "bands", "maximum", (46, 55, 65, 80, 93, None), f"{R4}, art. 9 c. 2"),
    ("disposal_total_share", "disposal", "total_share", Decimal("0.15"), f"{L16}, art. 28 c. 2"),
    ("disposal_sold_share", "disposal", "sold_share", Decimal("0.05"), f"{L16}, art. 28 c. 2"),
    ("disposal_village_max_inhabitants", "disposal", "village_max_inhabitants", 5_000, f"{L16}, art. 28 c. 2 bis"),
    ("disposal_town_max_inhabitants", "disposal", "town_max_inhabitants", 10_000, f"{L16}, art. 28 c. 2 bis"),
    ("access_isee_limit", "access", "isee_limit_eur", 16_000, f"{R4}, art. 7"),
    ("tenant_works_limit", "access", "tenant_works_eur", 8_000, f"{R4}, art. 10"),
    ("tenant_works_offset", "access", "tenant_works_offset_months", 36, f"{R4}, art. 10"),
    ("solidarity_indigent", "access", "solidarity_indigent_eur_year", 1_850, "R.R. 11/2019, art. 3"),
    ("solidarity_indigent_duration", "access", "solidarity_indigent_months", 36, "R.R. 11/2019, art. 3"),
    ("solidarity_difficulty", "access", "solidarity_difficulty_eur_year", 2_700, "R.R. 11/2019, art. 5"),
    ("submission_deadline", "deadlines", "submission", (10, 31), f"{R4}, art. 5 c. 1"),
    ("annual_approval_deadline", "deadlines", "annual_approval", (12, 31), f"{R4}, art. 4"),
    ("registry_cut_off", "deadlines", "registry_cut_off", (10, 31), f"{R4}, art. 5 c. 1"),
    ("emergency_lease", "emergency", "lease", "LEASE", f"{L16}, art. 31"),
    ("arrears_fund", "emergency", "arrears_fund", "BLAMELESS_ARREARS_FUND", f"{L16}, titolo V"),
    ("backlog_clearance", "planning", "backlog_clearance_years", 5, None),
    ("plausible_turnover_share", "planning", "plausible_turnover_share", Decimal("0.15"), None),
]
CHANGE_DAYS = sorted({changed_on for changed_on, *_ in CHANGED})


@pytest.mark.parametrize(("changed_on", "family", "parameter", "before", "after"), CHANGED)
def test_a_value_holds_from_its_day_and_not_the_day_before(changed_on, family, parameter, before, after) -> None:
    assert getattr(getattr(rules_on(changed_on - timedelta(days=1)), family), parameter) == before
    assert getattr(getattr(rules_on(changed_on), family), parameter) == after


def test_no_other_day_changes_anything() -> None:
    days = {dated.valid_from for history in parameters().values() for dated in history if dated.valid_from}
    assert sorted(days) == CHANGE_DAYS


@pytest.mark.parametrize(("name", "family", "parameter", "value", "article"), UNCHANGED)
def test_a_value_that_never_changed_holds_on_both_sides_of_every_change(
    name, family, parameter, value, article
) -> None:
    for changed_on in CHANGE_DAYS:
        for on in (changed_on - timedelta(days=1), changed_on):
            rules = rules_on(on)
            assert getattr(getattr(rules, family), parameter) == value
            assert article in (None, rules.sources[name].article)


def test_every_parameter_is_tested_on_both_sides() -> None:
    changed = {"residual_tolerance": "residual_tolerance", "village_share": "disposal_village_share"}
    changed |= {"town_share": "disposal_town_share"}
    tested = {changed.get(parameter, parameter) for _, _, parameter, _, _ in CHANGED} | {name for name, *_ in UNCHANGED}
    assert tested == parameters().keys()


@pytest.mark.parametrize(
    ("area", "people"),
    [
        ("27.99", 0),
        ("28", 1),
        ("37.99", 1),
        ("38", 2),
        ("48", 3),
        ("58", 4),
        ("68", 5),
        ("77.99", 5),
        ("78", 6),
        ("300", 6),
    ],
)
def test_the_most_people_an_area_fits(area: str, people: int) -> None:
    assert rules_on(NOW).bands.size_class(Decimal(area)) == people


def test_every_value_says_where_it_comes_from_and_what_is_assumed() -> None:
    sources = rules_on(NOW).sources
    assert all(source.article for source in sources.values())
    assert {name for name, source in sources.items() if source.status == "assumed"} == {
        "arrears_fund",
        "emergency_lease",
        "sat_baseline",
        "sat_duration",
        "sat_renewals",
        "backlog_clearance",
        "plausible_turnover_share",
        "registry_cut_off",
    }
    assert sources["forces_share"].gazette == "BURL 10 March 2025"
    typed = sum(len(fields(getattr(rules_on(NOW), family.name))) for family in fields(rules_on(NOW))[1:-1])
    assert typed == len(sources)
    assert (sources["forces_share"].value, sources["forces_share"].unit) == ("0.20", "share")


def dated(valid_from: date | None, valid_to: date | None) -> DatedValue:
    return DatedValue(
        value="1", unit="share", valid_from=valid_from, valid_to=valid_to, article="art. 1", gazette=None, status="read"
    )


@pytest.mark.parametrize(
    "history",
    [
        (),
        (dated(NOW, None),),
        (dated(None, NOW),),
        (dated(None, NOW), dated(NOW, None)),
        (dated(None, NOW), dated(NOW + timedelta(days=2), None)),
        (dated(None, None), dated(NOW, None)),
    ],
)
def test_a_day_with_no_value_or_with_two_is_refused(history: tuple[DatedValue, ...]) -> None:
    with pytest.raises(ValueError, match="share_x"):
        check_periods("share_x", history)
