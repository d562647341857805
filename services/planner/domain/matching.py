"""Who gets which home when there are too few: one case after another, and nobody served is dropped for a later one.

Homes alike for every case lie in one bucket. Each case takes the first bucket of its own order of preference that has
room; when none has, the shortest augmenting path makes room by moving earlier cases to other homes that suit them.
The sets of cases that can be served together form a matroid, so that serving in order is optimal for every tier at
once: as many of the first as can be, then as many of the second, and so on.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)
B = TypeVar("B", bound=Hashable)
Q = TypeVar("Q", bound=Hashable)


@dataclass(slots=True)
class Matching(Generic[C, B, Q]):
    """Cases, buckets of like homes, and the quotas that buckets draw on.

    `wishes`: the buckets that suit a case, best first. `capacity`: homes in a bucket. `quota_of`: the quota that a
    bucket's homes count against; none for the others. `quota`: how many homes each quota allows.
    """

    wishes: Mapping[C, Sequence[B]]
    capacity: Mapping[B, int]
    quota_of: Mapping[B, Q]
    quota: Mapping[Q, int]
    place: dict[C, B] = field(default_factory=dict)
    guests: dict[B, list[C]] = field(default_factory=lambda: defaultdict(list))
    drawn: dict[Q, int] = field(default_factory=lambda: defaultdict(int))

    def serve(self, case: C) -> bool:
        """Find a home for one more case if that can be done without dropping any."""
        entered_by: dict[B, C] = {}
        opens: dict[C, B] = {}
        full: set[Q] = set()
        queue = deque([case])
        while queue:
            mover = queue.popleft()
            for bucket in self.wishes[mover]:
                if bucket in entered_by:
                    continue
                entered_by[bucket] = mover
                movable = list(self.guests[bucket])
                if len(movable) < self.capacity[bucket]:
                    quota = self.quota_of.get(bucket)
                    if quota is None or self.drawn[quota] < self.quota[quota]:
                        self._move(case, bucket, entered_by, opens)
                        return True
                    if quota not in full:
                        full.add(quota)
                        movable = [guest for guest, other in self.place.items() if self.quota_of.get(other) == quota]
                for guest in movable:
                    if guest not in opens:
                        opens[guest] = bucket
                        queue.append(guest)
        return False

    def _move(self, case: C, bucket: B, entered_by: Mapping[B, C], opens: Mapping[C, B]) -> None:
        """Walk the path back: each mover enters its bucket, and by leaving its old one opens the next."""
        mover = entered_by[bucket]
        while mover != case:
            self._leave(mover)
            self._enter(mover, bucket)
            bucket = opens[mover]
            mover = entered_by[bucket]
        self._enter(case, bucket)

    def _enter(self, case: C, bucket: B) -> None:
        self.place[case] = bucket
        self.guests[bucket].append(case)
        if (quota := self.quota_of.get(bucket)) is not None:
            self.drawn[quota] += 1

    def _leave(self, case: C) -> None:
        bucket = self.place.pop(case)
        self.guests[bucket].remove(case)
        if (quota := self.quota_of.get(bucket)) is not None:
            self.drawn[quota] -= 1
