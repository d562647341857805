"""Alloggi assegnabili: what of the turnover, the refurbishments and the works becomes supply in a window.

Assignable are the exits that come back ready, the refurbishments completed and the works completed. Means add up
exactly, from (municipality, owner) to the ambito; the ambito's band is that of its own counts, since what its parts
share (the rate of exits, an owner's capacity, the slippage) makes their errors alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.planner.domain.supply.counts import NOTHING, Distribution, gamma_poisson, sum_of
from services.planner.domain.supply.occupancy import SizeT
from services.planner.domain.supply.readiness import Readiness, ready_exits
from services.planner.domain.supply.refurbishment import Queue, completions
from services.planner.domain.supply.turnover import Expectation, Turnover, Window
from services.planner.domain.supply.works import Slippage, Works

Holding = tuple[str, str]
"""(municipality, owner)."""


class Column(NamedTuple):
    """Mean in thousandths of a home, and the distribution of the count."""

    mean: int
    homes: Distribution

    def band(self) -> tuple[int, int]:
        return self.homes.band()


def forecast(count: Distribution) -> Column:
    """Homes forecast, by their distribution's mean."""
    return Column(int(1000 * count.mean + 0.5), count)


def together(*columns: Column) -> Column:
    """Independent counts in one column."""
    return Column(sum(column.mean for column in columns), sum_of(column.homes for column in columns))


class Experience(NamedTuple):
    """Esperienza degli enti: what is known of each owner's homes and works beside their exits.

    `backlogs` are the homes that wait for works, by municipality and owner; `works_since` is the day from which on
    works were recorded.
    """

    readiness: Mapping[str, Readiness]
    queues: Mapping[str, Queue]
    backlogs: Mapping[Holding, int]
    works: Sequence[Works]
    works_since: date


class Assignable(NamedTuple):
    """Assegnabili di un comune e di un ente in un periodo: exits that come back ready, restored homes, works."""

    ready: Column
    restored: Column
    completed_works: Column

    @property
    def mean(self) -> int:
        return self.ready.mean + self.restored.mean + self.completed_works.mean

    @property
    def total(self) -> Column:
        return together(*self)


class AssignableOutlook(NamedTuple):
    """Previsione degli assegnabili: each holding, and the ambito, whose mean is the sum of the holdings'.

    `not_planned_yet` are homes of works that nobody has declared so far: they are the ambito's and no holding's.
    """

    holdings: Mapping[Holding, Assignable]
    ambito: Column
    not_planned_yet: Column


def forecast_assignable(
    turnover: Turnover[SizeT], place: int, window: Window, on: date, experience: Experience, slippage: Slippage
) -> AssignableOutlook:
    """Of the window at this place among the turnover's."""
    whole, exits = turnover.ambito[place], exits_by_holding(turnover, place, experience)
    owners = sorted({owner for _, owner in exits} | experience.queues.keys())
    means = {owner: sum(found.mean for (_, o), found in exits.items() if o == owner) for owner in owners}
    shares = {owner: experience.readiness.get(owner, Readiness()) for owner in owners}
    restored: dict[str, Distribution] = {
        owner: completions(
            experience.queues.get(owner, Queue(0, 0, 0)),
            means[owner] / 1000 * (1 - shares[owner].share),
            whole.relative_variance,
            window.days,
        )
        for owner in owners
    }
    works: dict[Holding, list[Works]] = defaultdict(list)
    for one in experience.works:
        works[one.municipality, one.owner].append(one)
    of_owner = {owner: (count.mean, count.excess) for owner, count in restored.items()}
    waiting = waiting_by_owner(experience.backlogs)
    parts = backlog_shares(experience.backlogs, waiting, {holding: found.mean for holding, found in exits.items()})
    holdings = {
        holding: Assignable(
            forecast(ready_exits([(found.mean, shares[holding[1]])], found)),
            forecast(part_of(*of_owner[holding[1]], parts[holding])),
            forecast(slippage.homes(works[holding], on, window)),
        )
        for holding, found in exits.items()
    }
    upcoming = forecast(slippage.upcoming_homes(experience.works, experience.works_since, on, window))
    ready = ready_exits([(means[owner], shares[owner]) for owner in owners], whole)
    completed = slippage.homes(experience.works, on, window)
    count = sum_of([ready, *restored.values(), completed, upcoming.homes])
    mean = upcoming.mean + sum(found.mean for found in holdings.values())
    return AssignableOutlook(holdings, Column(mean, count), upcoming)


def exits_by_holding(turnover: Turnover[SizeT], place: int, experience: Experience) -> dict[Holding, Expectation]:
    """The cells of each municipality and owner together, with the spread of the municipality.

    Holdings that have only homes in works or waiting for them expect no exits.
    """
    cells: dict[Holding, list[Expectation]] = defaultdict(list)
    for (municipality, owner, _), found in turnover.cells.items():
        cells[municipality, owner].append(found[place])
    named = cells.keys() | experience.backlogs.keys() | {(one.municipality, one.owner) for one in experience.works}
    spreads = {name: found[place].relative_variance for name, found in turnover.municipalities.items()}
    return {
        holding: Expectation(
            sum(cell.mean for cell in cells[holding]),
            spreads.get(holding[0], 0.0),
            sum(cell.cap for cell in cells[holding]),
        )
        for holding in sorted(named)
    }


def waiting_by_owner(backlogs: Mapping[Holding, int]) -> dict[str, int]:
    waiting: dict[str, int] = defaultdict(int)
    for (_, owner), count in backlogs.items():
        waiting[owner] += count
    return waiting


def backlog_shares(
    backlogs: Mapping[Holding, int], waiting: Mapping[str, int], exits: Mapping[Holding, int]
) -> dict[Holding, float]:
    """Of an owner's refurbishments: in proportion to the homes that wait, or to the mean exits where none do."""
    expected: dict[str, int] = defaultdict(int)
    for (_, owner), mean in exits.items():
        expected[owner] += mean
    found = {}
    for holding, mean in exits.items():
        part, whole = backlogs.get(holding, 0), waiting.get(holding[1], 0)
        if not whole:
            part, whole = mean, expected[holding[1]]
        found[holding] = part / whole if whole else 0.0
    return found


def part_of(mean: float, excess: float, share: float) -> Distribution:
    """Each home of a count with this probability: a thinned Gamma-Poisson count is one of the same excess."""
    return gamma_poisson(share * mean, excess) if share > 0 else NOTHING
