"""Piano triennale dell'offerta (R.R. 4/2017, art. 3): the figures of every municipality, their hash, what moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from services.planner.domain.adopted import Adopted, adopted_cells, adopted_values
from services.planner.domain.adopted import Cell as AdoptedCell
from services.planner.domain.emergency import Situation, derive_emergency
from services.planner.domain.emergency.actions import Action, ActionKind
from services.planner.domain.emergency.placing import Metres
from services.planner.domain.forecast import YEARS, Triennium, prospect, still_learned
from services.planner.domain.labels import EVERY_LABEL
from services.planner.domain.needs import ALL_HEARD, Hearsay, Needs, People, covered, needs_of
from services.planner.domain.rules import AreaBands, Rules
from services.planner.domain.sheets import COUNTED, Sheet, read_sheet, sheets_of
from services.planner.domain.state import PlanState
from services.planner.domain.strategies.objectives import Commitment, Objective, commitments, objectives_of
from services.planner.domain.supply.adoption import AdoptionKey, Basis, Quantity
from services.planner.domain.supply.at_risk import WorksAtRisk
from services.planner.domain.supply.outlook import Estimate, Outlook, Scope
from services.planner.domain.supply.turnover import Learned
from services.planner.domain.texts.written import TextSeal, seals_of
from shared.events.plans import Measure

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
        return EVERY_LABEL[self.figure].measure

    @property
    def id(self) -> str:
        """`019036:aler-bcm:free_assignable:-`: municipality, owner, figure and year, each `-` for all."""
        return ":".join("-" if part is None else str(part) for part in self)


def key_of(figure_id: str) -> FigureKey:
    """The key that an identifier is of."""
    municipality, owner, name, year = (None if part == "-" else part for part in figure_id.split(":"))
    return FigureKey(municipality, owner, name or "", int(year) if year else None)


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
    adopted: Adopted
    hearsay: Hearsay = ALL_HEARD
    objectives: tuple[Objective, ...] = ()
    texts: Mapping[str, TextSeal] = field(default_factory=dict)
    learned: Learned[int] | None = field(default=None, compare=False, repr=False)
    """Not of the plan's content: the rates behind the outlooks, to be used again."""

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
        return figures | self._adopted_figures

    @cached_property
    def commitments(self) -> tuple[Commitment, ...]:
        """Every objective beside what its figure is now."""
        actual = {one.figure: self.figures.get(key_of(one.figure)) for one in self.objectives}
        known = {figure: value for figure, value in actual.items() if value is not None}
        return commitments(self.objectives, known, self.reference_on)

    @cached_property
    def _adopted_figures(self) -> dict[FigureKey, int]:
        found: dict[FigureKey, int] = defaultdict(int)
        values = adopted_values(self.adopted, self.outlooks, self.triennium.years)
        for municipality, owner, year, quantity, value in values:
            name = f"adopted_{quantity.lower()}"
            for place, whose in ((municipality, owner), (municipality, None), (None, None)):
                found[FigureKey(place, whose, name, year)] += value
        return found


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
    reference_on, touched = reference_date(state, triennium), state.touched
    of_day = known if known and known.reference_on == reference_on else None
    of_law = known if known and known.rules_on == rules.on else None
    if of_day and not touched.has_supply:
        outlooks, works_at_risk, learned = of_day.outlooks, of_day.works_at_risk, of_day.learned
    else:
        learned = still_learned(known.learned if known else None, touched, reference_on)
        outlooks, works_at_risk, learned = prospect(state, triennium, reference_on, learned)
    if of_day and of_law and not touched.has_emergency:
        actions = of_day.actions
    else:
        situation = Situation(state.cases, state.homes, state.stock, state.holds, reference_on)
        actions = derive_emergency(situation, rules, names, metres).actions
    cells = of_day.adopted if of_day and not touched.has_adopted(reference_on) else None
    adopted = adopted_cells(state, triennium, reference_on) if cells is None else cells
    was = (of_law.needs, of_law.hearsay) if of_law and not touched.declarations else None
    needs, hearsay = was or needs_of(state, people, rules)
    return Plan(
        ambito=state.ambito,
        triennium=triennium,
        reference_on=reference_on,
        rules_on=rules.on,
        names=names,
        sheets=sheets_of(state, known.sheets if known else None),
        outlooks=outlooks,
        works_at_risk=works_at_risk,
        actions=actions,
        needs=needs,
        adopted=adopted,
        hearsay=hearsay,
        learned=learned,
        objectives=objectives_of(state.objectives),
        texts=seals_of(state.texts, triennium.first_year),
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
        "adopted": {"/".join(map(str, key)): _written(cell) for key, cell in plan.adopted.items()},
        "objectives": [_told(objective) for objective in plan.objectives],
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
    # A plan that was kept before there were any has the same bytes as ever.
    if plan.texts:
        content["texts"] = {section: list(seal) for section, seal in plan.texts.items()}
    if plan.hearsay.silent:
        content["hearsay"] = plan.hearsay._asdict()
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _written(cell: AdoptedCell) -> list[int | str | list[int] | None]:
    declared, basis, reason, last_year = cell
    return [declared, basis, reason, list(last_year) if last_year else None]


def _told(objective: Objective) -> dict[str, Any]:
    days = {"starts_on": objective.starts_on.isoformat(), "due_on": objective.due_on.isoformat()}
    return objective._asdict() | days


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
        adopted=dict(_read_adopted(*entry) for entry in held["adopted"].items()),
        objectives=tuple(_read_objective(objective) for objective in held.get("objectives", ())),
        texts={section: TextSeal(*seal) for section, seal in held.get("texts", {}).items()},
        hearsay=_read_hearsay(held.get("hearsay")),
    )


def _read_adopted(key: str, cell: tuple[int | None, str, str, list[int] | None]) -> tuple[AdoptionKey, AdoptedCell]:
    municipality, owner, year, quantity = key.split("/")
    declared, basis, reason, numbers = cell
    last_year = Estimate(*numbers) if numbers else None
    return (municipality, owner, int(year), Quantity(quantity)), AdoptedCell(declared, Basis(basis), reason, last_year)


def _read_hearsay(held: Mapping[str, Any] | None) -> Hearsay:
    return Hearsay(**{**held, "silent": tuple(held["silent"])}) if held else ALL_HEARD


def _read_objective(held: Mapping[str, Any]) -> Objective:
    days = {name: date.fromisoformat(held[name]) for name in ("starts_on", "due_on")}
    return Objective(**{**held, **days})


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
