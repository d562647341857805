"""What is proposed to whom: statutory order, caps, holds, causes and withdrawal."""

from __future__ import annotations

from datetime import date

import pytest

from services.planner.domain.emergency import Emergency, Situation, derive_emergency
from services.planner.domain.emergency.actions import Action, ActionKind
from services.planner.domain.state import PlanState, fold
from shared.events.decisions import HoldAccepted, HoldPlaced, HoldReturned
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
    hold_step,
)

LET, FREE, SAT = UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE, UnitStatus.RESERVED_SAT
OFFER, RESERVE = ActionKind.OFFER_TO_CASE, ActionKind.RESERVE_AS_SAT


def stocked(occupied: int = 20, owner: str = "aler") -> TestRegistry:
    registry = TestRegistry()
    for number in range(occupied):
        registry.register(f"{owner}-{number}", LET, owner=owner)
    return registry


def emergency_of(state: PlanState) -> Emergency:
    situation = Situation(state.cases, state.homes, state.stock, state.holds, state.reference_on or START)
    return derive_emergency(situation, RULES, NAMES, {})


def actions_of(state: PlanState) -> tuple[Action, ...]:
    return emergency_of(state).actions


def offers(state: PlanState) -> dict[str, str]:
    return {action.case_ref: action.unit_id for action in actions_of(state) if action.kind is OFFER}


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
    assert emergency_of(state).allowances["aler"].left == 1
    assert len(offers(state)) == 1
    registry.register("F3", UnitStatus.SOLD)
    # Thirty registered, one of them sold: floor(3.0) - 1 = 2.
    assert offers(folded(registry.sent + cases)) == {"C1": "F1", "C2": "F2"}


def test_an_action_names_its_causes_its_article_and_what_it_brings() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    actions = actions_of(folded([*registry.sent, case_opened("C1", 901, urgency=2)]))
    assert [action.id for action in actions] == ["OFFER_TO_CASE/F1/C1", "RESERVE_AS_SAT/F1/C1"]
    offer = actions[0]
    home_event = str(registry.sent[-1].envelope.id)
    assert offer.causes == ("00000000-0000-0000-0000-000000000385", home_event)
    assert offer.article == "L.R. 16/2016, art. 23 c. 13"
    assert offer.effect_it == (
        "Il caso C1 di Cremona (2 persone, classe di urgenza 2) trova sistemazione nell’alloggio F1 a Cremona."
    )


def test_an_action_whose_cause_ends_withdraws_itself() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    state = folded([*registry.sent, case_opened("C1", 901)])
    assert len(actions_of(state)) == 2
    fold(state, case_closed("C1", 902))
    assert actions_of(state) == ()


def test_a_home_occupied_without_title_is_offered_no_more() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    registry.report("F1", "unit-occupied-without-title", UnitStatus.OCCUPIED_WITHOUT_TITLE, START)
    assert offers(folded([*registry.sent, case_opened("C1", 901)])) == {}


def test_a_case_elsewhere_is_offered_at_home_and_reserved_where_the_home_is() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    actions = actions_of(folded([*registry.sent, case_opened("C1", 901, municipality=CASTELVERDE)]))
    assert {action.kind: action.municipality for action in actions} == {OFFER: CASTELVERDE, RESERVE: CREMONA}


def kinds(state: PlanState) -> list[str]:
    return [action.id for action in actions_of(state)]


def test_who_gets_no_home_is_told_who_gets_those_that_suit() -> None:
    registry = stocked()
    registry.register("S1", SAT)
    registry.register("S2", SAT, area=40)
    cases = [case_opened("C1", 901, people=3), case_opened("C2", 902, people=1), case_opened("C3", 903, people=3)]
    cases.append(case_opened("C4", 904, people=1, urgency=2))
    found = emergency_of(folded(registry.sent + cases))
    # S2 is for one person (40 m2): C3 competes for S1 with C1; C4 for either, with both.
    assert [tuple(refusal) for refusal in found.placing.refusals.values()] == [
        ("C3", ("S1",), ("C1",), ()),
        ("C4", ("S1", "S2"), ("C1", "C2"), ()),
    ]
    told = {action.case_ref: action.effect_it for action in found.actions if action.kind is ActionKind.ACTIVATE_LEASE}
    assert told["C3"] == (
        "Un alloggio preso in locazione dà sistemazione al caso C3 di Cremona (3 persone, classe di urgenza 1). "
        "L’unico alloggio che si potrebbe liberare per il caso (S1) va al caso che lo precede (C1)."
    )
    assert told["C4"].endswith(
        "I 2 alloggi che si potrebbero liberare per il caso (S1, S2) vanno ai 2 casi che lo precedono (C1, C2)."
    )


def test_a_home_beyond_the_owner_s_limit_is_a_reason_too() -> None:
    # 8 + 1 homes: floor(0.9) = 0 may be set aside.
    registry = stocked(occupied=8)
    registry.register("F1", FREE)
    action = actions_of(folded([*registry.sent, case_opened("C1", 901)]))[0]
    assert action.effect_it.endswith("Altri alloggi adatti superano il limite di riserva di aler.")


