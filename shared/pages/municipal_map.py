"""Choropleth of an ambito's municipalities drawn on the server: a plain SVG that needs no script and no tile server."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from shared.pages.environment import page_environment
from shared.pages.formats import number
from shared.pages.language import say

CLASS_COUNT = 5
NO_DATA = "none"
_WIDTH = 1000
_MARGIN = 12
_LABEL_STEPS = 10

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MapLabels:
    """The words of one map. ``id`` is unique on the page; ``one`` and ``many`` name what is counted."""

    id: str
    title: str
    description: str
    one: str
    many: str
    no_data: str = field(default_factory=lambda: say("dato non disponibile", "not available"))
    number: Callable[[int], str] = field(default=number)

    def area(self, name: str, value: int | None) -> str:
        """What a reader hears or sees on a municipality: ``Cremona: 1.204 alloggi``."""
        if value is None:
            return f"{name}: {self.no_data}"
        return f"{name}: {self.number(value)} {self.one if value == 1 else self.many}"


@dataclass(frozen=True, slots=True)
class Area:
    """One municipality ready to be drawn, in the units of the viewBox."""

    istat_code: str
    path: str
    label_x: int
    label_y: int
    title: str
    short: str
    map_class: str
    selected: bool


def map_class(value: int | None, classes: Sequence[int]) -> str:
    """``"1"`` (lightest) to ``"5"``, or ``"none"``; `classes` holds the lowest value of each class, ascending.

    Raises:
        ValueError: not five ascending bounds, or a value below the first.
    """
    if len(classes) != CLASS_COUNT or any(low >= high for low, high in pairwise(classes)):
        raise ValueError(f"the map needs {CLASS_COUNT} ascending lower bounds, got {list(classes)}")
    if value is None:
        return NO_DATA
    if value < classes[0]:
        raise ValueError(f"{value} lies below the first class of the map ({classes[0]})")
    return str(sum(value >= bound for bound in classes))


def municipal_map(
    geojson: Mapping[str, Any],
    values: Mapping[str, int | None],
    classes: Sequence[int],
    labels: MapLabels,
    *,
    selected: str | None = None,
    link: Callable[[str], str] | None = None,
) -> Markup:
    """The map as a `<figure>` with legend. A municipality without value, or with None, is hatched.

    Args:
        geojson: FeatureCollection whose features carry ``istat_code`` and ``name`` and (multi)polygons in WGS84.
        values: figure per ISTAT code.
        classes: lowest value of each of the five classes, ascending, the first at or below every value.
        labels: title, description and nouns.
        selected: ISTAT code of the municipality to outline.
        link: page of a municipality; without it the map is one image without links.

    Raises:
        ValueError: see `map_class`; or a value or selection for a municipality that is not on the map.
    """
    features = {feature["properties"]["istat_code"]: feature for feature in geojson["features"]}
    unknown = sorted(({*values} | ({selected} if selected else set())) - {*features})
    if unknown:
        raise ValueError(f"not on the map: {', '.join(unknown)}")
    rings = {code: _rings(feature["geometry"]) for code, feature in features.items()}
    project, height = _projection([point for area in rings.values() for ring in area for point in ring])
    areas = [
        _area(feature, [[project(point) for point in ring] for ring in rings[code]], values.get(code), classes, labels,
              selected=code == selected)
        for code, feature in features.items()
    ]  # fmt: skip
    template = page_environment().get_template("municipal_map.html")
    return Markup(
        template.render(
            labels=labels,
            width=_WIDTH,
            height=height,
            # The outline of the selected municipality must not lie under its neighbours: SVG paints in order.
            areas=sorted(areas, key=lambda area: area.selected),
            legend=_legend(classes, labels),
            link=link,
        )
    )


def _area(
    feature: Mapping[str, Any],
    rings: list[list[Point]],
    value: int | None,
    classes: Sequence[int],
    labels: MapLabels,
    *,
    selected: bool,
) -> Area:
    label_x, label_y = _label_point(max(rings, key=lambda ring: abs(_signed_area(ring))))
    return Area(
        istat_code=feature["properties"]["istat_code"],
        path="".join(_path(ring) for ring in rings),
        label_x=round(label_x),
        label_y=round(label_y),
        title=labels.area(feature["properties"]["name"], value),
        short=say("n.d.", "n/a") if value is None else labels.number(value),
        map_class=map_class(value, classes),
        selected=selected,
    )


def _legend(classes: Sequence[int], labels: MapLabels) -> list[tuple[str, str]]:
    """(map class, words) from low to high, then the hatched one."""
    words = [
        labels.number(low) if high == low + 1 else f"{labels.number(low)}\u2013{labels.number(high - 1)}"
        for low, high in pairwise(classes)
    ]
    words.append(labels.number(classes[-1]) + say(" e oltre", " or more"))
    return [*((str(index), text) for index, text in enumerate(words, start=1)), (NO_DATA, labels.no_data)]


def _rings(geometry: Mapping[str, Any]) -> list[list[Point]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[(lon, lat) for lon, lat, *_ in ring] for polygon in polygons for ring in polygon]


def _projection(points: Sequence[Point]) -> tuple[Callable[[Point], Point], int]:
    """Equirectangular: a degree of longitude shrinks with the cosine of the middle latitude; north is up."""
    west, east = min(lon for lon, _ in points), max(lon for lon, _ in points)
    south, north = min(lat for _, lat in points), max(lat for _, lat in points)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = (_WIDTH - 2 * _MARGIN) / ((east - west) * shrink)

    def project(point: Point) -> Point:
        lon, lat = point
        return _MARGIN + (lon - west) * shrink * scale, _MARGIN + (north - lat) * scale

    return project, math.ceil((north - south) * scale + 2 * _MARGIN)


def _path(ring: Sequence[Point]) -> str:
    """SVG path in whole units, relative steps; rounding points (not steps) keeps shared borders identical."""
    rounded = [(round(x), round(y)) for x, y in ring]
    steps = [(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(rounded)]
    moves = "".join(f"{dx} {dy} " for dx, dy in steps[:-1] if (dx, dy) != (0, 0))
    return f"M{rounded[0][0]} {rounded[0][1]}l{moves.rstrip()}z"


def _label_point(ring: Sequence[Point]) -> Point:
    """A point inside the ring with the most room for a number, which is about twice as wide as high."""
    top, bottom = min(y for _, y in ring), max(y for _, y in ring)
    heights = (top + (bottom - top) * share / _LABEL_STEPS for share in range(1, _LABEL_STEPS))
    candidates = [((left + right) / 2, y) for y in heights for left, right in _stretches(ring, y)]

    def room(candidate: Point) -> float:
        return min(max(abs(x - candidate[0]) / 2, abs(y - candidate[1])) for x, y in ring)

    return max(candidates, key=room)


def _stretches(ring: Sequence[Point], y: float) -> Iterator[Point]:
    """(left, right) of every part of the line at height `y` that lies inside the ring."""
    crossings = sorted(
        x1 + (y - y1) * (x2 - x1) / (y2 - y1) for (x1, y1), (x2, y2) in pairwise(ring) if (y1 > y) != (y2 > y)
    )
    return zip(crossings[::2], crossings[1::2], strict=True)


def _signed_area(ring: Sequence[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2
