"""Supply forecast of a triennium: exits by a rate pooled over the ambito, and how many of them can be assigned.

Every occupied home-day of the ambito has one unknown exit rate, so the exits of any group of homes in a window are
negative binomial in the group's own exposure. A municipality and the ambito are such groups, not sums of parts: the
parts share the rate, and their convolution as if they did not, or a sum of their intervals, would be wrong.

Means are exact fractions rounded once, cell by cell and year by year, and everything larger is their sum; floats occur
only in the quantiles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from services.planner.domain.negative_binomial import band
from services.planner.domain.rounding import half_up
from services.planner.domain.state import PlanState
from shared.events.units import UnitStatus

PRIOR_EXITS, PRIOR_HOME_DAYS = 9, 93_921
"""As if 9 exits had been seen in 93,921 occupied home-days: Gamma(shape 9) has mean 3.5 % a year (9 / 93,921 x 365.25)
and its central 80 % is 2.1-5.1 %, the band of 2-5 % asked of an ambito without history."""
PRIOR_ASSIGNABLE, PRIOR_NEEDING_WORKS = 16, 24
"""As if 24 of 40 homes given back had needed works: Beta(24, 16) has mean 0.6 and its central 80 % is 0.50-0.70."""
YEARS = 3

Scope = tuple[str | None, str | None]
"""(municipality, owner); None is all of them."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a calendar year still ahead: [begins_on, ends_on), empty when the year is wholly past."""

    year: int
    begins_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.begins_on).days

    def holds(self, on: date) -> bool:
        return self.begins_on <= on < self.ends_on


@dataclass(frozen=True, slots=True)
class Triennium:
    """Triennio del piano (R.R. 4/2017, art. 3): three calendar years."""

    first_year: int

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.first_year, self.first_year + YEARS))

    def windows(self, reference_on: date) -> tuple[Window, ...]:
        """What lies ahead of the reference date; the first year also holds the time before it begins."""
        windows = []
        for year in self.years:
            ends_on = date(year + 1, 1, 1)
            begins_on = reference_on if year == self.first_year else max(reference_on, date(year, 1, 1))
            windows.append(Window(year, min(begins_on, ends_on), ends_on))
        return tuple(windows)


class Estimate(NamedTuple):
    """A mean in thousandths of a home and an 80 % band in homes."""

    mean: int
    low: int
    high: int


class Outlook(NamedTuple):
    """One scope's forecast: an estimate for each year and, last, for the triennium."""

    turnover: tuple[Estimate, ...]
    assignable: tuple[Estimate, ...]


class Rate(NamedTuple):
    """Exits per occupied home-day: Gamma(exits, home_days)."""

    exits: int
    home_days: int


class Share(NamedTuple):
    """Share of the exits that come back assignable: Beta(assignable, needing_works)."""

    assignable: int
    needing_works: int

    @property
    def outcomes(self) -> int:
        return self.assignable + self.needing_works


def exit_rate(state: PlanState, on: date) -> Rate:
    """The posterior of the ambito's exit rate."""
    cells = state.history.values()
    exits = sum([cell.exits for cell in cells])
    exposure = sum([cell.exposure(on) for cell in cells])
    return Rate(PRIOR_EXITS + max(exits, 0), PRIOR_HOME_DAYS + max(exposure, 0))


def assignable_shares(state: PlanState) -> Mapping[str, Share]:
    """The posterior of each owner's share; a home waiting for its inspection has no outcome yet."""
    exits: dict[str, int] = defaultdict(int)
    assignable: dict[str, int] = defaultdict(int)
    for (_, owner), cell in state.history.items():
        exits[owner] += cell.exits
        assignable[owner] += cell.assignable_exits
    for owner, count in state.homes.awaiting_inspection.items():
        exits[owner] -= count
    return {
        owner: Share(
            PRIOR_ASSIGNABLE + max(assignable[owner], 0),
            PRIOR_NEEDING_WORKS + max(exits[owner] - assignable[owner], 0),
        )
        for owner in {owner for _, owner, _ in state.stock}
    }


@dataclass(slots=True)
class Bands:
    """80 % bands of the exits at one rate, each computed once: small municipalities have many in common."""

    rate: Rate
    known: dict[tuple[float, float], tuple[int, int]] = field(default_factory=dict)

    def of(self, shape: float, mean: float) -> tuple[int, int]:
        found = self.known.get((shape, mean))
        if found is None:
            found = self.known[shape, mean] = band(shape, mean)
        return found

    def thinned(self, parts: list[tuple[Share, int]]) -> tuple[float, float]:
        """Exits thinned by their owners' shares: the shape, and the mean for each day.

        Given rate and shares the count is Poisson with mean rate x sum(share x home-days); that product is taken as
        the Gamma with its mean and variance (rate and shares are independent), which is exact when the shares are
        known. Squares and products are written out: a power would go through the C library.
        """
        exits, seen = self.rate
        thinned = variance = 0.0
        for share, homes in parts:
            mean = share.assignable / share.outcomes * homes
            thinned += mean
            variance += mean * mean * share.needing_works / (share.assignable * (share.outcomes + 1))
        relative = variance / (thinned * thinned) if thinned else 0.0
        return 1 / (1 / exits + relative + relative / exits), exits / seen * thinned


