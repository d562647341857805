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
from heapq import heappop, heappush
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
    """Cases and rooms; `wishes` has what each room that suits a case costs it.

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
        self._potential = [0] * (len(rooms) + 1)
        self.load = [0] * (len(rooms) + 1)
        self.guests: list[list[C]] = [[] for _ in range(len(rooms) + 1)]
        self.place: dict[C, int] = {}
        self._refused: dict[int, frozenset[C]] = {}

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
            self._potential[room] += distance - nearest
        self._follow(came_from, self._root)
        return None

    def settle(self, order: Iterable[C]) -> None:
        """Of all ways that cost the same, take the one that gives each case in turn the room of the lowest number."""
        settled: set[C] = set()
        for case in order:
            here = self.place[case]
            settled.add(case)
            for room in sorted(self._wishes[case]):
                if room >= here:
                    break
                if self._extra(case, here, room) == 0 and (came_from := self._detour(case, room, here, settled)):
                    self.guests[here].remove(case)
                    self._follow(came_from, here)
                    break

    def _search(self, case: C) -> tuple[dict[int, int], dict[int, Step[C]]]:
        """Distances of the rooms no farther than any free home, by Dijkstra's algorithm on reduced costs.

        Guests who share their wishes are equally near from wherever they are: only the first that is met moves on.
        """
        root, potential = self._root, self._potential
        nearest: list[int | None] = [None] * (root + 1)
        came_from: dict[int, Step[C]] = {}
        reached: dict[int, int] = {}
        met: set[int] = set()
        heap: list[tuple[int, int]] = []

        def meet(guest: C, base: int, origin: int | None) -> None:
            wishes = self._wishes[guest]
            if id(wishes) in met:
                return
            met.add(id(wishes))
            for there, cost in wishes.items():
                total, known = base + cost - potential[there], nearest[there]
                if known is None or total < known:
                    nearest[there] = total
                    came_from[there] = (origin, guest)
                    heappush(heap, (total, -there))  # of equal ones the limits, and the end, come first

        meet(case, 0, None)
        while heap and root not in reached:
            distance, room = heappop(heap)
            room = -room
            if room in reached:
                continue
            reached[room] = distance
            for there, extra in self._limits(room):
                total, known = distance + extra, nearest[there]
                if known is None or total < known:
                    nearest[there] = total
                    came_from[there] = (room, None)
                    heappush(heap, (total, -there))
            for guest in self.guests[room]:
                meet(guest, distance + potential[room] - self._wishes[guest][room], room)
        return reached, came_from

    def _detour(self, case: C, start: int, end: int, settled: set[C]) -> dict[int, Step[C]] | None:
        """A way to make room for the case at `start` by filling the place it leaves at `end`, that costs nothing."""
        came_from: dict[int, Step[C]] = {start: (None, case)}
        queue = deque([start])
        while queue and end not in came_from:
            room = queue.popleft()
            for there, extra in self._limits(room):
                if extra == 0 and there not in came_from:
                    came_from[there] = (room, None)
                    queue.append(there)
            for guest in self.guests[room]:
                if guest not in settled:
                    for there in self._wishes[guest]:
                        if there not in came_from and self._extra(guest, room, there) == 0:
                            came_from[there] = (room, guest)
                            queue.append(there)
        return came_from if end in came_from else None

    def _limits(self, room: int) -> list[tuple[int, int]]:
        """Rooms one goes on to by taking one home more of `room`, or one less of those below; never below zero."""
        potential = self._potential[room]
        ways = []
        if self.load[room] < self._capacity[room]:
            above, price = self._above[room], (2 * self.load[room] + 1) * self._rate[room]
            ways.append((above, price + potential - self._potential[above]))
        for below in self._below[room]:
            if taken := self.load[below]:
                price = (2 * taken - 1) * self._rate[below]
                ways.append((below, potential - price - self._potential[below]))
        return ways

    def _extra(self, case: C, here: int, there: int) -> int:
        wishes = self._wishes[case]
        return wishes[there] - wishes[here] + self._potential[here] - self._potential[there]

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
            else:
                self.load[room] -= 1
            room = origin
