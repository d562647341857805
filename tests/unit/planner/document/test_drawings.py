"""Drawings tell the truth: lengths are the values', the alternative text has every number, greys can be told apart."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.document.drawings import CLASS_COLOURS, Bar, Point, bar_chart, line_chart, printed_map
from services.planner.document.model import Drawing, Span
from shared.events.plans import Measure
from shared.pages import MapLabels, Spoken, speaking
from shared.territory import ATTRIBUTION, boundaries, names_of

BORDERS = boundaries("cremonese")
NAMES = names_of("cremonese")
LABELS = MapLabels("prova", "Residenti", "Carta dei comuni.", "residente", "residenti")
CLASSES = (0, 10, 20, 30, 40)


def drawn(drawing: Drawing, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(drawing.svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def written(drawing: Drawing) -> list[str]:
    return [text.text or "" for text in drawn(drawing, "text")]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_bars_are_as_long_as_their_values(values: list[int]) -> None:
    chart = bar_chart(
        "Prova", [Bar(f"Voce {index}", value) for index, value in enumerate(values)], Measure.COUNT, "case"
    )
    widths = [float(bar.attrib["width"]) for bar in drawn(chart, "rect")]
    per_unit = max(widths) / (max(values) or 1)
    assert widths == pytest.approx([value * per_unit for value in values], abs=0.11)


def test_an_interval_is_drawn_where_it_is() -> None:
    """Label of 4 characters: 4 x 8 + 16 = 48 is zero; 680 - 48 - 150 = 482 are 24 homes, one is 20.083."""
    chart = bar_chart("Prova", [Bar("2026", 12_000, Span(8, 24))], Measure.THOUSANDTHS, "alloggi")
    (bar,) = drawn(chart, "rect")
    assert float(bar.attrib["width"]) == 241.0
    whisker = drawn(chart, "line")[0]
    assert (whisker.attrib["x1"], whisker.attrib["x2"]) == ("208.7", "530.0")
    assert written(chart) == ["2026", "12,0 (da 8 a 24)"]
    assert chart.alternative == "Grafico a barre, alloggi. 2026: 12,0 (da 8 a 24)."


def test_a_label_that_the_font_of_drawings_lacks_is_spelled_out() -> None:
    chart = bar_chart("Prova", [Bar("≥ α, più", 1)], Measure.COUNT, "case")
    assert written(chart) == ["[U+2265] [U+03B1], più", "1"]
    assert "≥ α, più: 1" in chart.alternative


@pytest.mark.parametrize("bars", [[], [Bar("meno", -1)]])
def test_bars_that_cannot_be_drawn_are_refused(bars: list[Bar]) -> None:
    with pytest.raises(ValueError, match="go up from zero"):
        bar_chart("Prova", bars, Measure.COUNT, "case")


def test_years_stand_at_their_true_distances_and_the_highest_value_highest() -> None:
    """580 units are 12 years: 2017 lies half way; 110 units are 30 people."""
    chart = line_chart("Prova", [Point(2011, 1_030), Point(2017, 1_000), Point(2023, 1_015)], "residenti")
    places = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in drawn(chart, "circle")]
    assert places == [(50.0, 40.0), (340.0, 150.0), (630.0, 95.0)]
    assert "non parte da zero. 2011: 1.030; 2017: 1.000; 2023: 1.015." in chart.alternative


def test_a_line_needs_two_points() -> None:
    with pytest.raises(ValueError, match="two points"):
        line_chart("Prova", [Point(2011, 5)], "residenti")


def test_the_map_says_every_municipality_in_alphabetical_order() -> None:
    values = {code: index for index, code in enumerate(sorted(NAMES))}
    drawing = printed_map(BORDERS, values, CLASSES, LABELS, ATTRIBUTION)
    told = re.findall(r"([A-Z][^:;]*): (\d+) resident", drawing.alternative.removeprefix("Carta dei comuni. "))
    assert dict(told) == {NAMES[code]: str(value) for code, value in values.items()}
    assert [name for name, _ in told] == sorted(NAMES.values())
    assert drawing.note == ATTRIBUTION


def test_the_map_is_a_picture_of_its_own() -> None:
    """No page's style sheet reaches it: its classes have colours inside, what has no value is hatched."""
    drawing = printed_map(BORDERS, {"019036": 45}, CLASSES, LABELS, ATTRIBUTION)
    (style,) = drawn(drawing, "style")
    assert all(colour in (style.text or "") for colour in CLASS_COLOURS)
    assert "var(" not in drawing.svg
    classes = [area.attrib["data-class"] for area in drawn(drawing, "g") if "data-istat" in area.attrib]
    assert sorted(classes) == ["5", *["none"] * 47]
    assert written(drawing)[-6:] == ["0–9", "10–19", "20–29", "30–39", "40 e oltre", "dato non disponibile"]


def test_who_reads_pages_in_english_gets_the_same_italian_document() -> None:
    with speaking(Spoken("en", is_chosen=True)):
        english = printed_map(BORDERS, {}, CLASSES, LABELS, ATTRIBUTION)
    assert english == printed_map(BORDERS, {}, CLASSES, LABELS, ATTRIBUTION)


def test_classes_can_be_told_apart_without_colour() -> None:
    """WCAG's relative luminance falls from class to class, each with at least 1.3 times the contrast of the next."""
    lights = [luminance(colour) for colour in CLASS_COLOURS]
    assert all((light + 0.05) / (dark + 0.05) > 1.3 for light, dark in pairwise(lights))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
