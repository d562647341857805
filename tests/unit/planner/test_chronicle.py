"""The plan as it was: against a registry that is told only what was true and known, and against the live fold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.chronicle import known_by, state_as_of, true_on
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import canonical, compute
from services.planner.domain.state import PlanState
from services.registry.domain import Entry, Refusal, decide, needs_history
from shared.events.base import Envelope, Message
from shared.events.units import Report, ReportRetracted, Unit, UnitChanged, UnitRegistered, UnitStatus
from tests.unit.planner.worlds import (
    AMBITO,
    CREMONA,
    NAMES,
    RULES,
    START,
    TestRegistry,
    case_closed,
    case_opened,
    day_began,
    folded,
    submission,
)
from tests.unit.registry.samples import DAY, OWNER, TABLE, kind_of, registered, report

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = date(2030, 1, 1)
TRIENNIUM = Triennium(2026)
AREAS = st.sampled_from([Decimal(30), Decimal(50), Decimal(70)])


class Claim(NamedTuple):
    """A report and the hour in which it came."""

    hour: int
    report: Report


@dataclass
class Registry:
    """The registry's own rules over reports in the order they come in."""

    units: dict[str, Unit] = field(default_factory=dict)
    histories: dict[str, list[Entry]] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)

    def tell(self, claim: Claim) -> None:
        """Raises `Refusal`."""
        said = claim.report
        history, before = self.histories.get(said.unit_id, []), self.units.get(said.unit_id)
        report_id, latest = report_identifier(claim), max((one.report.effective_on for one in history), default=None)
        past = history if needs_history(latest, said) else None
        decision = decide(before, past, said, report_id, OWNER, TODAY)
        at = NOON + timedelta(hours=claim.hour)
        self.units[said.unit_id] = decision.unit
        self.histories[said.unit_id] = [*history, Entry(len(history) + 1, at, report_id, OWNER, said)]
        fact = UnitChanged(
            unit_id=said.unit_id,
            ambito=AMBITO,
            sequence=len(history) + 1,
            report=said.name(),
            report_id=report_id,
            organisation=OWNER,
            effective_on=said.effective_on,
            before=before,
            after=decision.unit,
            transitions=decision.transitions,
            withdrawn=decision.withdrawn,
            course=decision.course,
        )
        fact_id = UUID(int=report_id.int + (1 << 64))
        envelope = Envelope(fact_id, "urn:test", at, said.unit_id, AMBITO, fact_id, organisation=OWNER)
        self.sent.append(Message(envelope, fact))


def report_identifier(claim: Claim) -> UUID:
    return UUID(int=claim.hour + 1000 * int(claim.report.unit_id[2:]))


@st.composite
def reports(draw: st.DrawFn, unit_id: str) -> list[Claim]:
    """What came in about one home, in any order of days: each legal on its day, as far as was known."""
    start = draw(st.sampled_from(["OCCUPIED", "FREE_ASSIGNABLE", "UNINHABITABLE"]))
    registry, claims = Registry(), [Claim(0, registered(start, DAY, unit_id=unit_id))]
    registry.tell(claims[0])
    for hour, day in enumerate(draw(st.lists(st.integers(0, 40), max_size=8)), start=1):
        if len(claims) > 1 and draw(st.integers(0, 4)) == 0:
            claim = Claim(hour, retraction(draw(st.sampled_from(claims[1:]))))
            with suppress(Refusal):
                registry.tell(claim)
                claims.append(claim)
            continue
        on = DAY + timedelta(days=day)
        legal = sorted(kind for place, kind in TABLE if place == situation_on(claims, on))
        for kind in draw(st.permutations(legal)):
            area = (
                {"net_area_m2": draw(st.sampled_from([Decimal(30), Decimal(50), Decimal(70)]))}
                if "corrected" in kind
                else {}
            )
            claim = Claim(hour, report(kind, on, unit_id=unit_id, **area))
            try:
                registry.tell(claim)
            except Refusal:
                continue
            claims.append(claim)
            break
    return claims


def retraction(claim: Claim) -> ReportRetracted:
    said, identifier = claim.report, report_identifier(claim)
    return ReportRetracted(
        unit_id=said.unit_id, effective_on=said.effective_on, retracts=identifier, reason="per errore"
    )


def situation_on(claims: Sequence[Claim], on: date) -> str:
    situation = ""
    gone = {claim.report.retracts for claim in claims if isinstance(claim.report, ReportRetracted)}
    standing = [c for c in claims if report_identifier(c) not in gone and not isinstance(c.report, ReportRetracted)]
    for claim in sorted((c for c in standing if c.report.effective_on <= on), key=lambda c: c.report.effective_on):
        said = claim.report
        situation = str(said.status) if isinstance(said, UnitRegistered) else TABLE[situation, kind_of(said)]
    return situation


