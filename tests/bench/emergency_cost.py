"""What the emergency actions cost, in processor time: `python -m tests.bench.emergency_cost`.

Two tables: placing so many cases in so many homes, the first row as many as the demo has, over invented ambiti of which
some hardly have a home to spare and some cases for one; and all actions of a plan, derived anew or carried over.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from statistics import median
from time import process_time

from services.planner.domain.emergency import Emergency, Situation, derive_emergency
from services.planner.domain.forecast import Triennium
from services.planner.domain.homes import VacantHomes
from services.planner.domain.plan import Method
from services.planner.domain.state import PlanState
from services.planner.law import rules_on
from shared.events.units import UnitStatus
from shared.territory import metres_of, names_of
from tests.unit.planner.emergency.crowds import DAY, Crowd, crowd

AMBITO, RULES = "cremonese", rules_on(DAY)
SIZES = ((9, 90), (60, 150), (120, 300), (240, 600))
INSTANCES, ROUNDS = 24, 9
LET = 25
"""Homes let for each that is not; the owners' limits follow from them."""


def milliseconds(work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = process_time()
        work()
        found.append(1000 * (process_time() - began))
    return found


def state_of(world: Crowd) -> PlanState:
    homes, stock = VacantHomes(), Counter[tuple[str, str, UnitStatus]]()
    for unit_id, home in world.homes.items():
        homes.enter((unit_id, 1), home)
        stock[home.municipality, home.owner, home.status] += 1
        stock[home.municipality, home.owner, UnitStatus.OCCUPIED] += LET
    return PlanState(AMBITO, RULES.bands, reference_on=DAY, homes=homes, stock=dict(stock), cases=world.cases)


def derived(state: PlanState) -> Emergency:
    situation = Situation(state.cases, state.homes, state.stock, state.holds, DAY)
    return derive_emergency(situation, RULES, names_of(AMBITO), metres_of(AMBITO))


def print_placing() -> None:
    print("| cases | homes | buckets of like homes | quickest ambito, ms | median ms | slowest ms |")
    print("|---|---|---|---|---|---|")
    for cases, homes in SIZES:
        worlds = [crowd(Random(seed), cases, homes) for seed in range(INSTANCES)]
        buckets = sorted(len(world.buckets) for world in worlds)
        times = [median(milliseconds(world.placed)) for world in worlds]
        print(
            f"| {cases} | {homes} | {buckets[0]} to {buckets[-1]} | {min(times):.1f} | {median(times):.1f} | "
            f"{max(times):.1f} |"
        )


def print_actions() -> None:
    print("\n| actions of a plan | median ms |")
    print("|---|---|")
    for cases, homes in SIZES[:2]:
        states = [state_of(crowd(Random(seed), cases, homes)) for seed in range(INSTANCES)]
        anew = median(median(milliseconds(partial(derived, state))) for state in states)
        print(f"| {cases} cases, {homes} homes | {anew:.1f} |")
    method = Method(Triennium(DAY.year), lambda _: RULES, names_of, metres_of)
    plan = method.plan_of(states[-1])
    states[-1].settle()
    print(f"| whole plan, nothing touched | {median(milliseconds(lambda: method.plan_of(states[-1], plan))):.2f} |")


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(400_000, 20, 100)  # as a service does: shared/runtime.py
    print_placing()
    print_actions()
