"""Who is offered which home: statutory order against brute force, caps, causes and withdrawal."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.emergency import ActionKind, derive_actions, diff, sat_allowances
from services.planner.domain.matching import Matching
from services.planner.domain.state import PlanState, fold
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import (
    CASTELVERDE,
    CREMONA,
    NAMES,
    RULES,
    START,
    TestRegistry,
    case_closed,
    case_opened,
    folded,
)

LET, FREE, SAT = UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE, UnitStatus.RESERVED_SAT
OFFER, RESERVE = ActionKind.OFFER_TO_CASE, ActionKind.RESERVE_AS_SAT


def stocked(occupied: int = 20, owner: str = "aler") -> TestRegistry:
    registry = TestRegistry()
    for number in range(occupied):
        registry.register(f"{owner}-{number}", LET, owner=owner)
    return registry


def offers(state: PlanState) -> dict[str, str]:
    actions = derive_actions(state, RULES, NAMES)
    return {action.case_ref: action.unit_id for action in actions if action.kind is OFFER}


@st.composite
def rooms(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, int], dict[str, str], dict[str, int]]:
    buckets = [f"b{number}" for number in range(draw(st.integers(1, 4)))]
    wishes = {
        f"c{number}": draw(st.lists(st.sampled_from(buckets), unique=True)) for number in range(draw(st.integers(1, 5)))
    }
    capacity = {bucket: draw(st.integers(0, 2)) for bucket in buckets}
    quota_of = {bucket: draw(st.sampled_from("pq")) for bucket in buckets if draw(st.booleans())}
    return wishes, capacity, quota_of, {"p": draw(st.integers(0, 2)), "q": draw(st.integers(0, 2))}


@settings(max_examples=400, deadline=None)
@given(rooms())
def test_serving_in_order_is_optimal_for_every_tier(room) -> None:
    wishes, capacity, quota_of, quota = room
    matching = Matching(wishes, capacity, quota_of, quota)
    for case in wishes:
        before = set(matching.place)
        matching.serve(case)
        assert before <= set(matching.place)
    best = (0,) * len(wishes)
    for places in product(*([None, *wished] for wished in wishes.values())):
        used = Counter(place for place in places if place)
        drawn = Counter(quota_of[place] for place in places if place in quota_of)
        if all(used[b] <= capacity[b] for b in used) and all(drawn[q] <= quota[q] for q in drawn):
            best = max(best, tuple(int(place is not None) for place in places))
    assert tuple(int(case in matching.place) for case in wishes) == best
    assert all(place in wishes[case] for case, place in matching.place.items())
    assert all(count <= capacity[b] for b, count in Counter(matching.place.values()).items())
    drawn = Counter(quota_of[place] for place in matching.place.values() if place in quota_of)
    assert all(count <= quota[q] for q, count in drawn.items())


def test_the_more_urgent_then_the_longer_waiting_come_first() -> None:
    registry = stocked()
    registry.register("S1", SAT)
    cases = [
        case_opened("late", 901, urgency=1, since=date(2025, 6, 1)),
        case_opened("early", 902, urgency=1, since=date(2025, 5, 1)),
        case_opened("minor", 903, urgency=2, since=date(2020, 1, 1)),
    ]
    assert offers(folded(registry.sent + cases)) == {"early": "S1"}


def test_a_household_moves_over_so_that_both_are_housed() -> None:
    registry = stocked(occupied=0)
    registry.register("S-large", SAT, area=70, municipality=CASTELVERDE)
    registry.register("S-small", SAT, area=40)
    first, second = case_opened("first", 901, people=2, municipality=CASTELVERDE), case_opened("second", 902, people=5)
    assert offers(folded([*registry.sent, first])) == {"first": "S-large"}
    assert offers(folded([*registry.sent, first, second])) == {"first": "S-small", "second": "S-large"}


def test_homes_reserved_already_then_the_own_municipality_then_the_best_fit() -> None:
    registry = stocked()
    registry.register("near", FREE, area=60)
    registry.register("near-fit", FREE, area=40)
    registry.register("far", SAT, area=80, municipality=CASTELVERDE)
    assert offers(folded([*registry.sent, case_opened("C1", 901)])) == {"C1": "far"}
    registry.report("far", "sat-assigned", UnitStatus.OCCUPIED_SAT, START)
    assert offers(folded([*registry.sent, case_opened("C1", 901)])) == {"C1": "near-fit"}


@pytest.mark.parametrize(
    ("people", "accessible", "area", "is_offered"),
    [(3, False, 48, True), (3, False, 47, False), (9, False, 78, True), (9, False, 77, False), (1, True, 60, False)],
)
def test_a_home_must_be_large_and_accessible_enough(people: int, accessible: bool, area: int, is_offered: bool) -> None:
    # R.R. 4/2017, art. 9: three people need 48 m2, six and more 78.
    registry = stocked()
    registry.register("S1", SAT, area=area)
    case = case_opened("C1", 901, people=people, accessible=accessible)
    assert bool(offers(folded([*registry.sent, case]))) is is_offered


def test_reservations_stay_within_a_tenth_of_the_homes_ever_registered_rounded_down() -> None:
    # 27 + 2 free = 29: floor(2.9) = 2, of which one is set aside already.
    registry = stocked(occupied=26)
    registry.register("S0", UnitStatus.OCCUPIED_SAT)
    registry.register("F1", FREE)
    registry.register("F2", FREE)
    cases = [case_opened("C1", 901), case_opened("C2", 902)]
    state = folded(registry.sent + cases)
    assert sat_allowances(state, RULES) == {"aler": 1}
    assert len(offers(state)) == 1
    registry.register("F3", UnitStatus.SOLD)
    # Thirty registered, one of them sold: floor(3.0) - 1 = 2.
    assert offers(folded(registry.sent + cases)) == {"C1": "F1", "C2": "F2"}


def test_an_action_names_its_causes_its_article_and_what_it_brings() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    actions = derive_actions(folded([*registry.sent, case_opened("C1", 901, urgency=2)]), RULES, NAMES)
    assert [action.id for action in actions] == ["OFFER_TO_CASE/F1/C1", "RESERVE_AS_SAT/F1/C1"]
    offer = actions[0]
    home_event = str(registry.sent[-1].envelope.id)
    assert offer.causes == ("00000000-0000-0000-0000-000000000385", home_event)
    assert offer.article == "L.R. 16/2016, art. 23 c. 13"
    assert offer.effect_it == (
        "Il caso C1 di Cremona (2 persone, classe di urgenza 2) trova sistemazione nell'alloggio F1 a Cremona."
    )


def test_an_action_whose_cause_ends_withdraws_itself() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    state = folded([*registry.sent, case_opened("C1", 901)])
    before = derive_actions(state, RULES, NAMES)
    fold(state, case_closed("C1", 902))
    opened, withdrawn = diff(before, derive_actions(state, RULES, NAMES))
    assert (opened, withdrawn) == ((), before)


def test_a_home_occupied_without_title_is_offered_no_more() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    registry.report("F1", "unit-occupied-without-title", UnitStatus.OCCUPIED_WITHOUT_TITLE, START)
    assert derive_actions(folded([*registry.sent, case_opened("C1", 901)]), RULES, NAMES) == ()


def test_a_case_elsewhere_is_offered_at_home_and_reserved_where_the_home_is() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    actions = derive_actions(folded([*registry.sent, case_opened("C1", 901, municipality=CASTELVERDE)]), RULES, NAMES)
    assert {action.kind: action.municipality for action in actions} == {OFFER: CASTELVERDE, RESERVE: CREMONA}
