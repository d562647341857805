"""A rules file laid over the law: what it changes from which day, and what each wrong line is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.planner.law import RulesFault, parameters, read_overlay, rules_on

FROM = date(2027, 3, 1)
CONTINUED = """\
# A quarter from March 2027.
indigence_share:
  - {value: "0.25", unit: share, valid_from: 2027-03-01, valid_to: null, article: prova, gazette: null, status: assumed}
"""
PERIOD = '{value: "0.25", unit: share, valid_from: 2027-03-01, valid_to: null, article: a, gazette: null, status: read}'


def test_a_history_goes_on_from_its_day() -> None:
    overlay = read_overlay(CONTINUED, "future.yaml", parameters())
    assert overlay.changes_on == (FROM,)
    assert rules_on(FROM - timedelta(days=1), overlay).quotas.indigence_share == Decimal("0.20")
    assert rules_on(FROM, overlay).quotas.indigence_share == Decimal("0.25")
    assert rules_on(FROM).quotas.indigence_share == Decimal("0.20"), "the law itself stays as it is"
    assert rules_on(FROM, overlay).sources["indigence_share"].article == "prova"
    assert rules_on(FROM, overlay).disposal == rules_on(FROM).disposal


def test_a_history_open_at_its_start_takes_the_whole_place() -> None:
    text = "forces_share:\n  - " + PERIOD.replace("2027-03-01", "null")
    overlay = read_overlay(text, "future.yaml", parameters())
    assert overlay.changes_on == ()
    assert rules_on(date(2018, 1, 1), overlay).quotas.forces_share == Decimal("0.25")


def test_a_day_inside_the_history_replaces_what_came_after() -> None:
    text = "forces_share:\n  - " + PERIOD.replace("2027-03-01", "2020-01-01")
    overlay = read_overlay(text, "future.yaml", parameters())
    shares = [rules_on(date(year, 6, 1), overlay).quotas.forces_share for year in (2018, 2019, 2020, 2026)]
    assert shares == [None, Decimal("0.10"), Decimal("0.25"), Decimal("0.25")]


@pytest.mark.parametrize(
    ("text", "line", "key", "why"),
    [
        ("", 1, "file", "names no parameter"),
        ("- 1", 1, "file", "names no parameter"),
        ("a: [", 1, "YAML", "expected"),
        ("indigence_share:\n  - {value: '0.2", 2, "YAML", "unexpected end"),
        ("indigence:\n  - " + PERIOD, 1, "indigence", "no rule reads"),
        (CONTINUED + CONTINUED, 5, "indigence_share", "given twice"),
        ("indigence_share:", 1, "indigence_share", "no periods"),
        ("indigence_share:\n  - 0.25", 2, "indigence_share", "between braces"),
        ("indigence_share:\n  - " + PERIOD.replace('"0.25"', "0.25"), 2, "indigence_share.value", "a value is text"),
        ("indigence_share:\n  - " + PERIOD.replace("0.25", "25%"), 2, "indigence_share.value", "'25%' is not a share"),
        ("indigence_share:\n  - " + PERIOD.replace("0.25", "1.5"), 2, "indigence_share.value", "not a share"),
        ("indigence_share:\n  - " + PERIOD.replace("share", "EUR"), 2, "indigence_share.value", "not a whole number"),
        ("indigence_share:\n  - " + PERIOD.replace('"0.25"', "null"), 1, "indigence_share", "cannot read null"),
        ("indigence_share:\n  - " + PERIOD.replace("03-01", "02-30"), 2, "indigence_share.valid_from", "day is out"),
        ("indigence_share:\n  - " + PERIOD.replace(", status: read", ""), 2, "indigence_share.status", "missing"),
        ("indigence_share:\n  - " + PERIOD.replace("gazette", "journal"), 2, "indigence_share.", ""),
        ("indigence_share:\n  - " + PERIOD.replace("unit: share", "value: '1'"), 2, "indigence_share.value", "twice"),
        (
            "indigence_share:\n  - " + PERIOD.replace("read}", "law}"),
            2,
            "indigence_share.status",
            "'read' or 'assumed'",
        ),
        (
            "\n\nindigence_share:\n  - " + PERIOD.replace("valid_to: null", "valid_to: 2027-12-31"),
            3,
            "indigence_share",
            "open",
        ),
        (CONTINUED + "  - " + PERIOD.replace("2027-03", "2027-05"), 2, "indigence_share", "is not the day before"),
        ("sat_baseline:\n  - " + PERIOD.replace("0.25", "A").replace("share", "code"), 1, "sat_baseline", "the code A"),
        (
            "area_band_minimum:\n  - " + PERIOD.replace('"0.25"', '["28", "38"]').replace("unit: share", "unit: m2"),
            1,
            "area_band_minimum",
            "a list of 2 here, only a list of 6",
        ),
    ],
)
def test_a_bad_file_is_told_line_key_why_and_remedy(text: str, line: int, key: str, why: str) -> None:
    with pytest.raises(RulesFault) as caught:
        read_overlay(text, "future.yaml", parameters())
    fault = caught.value
    assert (fault.line, fault.key.startswith(key)) == (line, True), str(fault)
    assert why in fault.why
    assert fault.remedy
    assert str(fault).startswith(f"future.yaml, line {line}, {key}")
