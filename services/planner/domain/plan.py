"""Piano triennale dell'offerta (R.R. 4/2017, art. 3): the figures of every municipality, their hash, what moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from services.planner.domain.emergency import Situation, derive_emergency
from services.planner.domain.emergency.actions import Action, ActionKind
from services.planner.domain.emergency.placing import Metres
from services.planner.domain.forecast import YEARS, Prospect, Triennium, prospect
from services.planner.domain.labels import LABELS, label_it
from services.planner.domain.needs import Needs, NeedSheet, People, covered, needs_of
from services.planner.domain.rounding import tenths
from services.planner.domain.rules import AreaBands, Rules
from services.planner.domain.sheets import COUNTED, EMPTY_SHEET, Sheet, read_sheet, sheets_of
from services.planner.domain.state import PlanState
from services.planner.domain.supply.at_risk import WorksAtRisk
from services.planner.domain.supply.outlook import Estimate, Outlook, Scope
from shared.events.plans import Cause, FigureChange, Measure, MunicipalityChange

CAUSES_LIMIT, FIGURES_LIMIT = 10, 40
FORECAST = ("turnover", "assignable")
"""What an outlook estimates, in its order."""
NOTHING = Outlook(*((Estimate(0, 0, 0),) * (YEARS + 1),) * len(FORECAST))


class FigureKey(NamedTuple):
    """Which figure: None is the whole ambito, all owners, and the present or the whole triennium."""

    municipality: str | None
    owner: str | None
    figure: str
    year: int | None

    @property
    def measure(self) -> Measure:
        return LABELS[self.figure].measure


class Move(NamedTuple):
    """A figure before and after; None is "not there"."""

    key: FigureKey
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Plan:
    """A computed plan: what it is made of, from which every figure follows.

    `sheets` hold counts by municipality, `outlooks` the forecast by municipality and owner, `needs` the housing need.
    """

    ambito: str
    triennium: Triennium
    reference_on: date
    rules_on: date
    names: Mapping[str, str]
    sheets: Mapping[str, Sheet]
    outlooks: Mapping[Scope, Outlook]
    works_at_risk: tuple[WorksAtRisk, ...]
    actions: tuple[Action, ...]
    needs: Needs

    @property
    def years(self) -> tuple[int | None, ...]:
        """The years forecast and, last, None for the triennium."""
        return (*self.triennium.years, None)

    @cached_property
    def actions_by_municipality(self) -> Mapping[str, int]:
        return Counter(action.municipality for action in self.actions)

    @cached_property
    def figures(self) -> Mapping[FigureKey, int]:
        """Every figure of every municipality of `names`, with and without homes, and of the ambito: their sum."""
        figures: dict[FigureKey, int] = {}
        for municipality in (*self.names, None):
            figures |= {FigureKey(municipality, None, figure, None): 0 for figure in (*COUNTED, "emergency_actions")}
        for municipality, sheet in self.sheets.items():
            for (owner, figure, year), count in sheet.counts.items():
                figures[FigureKey(municipality, owner, figure, year)] = count
                if owner is None:
                    of_ambito = FigureKey(None, None, figure, year)
                    figures[of_ambito] = figures.get(of_ambito, 0) + count
        for municipality, count in self.actions_by_municipality.items():
            figures[FigureKey(municipality, None, "emergency_actions", None)] = count
        figures[FigureKey(None, None, "emergency_actions", None)] = len(self.actions)
        for municipality, owner in {(municipality, None) for municipality in self.names} | self.outlooks.keys():
            outlook = self.outlooks.get((municipality, owner), NOTHING)
            for what, estimates in zip(FORECAST, outlook, strict=True):
                for year, estimate in zip(self.years, estimates, strict=True):
                    for part, value in zip(Estimate._fields, estimate, strict=True):
                        figures[FigureKey(municipality, owner, f"{what}_{part}", year)] = value
        for municipality, sheet_of_need in self.needs.items():
            supply = self.outlooks.get((municipality, None), NOTHING).assignable[-1]
            for figure, value in {**sheet_of_need, **covered(sheet_of_need, supply)}.items():
                figures[FigureKey(municipality, None, figure, None)] = value
        return figures


def reference_date(state: PlanState, triennium: Triennium) -> date:
    """The latest day the facts speak of; the first day of the triennium while nothing is known of the ambito."""
    return state.reference_on or triennium.begins_on


def compute(
    state: PlanState,
    triennium: Triennium,
    rules: Rules,
    names: Mapping[str, str],
    known: Plan | None = None,
    metres: Metres = MappingProxyType({}),
    people: People = MappingProxyType({}),
) -> Plan:
    """The plan that follows from the state; `names` are the ambito's municipalities by code, `metres` between them.

    `people` are those who live there; without them no need is told.

    `rules` are those of the plan's reference date, unless it is pinned to another. `known` is the plan of this state as
    it was last settled; with it only what was touched since is counted anew. The outcome is the same without it.
    """
    reference_on = reference_date(state, triennium)
    if known is not None and known.reference_on == reference_on and not state.touched.has_supply:
        ahead = Prospect(known.outlooks, known.works_at_risk)
    else:
        ahead = prospect(state, triennium, reference_on)
    has_needs = known is not None and known.rules_on == rules.on and not state.touched.declarations
    needs = known.needs if known and has_needs else needs_of(state, people, rules)
    situation = Situation(state.cases, state.homes, state.stock, state.holds, reference_on)
    return Plan(
        ambito=state.ambito,
        triennium=triennium,
        reference_on=reference_on,
        rules_on=rules.on,
        names=names,
        sheets=sheets_of(state, known.sheets if known else None),
        outlooks=ahead.outlooks,
        works_at_risk=ahead.works_at_risk,
        actions=derive_emergency(situation, rules, names, metres).actions,
        needs=needs,
    )


@dataclass(frozen=True, slots=True)
class Method:
    """Metodo: for which triennium plans are made, by the law of every day, over which territory.

    `names`, `metres` and `people` give an ambito's municipalities by code, the distances between them, who lives there.
    """

    triennium: Triennium
    law: Callable[[date], Rules]
    names: Callable[[str], Mapping[str, str]]
    metres: Callable[[str], Metres] = lambda _: MappingProxyType({})
    people: Callable[[str], People] = lambda _: MappingProxyType({})

    @property
    def bands(self) -> AreaBands:
        """The size classes of the integer state."""
        return self.law(self.triennium.begins_on).bands

    def plan_of(self, state: PlanState, known: Plan | None = None) -> Plan:
        """The plan that follows from the state, by the law of its reference date; see `compute`."""
        rules = self.law(reference_date(state, self.triennium))
        territory = self.names(state.ambito), known, self.metres(state.ambito), self.people(state.ambito)
        return compute(state, self.triennium, rules, *territory)


def canonical(plan: Plan) -> bytes:
    """The plan's content as JSON with sorted keys, of strings and integers only.

    Nothing in it tells how the events arrived: no version, no batch, no clock; and nothing that follows from the rest,
    such as sums over municipalities. An outlook is a flat list: for exits, then for assignable homes, the mean, low
    and high of each year and of the triennium; its key is `municipality/owner`, with an empty part for None.
    """
    content = {
        "ambito": plan.ambito,
        "first_year": plan.triennium.first_year,
        "reference_on": plan.reference_on.isoformat(),
        "rules_on": plan.rules_on.isoformat(),
        "counts": {municipality: sheet.written for municipality, sheet in plan.sheets.items()},
        "outlooks": {
            f"{municipality or ''}/{owner or ''}": [*chain(*outlook.turnover, *outlook.assignable)]
            for (municipality, owner), outlook in plan.outlooks.items()
        },
        "works_at_risk": [works._asdict() for works in plan.works_at_risk],
        "needs": {municipality or "": sheet for municipality, sheet in plan.needs.items()},
        "actions": {
            action.id: {
                "owner": action.owner,
                "municipality": action.municipality,
                "causes": list(action.causes),
                "effect_it": action.effect_it,
                "article": action.article,
                "deadline_on": action.deadline_on.isoformat() if action.deadline_on else "",
            }
            for action in plan.actions
        },
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def read(content: str | bytes, names: Mapping[str, str]) -> Plan:
    """The plan that `canonical` wrote."""
    held = orjson.loads(content)
    outlooks = {}
    for scope, numbers in held["outlooks"].items():
        municipality, owner = scope.split("/")
        outlooks[municipality or None, owner or None] = _read_outlook(numbers)
    return Plan(
        ambito=held["ambito"],
        triennium=Triennium(held["first_year"]),
        reference_on=date.fromisoformat(held["reference_on"]),
        rules_on=date.fromisoformat(held["rules_on"]),
        names=names,
        sheets={municipality: read_sheet(counts) for municipality, counts in held["counts"].items()},
        outlooks=outlooks,
        works_at_risk=tuple([WorksAtRisk(**works | {"lost": tuple(works["lost"])}) for works in held["works_at_risk"]]),
        actions=tuple(_read_action(identifier, action) for identifier, action in held["actions"].items()),
        needs={municipality or None: sheet for municipality, sheet in held["needs"].items()},
    )


def _read_outlook(numbers: list[int]) -> Outlook:
    triples = iter(numbers)
    estimates = [Estimate(*triple) for triple in zip(triples, triples, triples, strict=True)]
    return Outlook(tuple(estimates[: YEARS + 1]), tuple(estimates[YEARS + 1 :]))


def _read_action(identifier: str, held: Mapping[str, Any]) -> Action:
    kind, unit_id, case_ref = identifier.split("/")
    return Action(
        id=identifier,
        kind=ActionKind(kind),
        unit_id=unit_id,
        case_ref=case_ref,
        owner=held["owner"],
        municipality=held["municipality"],
        causes=tuple(held["causes"]),
        effect_it=held["effect_it"],
        article=held["article"],
        deadline_on=date.fromisoformat(held["deadline_on"]) if held["deadline_on"] else None,
    )


def hash_of(content: bytes) -> str:
    """SHA-256 of canonical content, in hexadecimal."""
    return sha256(content).hexdigest()


def plan_hash(plan: Plan) -> str:
    return hash_of(canonical(plan))


def changes(before: Plan | None, after: Plan, causes: Sequence[Cause]) -> tuple[MunicipalityChange, ...]:
    """The published figures that moved, by municipality; a figure that appears or disappears as zero did not move.

    Causes are those of the batch that touch the municipality, or the whole batch when none does (the forecast pools
    the ambito). Of both only the first are told, with their count, to keep the event small; all owners together come
    first.
    """
    moved: dict[str, list[FigureChange]] = defaultdict(list)
    for key, old, new in sorted(moves(before, after), key=lambda move: place_in_report(move.key)):
        assert key.municipality is not None
        moved[key.municipality].append(
            FigureChange(
                figure=key.figure,
                label_it=label_it(key.figure, key.year),
                owner=key.owner,
                year=key.year,
                measure=key.measure,
                before=None if before is None else old,
                after=new,
            )
        )
    return tuple(
        MunicipalityChange(
            municipality=municipality,
            name=after.names.get(municipality, municipality),
            figures=tuple(figures[:FIGURES_LIMIT]),
            causes=(cited := causes_of(municipality, causes))[:CAUSES_LIMIT],
            figure_count=len(figures),
            cause_count=len(cited),
        )
        for municipality, figures in moved.items()
    )


def moves(before: Plan | None, after: Plan) -> Iterator[Move]:
    """The figures of municipalities whose published value differs; what both plans share is not looked into."""
    sheets, outlooks, actions = (
        (before.sheets, before.outlooks, before.actions_by_municipality) if before else ({},) * 3
    )
    for municipality in sheets.keys() | after.sheets.keys():
        was, now = sheets.get(municipality, EMPTY_SHEET), after.sheets.get(municipality, EMPTY_SHEET)
        if was is not now:
            yield from moved_counts(municipality, was, now)
    for municipality in actions.keys() | after.actions_by_municipality.keys():
        old, new = actions.get(municipality, 0), after.actions_by_municipality.get(municipality, 0)
        if old != new:
            yield Move(FigureKey(municipality, None, "emergency_actions", None), old, new)
    for scope in outlooks.keys() | after.outlooks.keys():
        if scope[0] is not None:
            yield from moved_estimates(scope, after.years, outlooks.get(scope), after.outlooks.get(scope))
    was_needed = before.needs if before else {}
    if was_needed is not after.needs:
        for place in (was_needed.keys() | after.needs.keys()) - {None}:
            yield from moved_need(place, was_needed.get(place, {}), after.needs.get(place, {}))


def moved_need(municipality: str | None, was: NeedSheet, now: NeedSheet) -> Iterator[Move]:
    """Households by one, thousandths by a tenth."""
    for figure in was.keys() | now.keys():
        key = FigureKey(municipality, None, figure, None)
        old, new = was.get(figure), now.get(figure)
        seen = [tenths(value) if value and key.measure is Measure.THOUSANDTHS else value for value in (old, new)]
        if seen[0] != seen[1]:
            yield Move(key, old, new)


def moved_counts(municipality: str, was: Sheet, now: Sheet) -> Iterator[Move]:
    for owner, figure, year in {key for key, _ in was.counts.items() ^ now.counts.items()}:
        absent = 0 if owner is None and figure in COUNTED else None
        old, new = (sheet.counts.get((owner, figure, year), absent) for sheet in (was, now))
        if old or new:
            yield Move(FigureKey(municipality, owner, figure, year), old, new)


def moved_estimates(
    scope: Scope, years: tuple[int | None, ...], was: Outlook | None, now: Outlook | None
) -> Iterator[Move]:
    """Means move by a tenth of a home, bands by a home; an owner's outlook that is not there has no figures."""
    municipality, owner = scope
    had, has = (outlook is not None or owner is None for outlook in (was, now))
    for what, olds, news in zip(FORECAST, was or NOTHING, now or NOTHING, strict=True):
        for year, old, new in zip(years, olds, news, strict=True):
            for part, before, after in zip(Estimate._fields, old, new, strict=True):
                if before != after and (part != "mean" or tenths(before) != tenths(after)):
                    yield Move(
                        FigureKey(municipality, owner, f"{what}_{part}", year),
                        before if had else None,
                        after if has else None,
                    )


FIGURE_ORDER = {figure: place for place, figure in enumerate(LABELS)}


def place_in_report(key: FigureKey) -> tuple[str, str, int, int]:
    """All owners before each, and figures in the order of their labels."""
    return key.municipality or "", key.owner or "", FIGURE_ORDER[key.figure], key.year or 9999


def causes_of(municipality: str, causes: Sequence[Cause]) -> tuple[Cause, ...]:
    own = [cause for cause in causes if cause.municipality == municipality]
    return tuple(own or causes)
