"""Offerta assegnabile (planner.md, 2): where the homes of a municipality and owner come from, by window.

Assignable are the homes free now, the exits that come back ready, the refurbishments and the works completed, and the
homes taken out of the disposal plan. Homes in a notice, set aside for transitional services, valorised or in the
disposal plan are none of these while they are so. A home counts once: what a window holds is what is done by its end
less what was done by its beginning, so that the years add up to the triennium, and holdings to the ambito, exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from services.planner.domain.rounding import half_up
from services.planner.domain.supply.assignable import Holding, backlog_shares
from services.planner.domain.supply.katz import significant
from services.planner.domain.supply.occupancy import Place
from services.planner.domain.supply.readiness import Readiness, ReadyShare
from services.planner.domain.supply.refurbishment import Queue, completions
from services.planner.domain.supply.schedule import Done, DoneHome, Medians, done_in
from services.planner.domain.supply.turnover import (
    Expectation,
    Learned,
    TownAhead,
    Turnover,
    Window,
    joined,
    towns_ahead,
)

KEPT = 4096
UNSEEN = Readiness().rounded
"""Of an owner of whom no outcome is known."""
QUEUE_DIGITS = 64
"""What an owner's queue follows from counts to one part in so many, so that it is often known already."""


class Origin(StrEnum):
    """Provenienza dell'offerta: where an assignable home comes from."""

    FREE = "FREE"
    TURNOVER = "TURNOVER"
    REFURBISHMENT = "REFURBISHMENT"
    RENOVATION = "RENOVATION"
    NEW_BUILD = "NEW_BUILD"
    DISPOSAL_WITHDRAWN = "DISPOSAL_WITHDRAWN"


class Term(NamedTuple):
    """Termine di lavori non conclusi: homes of one programme, planned and expected to end on the same days."""

    municipality: str
    owner: str
    programme: str
    is_new_build: bool
    planned_on: date
    expected_end_on: date

    @property
    def origin(self) -> Origin:
        return Origin.NEW_BUILD if self.is_new_build else Origin.RENOVATION

    def done(self, medians: Medians, on: date, ends: tuple[int, ...]) -> tuple[DoneHome, ...]:
        """One home of them, in windows that end so many days after a day."""
        gone, declared = (on - self.planned_on).days, (self.expected_end_on - self.planned_on).days
        return done_in(medians, gone, declared, ends)


class Disposals(NamedTuple):
    """Esito delle alienazioni of one owner: homes sold, and homes taken out of the disposal plan again."""

    sold: int = 0
    withdrawn: int = 0

    def expected(self, homes: int) -> int:
        """Thousandths of the homes in the plan that come out of it again, from the uniform prior."""
        return half_up(1000 * homes * (self.withdrawn + 1), self.sold + self.withdrawn + 2)

    def variance(self, homes: int) -> float:
        """Of the same count, beta-binomial."""
        seen = self.sold + self.withdrawn + 2
        share = (self.withdrawn + 1) / seen
        return homes * share * (1 - share) * (seen + homes) / (seen + 1)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Consistenza: everything counted that the supply follows from.

    `let` are the homes now let by municipality, owner and size class, `learned` the rates they are given back at. Of
    those of each of the `holdings` some are `free` and assignable, `unseen` (given back and not inspected yet),
    `waiting` for works that nobody has planned, `leaving` (free before they entered the disposal plan), or in works.
    """

    holdings: Set[Holding]
    learned: Learned[int]
    let: Mapping[Place[int], int]
    free: Mapping[Holding, int]
    unseen: Mapping[Holding, int]
    waiting: Mapping[Holding, int]
    leaving: Mapping[Holding, int]
    works: Mapping[Term, int]
    readiness: Mapping[str, ReadyShare]
    queues: Mapping[str, Queue]
    disposals: Mapping[str, Disposals]
    medians: Medians

    def queue_of(self, owner: str) -> Queue:
        return self.queues.get(owner, Queue(0, 0, 0))

    def readiness_of(self, owner: str) -> ReadyShare:
        return self.readiness.get(owner, UNSEEN)


class Restored(NamedTuple):
    """Refurbishments of one owner in a window: their mean, and how many times it their variance is."""

    mean: float
    dispersion: float


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Offerta di un ente in un comune: by window and, last, in all of them together.

    `means` are thousandths of a home by source; TURNOVER are those of the `exits` and of the `unseen` that come back
    ready; `total` is their sum. `part` is the holding's share of its owner's refurbishments, `restored`; `done` are
    all homes in works, None where there are none.
    """

    owner: str
    readiness: ReadyShare
    disposals: Disposals
    exits: tuple[Expectation, ...]
    means: Mapping[Origin, tuple[int, ...]]
    unseen: tuple[int, ...]
    leaving: tuple[int, ...]
    part: float
    restored: tuple[Restored, ...]
    done: tuple[Done, ...] | None
    total: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """Offerta prevista: turnover and offers in each window and, last, in all of them together."""

    turnover: Turnover[int]
    offers: Mapping[Holding, Offer]
    medians: Medians


