"""Colonne b-g e j del piano annuale (comunicazione regionale 45 del 2 aprile 2019), each with its mean and its band.

g is the sum of b to f; its band is that of the convolved counts, never a sum of bands. A home counts once in a
triennium: what is free now belongs to the first window only.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.supply.counts import NOTHING, Distribution, beta_binomial, sum_of


class Channel(StrEnum):
    """Canale di offerta: how a home comes into the supply of the year."""

    AS_IS = "b"
    RENOVATED = "c"
    NEW_BUILD = "d"
    FREE_AND_TURNOVER = "e"
    CONFERRED_BY_PRIVATE = "f"


class Column(NamedTuple):
    """Mean in thousandths of a home, and the distribution of the count."""

    mean: int
    homes: Distribution

    def band(self) -> tuple[int, int]:
        return self.homes.band()


EMPTY_COLUMN = Column(0, NOTHING)


class AnnualSupply(NamedTuple):
    """Offerta di un anno: channels b to f, their sum g, homes set aside (j), and what is left to assign.

    `assignable` is g less disposals, demolitions and homes set aside, never below zero.
    """

    channels: Mapping[Channel, Column]
    total: Column
    set_aside: Column
    assignable: Column


def certain(homes: int) -> Column:
    """Homes counted, not forecast."""
    return Column(1000 * homes, NOTHING.plus(homes))


def forecast(count: Distribution) -> Column:
    """Homes forecast, by their distribution's mean."""
    return Column(int(1000 * count.mean + 0.5), count)


def together(*columns: Column) -> Column:
    """Independent counts in one column, such as homes free now and expected turnover in column e."""
    return Column(sum(column.mean for column in columns), sum_of(column.homes for column in columns))


def disposals(planned: int, sold: int, withdrawn: int) -> Column:
    """Alienazioni (L.R. 16/2016, art. 28): homes of a programme that are sold, by how earlier ones of the owner ended.

    Each is sold or is not: beta-binomial, from the uniform prior.
    """
    return forecast(beta_binomial(planned, 1 + sold, 1 + withdrawn))


def annual_supply(
    channels: Mapping[Channel, Column], set_aside: Column = EMPTY_COLUMN, leaving: Column = EMPTY_COLUMN
) -> AnnualSupply:
    """The columns of one owner, municipality and year, from independent channels."""
    complete = {channel: channels.get(channel, EMPTY_COLUMN) for channel in Channel}
    total, lost = together(*complete.values()), together(set_aside, leaving)
    left = Column(max(total.mean - lost.mean, 0), total.homes.minus(lost.homes))
    return AnnualSupply(complete, total, set_aside, left)
