"""The need in the plan: gathered from declarations, carried over while none comes, covered by the supply."""

from __future__ import annotations

from uuid import UUID

import orjson

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.declared_years import declared_needs
from services.planner.domain.forecast import Triennium
from services.planner.domain.formulas import FORMULAS
from services.planner.domain.labels import LABELS, label_it
from services.planner.domain.moves import changes
from services.planner.domain.need.pressure import Inhabitants
from services.planner.domain.plan import FigureKey, Plan, canonical, compute, read
from services.planner.domain.state import fold
from shared.events.base import Message
from shared.events.planning import HousingNeed
from shared.events.submissions import SubmissionReceived
from shared.events.units import OwnerKind, UnitStatus
from tests.unit.planner.worlds import (
    AMBITO,
    CASTELVERDE,
    CREMONA,
    NAMES,
    RULES,
    START,
    TestRegistry,
    case_opened,
    folded,
    message,
    submission,
)

PEOPLE = {CREMONA: Inhabitants(1000, 2200, 300), CASTELVERDE: Inhabitants(100, 230, 20)}
TRIENNIUM = Triennium(2026)


def told(number: int, need: HousingNeed, *, municipality: str = CREMONA, year: int = 2025, owner: str = "") -> Message:
    return message(
        SubmissionReceived(
            submission_id=UUID(int=number),
            ambito=AMBITO,
            cycle_year=year,
            owner=owner or f"comune-{municipality}",
            owner_kind=OwnerKind.MUNICIPALITY,
            municipality=municipality,
            revision=1,
            nil=True,
            columns=None,
            received_on=START,
            late=False,
            need=need,
        ),
        number,
    )


BOTH = [
    told(1, HousingNeed(linked_total=40, newly_admitted=12, left_without_assignment=4, applications_submitted=90)),
    told(2, HousingNeed(linked_total=5, newly_admitted=1, left_without_assignment=0), municipality=CASTELVERDE),
]


def planned(messages: list[Message], known: Plan | None = None) -> Plan:
    return compute(folded(messages), TRIENNIUM, RULES, NAMES, known, people=PEOPLE)


def test_a_linked_total_is_the_backlog_and_the_ambito_is_the_sum() -> None:
    """45 households wait in all: 40 and 5, counted once each, so that nothing is uncertain about them."""
    figures = planned(BOTH).figures
    for municipality, households in ((CREMONA, 40), (CASTELVERDE, 5), (None, 45)):
        for end, value in (("_low", households), ("", 1000 * households), ("_high", households)):
            assert figures[FigureKey(municipality, None, f"need_backlog{end}", None)] == value
    needed = [figures[FigureKey(municipality, None, "need_3y", None)] for municipality in (CREMONA, CASTELVERDE, None)]
    assert needed[2] == needed[0] + needed[1]
    assert needed[0] > 40_000


def test_coverage_is_supply_of_the_triennium_over_need() -> None:
    """Four homes free now and nobody exits: 4 homes for the central need, in thousandths rounded down."""
    registry = TestRegistry()
    for number in range(4):
        registry.register(f"F{number}", UnitStatus.FREE_ASSIGNABLE)
    plan = planned([*BOTH, *registry.sent])
    supply, need = (plan.figures[FigureKey(CREMONA, None, name, None)] for name in ("assignable_mean", "need_3y"))
    assert supply == 4000
    assert plan.figures[FigureKey(CREMONA, None, "coverage", None)] == 1000 * supply // need


def test_flows_are_gathered_from_every_year_and_counts_from_the_latest() -> None:
    state = folded(
        [
            told(1, HousingNeed(linked_total=40, newly_admitted=12), year=2024),
            told(2, HousingNeed(linked_total=38, newly_admitted=9, left_without_assignment=2), year=2025),
            told(3, HousingNeed(linked_total=99), owner="aler-bcm"),
        ]
    )
    found = declared_needs(state)[CREMONA]
    assert (found.linked_total, dict(found.newly_admitted)) == (38, {2024: 12, 2025: 9})
    assert dict(found.left_without_assignment) == {2025: 2}


def test_what_no_declaration_touched_is_carried_over_and_the_bytes_are_the_same() -> None:
    state = folded(BOTH)
    before = compute(state, TRIENNIUM, RULES, NAMES, people=PEOPLE)
    state.settle()
    opened = case_opened("C-1", 900)
    fold(state, opened)
    after = compute(state, TRIENNIUM, RULES, NAMES, before, people=PEOPLE)
    assert after.needs is before.needs
    assert canonical(after) == canonical(planned([*BOTH, opened]))
    assert read(canonical(after), NAMES) == after
    fold(state, told(3, HousingNeed(linked_total=50), year=2026))
    last = compute(state, TRIENNIUM, RULES, NAMES, after, people=PEOPLE)
    moved = {figure.figure for change in changes(after, last, []) for figure in change.figures}
    assert "need_3y" in moved
    assert canonical(last) == canonical(compute(state, TRIENNIUM, RULES, NAMES, people=PEOPLE))


def test_without_a_declaration_there_is_no_need() -> None:
    assert planned([submission(1, 4, 901)]).needs == {}
    assert orjson.loads(canonical(planned([])))["needs"] == {}


def test_a_retold_state_has_the_same_need() -> None:
    assert state_as_of(AMBITO, RULES.bands, BOTH) == folded(BOTH)


def test_every_figure_has_an_italian_label_and_a_formula() -> None:
    registry = TestRegistry()
    for number, status in enumerate(UnitStatus):
        registry.register(f"U{number}", status)
    plan = planned([*BOTH, *registry.sent, case_opened("E1", 900), submission(1, 4, 901)])
    assert {key.figure for key in plan.figures} == set(LABELS)
    assert all(label_it(key.figure, key.year) for key in plan.figures)
    assert set(LABELS) <= set(FORMULAS)