@dataclass(frozen=True, slots=True, eq=False)
class Scheduled:
    """Homes in works of one holding: the mean done in each window, and what their band follows from."""

    renovated: tuple[float, ...]
    built: tuple[float, ...]
    done: tuple[Done, ...]


class Standing(NamedTuple):
    """Alloggi vuoti di un ente in un comune: free and assignable, not inspected yet, in the disposal plan."""

    free: int
    unseen: int
    leaving: int


def forecast_supply(inventory: Inventory, on: date, windows: Sequence[Window]) -> Supply:
    """In consecutive windows, the first of which begins on the reference date; past ones are empty."""
    begins_on = next((window.begins_on for window in windows if window.days), windows[-1].ends_on)
    spans, whole = tuple(windows), Window(begins_on, windows[-1].ends_on)
    towns = towns_ahead(inventory.learned, inventory.let, spans, whole)
    turnover = joined(inventory.learned, towns, (*spans, whole))
    ends = tuple([max((window.ends_on - on).days, 0) for window in windows])
    exits = exits_of(towns, inventory.holdings, len(spans) + 1)
    works = schedule(inventory, on, ends)
    waiting = {owner: queue.backlog for owner, queue in inventory.queues.items()}
    parts = backlog_shares(inventory.waiting, waiting, {holding: found[-1].mean for holding, found in exits.items()})
    inflow = inflow_of(inventory, exits)
    spread = turnover.ambito[-1].relative_variance
    engaged = engaged_by(works)
    restored = {
        owner: restorations(inventory.queue_of(owner), inflow[owner], spread, engaged[owner], ends) for owner in inflow
    }
    first = next((place for place, window in enumerate(windows) if window.days), None)
    offers = {
        holding: offer_of(
            holding[1],
            inventory.readiness_of(holding[1]),
            inventory.disposals.get(holding[1], Disposals()),
            found,
            Standing(*[homes.get(holding, 0) for homes in (inventory.free, inventory.unseen, inventory.leaving)]),
            parts[holding],
            restored[holding[1]],
            works.get(holding),
            first,
        )
        for holding, found in exits.items()
    }
    return Supply(turnover, offers, inventory.medians)


@lru_cache(maxsize=KEPT)
def offer_of(
    owner: str,
    readiness: ReadyShare,
    disposals: Disposals,
    exits: tuple[Expectation, ...],
    standing: Standing,
    part: float,
    restored: tuple[Restored, ...],
    works: Scheduled | None,
    first: int | None,
) -> Offer:
    """Homes free or not inspected yet belong to the `first` window ahead; disposals are over with the last one."""
    years = len(exits) - 1
    free, unseen = (_in_window(homes, first, years) for homes in (standing.free, standing.unseen))
    leaving = _in_window(standing.leaving, years - 1 if first is not None else None, years)
    given_back = [found.mean + 1000 * waiting for found, waiting in zip(exits, unseen, strict=True)]
    by_year = {
        Origin.FREE: [1000 * homes for homes in free],
        Origin.TURNOVER: [half_up(mean * readiness.percent, 100) for mean in given_back],
        Origin.REFURBISHMENT: [_thousandths(part * found.mean) for found in restored],
        Origin.RENOVATION: [_thousandths(mean) for mean in works.renovated] if works else [0] * years,
        Origin.NEW_BUILD: [_thousandths(mean) for mean in works.built] if works else [0] * years,
        Origin.DISPOSAL_WITHDRAWN: [disposals.expected(homes) for homes in leaving],
    }
    means = {origin: (*found[:years], sum(found[:years])) for origin, found in by_year.items()}
    total = tuple([sum(found) for found in zip(*means.values(), strict=True)])
    done = works.done if works else None
    return Offer(owner, readiness, disposals, exits, means, unseen, leaving, part, restored, done, total)


def _in_window(homes: int, window: int | None, years: int) -> tuple[int, ...]:
    return (*(homes if year == window else 0 for year in range(years)), homes if window is not None else 0)


def _thousandths(homes: float) -> int:
    return int(1000 * homes + 0.5)


