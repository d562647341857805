"""Colonne b-g del piano annuale (comunicazione regionale 45 del 2 aprile 2019), out of the forecast's own figures.

g is the sum of b to f. What owners report in the state of fact (b) and as conferred by private parties (f) no event
tells: the model has nothing there, and the declaration stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.supply.assignable import Holding
from services.planner.domain.supply.offer import Origin, Supply


class Channel(StrEnum):
    """Canale di offerta: how a home comes into the supply of the year, as the column of the annual plan is named."""

    AS_IS = "as_is_assignable"
    RENOVATED = "under_renovation_assignable"
    NEW_BUILD = "new_build_assignable"
    FREE = "free_now"
    TURNOVER = "turnover_expected"
    CONFERRED_BY_PRIVATE = "conferred_by_private"


CHANNEL_OF = {
    Origin.FREE: Channel.FREE,
    Origin.TURNOVER: Channel.TURNOVER,
    Origin.DISPOSAL_WITHDRAWN: Channel.TURNOVER,
    Origin.REFURBISHMENT: Channel.RENOVATED,
    Origin.RENOVATION: Channel.RENOVATED,
    Origin.NEW_BUILD: Channel.NEW_BUILD,
}


class AnnualSupply(NamedTuple):
    """Offerta di un anno: thousandths of a home by channel (b to f), and their sum (g).

    Homes in a notice, set aside, valorised or in a disposal plan are in no channel: g is what is left to assign.
    """

    channels: Mapping[Channel, int]
    total: int


def annual_supply(supply: Supply) -> dict[Holding, tuple[AnnualSupply, ...]]:
    """The columns of every municipality and owner, for each year and, last, the triennium."""
    return {
        holding: tuple([AnnualSupply(_channels(offer.means, at), total) for at, total in enumerate(offer.total)])
        for holding, offer in supply.offers.items()
    }


def _channels(means: Mapping[Origin, tuple[int, ...]], window: int) -> dict[Channel, int]:
    found = dict.fromkeys(Channel, 0)
    for origin, by_window in means.items():
        found[CHANNEL_OF[origin]] += by_window[window]
    return found
