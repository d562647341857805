"""Previsione dell'offerta del triennio (R.R. 4/2017, art. 3 c. 2): the supply model asked about the plan's state.

What is counted and how it is forecast is written in `services.planner.domain.supply`; here the state's sums become its
inventory, and the calendar years its windows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from services.planner.domain.homes import OpenWorks
from services.planner.domain.outcomes import OutcomeKey, Outcomes
from services.planner.domain.state import PlanState, Touched, quarter
from services.planner.domain.supply.at_risk import WorksAtRisk, works_at_risk
from services.planner.domain.supply.breakdown import Slice, breakdown
from services.planner.domain.supply.katz import significant
from services.planner.domain.supply.occupancy import first_day
from services.planner.domain.supply.offer import QUEUE_DIGITS, Disposals, Inventory, Supply, Term, forecast_supply
from services.planner.domain.supply.outlook import Outlook, Scope, outlooks_of
from services.planner.domain.supply.readiness import Readiness
from services.planner.domain.supply.refurbishment import Queue
from services.planner.domain.supply.schedule import Medians, medians_after, tenths_of
from services.planner.domain.supply.turnover import Learned, Window, learn
from shared.events.units import ServiceType, UnitStatus, WorksKind

YEARS = 3
RANKED = 20
"""Programmes of works that a plan names as at risk."""
CAPACITY_QUARTERS = 12
"""Refurbishments of the last 36 months show an owner's capacity."""


@dataclass(frozen=True, slots=True)
class Triennium:
    """Triennio del piano (R.R. 4/2017, art. 3): three calendar years."""

    first_year: int

    @property
    def begins_on(self) -> date:
        return date(self.first_year, 1, 1)

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.first_year, self.first_year + YEARS))

    def windows(self, reference_on: date) -> tuple[Window, ...]:
        """What lies ahead of the reference date; the first year also holds the time before it begins."""
        windows = []
        for year in self.years:
            ends_on = date(year + 1, 1, 1)
            begins_on = reference_on if year == self.first_year else max(reference_on, date(year, 1, 1))
            windows.append(Window(min(begins_on, ends_on), ends_on))
        return tuple(windows)


class Prospect(NamedTuple):
    """Prospettiva del triennio: the outlooks, the works whose delay would cost most, and the rates behind them."""

    outlooks: Mapping[Scope, Outlook]
    works_at_risk: tuple[WorksAtRisk, ...]
    learned: Learned[int]


def prospect(state: PlanState, triennium: Triennium, on: date, learned: Learned[int] | None = None) -> Prospect:
    """What the plan says of its future; `learned` is what `learned_of` would give, if it is at hand."""
    learned = learned or learned_of(state, on)
    inventory, windows = inventory_of(state, on, learned), triennium.windows(on)
    outlooks = outlooks_of(forecast_supply(inventory, on, windows))
    return Prospect(outlooks, works_at_risk(inventory, on, windows)[:RANKED], learned)


def learned_of(state: PlanState, on: date) -> Learned[int]:
    """The rates of exits as the quarters before the present one show them.

    Within a quarter a home given back moves what is counted where it stands; what it says about all others is taken up
    when the quarter is over.
    """
    now = quarter(on)
    return learn({key: cell for key, cell in state.cells.items() if key[3] < now}, date.fromordinal(first_day(now)))


def still_learned(learned: Learned[int] | None, touched: Touched, on: date) -> Learned[int] | None:
    """What was learned, if `learned_of` would give the same for the state of which this has changed since."""
    now = quarter(on)
    if learned is None or learned.on.toordinal() != first_day(now) or any(key[3] < now for key in touched.cells):
        return None
    return learned


def forecast(state: PlanState, triennium: Triennium, on: date) -> Mapping[Scope, Outlook]:
    """Every municipality and owner that has or had homes, every such municipality, and the ambito: (None, None)."""
    return outlooks_of(supply_of(state, triennium, on))


def by_kind(state: PlanState, triennium: Triennium, on: date) -> Mapping[tuple[str, str, int, ServiceType], Slice]:
    """Every municipality and owner by size class and service type."""
    return breakdown(supply_of(state, triennium, on), state.makeup)


def supply_of(state: PlanState, triennium: Triennium, on: date) -> Supply:
    """What each municipality and owner offers in each year and the triennium, and what that is made of."""
    return forecast_supply(inventory_of(state, on, learned_of(state, on)), on, triennium.windows(on))


