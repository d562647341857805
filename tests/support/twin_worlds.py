"""Twin worlds: two ambiti that differ in households kept back and in nothing that everybody is told, at any time.

Each is a course of messages, one event at a time after the first day. What a twin has otherwise is which village needs
homes for how many households, whom its measures reach, where cases are open and how many there are. The homes, who sent
what and when, and every told number are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.forecast import Triennium
from services.planner.domain.needs import inhabitants_of
from services.planner.domain.parts import Material, part_of
from services.planner.domain.parts.reading import OF_HOUSEHOLDS, for_all
from services.planner.domain.plan import compute
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.domain.withholding import plan_hash, told_figures
from services.planner.law import rules_on
from shared.events import Envelope, Event, Message, OwnerKind, SubmissionReceived, UnitStatus, derived
from shared.events.planning import AccessMeasure, HousingNeed
from shared.events.submissions import EmergencyCaseClosed, EmergencyCaseOpened
from shared.territory import ambito, municipality_organisation, names_of
from tests.support.editions import nil_rows
from tests.support.household_worlds import CONTRIBUTION, COUNTS
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry, day_began

TOWN: Final = "019098"
"""Its office reads what it may; what is kept back is the others'."""
VILLAGES: Final = ("019004", "019028", "019040", "019053", "019093")
DECLARING: Final = (CREMONA, TOWN, *VILLAGES)
ALER, COOPERATIVE = "aler-bcm", "cooperativa-casa"
DAYS: Final = tuple(date(2026, month, 2) for month in range(2, 9))
"""On the first the plan begins; on each of the others one thing happens."""
PROPOSED_AFTER: Final = 3
"""After so many of these days the plan is proposed, and published."""
RULES: Final = rules_on(DAYS[0])
PEOPLE: Final = inhabitants_of(survey_ambito(ambito(AMBITO).municipalities, ASSUMED))
OTHERS: Final = ("newly_admitted", "left_without_assignment", "applications_submitted", "rent_support_applications")
FEW: Final = (0, 0, 1, 1, 2, 2, 3, 4, 6)
TRIES: Final = 40
ENOUGH: Final = 3
"""Municipalities whose need differs."""

Needs = Mapping[str, HousingNeed]
Reached = Mapping[str, tuple[int, ...]]
"""Households that each measure of a municipality reaches."""


class Case(NamedTuple):
    """Caso aperto: where, of how many people, how urgent."""

    municipality: str
    people: int
    urgency: int


