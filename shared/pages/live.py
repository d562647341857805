"""What a live page is told over server-sent events; `static/pianovivo/live.js` is its only reader.

The server sends finished words beside each number, so that Italian formatting exists in one place.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from shared.pages.language import say
from shared.pages.municipal_map import MapLabels, map_class

AGAIN = '{"again": true}'
"""Data of a ``plan`` event for a page that asks for itself again, and replaces the figures that it marks."""


@dataclass(frozen=True, slots=True)
class LiveFigure:
    """New content of the elements with ``data-figure``: `value` decides up or down, `text` is shown."""

    value: int
    text: str


@dataclass(frozen=True, slots=True)
class LiveArea:
    """New state of a municipality on the map with id `map_id`."""

    map_id: str
    istat_code: str
    map_class: str
    title: str
    short: str


@dataclass(frozen=True, slots=True)
class LiveChange:
    """New first item of the list ``#changes``."""

    text: str
    at_text: str


def live_area(istat_code: str, name: str, value: int | None, classes: Sequence[int], labels: MapLabels) -> LiveArea:
    """Redraw one municipality by the classes and words the map was drawn with."""
    short = say("n.d.", "n/a") if value is None else labels.number(value)
    return LiveArea(labels.id, istat_code, map_class(value, classes), labels.area(name, value), short)


def live_message(
    figures: Mapping[str, LiveFigure],
    areas: Sequence[LiveArea] = (),
    changes: Sequence[LiveChange] = (),
    lists: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Data of one ``plan`` event (one line of JSON).

    `figures` by ``data-figure``, `changes` oldest first; `lists` by ``data-list``, each with all its items.
    """
    return json.dumps(
        {
            "figures": {figure_id: asdict(figure) for figure_id, figure in figures.items()},
            "areas": [asdict(area) for area in areas],
            "changes": [asdict(change) for change in changes],
            "lists": {list_id: list(items) for list_id, items in (lists or {}).items()},
        },
        ensure_ascii=False,
    )
