"""What pages make of the plan's texts: numbers that lead somewhere, charts with their data, causes in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from services.planner.document.drawings import Bar, bar_chart
from services.planner.document.model import Span
from services.planner.domain.drift import TIME, Reason
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.narrative.sentences import Sentence
from services.planner.pages.addresses import Addresses, Days, page_id
from services.planner.pages.blocks import Datum, Segment, chart_of, linked
from services.planner.pages.reason_words import EMERGENCY, reason_it
from shared.events import Measure

AT = Addresses("cremonese")


def test_numbers_of_a_sentence_lead_to_their_pages_in_its_order() -> None:
    text = "Nel 2023 ci sono 1.234 residenti, 3 in più (0,3%)."
    figures = {
        "ambito/population": Figure("ambito", "population", FigureUnit.COUNT, 1234, "counted"),
        "ambito/long_change": Figure("ambito", "long_change", FigureUnit.COUNT, 3, "difference"),
        "ambito/long_change_share": Figure("ambito", "long_change_share", FigureUnit.SHARE, Decimal("0.003"), "x"),
    }
    assert linked(Sentence(text, tuple(figures)), figures, AT) == (
        Segment("Nel 2023 ci sono "),
        Segment("1.234", "/ambiti/cremonese/numeri/ambito:population", "ambito/population", 1234),
        Segment(" residenti, "),
        Segment("3", "/ambiti/cremonese/numeri/ambito:long_change", "ambito/long_change", 3),
        Segment(" in più ("),
        Segment("0,3%", "/ambiti/cremonese/numeri/ambito:long_change_share", "ambito/long_change_share", 3),
        Segment(")."),
    )


def test_a_number_within_another_is_not_the_figure() -> None:
    figures = {"ambito/homes": Figure("ambito", "homes", FigureUnit.COUNT, 3, "counted")}
    told = linked(Sentence("Dal 2013 e dal 1.233 al 3% restano 3 alloggi.", tuple(figures)), figures, AT)
    assert [segment.text for segment in told] == ["Dal 2013 e dal 1.233 al 3% restano ", "3", " alloggi."]


def test_a_figure_without_a_value_leads_nowhere_and_loses_no_text() -> None:
    sentence = Sentence("Sono 12 alloggi.", ("ambito/unknown",))
    assert linked(sentence, {}, AT) == (Segment("Sono 12 alloggi."),)


@pytest.mark.parametrize(
    ("figure", "page"),
    [
        ("ambito/stock_total", "-:-:stock_total:-"),  # the plan's own figure has the plan's own page
        ("019098/stock_total", "019098:-:stock_total:-"),
        ("ambito/population", "ambito:population"),
        ("019098:-:assignable_low:2027", "019098:-:assignable_mean:2027"),  # a band is told beside its mean
        ("-:-:need_3y_high:-", "-:-:need_3y:-"),
        ("-:-:free_assignable:-", "-:-:free_assignable:-"),
    ],
)
def test_every_figure_has_one_page(figure: str, page: str) -> None:
    assert page_id(figure) == page


def test_addresses_keep_the_days() -> None:
    then = Addresses("cremonese", Days(date(2026, 6, 30), None))
    assert then.part(4) == "/ambiti/cremonese/parti/4?vero_il=2026-06-30"
    assert then.to("", "comuni", mappa="liberi") == "/ambiti/cremonese?mappa=liberi&vero_il=2026-06-30#comuni"


def test_a_chart_comes_with_its_data() -> None:
    bars = [Bar("2026", 2500, Span(2, 3)), Bar("Triennio", 16300, Span(12, 20))]
    chart = chart_of(bar_chart("Alloggi assegnabili", bars, Measure.THOUSANDTHS, "alloggi, con l’intervallo"))
    assert chart.summary == "Grafico a barre, alloggi, con l’intervallo."
    assert chart.data == (Datum("2026", "2,5 (da 2 a 3)"), Datum("Triennio", "16,3 (da 12 a 20)"))


def test_of_cases_neither_where_nor_how_many_is_told() -> None:
    events = (UUID(int=1), UUID(int=2))
    names = {"019098": "Soresina"}
    assert reason_it(Reason("emergency-case-opened", "019098", events), names) == EMERGENCY
    assert reason_it(Reason("hold-placed", "019098", events[:1]), names) == EMERGENCY
    assert (
        reason_it(Reason("unit-vacated", "019098", events), names) == "Alloggi rilasciati, Soresina (2 comunicazioni)"
    )
    assert reason_it(Reason("unit-sold", None, events[:1]), names) == "Vendite (1 comunicazione)"
    assert reason_it(Reason(TIME, None, events), names) == "Il passare dei giorni"
