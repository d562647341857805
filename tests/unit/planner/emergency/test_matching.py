"""Serving in order: every small instance against all ways to place its cases, and what no instance may break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.emergency.matching import Matching, Room

Place = int | None


@dataclass(frozen=True)
class Instance:
    """Buckets come first; above them parts with a rate, above these owners with an allowance. Cases are in order."""

    rooms: tuple[Room, ...]
    wishes: tuple[dict[int, int], ...]

    def solved(self) -> Matching[int]:
        matching: Matching[int] = Matching(self.rooms, dict(enumerate(self.wishes)))
        for case in range(len(self.wishes)):
            served = set(matching.place)
            matching.serve(case)
            assert served <= set(matching.place), "a household served was dropped"
        matching.settle(sorted(matching.place))
        return matching

    def ways(self) -> Iterator[tuple[Place, ...]]:
        """Every way to place the cases within every capacity, by trying all."""
        for places in product(*([None, *wished] for wished in self.wishes)):
            if all(load <= room.capacity for load, room in zip(self.loads(places), self.rooms, strict=True)):
                yield places

    def loads(self, places: tuple[Place, ...]) -> list[int]:
        loads = [0] * len(self.rooms)
        for place in places:
            room = place
            while room is not None:
                loads[room] += 1
                room = self.rooms[room].above
        return loads

    def cost(self, places: tuple[Place, ...]) -> int:
        wished = sum(wishes[place] for wishes, place in zip(self.wishes, places, strict=True) if place is not None)
        return wished + sum(room.rate * load**2 for load, room in zip(self.loads(places), self.rooms, strict=True))

    @cached_property
    def best(self) -> tuple[Place, ...]:
        """Tier by tier as many as can be, then the least cost, then the lowest rooms case by case."""

        def rank(places: tuple[Place, ...]) -> tuple[object, ...]:
            return [place is None for place in places], self.cost(places), [-1 if p is None else p for p in places]

        return min(self.ways(), key=rank)


def drawn(random: Random) -> Instance:
    """Up to 5 cases, 5 buckets, 2 parts for each of 2 owners; costs that tie often, and allowances that bind often."""
    buckets = random.randint(1, 5)
    parts = [Room(9, buckets + 4 + owner, random.choice([0, 3, 5, 12])) for owner in (0, 0, 1, 1)]
    owners = [Room(random.randint(0, 3)) for _ in range(2)]
    above = [random.choice([None, *range(buckets, buckets + 4)]) for _ in range(buckets)]
    rooms = (*(Room(random.randint(0, 2), where) for where in above), *parts, *owners)
    rows = [
        {room: random.randint(0, 6) for room in range(buckets) if random.random() < 0.6}
        for _ in range(random.randint(1, 4))
    ]
    return Instance(rooms, tuple(random.choice(rows) for _ in range(random.randint(1, 5))))


@pytest.mark.parametrize("seed", range(25))
def test_each_of_2500_instances_is_solved_as_by_trying_all_ways(seed: int) -> None:
    random = Random(seed)
    for _ in range(100):
        instance = drawn(random)
        place = instance.solved().place
        assert tuple(place.get(case) for case in range(len(instance.wishes))) == instance.best


instances = st.randoms(use_true_random=False).map(drawn)


@settings(max_examples=300)
@given(instances, st.data())
def test_one_more_home_that_needs_no_allowance_takes_nobody_s_away(instance: Instance, data: st.DataObject) -> None:
    free = [number for number, room in enumerate(instance.rooms) if room.above is None and room.rate == 0]
    buckets = [number for number in free if any(number in wishes for wishes in instance.wishes)]
    if not buckets:
        return
    grown = data.draw(st.sampled_from(buckets))
    rooms = list(instance.rooms)
    rooms[grown] = rooms[grown]._replace(capacity=rooms[grown].capacity + 1)
    assert set(instance.solved().place) <= set(replace(instance, rooms=tuple(rooms)).solved().place)


@settings(max_examples=300)
@given(instances)
def test_who_is_refused_is_told_exactly_who_holds_what_could_be_freed(instance: Instance) -> None:
    matching: Matching[int] = Matching(instance.rooms, dict(enumerate(instance.wishes)))
    refusals = {case: found for case in range(len(instance.wishes)) if (found := matching.serve(case)) is not None}
    matching.settle(sorted(matching.place))
    for case, before in refusals.items():
        assert all(other < case for other in before)
        alone = replace(instance, wishes=tuple(instance.wishes[c] for c in sorted({*before, case})))
        assert not any(None not in places for places in alone.ways()), "together they could all be served"
        assert all(other in matching.place for other in before)


@settings(max_examples=200)
@given(instances, st.randoms(use_true_random=False))
def test_rooms_renamed_cost_the_same_and_serve_the_same(instance: Instance, random: Random) -> None:
    names = list(range(len(instance.rooms)))
    random.shuffle(names)
    rooms: list[Room] = [Room(0)] * len(names)
    for old, room in enumerate(instance.rooms):
        rooms[names[old]] = room._replace(above=None if room.above is None else names[room.above])
    wishes = tuple({names[room]: cost for room, cost in row.items()} for row in instance.wishes)
    renamed = Instance(tuple(rooms), wishes)
    was, now = instance.solved().place, renamed.solved().place
    assert set(was) == set(now)
    order = range(len(wishes))
    costs = [one.cost(tuple(place.get(c) for c in order)) for one, place in ((instance, was), (renamed, now))]
    assert costs[0] == costs[1]


def test_costs_beyond_any_machine_word_stay_exact() -> None:
    # 1 case, 2 rooms that differ in the last digit of a number of 60 digits.
    huge = 10**60
    assert Instance((Room(1), Room(1)), ({0: huge + 1, 1: huge},)).solved().place == {0: 1}