def inventory_of(state: PlanState, on: date, learned: Learned[int]) -> Inventory:
    """The sums that the supply follows from."""
    holdings = {(municipality, owner) for municipality, owner, _ in state.stock}
    homes, ended = state.homes, outcomes_by_owner(state.outcomes)
    return Inventory(
        holdings=holdings,
        learned=learned,
        let={place: cell.openings for place, cell in state.history.items()},
        free={
            (municipality, owner): count
            for (municipality, owner, status), count in state.stock.items()
            if status is UnitStatus.FREE_ASSIGNABLE
        },
        unseen=homes.awaiting_inspection,
        waiting=homes.needing_works,
        leaving=homes.leaving,
        works=terms_of(homes.works),
        readiness={owner: found.rounded for owner, found in readiness_of(state).items()},
        queues=queues_of(state, {owner for _, owner in holdings}, on),
        disposals={owner: Disposals(found.sold, found.withdrawn) for owner, found in ended.items()},
        medians=medians_of(ended.values(), homes.works, on),
    )


def terms_of(works: Mapping[OpenWorks, int]) -> Mapping[Term, int]:
    """Homes in works by their term, whatever is done to them."""
    found: dict[Term, int] = defaultdict(int)
    for (municipality, owner, programme, kind, planned_on, end_on), homes in works.items():
        found[Term(municipality, owner, programme, kind is WorksKind.NEW_BUILD, planned_on, end_on)] += homes
    return found


def readiness_of(state: PlanState) -> Mapping[str, Readiness]:
    """How each owner's homes came back; one that waits for its inspection has no outcome yet."""
    ready: dict[str, int] = defaultdict(int)
    others: dict[str, int] = defaultdict(int)
    for (_, owner, _), cell in state.history.items():
        ready[owner] += cell.assignable_exits
        others[owner] += cell.exits - cell.assignable_exits
    for (_, owner), homes in state.homes.awaiting_inspection.items():
        others[owner] -= homes
    return {owner: Readiness(max(ready[owner], 0), max(others[owner], 0)) for owner in others}


def outcomes_by_owner(outcomes: Mapping[OutcomeKey, Outcomes]) -> Mapping[str, Outcomes]:
    of: dict[str, list[Outcomes]] = defaultdict(list)
    for (_, owner, _), found in outcomes.items():
        of[owner].append(found)
    return {owner: Outcomes(*map(sum, zip(*found, strict=True))) for owner, found in of.items()}


def queues_of(state: PlanState, owners: Set[str], on: date) -> Mapping[str, Queue]:
    """Each owner's refurbishments in the last 36 months, and the homes that wait without works of their own.

    An owner's capacity shows from the quarter of the first one on: before it, the first works were under way.
    """
    begins = capacity_since(state, on)
    restored, waiting, first = dict.fromkeys(owners, 0), dict.fromkeys(owners, 0), dict[str, int]()
    for (_, owner, ended_in), found in state.outcomes.items():
        if found.restored > 0:
            first[owner] = min(ended_in, first.get(owner, ended_in))
        if ended_in >= begins and owner in owners:
            restored[owner] += found.restored
    shown = {owner: first_day(max(begins, first.get(owner, begins))) for owner in owners}
    for (_, owner), homes in state.homes.needing_works.items():
        if owner in owners:
            waiting[owner] += homes
    return {
        owner: Queue(
            max(restored[owner], 0),
            max(on.toordinal() - shown[owner], 0),
            significant(max(waiting[owner], 0), QUEUE_DIGITS),
        )
        for owner in owners
    }


def capacity_since(state: PlanState, on: date) -> int:
    """The quarter from which on refurbishments show a capacity: that of 36 months ago, or the first one known."""
    earliest = quarter(on) - CAPACITY_QUARTERS
    known = chain((key[2] for key in state.outcomes), (key[3] for key in state.cells))
    first = min(known, default=quarter(on)) if all(key[3] > earliest for key in state.cells) else earliest
    return max(first, earliest)


def medians_of(ended: Iterable[Outcomes], works: Mapping[OpenWorks, int], on: date) -> Medians:
    """How late works end, by those completed and those still open."""
    found = list(ended)
    termed = sum([outcomes.termed for outcomes in found])
    slips, squares = sum([outcomes.slips for outcomes in found]), sum([outcomes.squares for outcomes in found])
    waiting: dict[int, int] = defaultdict(int)
    for one, homes in works.items():
        if one.planned_on < on:
            declared = (one.expected_end_on - one.planned_on).days
            waiting[tenths_of((on - one.planned_on).days, declared)] += homes
    return medians_after(max(termed, 0), slips, max(squares, 0), tuple(sorted(waiting.items())))
