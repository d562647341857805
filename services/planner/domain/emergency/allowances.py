"""Limite di riserva SAT (L.R. 16/2016, art. 23 c. 13): how many homes each owner may still set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.planner.domain.rules import SatRules
from shared.events.units import UnitStatus

SET_ASIDE = frozenset({UnitStatus.RESERVED_SAT, UnitStatus.OCCUPIED_SAT})


class SatAllowance(NamedTuple):
    """Limite di riserva SAT (L.R. 16/2016, art. 23 c. 13): an owner's baseline, the share of it, what is used of it.

    `promised` are homes held or accepted for a case that the owner has not set aside yet.
    """

    baseline: int
    cap: int
    set_aside: int
    promised: int

    @property
    def left(self) -> int:
        return max(self.cap - self.set_aside - self.promised, 0)


def sat_allowances(
    stock: Mapping[tuple[str, str, UnitStatus], int], promised: Iterable[str], rules: SatRules
) -> dict[str, SatAllowance]:
    """By owner; `stock` is by municipality, owner and status, `promised` has the owner of each home promised.

    The cap is the share of the owner's baseline, rounded down. The law's base is ambiguous: `EVER_REGISTERED`, an
    assumption, counts every home the owner was ever registered with, among them those sold or demolished since, so
    that selling does not lower the cap; homes still under construction do not count.

    Raises:
        ValueError: the rule set names a baseline this does not know.
    """
    if rules.baseline != "EVER_REGISTERED":
        raise ValueError(f"unknown SAT baseline {rules.baseline}")
    baseline: dict[str, int] = defaultdict(int)
    set_aside: dict[str, int] = defaultdict(int)
    pending: dict[str, int] = defaultdict(int)
    for (_, owner, status), count in stock.items():
        if status is not UnitStatus.IN_CONSTRUCTION:
            baseline[owner] += count
        if status in SET_ASIDE:
            set_aside[owner] += count
    for owner in promised:
        pending[owner] += 1
    return {
        owner: SatAllowance(homes, int(rules.set_aside_share * homes), set_aside[owner], pending[owner])
        for owner, homes in baseline.items()
    }
