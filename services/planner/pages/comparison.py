"""Two plans side by side: of each figure before, every cause with its sign, after; the causes add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from services.planner.domain.drift import Difference, Drift
from services.planner.domain.labels import label_it
from services.planner.domain.plan import FigureKey
from services.planner.domain.rounding import tenths
from services.planner.pages.addresses import Addresses
from services.planner.pages.reason_words import reason_it
from services.planner.pages.views import Table
from shared.events import Measure
from shared.pages import Cell, Column, say
from shared.pages.formats import number, thousandths

HEADLINES: Final = (
    *("assignable_mean", "turnover_mean", "stock_total", "occupied", "occupied_without_title", "free_assignable"),
    *("free_state_of_fact", "in_notice", "sat_reserved", "sat_occupied", "needing_works", "in_works"),
    "in_construction",
)
"""In the order in which they are compared: homes, no households. By how much these differ would tell small counts."""


class Comparison(NamedTuple):
    """Confronto: of one municipality or the ambito every figure that differs, and how much each municipality does."""

    figures: list[Table]
    municipalities: Table


class Sides(NamedTuple):
    """I due piani: what they are called, which of them is the plan that the pages show, and where its figures are."""

    labels: tuple[str, str]
    shown: Literal[0, 1]
    at: Addresses

    def cells(self, key: FigureKey, *texts: str) -> list[Cell]:
        """Before and after; that of the plan shown leads to its figure."""
        href = self.at.figure(key.id)
        return [Cell(text, href=href if side == self.shown else None) for side, text in enumerate(texts)]


def compared(
    found: Drift, place: str | None, names: Mapping[str, str], sides: Sides, links: Mapping[str, str]
) -> Comparison:
    """`links` lead to a municipality's own comparison."""
    told = {one.key: one for one in found.differences if one.key.owner is None and one.key.year is None}
    tables = [
        _causes(found, told[key], names, sides)
        for key in (FigureKey(place, None, figure, None) for figure in HEADLINES)
        if key in told
    ]
    return Comparison(tables, _municipalities(told, names, sides, links))


def _causes(found: Drift, one: Difference, names: Mapping[str, str], sides: Sides) -> Table:
    """Causes of one name are told together; they add up exactly, though each is written rounded."""
    amounts: dict[str, int] = {}
    for place, amount in one.amounts.items():
        label = reason_it(found.reasons[place], names)
        amounts[label] = amounts.get(label, 0) + amount
    before, after = sides.cells(one.key, written(one.key, one.before), written(one.key, one.after))
    rows = [[Cell(sides.labels[0]), before]]
    rows += [[Cell(label), Cell(signed(one.key, amount))] for label, amount in _largest_first(amounts)]
    columns = [Column(say("Causa", "Cause")), Column(say("Quanto", "How much"), "shown")]
    return Table(label_it(one.key.figure, None), columns, rows, [Cell(sides.labels[1]), after])


def _largest_first(amounts: Mapping[str, int]) -> list[tuple[str, int]]:
    moved = ((label, amount) for label, amount in amounts.items() if amount)
    return sorted(moved, key=lambda pair: (-abs(pair[1]), pair[0]))


def _municipalities(
    told: Mapping[FigureKey, Difference], names: Mapping[str, str], sides: Sides, links: Mapping[str, str]
) -> Table:
    """Homes to be assigned in the three years: how much each municipality's differ."""
    columns = [Column(label, "shown") for label in (*sides.labels, say("Differenza", "Difference"))]
    rows = []
    for code in sorted(names, key=lambda code: names[code]):
        one = told.get(FigureKey(code, None, "assignable_mean", None))
        if one and tenths(one.after - one.before):
            amounts = sides.cells(one.key, written(one.key, one.before), written(one.key, one.after))
            moved = Cell(signed(one.key, one.after - one.before))
            rows.append([Cell(names[code], href=links.get(code)), *amounts, moved])
    caption = say("Alloggi assegnabili nel triennio, comune per comune", "Homes to be assigned, by municipality")
    return Table(caption, [Column(say("Comune", "Municipality")), *columns], rows)


def written(key: FigureKey, value: int) -> str:
    return thousandths(value) if key.measure is Measure.THOUSANDTHS else number(value)


def signed(key: FigureKey, amount: int) -> str:
    """`+1,0`, `−3`; less than it can be written in is `quasi 0`."""
    if key.measure is Measure.THOUSANDTHS and not tenths(amount):
        return say("quasi 0", "almost 0") if amount else "0"
    return f"{'+' if amount > 0 else ''}{written(key, amount)}"