@dataclass(frozen=True)
class Course:
    """Una storia: what is declared first, who declares what anew, whom measures reach, and where cases are open.

    Of the cases the last is opened later, and then the first is closed.
    """

    first: Needs
    again: tuple[tuple[str, HousingNeed], ...]
    reached: Reached
    cases: tuple[Case, ...]
    name: str

    def days(self) -> Iterator[list[Message]]:
        """What is heard on each of `DAYS`."""
        registry = _registry()
        declared = [self._declaration(place, need, 1) for place, need in self.first.items()]
        silent = nil_rows(
            but=[(place, municipality_organisation(place)) for place in names_of(AMBITO)],
            also=[*((place, ALER) for place in DECLARING), (CREMONA, COOPERATIVE)],
        )
        (early, late), (first, *rest) = self.again, self._opened()
        begun = [*registry.sent, *silent, *declared, _message(_common(), "case/comune", DAYS[0]), first, *rest[:-1]]
        yield [_heard(message, DAYS[0]) for message in begun]
        yield [_heard(self._declaration(*early, 2), DAYS[1])]
        yield [_heard(rest[-1], DAYS[2])]
        yield [_heard(self._declaration(*late, 3), DAYS[3])]
        yield [_heard(self._closed(), DAYS[4])]
        registry.report("V1", "unit-vacated", UnitStatus.FREE_ASSIGNABLE, DAYS[5])
        yield [_heard(registry.sent[-1], DAYS[5])]
        yield [_heard(day_began(DAYS[6], 990_000), DAYS[6])]

    def materials(self) -> Iterator[Material]:
        """The plan after the first day, and after each declaration anew; without homes, which tell no household."""
        messages: list[Message] = []
        for revision in range(3):
            if revision:
                messages.append(self._declaration(*self.again[revision - 1], revision + 1))
            else:
                messages += [self._declaration(place, need, 1) for place, need in self.first.items()]
            state = state_as_of(AMBITO, RULES.bands, messages)
            plan = compute(state, Triennium(2026), RULES, names_of(AMBITO), people=PEOPLE)
            yield Material(plan, state, RULES, None, PEOPLE, {}, ())

    def _declaration(self, place: str, need: HousingNeed, revision: int) -> Message:
        measures = tuple(
            AccessMeasure(
                name=f"Misura {number}",
                budget_eur=Decimal(CONTRIBUTION * households),
                households=households,
                rule_of_origin="prova",
            )
            for number, households in enumerate(self.reached.get(place, ()))
        )
        event = SubmissionReceived(
            submission_id=derived(f"twins/{place}/{revision}"),
            ambito=AMBITO,
            cycle_year=2025,
            owner=municipality_organisation(place),
            owner_kind=OwnerKind.MUNICIPALITY,
            municipality=place,
            revision=revision,
            nil=True,
            columns=None,
            received_on=DAYS[0],
            late=False,
            need=need,
            measures=measures,
        )
        return _message(event, f"{place}/{revision}", DAYS[0])

    def _opened(self) -> list[Message]:
        return [
            _message(
                EmergencyCaseOpened(
                    case_ref=f"{self.name}-{number}",
                    municipality=case.municipality,
                    household_size=case.people,
                    accessible=False,
                    urgency_class=case.urgency,
                    waiting_since=DAYS[0],
                ),
                f"case/{len(self.cases) - number}",
                DAYS[0],
            )
            for number, case in enumerate(self.cases)
        ]

    def _closed(self) -> Message:
        event = EmergencyCaseClosed(
            case_ref=f"{self.name}-0", municipality=self.cases[0].municipality, closed_on=DAYS[4], reason="sistemato"
        )
        return _message(event, "case/closed", DAYS[4])


def drawn_twins(seed: int) -> tuple[Course, Course]:
    """A course drawn at random, and another that was moved away from it as far as nothing told moves."""
    random = Random(seed)
    first = _drawn(random, seed)
    told, second = list(told_in(first)), first
    for _ in range(TRIES):
        if differing(first, second) > ENOUGH:
            break
        moved = _moved(random, second)
        if all(one == other for one, other in zip(told_in(moved), told, strict=True)):
            second = moved
    # With few cases nothing is told of them, with more the step they lie in.
    numbers = (2, 3) if seed % 2 else (5, 8)
    second = replace(second, reached=_otherwise(random, second.reached))
    courses = [
        replace(course, cases=_cases(random, count), name=name)
        for course, count, name in zip((first, second), numbers, ("UNO", "DUE"), strict=True)
    ]
    assert differing(*courses) > ENOUGH, f"twins {seed} are hardly two worlds"
    return courses[0], courses[1]


def differing(first: Course, second: Course) -> int:
    """In how many municipalities the two declare another need."""
    pairs = [(course.first, dict(course.again)) for course in (first, second)]
    return sum(
        any(one.get(place) != other.get(place) for one, other in zip(*pairs, strict=True)) for place in DECLARING
    )


def told_in(course: Course) -> Iterator[object]:
    """Everything that anybody is told of the households in each version, one after another."""
    materials = list(course.materials())
    for material in materials:
        yield plan_hash(material.plan), told_figures(material.plan)
    for material in materials:
        yield [part_of(number, for_all(material), None) for number in OF_HOUSEHOLDS]


def _drawn(random: Random, seed: int) -> Course:
    nobody = HousingNeed(**dict.fromkeys((*COUNTS, *OTHERS) if seed % 3 == 2 else COUNTS, 0))
    first = {place: _need(random, place, seed) if place in DECLARING else nobody for place in sorted(names_of(AMBITO))}
    early, late = random.sample(VILLAGES, 2)
    again = tuple((place, _need(random, place, seed)) for place in (early, late))
    reached = {place: tuple(random.choice((1, 2, 3, 8)) for _ in range(2)) for place in DECLARING}
    return Course(first, again, reached, (), "")


