"""Municipal map: geometry against numbers worked out by hand on a two-municipality territory, then the real one."""

import math
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.live import live_area
from shared.pages.municipal_map import MapLabels, map_class, municipal_map
from shared.territory import ambito, boundaries

CLASSES = (0, 1, 5, 20, 100)
LABELS = MapLabels("mappa", "Alloggi <liberi>", "Alloggi per comune.", "alloggio", "alloggi")
SVG = "{http://www.w3.org/2000/svg}"


def square(code: str, name: str, west: float, south: float, side: float = 1.0) -> dict[str, Any]:
    corners = [(west, south), (west + side, south), (west + side, south + side), (west, south + side), (west, south)]
    return {
        "properties": {"istat_code": code, "name": name},
        "geometry": {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]},
    }


TWO = {"features": [square("000001", "Ovest", 10, 60), square("000002", "Est", 11, 60)]}


def drawing(markup: str) -> ElementTree.Element:
    """The `<figure>` parsed as XML: not well-formed would raise."""
    return ElementTree.fromstring(str(markup).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def areas(markup: str) -> dict[str, ElementTree.Element]:
    return {e.attrib["data-istat"]: e for e in drawing(markup).iter() if "data-istat" in e.attrib}


def child(element: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = element.find(f"{SVG}{tag}")
    assert found is not None
    return found


def corners(area: ElementTree.Element) -> list[list[tuple[int, int]]]:
    """Points of an area's path, ring by ring: one `M`, relative `l` steps, `z`."""
    rings = []
    for start_x, start_y, steps in re.findall(r"M(\d+) (\d+)l([-\d ]*)z", child(area, "path").attrib["d"]):
        ring = [(int(start_x), int(start_y))]
        numbers = [int(step) for step in steps.split()]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            ring.append((ring[-1][0] + dx, ring[-1][1] + dy))
        rings.append(ring)
    return rings


def is_inside(point: tuple[int, int], ring: list[tuple[int, int]]) -> bool:
    """By winding: the angles under which the ring's sides are seen add up to a full turn."""
    seen = [math.atan2(y - point[1], x - point[0]) for x, y in ring]
    turns = [math.remainder(after - before, math.tau) for before, after in zip(seen, [*seen[1:], seen[0]], strict=True)]
    return abs(sum(turns)) > math.pi


def test_projection_shrinks_longitude_by_the_cosine_of_the_latitude() -> None:
    # 2 degrees of longitude at 60.5 N are 2 x cos(60.5) = 0.984847 degrees wide and span 1000 - 2 x 12 = 976 units;
    # 1 degree of latitude is then 976 / 0.984847 = 991.02 units, with the margins 1015.02, rounded up 1016.
    svg = drawing(municipal_map(TWO, {}, CLASSES, LABELS)).find(f"{SVG}svg")
    assert svg is not None
    assert svg.attrib["viewBox"] == "0 0 1000 1016"


def test_neighbours_share_their_border_and_north_is_up() -> None:
    drawn = areas(municipal_map(TWO, {}, CLASSES, LABELS))
    # First corner is the south-west one, then counter-clockwise; y grows southwards.
    assert corners(drawn["000001"]) == [[(12, 1003), (500, 1003), (500, 12), (12, 12)]]
    assert corners(drawn["000002"]) == [[(500, 1003), (988, 1003), (988, 12), (500, 12)]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "none"), (0, "1"), (1, "2"), (4, "2"), (5, "3"), (19, "3"), (20, "4"), (99, "4"), (100, "5"), (9_999, "5")],
)
def test_class_of_a_value(value: int | None, expected: str) -> None:
    assert map_class(value, CLASSES) == expected


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_larger_value_is_never_lighter(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert int(map_class(low, CLASSES)) <= int(map_class(high, CLASSES))


@pytest.mark.parametrize("classes", [(0, 1, 2, 3), (0, 1, 2, 3, 4, 5), (0, 2, 2, 3, 4), (4, 3, 2, 1, 0)])
def test_classes_that_are_not_five_ascending_bounds_are_refused(classes: Sequence[int]) -> None:
    with pytest.raises(ValueError, match="5 ascending lower bounds"):
        map_class(None, classes)


def test_a_value_below_the_first_class_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 lies below"):
        map_class(-1, CLASSES)


def test_areas_say_name_and_value() -> None:
    drawn = areas(municipal_map(TWO, {"000001": 1, "000002": 1_204}, CLASSES, LABELS))
    assert child(drawn["000001"], "title").text == "Ovest: 1 alloggio"
    assert child(drawn["000002"], "title").text == "Est: 1.204 alloggi"
    assert child(drawn["000002"], "text").text == "1.204"


def test_missing_and_none_are_hatched_and_named_in_the_legend() -> None:
    markup = municipal_map(TWO, {"000001": None}, CLASSES, LABELS)
    for area in areas(markup).values():
        assert area.attrib["data-class"] == "none"
        assert child(area, "text").text == "n.d."
    assert 'fill="url(#mappa-tratteggio)"' in markup
    legend = ["".join(item.itertext()) for item in drawing(markup).iter("li")]
    assert legend == ["0", "1\u20134", "5\u201319", "20\u201399", "100 e oltre", "dato non disponibile"]


def test_without_links_the_map_is_one_named_image() -> None:
    svg = child(drawing(municipal_map(TWO, {}, CLASSES, LABELS)), "svg")
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"] == "mappa-titolo mappa-descrizione"
    assert child(svg, "title").text == "Alloggi <liberi>"
    assert not list(svg.iter(f"{SVG}a"))


def test_with_links_each_area_is_one_and_the_selected_is_painted_last() -> None:
    markup = municipal_map(TWO, {}, CLASSES, LABELS, selected="000001", link=lambda code: f"/comuni/{code}?a=1&b=2")
    svg = child(drawing(markup), "svg")
    links = list(svg.iter(f"{SVG}a"))
    assert svg.attrib["role"] == "group"  # an image may hold nothing that takes the focus
    assert [link.attrib["href"] for link in links] == ["/comuni/000002?a=1&b=2", "/comuni/000001?a=1&b=2"]
    assert "pv-selected" in links[-1].attrib["class"]
    assert links[-1].attrib["aria-current"] == "true"


def test_a_municipality_that_is_not_on_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="not on the map: 015146"):
        municipal_map(TWO, {"015146": 3}, CLASSES, LABELS)
    with pytest.raises(ValueError, match="not on the map: 015146"):
        municipal_map(TWO, {}, CLASSES, LABELS, selected="015146")


