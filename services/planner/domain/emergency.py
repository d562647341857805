"""Linee d'azione per l'emergenza abitativa (L.R. 16/2016, art. 23 c. 13): what to do now, derived from the state alone.

An action is never stored as a decision: it is derived again with every change, and one whose cause has ended is simply
not derived any more. It proposes; the owner and the municipality decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.planner.domain.homes import Bucket, Home
from services.planner.domain.matching import Matching
from services.planner.domain.rules import Rules
from services.planner.domain.state import Case, PlanState
from shared.events.units import UnitStatus

SET_ASIDE = frozenset({UnitStatus.RESERVED_SAT, UnitStatus.OCCUPIED_SAT})


class ActionKind(StrEnum):
    """Azione proposta."""

    RESERVE_AS_SAT = "RESERVE_AS_SAT"
    OFFER_TO_CASE = "OFFER_TO_CASE"


@dataclass(frozen=True, slots=True)
class Action:
    """A proposal, why, and by when; `municipality` is where to act: the home's to reserve, the case's to offer.

    `causes` are the events that last changed the case and the home.
    """

    id: str
    kind: ActionKind
    unit_id: str
    case_ref: str
    owner: str
    municipality: str
    causes: tuple[str, ...]
    effect_it: str
    article: str
    deadline_on: date | None


def derive_actions(state: PlanState, rules: Rules, names: Mapping[str, str]) -> tuple[Action, ...]:
    """Every action the state calls for, by identifier; `names` are the municipalities' by code."""
    if not state.cases:
        return ()
    suitable = state.homes.suitable
    cases = sorted(state.cases, key=lambda reference: statutory_order(reference, state.cases[reference]))
    matching: Matching[str, Bucket, str] = Matching(
        wishes=wishes(state.cases, suitable, rules.bands.largest_household),
        capacity={bucket: len(homes) for bucket, homes in suitable.items()},
        quota_of={bucket: bucket.owner for bucket in suitable if bucket.needs_reserving},
        quota=sat_allowances(state, rules),
    )
    for reference in cases:
        matching.serve(reference)
    guests: dict[Bucket, list[str]] = defaultdict(list)
    for reference in cases:
        if reference in matching.place:
            guests[matching.place[reference]].append(reference)
    actions = []
    for bucket, served in guests.items():
        longest_vacant = sorted(suitable[bucket].items(), key=lambda item: (item[1].since, item[0]))
        for reference, ((unit_id, _), home) in zip(served, longest_vacant, strict=False):
            actions += actions_for(reference, state.cases[reference], unit_id, home, rules, names)
    return tuple(sorted(actions, key=lambda action: action.id))


def diff(before: Sequence[Action], after: Sequence[Action]) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """(opened, withdrawn): what is called for now and was not, and what was and is not any more."""
    was, now = {action.id for action in before}, {action.id for action in after}
    return (
        tuple(action for action in after if action.id not in was),
        tuple(action for action in before if action.id not in now),
    )


def sat_allowances(state: PlanState, rules: Rules) -> dict[str, int]:
    """Limite di riserva SAT: homes each owner may still set aside (L.R. 16/2016, art. 23 c. 13).

    The cap is the share of the owner's baseline, rounded down. The law's base is ambiguous: `EVER_REGISTERED`, an
    assumption, counts every home the owner was ever registered with, among them those sold or demolished since, so
    that selling does not lower the cap; homes still under construction do not count.

    Raises:
        ValueError: the rule set names a baseline this does not know.
    """
    if rules.sat.baseline != "EVER_REGISTERED":
        raise ValueError(f"unknown SAT baseline {rules.sat.baseline}")
    baseline: dict[str, int] = defaultdict(int)
    set_aside: dict[str, int] = defaultdict(int)
    for (_, owner, status), count in state.stock.items():
        if status is not UnitStatus.IN_CONSTRUCTION:
            baseline[owner] += count
        if status in SET_ASIDE:
            set_aside[owner] += count
    share = rules.sat.set_aside_share
    return {owner: max(int(share * homes) - set_aside[owner], 0) for owner, homes in baseline.items()}


def statutory_order(reference: str, case: Case) -> tuple[int, date, str]:
    """Urgency class, then waiting date (D.G.R. XI/2063); the reference settles the rest."""
    return case.urgency_class, case.waiting_since, reference


def wishes(cases: Mapping[str, Case], buckets: Mapping[Bucket, object], largest: int) -> dict[str, list[Bucket]]:
    """The buckets that suit each case: homes reserved already, then the case's own municipality, then the best fit.

    A fit wastes neither an accessible home nor room; the last area band holds all larger households.
    """
    by_profile: dict[tuple[str, int, bool], list[Bucket]] = {}
    found = {}
    for reference, case in cases.items():
        people = min(case.household_size, largest)
        profile = (case.municipality, people, case.accessible)
        if profile not in by_profile:
            suitable = [
                (
                    bucket.needs_reserving,
                    bucket.municipality != profile[0],
                    bucket.accessible,
                    bucket.size_class,
                    bucket,
                )
                for bucket in buckets
                if bucket.size_class >= people and (bucket.accessible or not case.accessible)
            ]
            by_profile[profile] = [bucket for *_, bucket in sorted(suitable)]
        found[reference] = by_profile[profile]
    return found


def actions_for(
    reference: str, case: Case, unit_id: str, home: Home, rules: Rules, names: Mapping[str, str]
) -> list[Action]:
    """Offer the home to the case and, when it is not set aside yet, reserve it first."""
    people = "1 persona" if case.household_size == 1 else f"{case.household_size} persone"
    where, whose = names.get(home.municipality, home.municipality), names.get(case.municipality, case.municipality)

    def action(kind: ActionKind, municipality: str, effect_it: str) -> Action:
        return Action(
            id=f"{kind.value}/{unit_id}/{reference}",
            kind=kind,
            unit_id=unit_id,
            case_ref=reference,
            owner=home.owner,
            municipality=municipality,
            causes=(case.cause, home.cause),
            effect_it=effect_it,
            article=rules.sources["sat_set_aside_share"].article,
            deadline_on=case.deadline_on,
        )

    offer = action(
        ActionKind.OFFER_TO_CASE,
        case.municipality,
        f"Il caso {reference} di {whose} ({people}, classe di urgenza {case.urgency_class}) "
        f"trova sistemazione nell'alloggio {unit_id} a {where}.",
    )
    if home.status is UnitStatus.RESERVED_SAT:
        return [offer]
    reserve = action(
        ActionKind.RESERVE_AS_SAT,
        home.municipality,
        f"L'alloggio {unit_id} a {where}, riservato ai servizi abitativi transitori, "
        f"può essere offerto al caso {reference} di {whose}.",
    )
    return [reserve, offer]
