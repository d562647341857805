"""Prova di un insieme di regole non ancora in vigore: who moves, before it is law (planner.md §6, domain.md §5).

The plan is computed twice of the same facts, by the law of a day and by the same law with a file laid over it. What
differs is what the change would do: figures, actions, quotas and caps, by municipality, with the articles behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.forecast import Triennium
from services.planner.domain.moves import moves
from services.planner.domain.plan import Plan, compute
from services.planner.domain.quotas import OwnerYear, divide_by_owner, units_up_to
from services.planner.domain.rules import Rules, Source
from services.planner.domain.sheets import latest_declarations, municipalities_in
from services.planner.domain.state import PlanState
from services.planner.domain.strategies.disposals import Inhabitants, caps, residents
from shared.events.units import OwnerKind, UnitStatus

ALL = Decimal(1)
"""Asked for by an owner that wants every share as large as the law lets it."""
CAP_PARAMETERS = (
    *("disposal_total_share", "disposal_sold_share", "disposal_village_share", "disposal_village_max_inhabitants"),
    *("disposal_town_share", "disposal_town_max_inhabitants"),
)
QUOTA_PARAMETERS = ("forces_categories", "forces_share", "indigence_share", "owner_categories_share")
"""What is granted to one quota is what those before it leave: each may move all."""
STALE_SIZES = "the size classes of homes are those of the present area bands: rebuild the planner to see others"
Value = int | str | None


class ShiftKind(StrEnum):
    """What would move."""

    FIGURE = "FIGURE"
    ACTION = "ACTION"
    QUOTA = "QUOTA"
    CAP = "CAP"


class ParameterChange(NamedTuple):
    """A legal parameter before and after, and where the new value comes from."""

    parameter: str
    before: Source
    after: Source


class Shift(NamedTuple):
    """One thing that would move: None as a value is "not there"; `articles` are of the parameters that move it."""

    kind: ShiftKind
    municipality: str | None
    owner: str | None
    what: str
    before: Value
    after: Value
    articles: tuple[str, ...]


class Rehearsal(NamedTuple):
    """A plan under the present and the future law of a day; `warnings` say what cannot be shown."""

    ambito: str
    on: date
    parameters: tuple[ParameterChange, ...]
    shifts: tuple[Shift, ...]
    warnings: tuple[str, ...]


def rehearse(
    state: PlanState,
    triennium: Triennium,
    laws: tuple[Rules, Rules],
    names: Mapping[str, str],
    inhabitants: Inhabitants,
) -> Rehearsal:
    """What moves when the second of two rule sets of the same day takes the place of the first."""
    present, future = laws
    changed = parameter_changes(present, future)
    before, after = (compute(state, triennium, rules, names) for rules in laws)
    every = tuple(change.parameter for change in changed)
    shifts = [
        *figure_shifts(before, after, future, every),
        *action_shifts(before, after, future, every),
        *limit_shifts(state, laws, inhabitants),
    ]
    warnings = (STALE_SIZES,) if state.bands.minimum != future.bands.minimum else ()
    return Rehearsal(state.ambito, future.on, changed, tuple(sorted(shifts, key=_place)), warnings)


def limit_shifts(state: PlanState, laws: tuple[Rules, Rules], inhabitants: Inhabitants) -> tuple[Shift, ...]:
    """Quote e limiti: what the second of two rule sets grants and caps otherwise; homes only, in order."""
    present, future = laws
    every = tuple(change.parameter for change in parameter_changes(present, future))
    found = (
        *_compared(ShiftKind.QUOTA, quotas(state, present), quotas(state, future), future, every),
        *_compared(
            ShiftKind.CAP, caps_of(state, present, inhabitants), caps_of(state, future, inhabitants), future, every
        ),
    )
    return tuple(sorted(found, key=_place))


def parameter_changes(present: Rules, future: Rules) -> tuple[ParameterChange, ...]:
    """The parameters whose value differs, by name."""
    return tuple(
        ParameterChange(name, present.sources[name], source)
        for name, source in future.sources.items()
        if source.value != present.sources[name].value
    )


def figure_shifts(before: Plan, after: Plan, future: Rules, changed: tuple[str, ...]) -> Iterator[Shift]:
    for (municipality, owner, figure, year), old, new in moves(before, after):
        what = figure if year is None else f"{figure}/{year}"
        yield Shift(ShiftKind.FIGURE, municipality, owner, what, old, new, articles(future, changed))


def action_shifts(before: Plan, after: Plan, future: Rules, changed: tuple[str, ...]) -> Iterator[Shift]:
    was, now = ({action.id: action for action in plan.actions} for plan in (before, after))
    for identifier in was.keys() ^ now.keys():
        old, new = was.get(identifier), now.get(identifier)
        action = new or old
        assert action is not None
        yield Shift(
            ShiftKind.ACTION,
            action.municipality,
            action.owner,
            identifier,
            old.effect_it if old else None,
            new.effect_it if new else None,
            articles(future, changed),
        )


class Number(NamedTuple):
    """Homes that a rule gives, whose, and the parameters behind them."""

    municipality: str | None
    owner: str
    what: str
    parameters: tuple[str, ...]
    homes: int


def quotas(state: PlanState, rules: Rules) -> Iterator[Number]:
    """Homes of each quota, of the latest declarations, with every optional share as large as the law lets it be."""
    years = [
        OwnerYear(
            owner,
            owner_kind(owner),
            municipality,
            declared.assignable_total,
            forces_share=ALL,
            local_police_share=ALL,
            categories_share=ALL,
            sat_units=declared.sat_units,
        )
        for (municipality, owner), year in latest_declarations(state, municipalities_in(state)).items()
        for declared in (state.declarations[year, owner, municipality],)
    ]
    for division in divide_by_owner(years, rules.quotas):
        for quota in division.quotas:
            yield Number(division.municipality, division.owner, f"quota/{quota.kind}", QUOTA_PARAMETERS, quota.granted)


def caps_of(state: PlanState, rules: Rules, inhabitants: Inhabitants) -> Iterator[Number]:
    """Homes each owner may set aside for transitional services, and may dispose of, of all it was registered with."""
    stock: dict[tuple[str | None, str], int] = defaultdict(int)
    for (municipality, owner, status), count in state.stock.items():
        if status is not UnitStatus.IN_CONSTRUCTION:
            stock[municipality, owner] += count
            stock[None, owner] += count
    for (place, owner), homes in stock.items():
        if place is None:
            most = units_up_to(homes, rules.sat.set_aside_share)
            yield Number(None, owner, "cap/sat", ("sat_set_aside_share", "sat_baseline"), most)
        is_own = owner_kind(owner) is OwnerKind.MUNICIPALITY
        if is_own is (place is not None):
            people = residents(inhabitants.get(place, {}), rules.on) if place else None
            whole, sold = caps(homes, people, rules.disposal)
            yield Number(place, owner, "cap/disposal", CAP_PARAMETERS, whole.homes)
            yield Number(place, owner, "cap/sale", CAP_PARAMETERS, sold.homes)


def owner_kind(owner: str) -> OwnerKind:
    """What an owner is, by its organisation code: `comune-019036`, `aler-bcm`."""
    if owner.startswith("comune-"):
        return OwnerKind.MUNICIPALITY
    return OwnerKind.ALER if owner.startswith("aler") else OwnerKind.ACCREDITED_OPERATOR


def articles(rules: Rules, parameters: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({rules.sources[name].article for name in parameters}))


def _compared(
    kind: ShiftKind, before: Iterable[Number], after: Iterable[Number], future: Rules, changed: tuple[str, ...]
) -> Iterator[Shift]:
    was = {number[:-1]: number.homes for number in before}
    for number in after:
        municipality, owner, what, parameters, homes = number
        if (old := was[number[:-1]]) != homes:
            behind = articles(future, (name for name in parameters if name in changed))
            yield Shift(kind, municipality, owner, what, old, homes, behind)


def _place(shift: Shift) -> tuple[str, str, str, str]:
    return shift.kind, shift.municipality or "", shift.owner or "", shift.what
