"""Small ambiti drawn at random, with villages of few, one or no households in need, as two versions of one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.forecast import Triennium
from services.planner.domain.need.pressure import Inhabitants
from services.planner.domain.parts import Material
from services.planner.domain.plan import compute
from services.planner.law import rules_on
from shared.events import Envelope, Event, Message, derived
from shared.events.planning import AccessMeasure, HousingNeed
from shared.events.submissions import EmergencyCaseOpened, SubmissionReceived
from shared.events.units import OwnerKind

AMBITO: Final = "prova"
START: Final = date(2026, 1, 1)
RULES: Final = rules_on(START)
COUNTS: Final = (
    *("admitted_unsatisfied", "eviction_orders", "eviction_executions", "homeless_or_temporary"),
    *("uninhabitable_home", "overcrowded", "barriers"),
)
CONTRIBUTION: Final = 1850
"""EUR for a household: whoever knows it divides a budget by it (R.R. 11/2019, art. 3)."""
SMALL: Final = (0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 11)
"""Households of one component in a village: mostly none or fewer than three."""


class World(NamedTuple):
    """Mondo di prova: what each municipality declares in each of two versions, and the cases open in each."""

    needs: tuple[Mapping[str, HousingNeed], ...]
    measures: Mapping[str, tuple[AccessMeasure, ...]]
    cases: tuple[int, ...]
    people: Mapping[str, Inhabitants]

    @property
    def has_flows(self) -> bool:
        return any(need.newly_admitted is not None for need in self.needs[0].values())

    @property
    def names(self) -> dict[str, str]:
        return {code: f"Comune {code}" for code in self.people}

    def messages(self, version: int) -> list[Message]:
        told = [
            _submitted(revision, place, need, self.measures[place])
            for revision in range(version + 1)
            for place, need in self.needs[revision].items()
            if not revision or need != self.needs[revision - 1][place]
        ]
        places = sorted(self.people)
        return told + [_opened(number, places[number % len(places)]) for number in range(self.cases[version])]

    def material(self, version: int) -> Material:
        """The plan of a version, without homes: nothing of them tells a household."""
        messages = self.messages(version)
        state = state_as_of(AMBITO, RULES.bands, messages)
        plan = compute(state, Triennium(2026), RULES, self.names, people=self.people)
        return Material(plan, state, RULES, None, self.people, {}, ())


def drawn_world(seed: int) -> World:
    """Of two to seven villages, one of which declares anew.

    By seed some link their lists, some tell flows, and of some others there are that declare nothing.
    """
    random = Random(seed)
    places = [f"0190{number:02}" for number in range(1, random.randint(2, 7) + 1)]
    is_linked, has_flows = seed % 3 == 1, seed % 3 == 2
    first = {place: _need(random, is_linked=is_linked, has_flows=has_flows) for place in places}
    again = random.choice(places)
    second = first | {again: _need(random, is_linked=is_linked, has_flows=has_flows)}
    measures = {place: tuple(_measure(random, number) for number in range(random.randint(0, 3))) for place in places}
    silent = [f"0191{number:02}" for number in range(random.randint(1, 9))] if seed % 4 == 3 and not has_flows else []
    people = {place: Inhabitants(random.randint(60, 900), random.randint(1000, 2000), 200) for place in places + silent}
    return World((first, second), measures, (random.randint(0, 8), random.randint(0, 8)), people)


def _need(random: Random, *, is_linked: bool, has_flows: bool) -> HousingNeed:
    counts = {name: random.choice(SMALL) for name in COUNTS}
    if not is_linked:
        flows = {name: random.choice(SMALL) for name in ("newly_admitted", "left_without_assignment")}
        return HousingNeed(**counts, **(flows if has_flows else {}))
    linked = random.randint(max(counts.values()), sum(counts.values()))
    cuts = sorted(random.randint(0, linked) for _ in range(5))
    sizes = tuple(end - start for start, end in zip((0, *cuts), (*cuts, linked), strict=True))
    return HousingNeed(**counts, linked_total=linked, by_household_size=sizes)


def _measure(random: Random, number: int) -> AccessMeasure:
    households = random.choice(SMALL)
    budget = Decimal(CONTRIBUTION * households)
    return AccessMeasure(name=f"Misura {number}", budget_eur=budget, households=households, rule_of_origin="prova")


def _submitted(revision: int, place: str, need: HousingNeed, measures: Sequence[AccessMeasure]) -> Message:
    event = SubmissionReceived(
        submission_id=derived(f"{place}/{revision}"),
        ambito=AMBITO,
        cycle_year=2025,
        owner=f"comune-{place}",
        owner_kind=OwnerKind.MUNICIPALITY,
        municipality=place,
        revision=revision + 1,
        nil=True,
        columns=None,
        received_on=START,
        late=False,
        need=need,
        measures=tuple(measures),
    )
    return _message(event, f"{place}/{revision}")


def _opened(number: int, place: str) -> Message:
    event = EmergencyCaseOpened(
        case_ref=f"C-{number}",
        municipality=place,
        household_size=2,
        accessible=False,
        urgency_class=1,
        waiting_since=START,
    )
    return _message(event, f"case/{number}")


def _message(event: Event, name: str) -> Message:
    identifier = derived(f"household-worlds/{name}")
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(Envelope(identifier, "urn:test", time, name, AMBITO, correlation_id=identifier), event)
