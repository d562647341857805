"""Every legal parameter can be told in Italian."""

from __future__ import annotations

from datetime import date

import pytest

from services.planner.document.legal_frame import legal_frame, value_it
from services.planner.document.model import Table
from services.planner.law import parameters, rules_on
from services.planner.law.labels import law_labels

LABELS = law_labels()


def test_every_parameter_has_a_label_and_no_label_is_of_none() -> None:
    assert LABELS.parameters.keys() == parameters().keys()


def test_every_unit_and_code_that_the_law_has_ever_used_has_words() -> None:
    dated = [dated for history in parameters().values() for dated in history]
    assert {one.unit for one in dated} <= LABELS.units.keys() | {"share", "month-day", "code"}
    codes = {code for one in dated if one.unit == "code" for code in (one.value or ()) if isinstance(one.value, tuple)}
    codes |= {one.value for one in dated if one.unit == "code" and isinstance(one.value, str)}
    assert codes == LABELS.codes.keys()


@pytest.mark.parametrize(
    ("name", "on", "written"),
    [
        ("indigence_share", date(2026, 1, 1), "20% delle unità dell’anno"),
        ("access_isee_limit", date(2026, 1, 1), "16.000 euro"),
        ("submission_deadline", date(2026, 1, 1), "31 ottobre"),
        ("area_band_maximum", date(2026, 1, 1), "46, 55, 65, 80, 93, senza limite (m²)"),
        ("forces_share", date(2019, 3, 11), "non previsto"),
        ("forces_categories", date(2019, 3, 11), "nessuna"),
        ("forces_categories", date(2019, 3, 12), "forze di polizia, vigili del fuoco"),
    ],
)
def test_values_as_a_reader_sees_them(name: str, on: date, written: str) -> None:
    """Values as in domain.md §5: R.R. 4/2017, art. 4, 5, 7, 9, 13."""
    assert value_it(rules_on(on).sources[name], LABELS, LABELS.parameters[name].of) == written


def test_the_legal_frame_lists_each_parameter_with_its_article_and_what_is_only_assumed() -> None:
    rules = rules_on(date(2026, 1, 1))
    [listed] = [block for block in legal_frame(rules).blocks if isinstance(block, Table)]
    rows = [[cell.value for cell in row] for row in listed.rows]
    assert len(rows) == len(rules.sources)
    assert ["Durata di un servizio abitativo transitorio", "12 mesi", "D.G.R. XI/2063", "ipotesi di lavoro"] in rows
    assert sum(row[3] == "ipotesi di lavoro" for row in rows) == sum(
        source.status == "assumed" for source in rules.sources.values()
    )
