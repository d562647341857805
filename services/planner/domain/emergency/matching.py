"""Who gets which home when there are too few: one case after another, and nobody served is dropped for a later one.

Each case in turn takes the cheapest augmenting path: a home with room, or one that earlier cases make free by moving to
other homes that suit them. The sets of cases that can be served together form a matroid, so serving in order is optimal
for every tier at once (planner.md, section 5): as many of the first as can be, then as many of the second, and so on.
Because every path is the cheapest, the homes given cost least of all ways to serve just these cases.

Rooms form a tree: buckets of like homes, and limits that several of them share. Costs are whole numbers and every
comparison is exact. A tier is never a cost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Generic, NamedTuple, TypeVar

C = TypeVar("C")
Step = tuple[int | None, C | None]
"""Where a path comes from, and the guest who moves; without one, room is taken or given back on the way."""


class Room(NamedTuple):
    """A bucket of like homes, or a limit on several; its k-th home costs (2k - 1) x `rate`, the sum k squared x `rate`.

    `above` is the number of the limit that it counts against, None for none.
    """

    capacity: int
    above: int | None = None
    rate: int = 0


class Matching(Generic[C]):
    """Cases and rooms; `wishes` has what each room that suits a case costs it, never less than zero.

    `place` is the room of each case served, `guests` the cases in each room, `load` the homes taken in each.
    """

    def __init__(self, rooms: Sequence[Room], wishes: Mapping[C, Mapping[int, int]]) -> None:
        self._root = len(rooms)
        self._wishes = wishes
        self._capacity = [*(room.capacity for room in rooms), 0]
        self._rate = [room.rate for room in rooms]
        self._above = [self._root if room.above is None else room.above for room in rooms]
        self._below: list[list[int]] = [[] for _ in range(len(rooms) + 1)]
        for number, above in enumerate(self._above):
            self._below[above].append(number)
        self.load = [0] * (len(rooms) + 1)
        self.guests: list[list[C]] = [[] for _ in range(len(rooms) + 1)]
        self.place: dict[C, int] = {}
        self._refused: dict[int, frozenset[C]] = {}
        dearest = sum(max(costs.values(), default=0) for costs in wishes.values())
        self._beyond = dearest + sum(2 * room.capacity * room.rate for room in rooms) + 1
        """More than any path costs."""
        self._straight = [-1] * len(rooms) + [0]
        """What one home more of a room and of its limits costs, nobody moving; `_beyond` if one of them is full."""
        for room in self._below[self._root]:
            self._reckon(room)
        # The cheapest way on from each empty room is known, so that searches look only where they may gain something.
        self._potential = [-price for price in self._straight]

    def serve(self, case: C) -> frozenset[C] | None:
        """Find the case a home without dropping any: None when that is done, else the cases that stand in its way.

        These hold every home that could be freed for it by moving anybody (Hall's theorem), and nothing later changes
        that: no path enters them any more. So who shares the wishes of one refused is refused for the same reason.
        """
        wishes = id(self._wishes[case])
        if wishes in self._refused:
            return self._refused[wishes]
        reached, came_from = self._search(case)
        if self._root not in reached:
            self._refused[wishes] = frozenset(guest for room in reached for guest in self.guests[room])
            return self._refused[wishes]
        nearest = reached[self._root]
        for room, distance in reached.items():
            self._potential[room] = distance - nearest
        self._follow(came_from, self._root)
        return None

    def settle(self, order: Iterable[C]) -> None:
        """Of all ways that cost the same, take the one that gives each case in turn the room of the lowest number."""
        movable = self._as_cheap()
        for case in order:
            here, rooms = self.place[case], movable.pop(case)
            came_from: dict[int, Step[C]] = {}
            for room in rooms:
                if room >= here:
                    break
                if room not in came_from and self._detour(case, room, here, movable, came_from):
                    self.guests[here].remove(case)
                    self._follow(came_from, here)
                    break

    def _search(self, case: C) -> tuple[dict[int, int], dict[int, Step[C]]]:
        """Distances of the rooms nearer than any free home, and of the end, by Dijkstra's algorithm on reduced costs.

        Guests who share their wishes are equally near from wherever they are: only the first that is met moves on.
        """
        potential, wishes = self._potential, self._wishes
        nearest, came_from = self._straight_on(case)
        heap = [(nearest[room] - potential[room], -room) for room in came_from]
        heapify(heap)
        reached: dict[int, int] = {}
        met = {id(wishes[case])}

        def go_on(origin: int | None, distance: int, guest: C | None, ways: Mapping[int, int]) -> None:
            for there, cost in ways.items():
                if distance + cost < nearest[there]:
                    nearest[there] = total = distance + cost
                    came_from[there] = (origin, guest)
                    heappush(heap, (total - potential[there], -there))  # of equal ones the limits and the end are first

        go_on(None, 0, case, wishes[case])
        while heap and self._root not in reached:
            room = -heappop(heap)[1]
            if room in reached:
                continue
            distance = reached[room] = nearest[room]
            go_on(room, distance, None, self._limits(room))
            for guest in self.guests[room]:
                costs = wishes[guest]
                if id(costs) not in met:
                    met.add(id(costs))
                    go_on(room, distance - costs[room], guest, costs)
        return reached, came_from

    def _straight_on(self, case: C) -> tuple[list[int], dict[int, Step[C]]]:
        """The cheapest way to a free home on which nobody moves, and how near a room must be to be on a cheaper one."""
        straight = self._straight
        price, room = min(((cost + straight[room], room) for room, cost in self._wishes[case].items()), default=(0, -1))
        if room < 0 or price >= self._beyond:
            return [self._beyond] * len(straight), {}
        nearest = [price + potential for potential in self._potential]
        nearest[room] = price - straight[room]
        came_from: dict[int, Step[C]] = {room: (None, case)}
        while room != self._root:
            above = self._above[room]
            nearest[above], came_from[above] = price - straight[above], (room, None)
            room = above
        return nearest, came_from

    def _as_cheap(self) -> dict[C, list[int]]:
        """The rooms that each case served could be in at the same cost, if nobody else were in the way, in order."""
        found: dict[int, list[int]] = {}
        for case, room in self.place.items():
            costs = self._wishes[case]
            if id(costs) not in found:
                level = costs[room] - self._potential[room]
                found[id(costs)] = sorted(at for at, cost in costs.items() if cost - self._potential[at] == level)
        return {case: found[id(self._wishes[case])] for case in self.place}

    def _detour(
        self, case: C, start: int, end: int, movable: Mapping[C, Sequence[int]], came_from: dict[int, Step[C]]
    ) -> bool:
        """Whether room can be made for the case at `start` by filling its place at `end`, at no cost.

        The rooms in `came_from` were tried before in vain; those tried now are added.
        """
        came_from[start] = (None, case)
        queue = deque([start])
        while queue and end not in came_from:
            room = queue.popleft()
            for there, price in self._limits(room).items():
                if there not in came_from and self._potential[room] + price == self._potential[there]:
                    came_from[there] = (room, None)
                    queue.append(there)
            for guest in self.guests[room]:
                for there in movable.get(guest, ()):
                    if there not in came_from:
                        came_from[there] = (room, guest)
                        queue.append(there)
        return end in came_from

    def _limits(self, room: int) -> dict[int, int]:
        """What it costs to go on to other rooms by taking one home more of `room`, or one less of those below."""
        ways = {}
        if self.load[room] < self._capacity[room]:
            ways[self._above[room]] = (2 * self.load[room] + 1) * self._rate[room]
        for below in self._below[room]:
            if taken := self.load[below]:
                ways[below] = (1 - 2 * taken) * self._rate[below]
        return ways

    def _reckon(self, room: int) -> None:
        """The straight price of a room whose load has changed, and of those below it."""
        price = self._beyond
        if self.load[room] < self._capacity[room]:
            price = min(price, self._straight[self._above[room]] + (2 * self.load[room] + 1) * self._rate[room])
        if price != self._straight[room]:
            self._straight[room] = price
            for below in self._below[room]:
                self._reckon(below)

    def _follow(self, came_from: Mapping[int, Step[C]], end: int) -> None:
        """Walk the path back: each guest enters the room, each limit counts one more or one less."""
        room: int | None = end
        while room is not None:
            origin, guest = came_from[room]
            if guest is not None:
                if origin is not None:
                    self.guests[origin].remove(guest)
                self.guests[room].append(guest)
                self.place[guest] = room
            elif origin is not None and origin != self._root and self._above[origin] == room:
                self.load[origin] += 1
                self._reckon(origin)
            else:
                self.load[room] -= 1
                self._reckon(room)
            room = origin
