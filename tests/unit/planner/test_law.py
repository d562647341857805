"""The law's dated values on both sides of each day they changed."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.planner.law import DatedValue, check_periods, parameters, rules_on

NOW = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("changed_on", "family", "parameter", "before", "after"),
    [
        (date(2019, 3, 12), "quotas", "forces_share", None, Decimal("0.10")),
        (date(2025, 3, 10), "quotas", "forces_share", Decimal("0.10"), Decimal("0.20")),
        (date(2025, 3, 10), "quotas", "owner_categories_share", None, Decimal("0.20")),
        (date(2022, 12, 13), "bands", "residual_tolerance", None, Decimal("0.20")),
        (date(2017, 12, 28), "disposal", "village_share", None, Decimal("0.50")),
        (date(2017, 12, 28), "disposal", "town_share", None, Decimal("0.30")),
    ],
)
def test_a_value_holds_from_its_day_and_not_the_day_before(changed_on, family, parameter, before, after) -> None:
    assert getattr(getattr(rules_on(changed_on - timedelta(days=1)), family), parameter) == before
    assert getattr(getattr(rules_on(changed_on), family), parameter) == after


def test_no_other_day_changes_anything() -> None:
    days = {dated.valid_from for history in parameters().values() for dated in history if dated.valid_from}
    assert days == {date(2017, 12, 28), date(2019, 3, 12), date(2022, 12, 13), date(2025, 3, 10)}


def test_the_values_in_force() -> None:
    rules = rules_on(NOW)
    assert (rules.quotas.indigence_share, rules.quotas.indigent_isee_eur) == (Decimal("0.20"), 3000)
    assert (rules.sat.set_aside_share, rules.sat.duration_months, rules.sat.renewals) == (Decimal("0.10"), 12, 1)
    assert (rules.access.isee_limit_eur, rules.access.tenant_works_eur) == (16_000, 8_000)
    assert rules.access.tenant_works_offset_months == rules.access.solidarity_indigent_months == 36
    assert (rules.access.solidarity_indigent_eur_year, rules.access.solidarity_difficulty_eur_year) == (1850, 2700)
    assert (rules.deadlines.submission, rules.deadlines.annual_approval) == ((10, 31), (12, 31))
    assert (rules.disposal.total_share, rules.disposal.sold_share) == (Decimal("0.15"), Decimal("0.05"))


@pytest.mark.parametrize(
    ("inhabitants", "share"), [(5_000, "0.50"), (5_001, "0.30"), (10_000, "0.30"), (10_001, "0.15")]
)
def test_disposal_caps_by_inhabitants(inhabitants: int, share: str) -> None:
    assert rules_on(NOW).disposal.cap_share(inhabitants) == Decimal(share)
    assert rules_on(date(2017, 12, 27)).disposal.cap_share(inhabitants) == Decimal("0.15")


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
    }
    assert sources["forces_share"].gazette == "BURL 10 March 2025"
    typed = sum(len(fields(getattr(rules_on(NOW), family.name))) for family in fields(rules_on(NOW))[1:-1])
    assert typed == len(sources)


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