@dataclass(slots=True)
class Group:
    """What a scope's forecast is made of: occupied homes by owner, supply already certain, sums of the cells' means."""

    occupied: dict[str, int] = field(default_factory=dict)
    certain: list[int] = field(default_factory=lambda: [0] * YEARS)
    turnover: list[int] = field(default_factory=lambda: [0] * YEARS)
    ready: list[int] = field(default_factory=lambda: [0] * YEARS)

    def add_cell(self, owner: str, occupied: int, certain: list[int], turnover: list[int], ready: list[int]) -> None:
        if occupied:
            self.occupied[owner] = self.occupied.get(owner, 0) + occupied
        for year in range(YEARS):
            self.certain[year] += certain[year]
            self.turnover[year] += turnover[year]
            self.ready[year] += ready[year]

    def outlook(self, bands: Bands, shares: Mapping[str, Share], days: list[int]) -> Outlook:
        """Bands are capped at one exit per home and year."""
        exits, seen = bands.rate
        homes = sum(self.occupied.values())
        shape, daily = bands.thinned(sorted([(shares[owner], count) for owner, count in self.occupied.items()]))
        caps = [homes] * YEARS + [homes * sum(1 for window in days if window)]
        turnover, assignable = [], []
        for cap, length, certain, mean, ready in zip(
            caps, whole(days), whole(self.certain), whole(self.turnover), whole(self.ready), strict=True
        ):
            low, high = bands.of(exits, exits * homes * length / seen)
            turnover.append(Estimate(mean, min(low, cap), min(high, cap)))
            low, high = bands.of(shape, daily * length)
            assignable.append(Estimate(1000 * certain + ready, certain + min(low, cap), certain + min(high, cap)))
        return Outlook(tuple(turnover), tuple(assignable))


def whole(years: list[int]) -> list[int]:
    """The years and, behind them, the triennium."""
    return [*years, sum(years)]


def forecast(state: PlanState, triennium: Triennium, on: date) -> Mapping[Scope, Outlook]:
    """Every municipality and owner that has or had homes, every such municipality, and the ambito: (None, None)."""
    windows = triennium.windows(on)
    rate, shares, certain = exit_rate(state, on), assignable_shares(state), certain_supply(state, windows)
    places = sorted({(municipality, owner) for municipality, owner, _ in state.stock})
    owners_in = Counter(municipality for municipality, _ in places)
    groups: dict[Scope, Group] = defaultdict(Group)
    groups[None, None] = Group()
    for municipality, owner in places:
        occupied = max(state.stock.get((municipality, owner, UnitStatus.OCCUPIED), 0), 0)
        share = shares[owner]
        turnover = [half_up(1000 * rate.exits * occupied * window.days, rate.home_days) for window in windows]
        ready = [
            half_up(1000 * rate.exits * occupied * window.days * share.assignable, rate.home_days * share.outcomes)
            for window in windows
        ]
        together = (municipality, None if owners_in[municipality] > 1 else owner)
        for scope in {(municipality, owner), together, (None, None)}:
            groups[scope].add_cell(owner, occupied, certain[municipality, owner], turnover, ready)
    days = [window.days for window in windows]
    bands = Bands(rate)
    outlooks = {scope: group.outlook(bands, shares, days) for scope, group in groups.items()}
    for municipality, owner in places:
        outlooks.setdefault((municipality, None), outlooks[municipality, owner])  # its only owner's is its own
    return outlooks


def certain_supply(state: PlanState, windows: tuple[Window, ...]) -> Mapping[tuple[str, str], list[int]]:
    """Homes assignable without an exit, by municipality and owner and by year; each home counts once.

    Homes free and assignable now belong to the first year still ahead, homes in works or waiting for them to the year
    of their expected end. A home in a notice, reserved, valorised or in a disposal plan is not supply; nor is one whose
    expected end has passed. Nor is a home in the state of fact by itself: in the plans read, owners assign few of them
    as they are (R.R. 4/2017, art. 10); which ones is known when they enter a notice.
    """
    certain: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * YEARS)
    now = next((place for place, window in enumerate(windows) if window.days), None)
    if now is None:
        return certain
    for (municipality, owner, status), count in state.stock.items():
        if status is UnitStatus.FREE_ASSIGNABLE:
            certain[municipality, owner][now] += count
    for (municipality, owner, end_on), count in state.homes.works_ending.items():
        year = next((place for place, window in enumerate(windows) if window.holds(end_on)), None)
        if year is not None:
            certain[municipality, owner][year] += count
    return certain
