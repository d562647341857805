"""Charts and maps of the document as plain SVG: readable in black and white, every value written beside its mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from services.planner.document.model import Drawing, Span
from services.planner.document.writing import drawable
from shared.events.plans import Measure
from shared.pages import MapLabels, Spoken, municipal_map, speaking
from shared.wording import amount

WIDTH: Final = 680
VALUE_WIDTH: Final = 150
CHARACTER: Final = 8
"""About the width of a character of a label; a digit is a little wider."""
MAP_WIDTH: Final = 88
"""Of the line, %: a map, its caption and a short text fit on one page."""
ROW: Final = 30
BAR: Final = 16
CAP: Final = 5
FONT: Final = "Titillium Web"
INK, MUTED, BRAND, LINE = "#17324d", "#455b71", "#0059b3", "#9aa9b8"
CLASS_COLOURS: Final = ("#edf4fb", "#bcd7f1", "#76abe0", "#1f68b5", "#0a2f5c")
LIGHT_TEXT: Final = ("4", "5")
"""Map classes so dark that their numbers are written in white."""
SVG: Final = "http://www.w3.org/2000/svg"

Element = ElementTree.Element


class Bar(NamedTuple):
    """One bar: a count, or a mean in thousandths with the interval it may lie in."""

    label: str
    value: int
    span: Span | None = None


class Point(NamedTuple):
    year: int
    value: int


class Axis(NamedTuple):
    """Where zero is, and how long one is."""

    zero: int
    per_unit: float

    def at(self, value: float) -> float:
        return self.zero + value * self.per_unit


def bar_chart(caption: str, bars: Sequence[Bar], measure: Measure, noun: str) -> Drawing:
    """Horizontal bars from zero; an interval is a line with caps through the bar's end. `noun` is what is counted.

    Raises:
        ValueError: no bars, or one below zero.
    """
    if not bars or any(bar.value < 0 for bar in bars):
        raise ValueError(f"{caption}: bars go up from zero, and there must be some")
    scale = 1000 if measure is Measure.THOUSANDTHS else 1
    largest = max(max(bar.value / scale, bar.span.high if bar.span else 0) for bar in bars) or 1
    zero = CHARACTER * max(len(bar.label) for bar in bars) + 16
    axis = Axis(zero, (WIDTH - zero - VALUE_WIDTH) / largest)
    height = ROW * len(bars)
    drawing = _canvas(height)
    for index, bar in enumerate(bars):
        _draw_bar(drawing, axis, bar, ROW * (index + 0.5), bar.value / scale, _told(bar, measure))
    _line(drawing, zero, 0, zero, height, MUTED)
    told = "; ".join(f"{bar.label}: {_told(bar, measure)}" for bar in bars)
    return Drawing(caption, _written(drawing), f"Grafico a barre, {noun}. {told}.")


def line_chart(caption: str, points: Sequence[Point], noun: str) -> Drawing:
    """Values over the years, the years at their true distances; the vertical axis begins below the lowest value.

    Raises:
        ValueError: fewer than two points.
    """
    if len(points) < 2:
        raise ValueError(f"{caption}: a line needs two points")
    first, last = points[0].year, points[-1].year
    low, high = min(point.value for point in points), max(point.value for point in points)
    places = [
        (
            50 + (WIDTH - 100) * (point.year - first) / (last - first),
            150 - 110 * (point.value - low) / ((high - low) or 1),
        )
        for point in points
    ]
    drawing = _canvas(200)
    _line(drawing, 20, 175, WIDTH - 20, 175, LINE)
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    _add(drawing, "polyline", points=steps, fill="none", stroke=BRAND, stroke_width="2.5")
    for point, (x, y) in zip(points, places, strict=True):
        _add(drawing, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4", fill=BRAND)
        # A white edge keeps the number legible where the line runs through it.
        label = _text(drawing, amount(Measure.COUNT, point.value), x, y - 13, "middle", INK, weight="600", size=12)
        label.attrib |= {"stroke": "#ffffff", "stroke-width": "4", "paint-order": "stroke"}
        _text(drawing, str(point.year), x, 193, "middle", MUTED, size=12)
    told = "; ".join(f"{point.year}: {amount(Measure.COUNT, point.value)}" for point in points)
    return Drawing(caption, _written(drawing), f"Grafico a linea, {noun}; l’asse verticale non parte da zero. {told}.")


def printed_map(
    geojson: Mapping[str, Any],
    values: Mapping[str, int | None],
    classes: Sequence[int],
    labels: MapLabels,
    sources: str,
) -> Drawing:
    """The map of the pages as one picture that needs no style sheet, its legend under it; see `municipal_map`.

    `sources` is what the boundaries' licence asks to be shown.
    """
    with speaking(Spoken()):
        figure = ElementTree.fromstring(municipal_map(geojson, values, classes, labels))
        names = {feature["properties"]["istat_code"]: feature["properties"]["name"] for feature in geojson["features"]}
        told = "; ".join(labels.area(names[code], values.get(code)) for code in sorted(names, key=names.__getitem__))
    drawing = figure.find("svg")
    assert drawing is not None, "the page’s map has a drawing"
    _, _, width, height = map(int, drawing.attrib.pop("viewBox").split())
    drawing.attrib = {"xmlns": SVG, "viewBox": f"0 0 {width} {height + 60}"}
    for kind in ("title", "desc"):
        drawing.remove(_required(drawing, kind))
    style = ElementTree.Element("style")
    style.text = _map_style()
    drawing.insert(0, style)
    swatches = [_required(item, "span") for item in figure.iter("li")]
    legend = [(swatch.attrib["data-class"], swatch.tail or "") for swatch in swatches]
    _draw_legend(drawing, legend, height)
    return Drawing(labels.title, _written(drawing), f"{labels.description} {told}.", sources, MAP_WIDTH)


def _draw_bar(drawing: Element, axis: Axis, bar: Bar, middle: float, value: float, told: str) -> None:
    _text(drawing, bar.label, axis.zero - 10, middle, "end", INK)
    _add(
        drawing, "rect", x=f"{axis.zero}", y=f"{middle - BAR / 2:.1f}", height=f"{BAR}",
        width=f"{value * axis.per_unit:.1f}", fill=BRAND if bar.span is None else CLASS_COLOURS[2],
    )  # fmt: skip
    end = axis.at(value)
    if bar.span is not None:
        left, right = map(axis.at, bar.span)
        end = max(end, right)
        _line(drawing, left, middle, right, middle, INK)
        for x in (left, right):
            _line(drawing, x, middle - CAP, x, middle + CAP, INK)
    _text(drawing, told, end + 10, middle, "start", INK, weight="600")


def _told(bar: Bar, measure: Measure) -> str:
    """`12,3 (da 8 a 15)`."""
    value = amount(measure, bar.value)
    return (
        value
        if bar.span is None
        else f"{value} (da {amount(Measure.COUNT, bar.span.low)} a {amount(Measure.COUNT, bar.span.high)})"
    )


def _map_style() -> str:
    fills = "".join(
        f'.pv-area[data-class="{index}"] path, .swatch[data-class="{index}"] {{ fill: {colour} }} '
        for index, colour in enumerate(CLASS_COLOURS, start=1)
    )
    light = "".join(f'.pv-area[data-class="{dark}"] text {{ fill: #ffffff }} ' for dark in LIGHT_TEXT)
    return (
        f"text {{ font-family: '{FONT}'; font-size: 17px; font-weight: 600; fill: {INK} }} "
        ".pv-area text { text-anchor: middle; dominant-baseline: central } "
        ".pv-area path { stroke: #6f8499; stroke-linejoin: round; stroke-width: 1.5 } "
        '.pv-area[data-class="none"] text { paint-order: stroke; stroke: #ffffff; stroke-width: 5px } '
        f".pv-hatch-ground {{ fill: #ffffff }} .pv-hatch-line {{ fill: {LINE} }} {fills}{light}"
    )


def _draw_legend(drawing: Element, items: Sequence[tuple[str, str]], height: int) -> None:
    pattern = _required(drawing, "defs/pattern").attrib["id"]
    x = 12
    for map_class, words in items:
        swatch = _add(drawing, "rect", x=str(x), y=str(height + 20), width="28", height="20", stroke="#6f8499")
        # The hatch is an attribute, which the classes' style overrides.
        swatch.attrib |= {"class": "swatch", "data-class": map_class, "fill": f"url(#{pattern})"}
        _text(drawing, words, x + 36, height + 30, "start", INK, size=17)
        x += 64 + 9 * len(words)


def _canvas(height: int) -> Element:
    return ElementTree.Element("svg", {"xmlns": SVG, "viewBox": f"0 0 {WIDTH} {height}", "font-family": FONT})


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, tag, {name.replace("_", "-"): value for name, value in attributes.items()})


def _line(parent: Element, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
    places = {name: f"{place:.1f}" for name, place in (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2))}
    _add(parent, "line", **places, stroke=colour, stroke_width="1.5")


def _text(
    parent: Element, words: str, x: float, y: float, anchor: str, colour: str, *, weight: str = "400", size: int = 14
) -> Element:
    text = _add(
        parent, "text", x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, dominant_baseline="central",
        fill=colour, font_weight=weight, font_size=str(size),
    )  # fmt: skip
    text.text = drawable(words)
    return text


def _required(parent: Element, path: str) -> Element:
    found = parent.find(path)
    assert found is not None, f"the page’s map has no {path}"
    return found


def _written(drawing: Element) -> str:
    return ElementTree.tostring(drawing, encoding="unicode")
