"""Colonne b-g e j del piano annuale (comunicazione regionale 45 del 2 aprile 2019), out of the forecast's own figures.

g is the sum of b to f, and its band that of the whole count. What owners report in the state of fact (b) and as
conferred by private parties (f) no event tells: the model has nothing there, and the declaration stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.supply.offer import Holding, Origin, Supply
from services.planner.domain.supply.outlook import Estimate, Outlook, Scope


class Channel(StrEnum):
    """Canale di offerta: how a home comes into the supply of the year."""

    AS_IS = "b"
    RENOVATED = "c"
    NEW_BUILD = "d"
    FREE_AND_TURNOVER = "e"
    CONFERRED_BY_PRIVATE = "f"


CHANNEL_OF = {
    Origin.FREE: Channel.FREE_AND_TURNOVER,
    Origin.TURNOVER: Channel.FREE_AND_TURNOVER,
    Origin.DISPOSAL_WITHDRAWN: Channel.FREE_AND_TURNOVER,
    Origin.REFURBISHMENT: Channel.RENOVATED,
    Origin.RENOVATION: Channel.RENOVATED,
    Origin.NEW_BUILD: Channel.NEW_BUILD,
}


class AnnualSupply(NamedTuple):
    """Offerta di un anno: thousandths of a home by channel (b to f), their sum (g), and homes set aside as SAT (j).

    Homes in a notice, set aside, valorised or in a disposal plan are in no channel: g is what is left to assign.
    """

    channels: Mapping[Channel, int]
    total: Estimate
    sat: int


def annual_supply(
    supply: Supply, outlooks: Mapping[Scope, Outlook], sat: Mapping[Holding, int]
) -> dict[Holding, tuple[AnnualSupply, ...]]:
    """The columns of every municipality and owner, for each year and, last, the triennium."""
    found = {}
    for (municipality, owner), offer in supply.offers.items():
        totals = outlooks[municipality, owner].assignable
        set_aside = sat.get((municipality, owner), 0)
        found[municipality, owner] = tuple(
            [AnnualSupply(_channels(offer.means, window), total, set_aside) for window, total in enumerate(totals)]
        )
    return found


def _channels(means: Mapping[Origin, tuple[int, ...]], window: int) -> dict[Channel, int]:
    found = dict.fromkeys(Channel, 0)
    for origin, by_window in means.items():
        found[CHANNEL_OF[origin]] += by_window[window]
    return found
