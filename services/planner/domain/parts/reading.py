"""Ciò che di una parte si dice a chi non può vedere i numeri piccoli: what would give a household away is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.planner.domain.labels import LABELS
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.parts.material import AMBITO, Item, PlanPart
from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.publication import is_few
from services.planner.domain.withholding import Untold, whole, withheld

NEED, STRATEGIES, EMERGENCY, ACCESS = 3, 5, 6, 7
VALUES = ("baseline", "target", "actual", "expected", "missing", "status")
"""Of an objective, what its figure is or follows from it."""
METHOD = ("years_to_clear", "need_declared_count", "municipality_count")
"""Figures of part 3 that count no households."""


class Reading(NamedTuple):
    """Di chi sono le famiglie che si possono vedere: `is_own` a municipality's, `is_to_act` what an owner has to do."""

    untold: Untold
    is_own: Callable[[str | None], bool]
    is_to_act: Callable[[str | None], bool]


def read_part(part: PlanPart, reading: Reading) -> PlanPart:
    """The part as it may be read: figures, the sentences that tell only these, and entries."""
    figures = tuple(_figures(part, reading))
    hidden = {figure.id for figure in part.figures} - {figure.id for figure in figures}
    sentences = tuple(sentence for sentence in part.sentences if hidden.isdisjoint(sentence.figures))
    return part._replace(sentences=sentences, figures=figures, items=tuple(_items(part, reading)))


def _figures(part: PlanPart, reading: Reading) -> Iterator[Figure]:
    hidden = hidden_measures(part, reading) if part.number == ACCESS else frozenset()
    few_parts = part.number == NEED and any(map(_is_small_part, part.figures))
    for figure in part.figures:
        place = None if figure.scope == AMBITO else figure.scope
        if reading.is_own(place) or (part.number == NEED and figure.name in METHOD):
            yield figure
        elif part.number == NEED:
            # What a need is made of is smaller than the need, and the ambito's is made of the municipalities'.
            if _is_told_need(figure, place, reading.untold, few_parts):
                yield figure._replace(operands=())
        elif part.number == ACCESS:
            is_open = place is None and not hidden and not is_few(int(figure.value or 0))
            if figure.name == "access_measures" or is_open:
                yield figure
        elif not reading.untold.hides(FigureKey(place, None, figure.name, None)):
            yield figure


def _is_told_need(figure: Figure, place: str | None, untold: Untold, few_parts: bool) -> bool:
    if figure.name in LABELS:
        return not untold.hides(FigureKey(place, None, figure.name, None))
    is_small = figure.unit is FigureUnit.COUNT and is_few(int(figure.value or 0))
    return place is None and not (untold.need or untold.municipalities is None or few_parts or is_small)


def _is_small_part(figure: Figure) -> bool:
    """A component or a size class of the ambito with few households: it would follow from the others and their sum."""
    is_part = figure.scope == AMBITO and figure.name not in LABELS and figure.unit is FigureUnit.THOUSANDTHS
    return is_part and is_few(whole(int(figure.value or 0)))


def _items(part: PlanPart, reading: Reading) -> Iterator[Item]:
    hidden = hidden_measures(part, reading) if part.number == ACCESS else frozenset()
    for place, item in enumerate(part.items):
        if reading.is_own(item.municipality):
            yield item
        elif part.number == STRATEGIES:
            yield _aim(item, reading.untold)
        elif place in hidden:
            yield item._replace(values=tuple(one for one in item.values if one[0] not in ("households", "budget_eur")))
        elif part.number not in (NEED, EMERGENCY) or (part.number == EMERGENCY and reading.is_to_act(item.owner)):
            yield item


def _aim(item: Item, untold: Untold) -> Item:
    values = dict(item.values)
    figure = values.get("figure")
    if not isinstance(figure, str):
        return item
    key = key_of(figure) if ":" in figure else FigureKey(item.municipality, None, figure, None)
    numbers = [value for name, value in item.values if name in VALUES and isinstance(value, int)]
    if key.figure not in LABELS or not untold.hides_value(key, *numbers):
        return item
    return item._replace(values=tuple(one for one in item.values if one[0] not in VALUES))


def hidden_measures(part: PlanPart, reading: Reading) -> frozenset[int]:
    """Entries of part 7, by their place, whose households and budget are not told."""
    reached = {place: int(dict(item.values)["households"] or 0) for place, item in enumerate(part.items)}
    found = withheld(reached)
    return frozenset(reached) if found is None else found
