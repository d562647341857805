"""Ambiti too large to try all ways are placed as they were by the program that searched for each case from scratch.

That program and this one are both held against all ways on small instances, in `test_matching.py` and
`test_placing.py`; the digests are what it gave on these.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest

from services.planner.domain.emergency.placing import Placing
from tests.unit.planner.emergency.crowds import crowd

DIGESTS = (
    "f64345d30c2a26f2",
    "2b0e95e447dc5477",
    "2cfab3c1cc2d3572",
    "745389d96bf533f6",
    "c03bcc84193ceeea",
    "9b55f955a41381b9",
    "dec129e892345ae1",
    "6b27e14ed69ae9e2",
    "7213cb2086614a4a",
    "dfd1086070c15a18",
)


def told(placing: Placing) -> str:
    placed = sorted((ref, p.unit_id, p.metres, p.spare_places) for ref, p in placing.placements.items())
    return repr((placed, sorted(tuple(refusal) for refusal in placing.refusals.values())))


@pytest.mark.parametrize("part", range(10))
def test_each_of_300_large_ambiti_is_placed_as_ever(part: int) -> None:
    found = sha256()
    for seed in range(30 * part, 30 * part + 30):
        random = Random(seed)
        found.update(told(crowd(random, random.randint(30, 90), random.randint(60, 200)).placed()).encode())
    assert found.hexdigest()[:16] == DIGESTS[part]
