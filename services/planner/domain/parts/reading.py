"""Ciò che di una parte si dice a chi non può vedere i numeri piccoli: what would give a household away is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from services.planner.domain.narrative.figures import Figure
from services.planner.domain.parts.material import AMBITO, Item, Material, PlanPart
from services.planner.domain.plan import key_of
from services.planner.domain.publication import is_of_households, step_of
from services.planner.domain.withholding import told

NEED, STRATEGIES, EMERGENCY, ACCESS = 3, 5, 6, 7
OF_HOUSEHOLDS = (NEED, ACCESS)
"""Parts that are told to all in steps: what they are made of is; the others are as they are, with less in them."""
VALUES = ("baseline", "target", "actual", "expected", "missing", "status")
"""Of an objective, what its figure is or follows from it."""


class Reading(NamedTuple):
    """Di chi sono le famiglie che si possono vedere: `is_own` a municipality's, `is_to_act` what an owner has to do."""

    is_own: Callable[[str | None], bool]
    is_to_act: Callable[[str | None], bool]


def for_all(material: Material) -> Material:
    """What parts are made of that everybody may read."""
    return material if material.is_for_all else replace(material, plan=told(material.plan), is_for_all=True)


def read_part(part: PlanPart, reading: Reading) -> PlanPart:
    """The part as it may be read: figures, the sentences that tell only these, and entries."""
    figures = tuple(_figures(part, reading))
    changed = {figure.id for figure in {*part.figures} - {*figures}}
    sentences = tuple(sentence for sentence in part.sentences if changed.isdisjoint(sentence.figures))
    return part._replace(sentences=sentences, figures=figures, items=tuple(_items(part, reading)))


def _figures(part: PlanPart, reading: Reading) -> Iterator[Figure]:
    for figure in part.figures:
        place = None if figure.scope == AMBITO else figure.scope
        if part.number in OF_HOUSEHOLDS or reading.is_own(place) or not is_of_households(figure.name):
            yield figure
        elif place is None and figure.name == "open_cases":
            yield figure._replace(value=step_of(int(figure.value or 0)))


def _items(part: PlanPart, reading: Reading) -> Iterator[Item]:
    for item in part.items:
        if part.number == STRATEGIES:
            yield item if reading.is_own(None) else _aim(item)
        elif part.number != EMERGENCY or reading.is_own(item.municipality) or reading.is_to_act(item.owner):
            yield item


def _aim(item: Item) -> Item:
    """What is aimed at, and of an aim for households nothing that tells how many there are."""
    figure = dict(item.values).get("figure")
    if not isinstance(figure, str) or not is_of_households(key_of(figure).figure if ":" in figure else figure):
        return item
    return item._replace(values=tuple(one for one in item.values if one[0] not in VALUES))