def test_all_48_municipalities_are_drawn_in_proportion_with_the_number_inside() -> None:
    drawn = areas(municipal_map(boundaries("cremonese"), {}, CLASSES, LABELS))
    assert len(drawn) == 48
    surface = {}
    for code, area in drawn.items():
        rings = corners(area)
        label = child(area, "text")
        assert any(is_inside((int(label.attrib["x"]), int(label.attrib["y"])), ring) for ring in rings), code
        surface[code] = sum(_surface(ring) for ring in rings)
    # The published km2 are an independent measure of each surface: one scale for all, within 2 % of rounding.
    scale = sum(surface.values()) / 865.50
    for municipality in ambito("cremonese").municipalities:
        assert surface[municipality.istat_code] / scale == pytest.approx(float(municipality.area_km2), rel=0.02)


def test_the_map_carries_no_inline_style_or_script() -> None:
    markup = municipal_map(boundaries("cremonese"), {}, CLASSES, LABELS)
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", markup)


def test_a_live_update_paints_as_the_page_did() -> None:
    drawn = areas(municipal_map(TWO, {"000001": 7}, CLASSES, LABELS))["000001"]
    update = live_area("000001", "Ovest", 7, CLASSES, LABELS)
    assert update.map_class == drawn.attrib["data-class"]
    assert update.title == child(drawn, "title").text
    assert update.short == child(drawn, "text").text


def _surface(ring: list[tuple[int, int]]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True))) / 2
