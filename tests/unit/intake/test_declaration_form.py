"""The form of a declaration: it carries all that can be declared, and whatever is wrong has a field to stand beside."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.intake.api.examples import THREE_YEARS
from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import OF_STOCK, Declaration, declaration_faults, says_the_same
from services.intake.pages.fields import COLUMNS, LINES, NEED, ROWS, SPLIT, YEAR
from services.intake.pages.forms import form_of, wrong_of
from services.intake.pages.typed import MOST_ROWS, Asked, read, read_form, reasons_of, row_count, shown, typed_of
from shared.arrivals import read_value
from shared.events import (
    AccessMeasure,
    AnnualColumns,
    Confirmation,
    Disposal,
    DisposalKind,
    HousingNeed,
    OwnerKind,
    Programme,
    Strategy,
    SubmissionReceived,
    ThreeYearData,
    YearForecast,
)
from shared.events.planning import HOUSEHOLD_SIZES
from tests.support.declarations import COUNTS, listed
from tests.unit.intake.samples import changed

CYCLE, TOWN = 2026, "019036"
YEARS = (2027, 2028, 2029)
SHARES = st.none() | st.integers(0, 10_000).map(lambda parts: Decimal(parts).scaleb(-4))
TEXTS = st.from_regex(r"[A-Za-zàèìòù0-9«»,.]( ?[A-Za-zàèìòù0-9«»,.]){0,60}", fullmatch=True)
COLUMN = st.builds(
    AnnualColumns,
    **{field.name: COUNTS for field in COLUMNS if field.kind == "count"},
    **{field.name: SHARES for field in COLUMNS if field.kind == "share"},
    extra_category_reason=st.none() | TEXTS,
)
FORECASTS = st.lists(st.sampled_from(YEARS), unique=True, min_size=1).flatmap(
    lambda years: st.tuples(
        *(
            st.builds(YearForecast, year=st.just(year), **dict.fromkeys((f.name for f in YEAR), COUNTS))
            for year in sorted(years)
        )
    )
)
NEEDS = st.builds(
    HousingNeed,
    **{field.name: st.none() | COUNTS for field in NEED},
    by_household_size=st.none() | st.tuples(*[COUNTS] * HOUSEHOLD_SIZES),
).map(lambda need: None if need == HousingNeed() else need)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "columns": COLUMN,
    "forecast": st.none() | FORECASTS,
    "need": st.none() | NEEDS,
    **listed(TEXTS),
}


def received(**parts: Any) -> SubmissionReceived:
    said = {name: parts.get(name) for name in ThreeYearData.model_fields} | {"confirmations": ()} | parts
    return SubmissionReceived(
        **{"nil": False, "columns": None} | said,
        submission_id=UUID(int=1),
        ambito="cremonese",
        cycle_year=CYCLE,
        owner=f"comune-{TOWN}",
        owner_kind=OwnerKind.MUNICIPALITY,
        municipality=TOWN,
        revision=1,
        received_on=date(2026, 10, 1),
        late=False,
    )


def asked(last: SubmissionReceived | None = None, kind: OwnerKind = OwnerKind.MUNICIPALITY) -> Asked:
    return Asked.over(CYCLE, TOWN, kind, last)


def faults(declaration: Declaration) -> list[Fault]:
    return list(declaration_faults(declaration, OwnerKind.MUNICIPALITY, CycleRules.of(CYCLE), 70_000))


def sent_again(said: SubmissionReceived) -> SubmissionReceived:
    """What comes of the form that shows a declaration, when nobody changes anything in it."""
    document = read_form(typed_of(said).document, asked(said)).document
    declaration = read_value(Declaration, document)
    return said.having({name: getattr(declaration, name) for name in Declaration.model_fields})


@given(st.fixed_dictionaries(PARTS))
def test_a_form_that_nobody_changes_declares_the_same(parts: dict[str, Any]) -> None:
    said = received(**parts)
    assert says_the_same(said, sent_again(said))


@given(st.fixed_dictionaries({name: part for name, part in PARTS.items() if name not in ("columns", *OF_STOCK)}))
def test_so_does_one_with_nothing_to_declare(parts: dict[str, Any]) -> None:
    said = received(nil=True, **parts)
    assert says_the_same(said, sent_again(said))


def test_the_form_has_a_field_for_all_that_can_be_declared() -> None:
    assert {field.name for field in COLUMNS} == AnnualColumns.model_fields.keys()
    assert {"year", *(field.name for field in YEAR)} == YearForecast.model_fields.keys()
    assert {SPLIT, *(field.name for field in NEED)} == HousingNeed.model_fields.keys()
    shapes: dict[str, type[BaseModel]] = {
        "programmes": Programme,
        "disposals": Disposal,
        "measures": AccessMeasure,
        "strategies": Strategy,
    }
    assert {part.name: {field.name for field in part.fields} for part in ROWS} == {
        name: set(shape.model_fields) for name, shape in shapes.items()
    }
    parts = {"forecast", "need", "confirmations", *shapes, *(lines.name for lines in LINES)}
    assert parts == ThreeYearData.model_fields.keys()


def test_nothing_to_declare_leaves_the_stock_out_and_keeps_the_territory() -> None:
    typed = {"nil": "si", "columns-stock_sap": "4", "disposals-nessuno": "si", "need-barriers": "3"}
    document = read_form(typed, asked()).document
    assert document == {"cycle_year": CYCLE, "municipality": TOWN, "nil": True, "need": {"barriers": 3}}


def test_who_is_no_municipality_declares_nothing_of_the_territory() -> None:
    typed = {"columns-stock_sap": "4", "need-barriers": "3", "services": "sportello"}
    assert read_form(typed, asked(kind=OwnerKind.ALER)).document.keys() == {
        "cycle_year",
        "municipality",
        "nil",
        "columns",
    }


@pytest.mark.parametrize(
    ("text", "kind", "value", "again"),
    [
        ("12", "count", 12, "12"),
        ("1.200", "count", "1.200", "1.200"),
        ("²", "count", "²", "²"),
        ("20", "share", "0.2", "20"),
        ("12,5", "share", "0.125", "12,5"),
        ("un quinto", "share", "un quinto", None),
        ("60.000,50", "euro", "60000.50", "60000,50"),
        ("60000", "euro", "60000", "60000"),
        ("2027-06-30", "day", "2027-06-30", "2027-06-30"),
    ],
)
def test_numbers_are_read_as_they_are_written_here(text: str, kind: Any, value: object, again: str | None) -> None:
    assert read(text, kind) == value
    if again is not None:
        assert shown(value, kind) == again


def test_a_total_left_empty_is_the_sum_and_one_that_was_typed_stays() -> None:
    """1 + 2 + 3 + (4 + 5) + 6 = 21"""
    parts = ("as_is_assignable", "under_renovation_assignable", "new_build_assignable", "free_now", "turnover_expected")
    typed = {f"columns-{name}": str(number) for number, name in enumerate((*parts, "conferred_by_private"), 1)}
    assert read_form(typed, asked()).document["columns"]["assignable_total"] == 21
    typed["columns-assignable_total"] = "20"
    assert read_form(typed, asked()).document["columns"]["assignable_total"] == 20
    typed |= {"columns-assignable_total": "", "columns-free_now": "quattro"}
    assert "assignable_total" not in read_form(typed, asked()).document["columns"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"/columns/assignable_total": 20}, "columns-assignable_total"),
        ({"/columns/forces_share": "0.90"}, "columns-forces_share"),
        ({"/forecast/1/turnover_expected": 99}, "forecast-2028-turnover_expected"),
        ({"/programmes/1/expected_completion_on": "2031-01-01"}, "programmes-1-expected_completion_on"),
        ({"/disposals/0/units": 90}, "disposals"),
        ({"/need/indigent_applicants": 999}, "need-indigent_applicants"),
        ({"/need/by_household_size": [1, 2, 3, 4, 5, 6]}, "need-by_household_size-0"),
        ({"/strategies/0/figure": None}, "strategies-0-figure"),
        ({"/services": ["scrivere a casa@example.org"]}, "services"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(changes: dict[str, Any], field: str) -> None:
    wanted = read_value(Declaration, changed(THREE_YEARS, changes))
    said = received(**{name: getattr(wanted, name) for name in (*ThreeYearData.model_fields, "columns")})
    form_read = read_form(typed_of(said).document, asked())
    found = wrong_of(faults(read_value(Declaration, form_read.document)), form_read)
    assert field in {one.name for one in found}
    form = form_of(asked(), typed_of(said).document, 1, wrong=found)
    entries = [entry for group in (*form.columns, *form.forecast, *form.need) for entry in group.entries]
    entries += [
        entry for part in form.rows for entry in (part.head, *(one for row in part.rows for one in row.entries))
    ]
    entries += [part.entry for part in form.lines]
    assert [entry.errors for entry in entries if entry.name == field] != [[]]


def test_an_unusual_value_asks_for_its_reason_and_has_the_one_given_before() -> None:
    said = received(
        columns=AnnualColumns(stock_sap=100, turnover_expected=20, assignable_total=20),
        confirmations=(Confirmation(field="/columns/turnover_expected", reason="un edificio si svuota"),),
    )
    form_read = read_form(typed_of(said).document, asked(said))
    wrong = wrong_of(faults(read_value(Declaration, form_read.document)), form_read)
    form = form_of(asked(said), typed_of(said).document, 1, wrong=wrong, reasons=reasons_of(said))
    assert form.asks_to_confirm
    [entry] = [entry for group in form.columns for entry in group.entries if entry.name == "columns-turnover_expected"]
    assert entry.reason == "un edificio si svuota"
    typed = typed_of(said).document | {"motivo-columns-turnover_expected": "un edificio si svuota"}
    assert read_value(Declaration, read_form(typed, asked(said)).document).confirmations == said.confirmations


def test_parts_with_more_rows_than_a_form_carries_stay_with_what_was_said_of_them() -> None:
    one = Disposal(
        programme_id="AL",
        kind=DisposalKind.SOLD,
        units=1,
        expected_on=date(2031, 1, 1),
        expected_proceeds_eur=Decimal(1),
        act_reference="atto 1",
    )
    many = tuple(one.having({"programme_id": f"AL-{number}"}) for number in range(MOST_ROWS + 1))
    reason = Confirmation(field="/disposals/0/expected_on", reason="rinviata")
    said = received(
        columns=AnnualColumns(stock_sap=100), disposals=many, services=("sportello",), confirmations=(reason,)
    )
    typed = {name: text for name, text in typed_of(said).document.items() if not name.startswith("disposals-")}
    kept = read_value(Declaration, read_form(typed, asked(said)).document)
    assert (kept.disposals, kept.confirmations, kept.services) == (many, (reason,), ("sportello",))
    [part] = [part for part in form_of(asked(said), typed, 1).rows if part.name == "disposals"]
    assert (part.kept, part.rows, part.add) == (MOST_ROWS + 1, [], "")


@given(st.dictionaries(st.from_regex(r"programmes-[0-9]{1,9}-units", fullmatch=True), st.just("1"), max_size=3))
def test_nobody_makes_a_form_longer_than_it_may_be(typed: dict[str, str]) -> None:
    assert row_count(typed, "programmes") <= MOST_ROWS
    read_form(typed, asked())
