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
from services.planner.domain.supply.occupancy import Occupancy, PlaceQuarter
from services.planner.domain.supply.readiness import Readiness
from services.planner.domain.supply.refurbishment import Queue, completions
from services.planner.domain.supply.schedule import Done, DoneHome, Medians, done_in
from services.planner.domain.supply.turnover import Expectation, Turnover, Window, forecast_turnover

KEPT = 4096


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

    `history` has cells by municipality, owner, size class and quarter. Of the homes of each of the `holdings` some are
    `free` and assignable, `unseen` (given back and not inspected yet), `waiting` for works that nobody has planned,
    `leaving` (free before they entered the disposal plan), or in works.
    """

    holdings: Set[Holding]
    history: Mapping[PlaceQuarter[int], Occupancy]
    free: Mapping[Holding, int]
    unseen: Mapping[Holding, int]
    waiting: Mapping[Holding, int]
    leaving: Mapping[Holding, int]
    works: Mapping[Term, int]
    readiness: Mapping[str, Readiness]
    queues: Mapping[str, Queue]
    disposals: Mapping[str, Disposals]
    medians: Medians

    def queue_of(self, owner: str) -> Queue:
        return self.queues.get(owner, Queue(0, 0, 0))

    def readiness_of(self, owner: str) -> Readiness:
        return self.readiness.get(owner, Readiness())


class Restored(NamedTuple):
    """Refurbishments of one owner in a window: their mean, and how many times it their variance is."""

    mean: float
    dispersion: float


class Offer(NamedTuple):
    """Offerta di un ente in un comune: by window and, last, in all of them together.

    `means` are thousandths of a home by source; TURNOVER are those of the `exits` and of the `unseen` that come back
    ready; `total` is their sum. `part` is the holding's share of its owner's refurbishments, `restored`; `done` are
    all homes in works, None where there are none.
    """

    owner: str
    readiness: Readiness
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


class Scheduled(NamedTuple):
    """Homes in works of one holding: the mean done in each window, and what their band follows from."""

    renovated: Sequence[float]
    built: Sequence[float]
    done: tuple[Done, ...]


def forecast_supply(inventory: Inventory, on: date, windows: Sequence[Window]) -> Supply:
    """In consecutive windows, the first of which begins on the reference date; past ones are empty."""
    begins_on = next((window.begins_on for window in windows if window.days), windows[-1].ends_on)
    turnover = summed(forecast_turnover(inventory.history, on, [*windows, Window(begins_on, windows[-1].ends_on)]))
    ends = tuple([max((window.ends_on - on).days, 0) for window in windows])
    exits = exits_of(turnover, inventory.holdings)
    works = schedule(inventory, on, ends)
    parts = backlog_shares(inventory.waiting, {holding: found[-1].mean for holding, found in exits.items()})
    inflow = inflow_of(inventory, exits)
    spread = turnover.ambito[-1].relative_variance
    engaged = engaged_by(works)
    restored = {
        owner: restorations(inventory.queue_of(owner), inflow[owner], spread, engaged[owner], ends) for owner in inflow
    }
    first = next((place for place, window in enumerate(windows) if window.days), None)
    offers = {
        holding: offer_of(inventory, holding, exits[holding], works, parts[holding], restored[holding[1]], first)
        for holding in exits
    }
    return Supply(turnover, offers, inventory.medians)


def offer_of(
    inventory: Inventory,
    holding: Holding,
    exits: tuple[Expectation, ...],
    scheduled: Mapping[Holding, Scheduled],
    part: float,
    restored: tuple[Restored, ...],
    first: int | None,
) -> Offer:
    """Homes free or not inspected yet belong to the `first` window ahead; disposals are over with the last one."""
    owner, years = holding[1], len(exits) - 1
    readiness, disposals = inventory.readiness_of(owner), inventory.disposals.get(owner, Disposals())
    free, unseen = (_in_window(homes.get(holding, 0), first, years) for homes in (inventory.free, inventory.unseen))
    leaving = _in_window(inventory.leaving.get(holding, 0), years - 1 if first is not None else None, years)
    works = scheduled.get(holding)
    given_back = [found.mean + 1000 * waiting for found, waiting in zip(exits, unseen, strict=True)]
    by_year = {
        Origin.FREE: [1000 * homes for homes in free],
        Origin.TURNOVER: [half_up(mean * readiness.likely_ready, readiness.outcomes) for mean in given_back],
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


def summed(turnover: Turnover[int]) -> Turnover[int]:
    """The last window's means as the sum of the others': each is rounded by itself."""

    def together(found: tuple[Expectation, ...]) -> tuple[Expectation, ...]:
        return (*found[:-1], found[-1]._replace(mean=sum([window.mean for window in found[:-1]])))

    return Turnover(
        {place: together(found) for place, found in turnover.cells.items()},
        {name: together(found) for name, found in turnover.municipalities.items()},
        together(turnover.ambito),
    )


def exits_of(turnover: Turnover[int], holdings: Set[Holding]) -> dict[Holding, tuple[Expectation, ...]]:
    """The cells of each holding together, with the spread of the municipality."""
    cells: dict[Holding, list[tuple[Expectation, ...]]] = defaultdict(list)
    for (municipality, owner, _), found in turnover.cells.items():
        cells[municipality, owner].append(found)
    nowhere = tuple([Expectation(0, 0.0, 0) for _ in turnover.ambito])
    return {
        holding: tuple(
            [
                Expectation(sum(cell.mean for cell in alike), shared.relative_variance, sum(cell.cap for cell in alike))
                for shared, *alike in zip(
                    turnover.municipalities.get(holding[0], nowhere), *cells[holding], strict=True
                )
            ]
        )
        for holding in sorted(holdings | cells.keys())
    }


def schedule(inventory: Inventory, on: date, ends: tuple[int, ...]) -> Mapping[Holding, Scheduled]:
    """Homes in works that are done, by holding; a new building is done on one day."""
    terms: dict[Holding, list[Term]] = defaultdict(list)
    for term in sorted(inventory.works):
        terms[term.municipality, term.owner].append(term)
    return {holding: scheduled(alike, inventory, on, ends) for holding, alike in terms.items()}


def scheduled(terms: Sequence[Term], inventory: Inventory, on: date, ends: tuple[int, ...]) -> Scheduled:
    probabilities = [median.probability for median in inventory.medians]
    windows = [([0.0] * len(probabilities), 0.0) for _ in range(len(ends) + 1)]
    renovated, built = [0.0] * len(ends), [0.0] * len(ends)
    for term in terms:
        homes, of_origin = inventory.works[term], built if term.is_new_build else renovated
        for window, one in enumerate(term.done(inventory.medians, on, ends)):
            means, variance = windows[window]
            for place, chance in enumerate(one.means):
                means[place] += homes * chance
            windows[window] = means, variance + one.variance * (homes * homes if term.is_new_build else homes)
            if window < len(ends):
                of_origin[window] += homes * one.mean
    return Scheduled(renovated, built, tuple([Done(tuple(means), variance) for means, variance in windows]))


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
        by_then.append(_restored_by(queue, round(100 * homes), round(100 * spread), days, round(10 * planned)))
    windows = [Restored(max(after.mean - before.mean, 0.0), after.dispersion) for before, after in pairwise(by_then)]
    return (*windows, by_then[-1])


@lru_cache(maxsize=KEPT)
def _restored_by(queue: Queue, inflow: int, spread: int, days: int, engaged: int) -> Restored:
    """By a day; inflow and spread in hundredths, engaged completions in tenths, so that it is often known already."""
    count = completions(queue, inflow / 100, spread / 100, days, engaged / 10)
    mean = count.mean
    return Restored(mean, count.variance / mean if mean > 0 else 1.0)