WORLDS = st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True).flatmap(
    lambda numbers: st.tuples(*(reports(f"U-{number}") for number in numbers))
)


def told(claims: Iterable[Claim]) -> list[Message]:
    registry = Registry()
    for claim in sorted(claims, key=lambda claim: claim.hour):
        registry.tell(claim)
    return registry.sent


def bytes_of(state: PlanState) -> bytes:
    return canonical(compute(state, TRIENNIUM, RULES, NAMES))


@settings(max_examples=150)
@given(WORLDS, st.integers(-1, 42), st.integers(-1, 9))
def test_as_of_is_what_the_registry_would_have_told_of_what_was_true_and_known(
    world: tuple[list[Claim], ...], day: int, hour: int
) -> None:
    claims = [claim for home in world for claim in home]
    on, known_at = DAY + timedelta(days=day), NOON + timedelta(hours=hour)
    in_force = [claim for claim in claims if claim.hour <= hour and claim.report.effective_on <= on]
    oracle = folded(told(in_force))
    found = state_as_of(AMBITO, RULES.bands, known_by(told(claims), known_at), on)
    assert found == oracle
    assert bytes_of(found) == bytes_of(oracle)


@given(WORLDS, st.randoms(use_true_random=False))
def test_all_that_is_known_makes_the_live_state(world: tuple[list[Claim], ...], random: Random) -> None:
    messages = [*told(claim for home in world for claim in home), case_opened("C-1", 900), submission(1, 3, 901)]
    live = folded(messages)
    facts = [message for message in messages if isinstance(message.event, UnitChanged)]
    random.shuffle(facts)
    found = state_as_of(AMBITO, RULES.bands, [*facts, *messages[len(facts) :]])
    assert found == live


@pytest.mark.parametrize("asked_on", [date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 9)])
def test_a_day_that_began_is_true_on_that_day(asked_on: date) -> None:
    """The home was registered on 1 January; the 2nd of February is the last day that anybody was there for."""
    registry = TestRegistry()
    registry.register("U-1", UnitStatus.OCCUPIED)
    messages = [day_began(date(2026, 2, 2), 90), *registry.sent]
    reached = date(2026, 2, 2) if asked_on >= date(2026, 2, 2) else START
    assert state_as_of(AMBITO, RULES.bands, messages, asked_on).reference_on == reached


def test_a_late_correction_is_known_from_its_day_on_and_true_before() -> None:
    """Free on 1 March; squatted on 20 March, said on the 2nd hour; on the 3rd: uninhabitable since 15 March."""
    march = [DAY + timedelta(days=day) for day in range(31)]
    claims = [
        Claim(1, registered("FREE_ASSIGNABLE", march[0], unit_id="U-1")),
        Claim(2, report("unit-occupied-without-title", march[19], unit_id="U-1")),
        Claim(3, report("declared-uninhabitable", march[14], unit_id="U-1")),
    ]
    messages = told(claims)

    def status(day: int, hour: int) -> list[str]:
        state = state_as_of(AMBITO, RULES.bands, known_by(messages, NOON + timedelta(hours=hour)), march[day - 1])
        return [status for _, _, status in state.stock]

    assert [status(17, hour) for hour in range(4)] == [[], ["FREE_ASSIGNABLE"], ["FREE_ASSIGNABLE"], ["UNINHABITABLE"]]
    assert [status(day, 3) for day in (1, 14, 15, 19, 20)] == [
        ["FREE_ASSIGNABLE"],
        ["FREE_ASSIGNABLE"],
        ["UNINHABITABLE"],
        ["UNINHABITABLE"],
        ["OCCUPIED_WITHOUT_TITLE"],
    ]


def test_a_case_is_open_until_the_day_it_was_closed() -> None:
    opened, closed = case_opened("C-1", 1, since=date(2025, 12, 1)), case_closed("C-1", 2)
    assert (true_on(opened), true_on(closed)) == (date(2025, 12, 1), date(2026, 1, 1))
    on = {date(2025, 11, 30): 0, date(2025, 12, 1): 1, date(2025, 12, 31): 1, date(2026, 1, 1): 0}
    assert {day: len(state_as_of(AMBITO, RULES.bands, [opened, closed], day).cases) for day in on} == on
    assert CREMONA in NAMES