def test_without_a_home_the_owner_is_asked_for_one_that_can_be_made_ready() -> None:
    registry = stocked()
    registry.register("W-late", UnitStatus.IN_WORKS, works_end_on=date(2026, 7, 1))
    registry.register("N1", UnitStatus.IN_NOTICE)
    state = folded([*registry.sent, case_opened("C1", 901, deadline=date(2026, 3, 1))])
    # 1 January + 180 days is 30 June: works that end on 1 July are too late, and a home in a notice is promised.
    assert kinds(state) == ["ACTIVATE_LEASE//C1"]
    registry.register("W-soon", UnitStatus.IN_WORKS, works_end_on=date(2026, 6, 30), municipality=CASTELVERDE)
    (ask,) = actions_of(folded([*registry.sent, case_opened("C1", 901, deadline=date(2026, 3, 1))]))
    assert (ask.id, ask.owner, ask.municipality) == ("ASK_OWNER_FOR_HOME/W-soon/C1", "aler", CASTELVERDE)
    assert ask.deadline_on == date(2026, 3, 1)
    assert ask.effect_it == (
        "Se aler rende assegnabile l’alloggio W-soon a Castelverde, con lavori fino al 30/6/2026, trova sistemazione "
        "il caso C1 di Cremona (2 persone, classe di urgenza 1). Nessun alloggio disponibile è adatto al caso."
    )
    registry.register("SF", UnitStatus.FREE_STATE_OF_FACT)
    assert kinds(folded([*registry.sent, case_opened("C1", 901)])) == ["ASK_OWNER_FOR_HOME/SF/C1"]


def test_of_two_cases_one_home_is_asked_for_once() -> None:
    registry = stocked()
    registry.register("SF", UnitStatus.FREE_STATE_OF_FACT)
    state = folded([*registry.sent, case_opened("C1", 901), case_opened("C2", 902)])
    assert kinds(state) == ["ACTIVATE_LEASE//C2", "ASK_OWNER_FOR_HOME/SF/C1"]


def test_blameless_arrears_call_for_the_fund_until_the_case_is_closed() -> None:
    registry = stocked()
    registry.register("S1", SAT)
    state = folded([*registry.sent, case_opened("C1", 901, people=1, arrears=True)])
    assert kinds(state) == ["OFFER_TO_CASE/S1/C1", "OPEN_ARREARS_FUND//C1"]
    fund = actions_of(state)[1]
    assert (fund.owner, fund.article) == (f"comune-{CREMONA}", "L.R. 16/2016, titolo V")
    assert fund.effect_it == (
        "Con un contributo per la morosità incolpevole il nucleo del caso C1 di Cremona "
        "(1 persona, classe di urgenza 1) può conservare l’alloggio in cui abita."
    )
    fold(state, case_closed("C1", 902))
    assert kinds(state) == []


def test_a_transitional_home_past_its_end_is_to_be_given_back_or_renewed() -> None:
    registry = stocked()
    registry.register("T1", UnitStatus.OCCUPIED_SAT, date(2025, 1, 1), sat_ends_on=date(2025, 12, 31))
    registry.register("T2", UnitStatus.OCCUPIED_SAT, date(2025, 1, 2), sat_ends_on=START)
    (end,) = actions_of(folded(registry.sent))
    assert (end.id, end.owner, end.deadline_on) == ("END_SAT/T1/", "aler", date(2025, 12, 31))
    assert end.effect_it == (
        "Conclusa l’assegnazione transitoria, scaduta il 31/12/2025, l’alloggio T1 a Cremona torna disponibile; "
        "altrimenti va rinnovata."
    )
    registry.report("T1", "sat-ended", FREE, START)
    assert kinds(folded(registry.sent)) == []


def test_a_home_that_is_held_and_its_case_are_out_of_the_matching() -> None:
    registry = stocked()
    registry.register("F1", FREE)
    registry.register("S1", SAT)
    cases = [case_opened("C1", 901), case_opened("C2", 902), case_opened("C3", 903)]
    # C2 holds what C1 comes first for; what was decided is not optimised again.
    held = hold_step(HoldPlaced, "S1", "C2", 1, 904)
    state = folded([*registry.sent, *cases, held])
    assert kinds(state) == ["ACTIVATE_LEASE//C3", "OFFER_TO_CASE/F1/C1", "RESERVE_AS_SAT/F1/C1"]
    fold(state, hold_step(HoldAccepted, "S1", "C2", 2, 905))
    assert kinds(state) == ["ACTIVATE_LEASE//C3", "OFFER_TO_CASE/F1/C1", "RESERVE_AS_SAT/F1/C1"]
    fold(state, hold_step(HoldReturned, "S1", "C2", 3, 906))
    assert offers(state) == {"C1": "S1", "C2": "F1"}


def test_a_home_that_is_promised_is_still_to_be_set_aside_and_counts_against_the_limit() -> None:
    # 18 + 2 homes: floor(2.0) = 2 may be set aside, one of them is promised.
    registry = stocked(occupied=18)
    registry.register("F1", FREE)
    registry.register("F2", FREE)
    state = folded([*registry.sent, case_opened("C1", 901), hold_step(HoldPlaced, "F1", "C1", 1, 902)])
    (reserve,) = actions_of(state)
    assert reserve.id == "RESERVE_AS_SAT/F1/C1"
    assert reserve.effect_it == (
        "L’alloggio F1 a Cremona, riservato ai servizi abitativi transitori, è prenotato per il caso C1 di Cremona."
    )
    assert reserve.causes[-1] == "00000000-0000-0000-0000-000000000386"
    assert emergency_of(state).allowances["aler"] == (20, 2, 0, 1)


def test_nothing_depends_on_the_order_in_which_it_was_heard() -> None:
    registry = stocked()
    for number in range(4):
        registry.register(f"F{number}", FREE, area=40 + 10 * number)
    cases = [case_opened(f"C{number}", 901 + number, people=1 + number % 3) for number in range(5)]
    assert actions_of(folded([*registry.sent, *cases])) == actions_of(folded([*cases[::-1], *registry.sent[::-1]]))
