"""What to do now about housing emergencies, derived from the state alone (planner.md, section 5).

An action is never stored as a decision: all are derived again with every change, and one whose cause has ended is
simply not derived any more. What has been decided comes in as holds: a home that is held or was accepted is out of the
matching, and so is its case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.planner.domain.cases import Case
from services.planner.domain.emergency.actions import Action, Wording
from services.planner.domain.emergency.allowances import SatAllowance, sat_allowances
from services.planner.domain.emergency.placing import Metres, Placing, demand_of, is_suitable, place_cases
from services.planner.domain.holds import Hold
from services.planner.domain.homes import Bucket, Home, VacantHomes
from services.planner.domain.rules import Rules
from shared.events.units import UnitStatus

SOON = timedelta(days=180)
"""Works that end within this time are worth asking for: the horizon of a proposal, not a legal term."""
NOBODY = Placing({}, {})


@dataclass(frozen=True, slots=True)
class Situation:
    """What actions are derived from; `holds` has the latest step of each home that was ever held, by unit."""

    cases: Mapping[str, Case]
    homes: VacantHomes
    stock: Mapping[tuple[str, str, UnitStatus], int]
    holds: Mapping[str, Hold]
    reference_on: date


@dataclass(frozen=True, slots=True)
class Emergency:
    """Linee d'azione per l'emergenza abitativa (L.R. 16/2016, art. 23 c. 13): the actions, and what they follow from.

    `placing` proposes free homes and says why a case gets none; `asking` proposes, for those, homes to be made ready.
    """

    actions: tuple[Action, ...]
    allowances: Mapping[str, SatAllowance]
    placing: Placing
    asking: Placing


def derive_emergency(situation: Situation, rules: Rules, names: Mapping[str, str], metres: Metres) -> Emergency:
    """Every action the situation calls for, by identifier; `names` and `metres` are the municipalities' by code."""
    wording = Wording(rules, names)
    actions = list(overdue_sat(situation, wording))
    if not situation.cases:
        return Emergency(tuple(sorted(actions, key=lambda action: action.id)), {}, NOBODY, NOBODY)
    held = {unit_id: hold for unit_id, hold in situation.holds.items() if hold.is_active}
    promised = promised_homes(situation.homes, held)
    waiting = waiting_cases(situation.cases, held)
    owners = [home.owner for home in promised.values()]
    allowances = sat_allowances(situation.stock, owners, rules.sat)
    left = {owner: allowance.left for owner, allowance in allowances.items()}
    largest = rules.bands.largest_household
    placing = place_cases(waiting, free_homes(situation.homes, held), left, metres, largest)
    for placement in placing.placements.values():
        if placement.home.status is UnitStatus.FREE_ASSIGNABLE:
            left[placement.home.owner] -= 1
    unserved = {reference: waiting[reference] for reference in placing.refusals}
    coming = coming_homes(situation.homes, held, unserved, situation.reference_on + SOON, largest)
    asking = place_cases(unserved, coming, left, metres, largest)
    actions += offers(waiting, placing, wording)
    actions += requests(unserved, placing, asking, wording)
    # Who is in arrears still lives in a home: the fund may keep the household there, whatever else is proposed.
    actions += [wording.open_fund(reference, case) for reference, case in waiting.items() if case.blameless_arrears]
    for unit_id, home in promised.items():
        reference = held[unit_id].case_ref
        if (case := situation.cases.get(reference)) is not None:
            actions.append(wording.reserve(reference, case, unit_id, home, held[unit_id].cause))
    return Emergency(tuple(sorted(actions, key=lambda action: action.id)), allowances, placing, asking)


def waiting_cases(cases: Mapping[str, Case], held: Mapping[str, Hold]) -> dict[str, Case]:
    """The cases that no home is held for."""
    provided = {hold.case_ref for hold in held.values()}
    return {reference: case for reference, case in cases.items() if reference not in provided}


def promised_homes(homes: VacantHomes, held: Mapping[str, Hold]) -> dict[str, Home]:
    """Homes held for a case which their owner has not set aside yet."""
    return {
        unit_id: home
        for bucket, alike in homes.suitable.items()
        if bucket.needs_reserving
        for (unit_id, _), home in alike.items()
        if unit_id in held
    }


def free_homes(homes: VacantHomes, held: Mapping[str, Hold]) -> dict[Bucket, dict[str, Home]]:
    """Homes that can be proposed at once: free or set aside, and held for nobody."""
    found = {
        bucket: {unit_id: home for (unit_id, _), home in alike.items() if unit_id not in held}
        for bucket, alike in homes.suitable.items()
    }
    return {bucket: alike for bucket, alike in found.items() if alike}


def coming_homes(
    homes: VacantHomes, held: Mapping[str, Hold], unserved: Mapping[str, Case], until: date, largest: int
) -> dict[Bucket, dict[str, Home]]:
    """Homes that their owner could make ready for one of these cases: in the state of fact, or in works until then.

    Those in a notice are promised to its ranking, and are never asked for.
    """
    wanted = {demand_of(case, largest) for case in unserved.values()}
    found = {
        bucket: {
            unit_id: home for (unit_id, _), home in alike.items() if unit_id not in held and is_ready_by(until, home)
        }
        for bucket, alike in homes.coming.items()
        if any(is_suitable(bucket, demand) for demand in wanted)
    }
    return {bucket: alike for bucket, alike in found.items() if alike}


def is_ready_by(until: date, home: Home) -> bool:
    """Whether works, if there are any, end by then; works without an end are never over."""
    if home.status is UnitStatus.IN_WORKS:
        return home.works_end_on is not None and home.works_end_on <= until
    return True


def overdue_sat(situation: Situation, wording: Wording) -> Iterator[Action]:
    """SAT homes past their end (D.G.R. XI/2063)."""
    for (unit_id, _), home in situation.homes.temporary.items():
        if home.sat_ends_on is not None and home.sat_ends_on < situation.reference_on:
            yield wording.end_sat(unit_id, home)


def offers(waiting: Mapping[str, Case], placing: Placing, wording: Wording) -> Iterator[Action]:
    """Offer each home to its case and, when it is not set aside yet, reserve it first."""
    for reference, placement in placing.placements.items():
        yield wording.offer(waiting[reference], placement)
        if placement.home.status is UnitStatus.FREE_ASSIGNABLE:
            yield wording.reserve(reference, waiting[reference], placement.unit_id, placement.home)


def requests(unserved: Mapping[str, Case], placing: Placing, asking: Placing, wording: Wording) -> Iterator[Action]:
    """For each case that gets no home now: ask for one that can be made ready, else lease one."""
    for reference, case in unserved.items():
        refusal = placing.refusals[reference]
        if reference in asking.placements:
            yield wording.ask(case, asking.placements[reference], refusal)
        else:
            yield wording.lease(reference, case, refusal)
