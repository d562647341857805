"""The integer state of one ambito's plan: a sum over events, so that any order of delivery gives the same state.

Each event adds or subtracts whole numbers: late, shuffled and retracted events need no replay, shards merge by
addition and folding one event costs the same whatever came before it. Repeated events are kept out by the inbox.
The one exception is an emergency case: its events carry no number, so they fold in the order of their topic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from services.planner.domain.cases import Case, opened
from services.planner.domain.declarations import (
    Chosen,
    Contested,
    Declaration,
    Pursued,
    contested,
    declared,
    pursued,
)
from services.planner.domain.holds import Hold, HoldStatus
from services.planner.domain.homes import Home, HomeKey, VacantHomes, vacant_home
from services.planner.domain.outcomes import NONE, OutcomeKey, Outcomes, outcome_of
from services.planner.domain.rules import AreaBands
from services.planner.domain.sums import add, take, without
from services.planner.domain.texts.written import TextKey, Written, written
from shared.events.base import Message
from shared.events.contests import ContestAnswered, ContestSettled, FigureContested
from shared.events.decisions import (
    AdoptionChosen,
    DayBegan,
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReturned,
    ObjectiveSet,
    ObjectiveWithdrawn,
    SectionWritten,
)
from shared.events.submissions import (
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    EmergencyCaseUpdated,
    SubmissionDefaulted,
    SubmissionReceived,
)
from shared.events.units import (
    ServiceType,
    Transition,
    Unit,
    UnitAssigned,
    UnitChanged,
    UnitInspected,
    UnitStatus,
    UnitVacated,
)

FREED, INSPECTED, ASSIGNED = UnitVacated.name(), UnitInspected.name(), UnitAssigned.name()

CellKey = tuple[str, str, int, int]
"""(municipality, owner, size class, quarter)."""
StockKey = tuple[str, str, UnitStatus]
"""(municipality, owner, status)."""
DeclarationKey = tuple[int, str, str]
"""(cycle year, owner, municipality)."""
MakeupKey = tuple[str, str, int, ServiceType, UnitStatus]
"""(municipality, owner, size class, service type, status)."""
AdoptionCell = tuple[str, str, int, str]
"""(municipality, owner, year, quantity)."""
K = TypeVar("K")
HOLD_STEPS = {
    HoldPlaced: HoldStatus.HELD,
    HoldAccepted: HoldStatus.ACCEPTED,
    HoldDeclined: HoldStatus.DECLINED,
    HoldExpired: HoldStatus.EXPIRED,
    HoldReturned: HoldStatus.RETURNED,
}


class Cell(NamedTuple):
    """Occupancy of one quarter: `openings` = lets - closings, `offsets` = sum of their signed day ordinals.

    Only a home given back by its tenant is an exit; losing the title or entering a disposal plan merely closes.
    `assignable_exits` are the exits that came back assignable at once or on inspection; `assigned` are the homes given
    to a household by a notice, of all that were let.
    """

    exits: int = 0
    assignable_exits: int = 0
    openings: int = 0
    offsets: int = 0
    assigned: int = 0

    def plus(self, other: Cell, sign: int = 1) -> Cell:
        return Cell(
            self.exits + sign * other.exits,
            self.assignable_exits + sign * other.assignable_exits,
            self.openings + sign * other.openings,
            self.offsets + sign * other.offsets,
            self.assigned + sign * other.assigned,
        )

    def exposure(self, on: date) -> int:
        """Occupied home-days up to a date, none of whose events lie after it."""
        return self.openings * on.toordinal() - self.offsets


EMPTY = Cell()


@dataclass(slots=True)
class Touched:
    """Keys changed since the state was last settled: what the store has to write."""

    cells: set[CellKey] = field(default_factory=set)
    stock: set[StockKey] = field(default_factory=set)
    makeup: set[MakeupKey] = field(default_factory=set)
    outcomes: set[OutcomeKey] = field(default_factory=set)
    homes: set[HomeKey] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)
    declarations: set[DeclarationKey] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    choices: set[AdoptionCell] = field(default_factory=set)
    objectives: set[str] = field(default_factory=set)
    texts: set[TextKey] = field(default_factory=set)
    contests: set[str] = field(default_factory=set)
    municipalities: set[str] = field(default_factory=set)
    reference_on: bool = False

    def has_adopted(self, on: date) -> bool:
        """Whether anything changed that the adopted values of a day follow from, beside the forecast."""
        this_year = quarter(date(on.year, 1, 1))
        return bool(self.declarations or self.choices) or any(key[3] < this_year for key in self.cells)

    @property
    def has_supply(self) -> bool:
        """Whether anything changed that the supply follows from."""
        return bool(self.cells or self.stock or self.outcomes or self.homes)

    @property
    def has_emergency(self) -> bool:
        """Whether anything changed that the emergency actions follow from."""
        return bool(self.cases or self.homes or self.holds or self.stock)


@dataclass(slots=True)
class PlanState:
    """What one ambito's plan is computed from.

    `homes` is a signed sum too, `holds` has the latest step of each home ever held. `makeup` divides the stock by size
    class and service type. `history` sums the cells of a municipality, owner and size class; it is derived, and not
    stored. Zero entries are never kept.
    """

    ambito: str
    bands: AreaBands
    reference_on: date | None = None
    cells: dict[CellKey, Cell] = field(default_factory=dict)
    stock: dict[StockKey, int] = field(default_factory=dict)
    makeup: dict[MakeupKey, int] = field(default_factory=dict)
    outcomes: dict[OutcomeKey, Outcomes] = field(default_factory=dict)
    homes: VacantHomes = field(default_factory=VacantHomes)
    cases: dict[str, Case] = field(default_factory=dict)
    declarations: dict[DeclarationKey, Declaration] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    choices: dict[AdoptionCell, Chosen] = field(default_factory=dict)
    objectives: dict[str, Pursued] = field(default_factory=dict)
    texts: dict[TextKey, Written] = field(default_factory=dict)
    contests: dict[str, Contested] = field(default_factory=dict)
    history: dict[tuple[str, str, int], Cell] = field(default_factory=dict)
    touched: Touched = field(default_factory=Touched, compare=False)

    def settle(self) -> None:
        """The store has written everything touched."""
        self.touched = Touched()

    def see(self, on: date) -> None:
        """The reference date is the latest true date seen, whatever the order."""
        if self.reference_on is None or on > self.reference_on:
            self.reference_on, self.touched.reference_on = on, True

    def add_cell(self, key: CellKey, cell: Cell, sign: int = 1) -> None:
        self.touched.cells.add(key)
        accumulate(self.cells, key, cell, sign)
        accumulate(self.history, key[:3], cell, sign)

    def add_stock(self, key: StockKey, count: int) -> None:
        self.touched.stock.add(key)
        self.touched.municipalities.add(key[0])
        add(self.stock, key, count)

    def add_makeup(self, key: MakeupKey, count: int) -> None:
        self.touched.makeup.add(key)
        add(self.makeup, key, count)

    def add_outcomes(self, key: OutcomeKey, outcomes: Outcomes, sign: int = 1) -> None:
        self.touched.outcomes.add(key)
        total = self.outcomes.get(key, NONE).plus(outcomes, sign)
        if total == NONE:
            self.outcomes.pop(key, None)
        else:
            self.outcomes[key] = total

    def enter(self, key: HomeKey, home: Home) -> None:
        self.touched.homes.add(key)
        self.homes.enter(key, home)

    def leave(self, key: HomeKey) -> None:
        self.touched.homes.add(key)
        self.homes.leave(key)

    def declare(self, key: DeclarationKey, declaration: Declaration) -> None:
        held = self.declarations.get(key)
        if held is None or (declaration.revision, declaration.cause) > (held.revision, held.cause):
            self.declarations[key] = declaration
            self.touched.declarations.add(key)
            self.touched.municipalities.add(key[2])

    def hold(self, unit_id: str, hold: Hold) -> None:
        """The highest number is right, whatever the order."""
        held = self.holds.get(unit_id)
        if held is None or hold.revision > held.revision:
            self.holds[unit_id] = hold
            self.touched.holds.add(unit_id)

    def choose(self, cell: AdoptionCell, chosen: Chosen) -> None:
        """The highest number is right, whatever the order."""
        held = self.choices.get(cell)
        if held is None or chosen.revision > held.revision:
            self.choices[cell] = chosen
            self.touched.choices.add(cell)

    def pursue(self, objective: str, step: Pursued) -> None:
        """The highest number is right, whatever the order."""
        held = self.objectives.get(objective)
        if held is None or step.revision > held.revision:
            self.objectives[objective] = step
            self.touched.objectives.add(objective)

    def write(self, key: TextKey, text: Written) -> None:
        """The highest number is right, whatever the order."""
        held = self.texts.get(key)
        if held is None or text.revision > held.revision:
            self.texts[key] = text
            self.touched.texts.add(key)

    def contest(self, contest: str, step: Contested) -> None:
        """The highest number is right, whatever the order."""
        held = self.contests.get(contest)
        if held is None or step.revision > held.revision:
            self.contests[contest] = step
            self.touched.contests.add(contest)

    def merge(self, shard: PlanState, sign: int = 1) -> None:
        """Add the state of another share of the same ambito's events, or take it away again.

        What is one thing's alone, a home, a hold, a case or a declaration, is wholly in one share. The latest day seen
        stays when a share goes: it is no sum.
        """
        if shard.reference_on is not None:
            self.see(shard.reference_on)
        for cell_key, cell in shard.cells.items():
            self.add_cell(cell_key, cell, sign)
        for stock_key, count in shard.stock.items():
            self.add_stock(stock_key, sign * count)
        for makeup_key, count in shard.makeup.items():
            self.add_makeup(makeup_key, sign * count)
        for outcome_key, outcomes in shard.outcomes.items():
            self.add_outcomes(outcome_key, outcomes, sign)
        for home_key, home in shard.homes.by_key.items():
            if home is None or sign < 0:
                self.leave(home_key)
            else:
                self.enter(home_key, home)
        take(self.declarations, shard.declarations, self.declare, self.touched.declarations, sign)
        self.touched.municipalities |= {municipality for _, _, municipality in shard.declarations}
        take(self.holds, shard.holds, self.hold, self.touched.holds, sign)
        take(self.choices, shard.choices, self.choose, self.touched.choices, sign)
        take(self.objectives, shard.objectives, self.pursue, self.touched.objectives, sign)
        take(self.texts, shard.texts, self.write, self.touched.texts, sign)
        take(self.contests, shard.contests, self.contest, self.touched.contests, sign)
        self.cases = self.cases | shard.cases if sign > 0 else without(self.cases, shard.cases)
        self.touched.cases |= shard.cases.keys()
        self.touched.municipalities |= {case.municipality for case in shard.cases.values()}


def fold(state: PlanState, message: Message) -> None:
    """Take one event into the state, in constant time.

    Raises:
        TypeError: an event the plan does not depend on.
    """
    event, cause = message.event, str(message.envelope.id)
    match event:
        case UnitChanged():
            fold_unit(state, event, cause)
        case EmergencyCaseOpened() | EmergencyCaseUpdated():
            state.see(event.waiting_since)
            if known := state.cases.get(event.case_ref):
                state.touched.municipalities.add(known.municipality)
            state.cases[event.case_ref] = opened(event, cause)
            state.touched.cases.add(event.case_ref)
            state.touched.municipalities.add(event.municipality)
        case EmergencyCaseClosed():
            state.see(event.closed_on)
            state.touched.cases.add(event.case_ref)
            if known := state.cases.pop(event.case_ref, None):
                state.touched.municipalities.add(known.municipality)
        case SubmissionReceived():
            state.see(event.received_on)
            key = (event.cycle_year, event.owner, event.municipality)
            state.declare(key, declared(event, cause))
        case SubmissionDefaulted():
            # No figure depends on it: what an owner did not declare is missing whether or not that was put on record.
            state.see(event.recorded_on)
        case HoldPlaced() | HoldAccepted() | HoldDeclined() | HoldExpired() | HoldReturned():
            state.see(event.on)
            status = HOLD_STEPS[type(event)]
            state.hold(event.unit_id, Hold(event.revision, event.case_ref, status, event.expires_at, cause))
        case AdoptionChosen():
            state.see(event.on)
            cell = (event.municipality, event.owner, event.year, event.quantity.value)
            state.choose(cell, Chosen(event.revision, event.basis, event.reason, event.organisation, cause))
        case ObjectiveSet() | ObjectiveWithdrawn():
            state.see(event.on)
            state.pursue(str(event.objective_id), pursued(event, cause))
        case SectionWritten():
            state.see(event.on)
            state.write((event.first_year, event.section), written(event, cause))
        case FigureContested() | ContestAnswered() | ContestSettled():
            state.see(event.on)
            state.contest(str(event.contest_id), contested(event, cause))
        case DayBegan():
            state.see(event.on)
        case _:
            raise TypeError(f"the plan does not depend on {event.TYPE}")


def fold_unit(state: PlanState, event: UnitChanged, cause: str) -> None:
    """A home changed: its past occupancy by its transitions, its present by the record before and after.

    A transition counts in the size class that the home had then: a home whose area is corrected while it is let begins
    in one and ends in another. Sums over the size classes of a municipality and owner are right either way.
    """
    before, after = event.before, event.after
    state.see(event.effective_on)
    for transition in event.transitions:
        add_transition(state, after, transition, +1)
    if before is not None:
        for transition in event.withdrawn:
            add_transition(state, before, transition, -1)
        count_home(state, before, -1)
        if before.status is not UnitStatus.OCCUPIED:
            state.leave((event.unit_id, event.sequence - 1))
    size = count_home(state, after, +1)
    if after.status is not UnitStatus.OCCUPIED:
        state.enter((event.unit_id, event.sequence), vacant_home(after, size, cause))


def count_home(state: PlanState, unit: Unit, sign: int) -> int:
    """Count a home in or out as it stands; its size class."""
    size = state.bands.size_class(unit.net_area_m2)
    state.add_stock((unit.municipality, unit.owner, unit.status), sign)
    state.add_makeup((unit.municipality, unit.owner, size, unit.service_type, unit.status), sign)
    return size


def add_transition(state: PlanState, unit: Unit, transition: Transition, sign: int) -> None:
    """Count a transition in the quarter it was true; those that leave occupancy as it was count for nothing."""
    was_let = transition.before is UnitStatus.OCCUPIED
    openings = (transition.after is UnitStatus.OCCUPIED) - was_let
    is_exit = was_let and transition.report == FREED
    is_assignable = transition.after is UnitStatus.FREE_ASSIGNABLE and (is_exit or transition.report == INSPECTED)
    if openings or is_assignable:
        on = transition.on
        size = state.bands.size_class(transition.net_area_m2 or unit.net_area_m2)
        key = (unit.municipality, unit.owner, size, quarter(on))
        assigned = int(transition.report == ASSIGNED)
        cell = Cell(int(is_exit), int(is_assignable), openings, openings * on.toordinal(), assigned)
        state.add_cell(key, cell, sign)
    if (outcomes := outcome_of(transition)) != NONE:
        state.add_outcomes((unit.municipality, unit.owner, quarter(transition.on)), outcomes, sign)


def accumulate(sums: dict[K, Cell], key: K, cell: Cell, sign: int) -> None:
    total = sums.get(key, EMPTY).plus(cell, sign)
    if total == EMPTY:
        sums.pop(key, None)
    else:
        sums[key] = total


def quarter(on: date) -> int:
    """Quarters since year 0."""
    return on.year * 4 + (on.month - 1) // 3