def _need(random: Random, place: str, seed: int) -> HousingNeed:
    """Of a village few of anything, by seed with lists that are linked, or with flows."""
    high = 4 if place == CREMONA else 2 if place == TOWN else 1
    counts: dict[str, Any] = {name: high * random.choice(FEW) for name in COUNTS}
    if seed % 3 == 1:
        linked = random.randint(max(counts.values()), sum(counts.values()))
        cuts = sorted(random.randint(0, linked) for _ in range(5))
        sizes = tuple(end - start for start, end in zip((0, *cuts), (*cuts, linked), strict=True))
        return HousingNeed(**counts, linked_total=linked, by_household_size=sizes)
    if seed % 3 == 2:
        counts |= {name: high * random.choice(FEW) for name in OTHERS}
    return HousingNeed(**counts)


def _moved(random: Random, course: Course) -> Course:
    """One household less and more of two kinds in one village, the other way round in another; at times of one kind."""
    turn, sign = random.randrange(3), random.choice((-1, 1))
    places = random.sample((*VILLAGES, CREMONA), 2)
    kinds = random.sample(COUNTS, 2)[: random.choice((1, 2, 2))]
    sizes = tuple(random.sample(range(6), 2))
    first, again = dict(course.first), list(course.again)
    for place, way in zip(places, (sign, -sign), strict=True):
        steps = dict(zip(kinds, (way, -way), strict=False))
        number = next((number for number, (anew, _) in enumerate(again) if anew == place and turn), None)
        if number is None:
            first[place] = _with(first[place], steps, sizes[::way])
        else:
            again[number] = (place, _with(again[number][1], steps, sizes[::way]))
    return replace(course, first=first, again=tuple(again))


def _with(need: HousingNeed, steps: Mapping[str, int], sizes: Sequence[int]) -> HousingNeed:
    """So many more of each kind and, where lists are linked, one household of another size; none below zero."""
    moved: dict[str, Any] = {name: getattr(need, name) + step for name, step in steps.items()}
    split = list(need.by_household_size or ())
    if split:
        split[sizes[0]] -= 1
        split[sizes[1]] += 1
    counts = (*moved.values(), *split)
    if min(counts) < 0:
        return need
    return need.model_copy(update=moved | ({"by_household_size": tuple(split)} if split else {}))


def _otherwise(random: Random, reached: Reached) -> Reached:
    """Where a measure reaches too few households to be told, so many others; the town knows its own."""
    return {
        place: few if place == TOWN else tuple(random.randrange(5) if one < 5 else one for one in few)
        for place, few in reached.items()
    }


def _cases(random: Random, count: int) -> tuple[Case, ...]:
    return tuple(
        Case(random.choice((*VILLAGES, CREMONA)), random.randint(1, 5), random.randint(1, 3)) for _ in range(count)
    )


def _common() -> EmergencyCaseOpened:
    """The case of the lead municipality for which it holds a home, in both worlds."""
    return EmergencyCaseOpened(
        case_ref="COMUNE",
        municipality=CREMONA,
        household_size=2,
        accessible=False,
        urgency_class=1,
        waiting_since=DAYS[0],
    )


def _registry() -> TestRegistry:
    """ALER has homes for whoever is without one, in several municipalities; a cooperative's is in works for long."""
    registry = TestRegistry()
    for number in range(30):
        registry.register(f"L{number}", UnitStatus.OCCUPIED, owner=ALER, on=date(2025, 1, 1))
    for number in range(12):
        place = (*VILLAGES, CREMONA)[number % 6]
        registry.register(
            f"S{number}",
            UnitStatus.RESERVED_SAT,
            owner=ALER,
            municipality=place,
            area=110,
            accessible=True,
            on=date(2025, 1, 1),
        )
    registry.register("V1", UnitStatus.OCCUPIED, owner=ALER, municipality=TOWN, on=date(2025, 1, 1))
    registry.register("W1", UnitStatus.IN_WORKS, owner=COOPERATIVE, works_end_on=date(2029, 1, 1))
    return registry


def _heard(message: Message, on: date) -> Message:
    envelope = message.envelope._replace(time=datetime.combine(on, time(9), UTC))
    return message._replace(envelope=envelope)


def _message(event: Event, name: str, on: date) -> Message:
    identifier = derived(f"twins/{name}")
    at = datetime.combine(on, time(9), UTC)
    return Message(Envelope(identifier, "urn:test", at, name, AMBITO, correlation_id=identifier), event)
