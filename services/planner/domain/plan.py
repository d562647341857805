"""Piano triennale dell'offerta (R.R. 4/2017, art. 3): the figures of every municipality, their hash, what moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from services.planner.domain.emergency import Action, ActionKind, derive_actions
from services.planner.domain.forecast import Estimate, Triennium, forecast
from services.planner.domain.labels import LABELS, STATUS_FIGURES, label_it
from services.planner.domain.rounding import tenths
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from shared.events.plans import Cause, FigureChange, Measure, MunicipalityChange
from shared.events.units import UnitStatus

CAUSES_LIMIT, FIGURES_LIMIT = 10, 40


class FigureKey(NamedTuple):
    """Which figure: None is the whole ambito, all owners, and the present or the whole triennium."""

    municipality: str | None
    owner: str | None
    figure: str
    year: int | None

    @property
    def measure(self) -> Measure:
        return LABELS[self.figure].measure


@dataclass(frozen=True, slots=True)
class Plan:
    """A computed plan; `figures` holds every municipality of `names`, with and without homes."""

    ambito: str
    triennium: Triennium
    reference_on: date
    rules_on: date
    names: Mapping[str, str]
    figures: Mapping[FigureKey, int]
    actions: tuple[Action, ...]


def compute(state: PlanState, triennium: Triennium, rules: Rules, names: Mapping[str, str]) -> Plan:
    """The plan that follows from the state; `names` are the ambito's municipalities by code.

    An ambito of which nothing is known yet is computed as of the first day of the triennium.
    """
    reference_on = state.reference_on or date(triennium.first_year, 1, 1)
    actions = derive_actions(state, rules, names)
    figures: defaultdict[FigureKey, int] = defaultdict(int)
    add_municipalities(figures, names)
    add_stock(figures, state)
    add_declarations(figures, state)
    add_emergency(figures, state, actions)
    add_forecast(figures, state, triennium, reference_on, names)
    return Plan(state.ambito, triennium, reference_on, rules.on, names, dict(figures), actions)


def add_municipalities(figures: defaultdict[FigureKey, int], names: Mapping[str, str]) -> None:
    """A municipality without homes or cases has figures all the same: they are zero."""
    for municipality in (*names, None):
        for figure in ("stock_total", *STATUS_FIGURES.values(), "in_construction", "open_cases", "emergency_actions"):
            figures[FigureKey(municipality, None, figure, None)] = 0


def add_stock(figures: defaultdict[FigureKey, int], state: PlanState) -> None:
    for (municipality, owner, status), count in state.stock.items():
        counted: tuple[str, ...] = ()
        if status in STATUS_FIGURES:
            counted = ("stock_total", STATUS_FIGURES[status])
        elif status is UnitStatus.IN_CONSTRUCTION:
            counted = ("in_construction",)
        for figure in counted:
            figures[FigureKey(municipality, owner, figure, None)] += count
            figures[FigureKey(municipality, None, figure, None)] += count
            figures[FigureKey(None, None, figure, None)] += count


def add_declarations(figures: defaultdict[FigureKey, int], state: PlanState) -> None:
    """The latest cycle each owner has declared in a municipality; sums only within one cycle year."""
    latest: dict[tuple[str, str], int] = {}
    for year, owner, municipality in state.declarations:
        place = (municipality, owner)
        latest[place] = max(year, latest.get(place, year))
    for (municipality, owner), year in latest.items():
        declared = state.declarations[year, owner, municipality].assignable_total
        figures[FigureKey(municipality, owner, "declared_assignable_total", year)] = declared
        figures[FigureKey(municipality, None, "declared_assignable_total", year)] += declared
        figures[FigureKey(None, None, "declared_assignable_total", year)] += declared


def add_emergency(figures: defaultdict[FigureKey, int], state: PlanState, actions: Iterable[Action]) -> None:
    for case in state.cases.values():
        for municipality in (case.municipality, None):
            figures[FigureKey(municipality, None, "open_cases", None)] += 1
    for action in actions:
        for municipality in (action.municipality, None):
            figures[FigureKey(municipality, None, "emergency_actions", None)] += 1


NOTHING = Estimate(0, 0, 0)


def add_forecast(
    figures: defaultdict[FigureKey, int],
    state: PlanState,
    triennium: Triennium,
    reference_on: date,
    names: Mapping[str, str],
) -> None:
    outlooks = forecast(state, triennium, reference_on)
    years = (*triennium.years, None)
    for (municipality, owner), outlook in outlooks.items():
        for year, turnover, assignable in zip(years, outlook.turnover, outlook.assignable, strict=True):
            add_estimate(figures, municipality, owner, "turnover", year, turnover)
            add_estimate(figures, municipality, owner, "assignable", year, assignable)
    for municipality in names:
        if (municipality, None) not in outlooks:
            for year in years:
                add_estimate(figures, municipality, None, "turnover", year, NOTHING)
                add_estimate(figures, municipality, None, "assignable", year, NOTHING)


def add_estimate(
    figures: defaultdict[FigureKey, int],
    municipality: str | None,
    owner: str | None,
    what: str,
    year: int | None,
    estimate: Estimate,
) -> None:
    figures[FigureKey(municipality, owner, what + "_mean", year)] = estimate.mean
    figures[FigureKey(municipality, owner, what + "_low", year)] = estimate.low
    figures[FigureKey(municipality, owner, what + "_high", year)] = estimate.high


def canonical(plan: Plan) -> bytes:
    """The plan's content as JSON with sorted keys, of strings and integers only.

    Nothing in it tells how the events arrived: no version, no batch, no clock. A figure's key is
    `municipality/owner/figure/year`, with an empty part for None.
    """
    content = {
        "ambito": plan.ambito,
        "first_year": plan.triennium.first_year,
        "reference_on": plan.reference_on.isoformat(),
        "rules_on": plan.rules_on.isoformat(),
        "figures": {
            f"{m or ''}/{o or ''}/{figure}/{y or ''}": value for (m, o, figure, y), value in plan.figures.items()
        },
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
    figures = {}
    for key, value in held["figures"].items():
        municipality, owner, figure, year = key.split("/")
        figures[FigureKey(municipality or None, owner or None, figure, int(year) if year else None)] = value
    return Plan(
        ambito=held["ambito"],
        triennium=Triennium(held["first_year"]),
        reference_on=date.fromisoformat(held["reference_on"]),
        rules_on=date.fromisoformat(held["rules_on"]),
        names=names,
        figures=figures,
        actions=tuple(_read_action(identifier, action) for identifier, action in held["actions"].items()),
    )


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
    was = before.figures if before is not None else {}
    moved: dict[str, list[FigureChange]] = defaultdict(list)
    differing = {key for key, _ in was.items() ^ after.figures.items() if key.municipality is not None}
    for key in sorted(differing, key=place_in_report):
        old, new = was.get(key), after.figures.get(key)
        if key.municipality is not None and published(key, old) != published(key, new):
            moved[key.municipality].append(
                FigureChange(
                    figure=key.figure,
                    label_it=label_it(key.figure, key.year),
                    owner=key.owner,
                    year=key.year,
                    measure=key.measure,
                    before=old,
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


FIGURE_ORDER = {figure: place for place, figure in enumerate(LABELS)}


def place_in_report(key: FigureKey) -> tuple[str, str, int, int]:
    """All owners before each, and figures in the order of their labels."""
    return key.municipality or "", key.owner or "", FIGURE_ORDER[key.figure], key.year or 9999


def published(key: FigureKey, value: int | None) -> int:
    if value is None:
        return 0
    return tenths(value) if key.measure is Measure.THOUSANDTHS else value


def causes_of(municipality: str, causes: Sequence[Cause]) -> tuple[Cause, ...]:
    own = [cause for cause in causes if cause.municipality == municipality]
    return tuple(own or causes)
