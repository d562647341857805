"""What is published of households, attacked by a solver over random plans: no count below three is recovered.

`tests/support/suppression_attack.py` says what the attacker knows, and when a cell is recovered.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from deploy.demo.synthetic import generate
from services.planner.document.assembly import document_of, draft_of
from services.planner.document.canonical import json_of
from services.planner.domain import withholding
from services.planner.domain.declared_years import FLOWS
from services.planner.domain.needs import inhabitants_of
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.domain.withholding import plan_hash, stepped, told_figures
from shared.events.planning import AccessMeasure, HousingNeed
from shared.territory import ambito, municipality_organisation
from tests.support.household_worlds import COUNTS, World, drawn_world
from tests.support.suppression_attack import Attack, attack, published

PLANS = 200
TURN = 10


def attacked(seed: int, width: int = 5000, few: int = 5000) -> Attack:
    world = drawn_world(seed)
    materials = [world.material(version) for version in (0, 1)]
    return attack(world, [one.plan for one in materials], [published(one) for one in materials], width, few)


@pytest.mark.parametrize("turn", range(TURN))
def test_of_random_plans_in_two_versions_no_count_below_three_is_recovered(turn: int) -> None:
    """200 plans of two versions each: between them some 1,800 counts and needs of one or two households."""
    small = 0
    for seed in range(turn, PLANS, TURN):
        system = attacked(seed)
        assert system.recovered() == set(), f"of the plan {seed}"
        small += len(system.small)
    assert small > 100


def test_of_the_demo_with_all_its_municipalities_no_count_below_three_is_recovered() -> None:
    """As 46 of them declare it, without flows, which the attacker does not invert: so he knows more of the rest."""
    people = inhabitants_of(survey_ambito(ambito("cremonese").municipalities, ASSUMED))
    needs: dict[str, HousingNeed] = {}
    for row in generate(2026, ambito("cremonese"), date(2026, 11, 23)).submissions:
        if row.need is not None and row.owner == municipality_organisation(row.municipality):
            needs[row.municipality] = row.need.model_copy(update=dict.fromkeys(FLOWS))
    world = World((needs,), dict.fromkeys(needs, ()), (0,), people)
    material = world.material(0)
    system = attack(world, [material.plan], [published(material)], most=2000)
    assert (len(people), len(needs)) == (48, 46)
    assert len(system.small) > 100
    assert system.recovered() == set()


def test_were_they_told_exactly_but_for_the_small_ones_the_attacker_finds_these(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test of the test: primary suppression alone, with sums and bands as they are."""

    def exact(name: str, value: int, unit: int = 1) -> int:
        return value

    def all_but_few(needs: withholding.Needs, hearsay: withholding.Hearsay) -> withholding.Needs:
        return {place: sheet for place, sheet in kept(needs, hearsay).items() if sheet["need_3y"] >= 3000}

    kept = withholding.told_needs
    monkeypatch.setattr(withholding, "stepped", exact)
    monkeypatch.setattr("services.planner.domain.parts.need.stepped", exact)
    monkeypatch.setattr(withholding, "told_needs", all_but_few)
    found = [cell for seed in range(12) for cell in attacked(seed, width=1, few=3000).recovered()]
    assert {cell.name == "need_3y" for cell in found} == {True, False}


def of_few(*, evicted: int, reached: int, cases: int) -> World:
    """Two municipalities with twenty households each, and a village that has very few of anything."""
    world = drawn_world(0)
    places = list(world.people)[:3]
    large, small = (dict.fromkeys(COUNTS, count) for count in (20, 0))
    needs = {place: HousingNeed(**large) for place in places[:2]}
    village = {places[2]: HousingNeed(**small | {"eviction_orders": evicted})}
    measure = AccessMeasure(
        name="Contributo", budget_eur=Decimal(1850 * reached), households=reached, rule_of_origin="prova"
    )
    measures = {place: (measure,) if place == places[2] else () for place in places}
    return World((needs | village,), measures, (cases,), {place: world.people[place] for place in places})


def bytes_of(world: World) -> bytes:
    material = world.material(0)
    return json_of(document_of(material, draft_of(material.plan, 1, ""), (), (), synthetic=True))


def test_worlds_that_differ_only_in_what_is_kept_back_publish_the_same_bytes_and_fingerprint() -> None:
    """Of two evicted households or none, of four cases or none, of four households helped or none: nobody can tell."""
    first = of_few(evicted=1, reached=1, cases=1)
    for evicted, reached, cases in ((2, 1, 1), (0, 1, 1), (1, 0, 1), (1, 4, 1), (1, 1, 0), (1, 1, 4), (4, 2, 2)):
        other = of_few(evicted=evicted, reached=reached, cases=cases)
        assert bytes_of(other) == bytes_of(first)
        plans = [world.material(0).plan for world in (first, other)]
        assert plan_hash(plans[0]) == plan_hash(plans[1])
        assert told_figures(plans[0]) == told_figures(plans[1])
        assert plans[0] != plans[1] or (reached, evicted, cases) == (0, 1, 1) or reached == 4
    assert bytes_of(of_few(evicted=1, reached=5, cases=1)) != bytes_of(first)
    assert bytes_of(of_few(evicted=1, reached=1, cases=5)) != bytes_of(first)
    assert bytes_of(of_few(evicted=5, reached=1, cases=1)) != bytes_of(first)


def test_who_declares_alone_is_not_told_many_times_over_for_those_who_do_not() -> None:
    """One village of 47 declares: an estimate for the others from its exact counts would be these, times 47."""
    first = of_few(evicted=1, reached=0, cases=0)
    village = [*first.people][-1]
    silent = {f"0192{number:02}": first.people[village] for number in range(46)}
    worlds = []
    for evicted in (1, 2, 4):
        need = of_few(evicted=evicted, reached=0, cases=0).needs[0][village]
        people = {village: first.people[village]} | silent
        worlds.append(World(({village: need},), {village: ()}, (0,), people))
    plans = [world.material(0).plan for world in worlds]
    assert len({plan.needs[None]["need_3y"] // 47_000 for plan in plans}) == 3, "to who writes the plan they are told"
    assert len({plan_hash(plan) for plan in plans}) == len({bytes_of(world) for world in worlds}) == 1
    assert not [key for key in told_figures(plans[0]) if key.figure.startswith("need_")]


@pytest.mark.parametrize(
    ("name", "value", "unit", "told"),
    [
        ("need_3y", 34_999, 1000, 30_000),
        ("need_3y", 4_999, 1000, 0),
        ("need_3y_low", 5, 1, 5),
        ("need_3y_high", 0, 1, 5),
        ("need_3y_high", 5, 1, 10),
        ("need_3y_high", 34, 1, 35),
    ],
)
def test_a_number_is_told_as_the_step_that_it_lies_in(name: str, value: int, unit: int, told: int) -> None:
    assert stepped(name, value, unit) == told
