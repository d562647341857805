"""References to figures: every figure can be named, and what is named is read back the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.labels import LABELS
from services.planner.domain.plan import key_of
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.texts.references import (
    SHORT_NAMES,
    SURVEY_LABELS,
    NotAReference,
    Reference,
    folded,
    read_reference,
)
from services.planner.domain.texts.telling import Numbers
from tests.support.plan_material import synthetic_material

NAMES = {"019036": "Cremona", "019025": "Castelleone", "019098": "Soresina", "019078": "Pieve d'Olmi"}


def reading(inner: str) -> Reference:
    return read_reference(inner, 2026, NAMES)


@pytest.mark.parametrize(
    ("inner", "figure_id"),
    [
        ("supply.total.y1", "-:-:assignable_mean:2026"),
        ("supply.total.y3", "-:-:assignable_mean:2028"),
        ("supply.total", "-:-:assignable_mean:-"),
        ("assegnabili.2027", "-:-:assignable_mean:2027"),
        ("stock.total", "-:-:stock_total:-"),
        ("stock_total", "-:-:stock_total:-"),
        ("Alloggi liberi assegnabili: soresina", "019098:-:free_assignable:-"),
        ("alloggi_liberi_assegnabili: 019036, aler-bcm", "019036:aler-bcm:free_assignable:-"),
        ("patrimonio: PIEVE D'OLMI", "019078:-:stock_total:-"),
        ("Fabbisogno abitativo primario", "-:-:need_3y:-"),
        ("residenti", "ambito/population"),
        ("residenti: Cremona", "019036/population"),
        ("Residenti di 65 anni e più", "ambito/age_65_plus"),
        (" Alloggi che si liberano nel triennio ", "-:-:turnover_mean:-"),
    ],
)
def test_what_an_office_would_type_names_the_figure(inner: str, figure_id: str) -> None:
    assert reading(inner).id == figure_id


@pytest.mark.parametrize(
    ("inner", "unknown", "near"),
    [
        ("aloggi_in_patrimonio", "aloggi_in_patrimonio", "alloggi_in_patrimonio"),
        ("patrimonio: Cremna", "Cremna", "Cremona"),
        ("supply.total.y4", "y4", "y1"),
        ("assegnabili.2030", "2030", "y1"),
        ("aloggi", "aloggi", "alloggi_assegnabili"),
        ("", "", None),
        ("xyzzy", "xyzzy", None),
        ("_" * 5_000, f"{'_' * 20}…", None),
    ],
)
def test_what_names_nothing_is_told_with_its_nearest_names(inner: str, unknown: str, near: str | None) -> None:
    with pytest.raises(NotAReference) as refused:
        reading(inner)
    assert refused.value.unknown == unknown
    assert refused.value.near[:1] == ((near,) if near else ())


def test_every_figure_of_the_plan_can_be_named_and_read_back() -> None:
    numbers = Numbers.of(synthetic_material())
    names = numbers.plan.names
    assert {reference.id for reference in numbers.references} >= {key.id for key in numbers.plan.figures}
    for reference in numbers.references:
        printed = reference.printed(names)
        assert read_reference(printed[2:-2], numbers.plan.triennium.first_year, names) == reference
        assert reference.is_of_survey or key_of(reference.id) == reference.key


def test_no_two_figures_have_a_name_in_common() -> None:
    """Code, label and label without its triennium: each is one figure's."""
    codes = {figure: reading(figure).figure for figure in (*LABELS, *SURVEY_LABELS)}
    assert all(figure == found for figure, found in codes.items())
    labels = {name: label.overall for name, label in LABELS.items()} | SURVEY_LABELS
    assert {figure: reading(label.replace(":", "")).figure for figure, label in labels.items()} == dict(
        zip(labels, labels, strict=True)
    )
    assert len({Reference(figure).printed(NAMES) for figure in labels}) == len(labels)
    assert not {folded(name) for name in SHORT_NAMES} & {folded(name) for name in labels}


def test_the_survey_has_every_figure_that_texts_may_name() -> None:
    survey = synthetic_material().survey
    assert survey is not None
    assert SURVEY_LABELS.keys() <= {figure.name for figure in survey_figures("ambito", survey.ambito, ASSUMED)}


@given(
    st.sampled_from([*LABELS, *SURVEY_LABELS]),
    st.none() | st.integers(2026, 2028),
    st.none() | st.sampled_from([*NAMES]),
    st.none() | st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
)
def test_printing_and_reading_are_each_others_inverse(
    figure: str, year: int | None, municipality: str | None, owner: str | None
) -> None:
    reference = Reference(figure, year, municipality, owner if municipality else None)
    printed = reference.printed(NAMES)
    assert printed.startswith("{{")
    assert printed.endswith("}}")
    assert reading(printed[2:-2]) == reference


@given(st.text(max_size=60))
def test_any_text_is_a_reference_or_refused(inner: str) -> None:
    try:
        found = reading(inner)
    except NotAReference:
        return
    assert found.figure in LABELS or found.figure in SURVEY_LABELS