def exits_of(
    towns: Mapping[str, TownAhead[int]], holdings: Set[Holding], windows: int
) -> dict[Holding, tuple[Expectation, ...]]:
    """The cells of each holding together, with the spread of the municipality."""
    found = dict.fromkeys(sorted(holdings), (Expectation(0, 0.0, 0),) * windows)
    for name, town in towns.items():
        for owner, exits in holdings_of(town).items():
            found[name, owner] = exits
    return found


@lru_cache(maxsize=KEPT)
def holdings_of(town: TownAhead[int]) -> dict[str, tuple[Expectation, ...]]:
    """A municipality's exits by owner, by owner's code."""
    cells: dict[str, list[tuple[Expectation, ...]]] = defaultdict(list)
    for (_, owner, _), found in town.cells.items():
        cells[owner].append(found)
    return {
        owner: tuple(
            [
                Expectation(sum(cell.mean for cell in cells), shared.relative_variance, sum(cell.cap for cell in cells))
                for shared, *cells in zip(town.whole, *alike, strict=True)
            ]
        )
        for owner, alike in sorted(cells.items())
    }


def schedule(inventory: Inventory, on: date, ends: tuple[int, ...]) -> Mapping[Holding, Scheduled]:
    """Homes in works that are done, by holding; a new building is done on one day."""
    terms: dict[Holding, list[tuple[Term, int]]] = defaultdict(list)
    for term, homes in sorted(inventory.works.items()):
        terms[term.municipality, term.owner].append((term, homes))
    return {holding: scheduled(tuple(alike), inventory.medians, on, ends) for holding, alike in terms.items()}


@lru_cache(maxsize=KEPT)
def scheduled(terms: tuple[tuple[Term, int], ...], medians: Medians, on: date, ends: tuple[int, ...]) -> Scheduled:
    windows = [([0.0] * len(medians), 0.0) for _ in range(len(ends) + 1)]
    renovated, built = [0.0] * len(ends), [0.0] * len(ends)
    for term, homes in terms:
        of_origin = built if term.is_new_build else renovated
        for window, one in enumerate(term.done(medians, on, ends)):
            means, variance = windows[window]
            for place, chance in enumerate(one.means):
                means[place] += homes * chance
            windows[window] = means, variance + one.variance * (homes * homes if term.is_new_build else homes)
            if window < len(ends):
                of_origin[window] += homes * one.mean
    done = tuple([Done(tuple(means), variance) for means, variance in windows])
    return Scheduled(tuple(renovated), tuple(built), done)


def inflow_of(inventory: Inventory, exits: Mapping[Holding, tuple[Expectation, ...]]) -> dict[str, list[float]]:
    """Homes of each owner that come to need works, by window: exits, and homes given back that nobody has seen."""
    thousandths: dict[str, list[int]] = {}
    for holding, found in exits.items():
        total = thousandths.setdefault(holding[1], [0] * (len(found) - 1))
        for window, exit_ in enumerate(found[:-1]):
            total[window] += exit_.mean + (1000 * inventory.unseen.get(holding, 0) if window == 0 else 0)
    return {
        owner: [mean / 1000 * (1 - inventory.readiness_of(owner).share) for mean in total]
        for owner, total in thousandths.items()
    }


def engaged_by(scheduled: Mapping[Holding, Scheduled]) -> Mapping[str, list[float]]:
    """Completions of each owner that works already planned take up, by window."""
    found: dict[str, list[float]] = defaultdict(list)
    for (_, owner), works in scheduled.items():
        known = found[owner] or [0.0] * len(works.renovated)
        found[owner] = [one + another for one, another in zip(known, works.renovated, strict=True)]
    return found


def restorations(
    queue: Queue, inflow: Sequence[float], spread: float, engaged: Sequence[float], ends: tuple[int, ...]
) -> tuple[Restored, ...]:
    """Refurbishments of an owner in each window, and in all of them."""
    joined, taken = list(accumulate(inflow)), list(accumulate(engaged or [0.0] * len(ends)))
    by_then = [Restored(0.0, 1.0)]
    for days, homes, planned in zip(ends, joined, taken, strict=True):
        known = [significant(round(100 * count), QUEUE_DIGITS) for count in (homes, planned)]
        by_then.append(_restored_by(queue, round(100 * spread), days, *known))
    windows = [Restored(max(after.mean - before.mean, 0.0), after.dispersion) for before, after in pairwise(by_then)]
    return (*windows, by_then[-1])


@lru_cache(maxsize=KEPT)
def _restored_by(queue: Queue, spread: int, days: int, inflow: int, engaged: int) -> Restored:
    """By a day; all in hundredths."""
    count = completions(queue, inflow / 100, spread / 100, days, engaged / 100)
    mean = count.mean
    return Restored(mean, count.variance / mean if mean > 0 else 1.0)
