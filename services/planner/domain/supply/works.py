"""Interventi programmati (colonne c e d, comunicazione regionale 45 del 2 aprile 2019): homes that works will yield.

Works end later than declared, and some never do. The declared date is never used as it is: it overstates the homes
completed in three years by a fifth, and those of the next year twofold. The duration's ratio to the declared one is
log-normal; works still open say how long it is at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import fsum, sqrt
from typing import NamedTuple

from services.planner.domain.supply.counts import NOTHING, Distribution, gamma_poisson, mixture, normalised, sum_of
from services.planner.domain.supply.elementary import exp, log, normal_cdf
from services.planner.domain.supply.turnover import Window

PRIOR_LOG_MEDIAN = 0.2624
"""ln 1.3."""
LOG_MEDIANS = tuple(PRIOR_LOG_MEDIAN + step / 10 for step in range(-5, 6))
PRIOR_SD_OF_MEDIAN = 0.2
SPREADS = ((0.2, 0.15), (0.3, 0.25), (0.4, 0.35), (0.55, 0.25))
"""Standard deviations of the log ratio and their prior probabilities, around 0.4."""
CANCELLED_SHARES = (0.0089, 0.0308, 0.0633, 0.1295)
"""Beta(1, 15) in four equally probable parts, by the median of each: 1 - (1 - u)^(1/15) at u = 1/8, 3/8, 5/8, 7/8."""
NEGLIGIBLE = 1e-6
STEP = 30
"""Days between the beginnings that works not planned yet are taken to have."""
SHORTEST = 30
"""Days that works take at least by declaration; a declared end before the beginning is a slip of the pen."""


class Works(NamedTuple):
    """Intervento programmato: so many homes, declared on `planned_on` to be done by `declared_on`.

    `completed_on` is the day of the last home completed, None while none is.
    """

    id: str
    municipality: str
    owner: str
    homes: int
    planned_on: date
    declared_on: date
    completed: int = 0
    completed_on: date | None = None

    @property
    def declared_days(self) -> int:
        return max((self.declared_on - self.planned_on).days, SHORTEST)

    @property
    def open_homes(self) -> int:
        return max(self.homes - self.completed, 0)

    def log_ratio(self, on: date) -> float:
        """Of the time gone by on that day to the time declared."""
        return log(max((on - self.planned_on).days, 1) / self.declared_days)


class Account(NamedTuple):
    """One combination of the grid and its posterior probability."""

    log_median: float
    spread: float
    cancelled_share: float
    probability: float

    def chance(self, works: Works, on: date, window: Window) -> float:
        """That works open on a day end in the window: what is still possible of the distribution, or cancelled."""
        begins_on, ends_on = max(window.begins_on, on), max(window.ends_on, on)
        gone, begins, ends = (self.done_by(works, day) for day in (on, begins_on, ends_on))
        cancelled = 0.0 if works.completed else self.cancelled_share
        possible = cancelled + (1 - cancelled) * (1 - gone)
        return (1 - cancelled) * max(ends - begins, 0.0) / possible if possible > 0 else 0.0

    def done_by(self, works: Works, on: date) -> float:
        return normal_cdf((works.log_ratio(on) - self.log_median) / self.spread)


@dataclass(frozen=True, slots=True)
class Slippage:
    """Slittamento: what completed and open works say about how late works end and how many are cancelled."""

    accounts: tuple[Account, ...]

    def completion_probability(self, works: Works, on: date, window: Window) -> float:
        """That works open on a day are completed within the window."""
        return fsum(account.probability * account.chance(works, on, window) for account in self.accounts)

    def homes(self, every: Sequence[Works], on: date, window: Window) -> Distribution:
        """Homes completed in the window by the works that are open on a day.

        A common median moves all works together: given the median they are independent, and its values are mixed.
        """
        waiting = open_works(every, on)
        if not waiting:
            return NOTHING
        parts = []
        for _, alike in groupby(self.accounts, key=lambda account: account.log_median):
            accounts = list(alike)
            weight = fsum(account.probability for account in accounts)
            chances = [
                fsum(account.probability * account.chance(works, on, window) for account in accounts) / weight
                for works in waiting
            ]
            parts.append((weight, sum_of(map(_all_or_none, waiting, chances))))
        return mixture(parts)

    def upcoming_homes(self, every: Sequence[Works], since: date, on: date, window: Window) -> Distribution:
        """Homes completed in the window by works not planned yet, if works go on being planned as they were."""
        past = [works for works in every if since <= works.planned_on < on]
        observed = (on - since).days
        if not past or observed <= 0 or window.days <= 0:
            return NOTHING
        median, spread, going = self._typical()
        begins, ends = max((window.begins_on - on).days, 0), (window.ends_on - on).days
        mean = square = 0.0
        for works in past:
            done = [
                normal_cdf((log(max(day - begun, 1) / works.declared_days) - median) / spread)
                for begun in range(STEP // 2, ends, STEP)
                for day in (begins, ends)
            ]
            expected = going * fsum(after - before for before, after in zip(done[::2], done[1::2], strict=True))
            mean += expected * STEP / observed * works.homes
            square += expected * STEP / observed * works.homes * works.homes
        return gamma_poisson(mean, max(square - mean, 0.0) / (mean * mean) + 1 / len(past)) if mean > 0 else NOTHING

    def _typical(self) -> tuple[float, float, float]:
        """Mean and standard deviation of works' log ratio, and the share that is not cancelled."""
        median = fsum(account.probability * account.log_median for account in self.accounts)
        square = fsum(
            account.probability
            * (account.spread * account.spread + (account.log_median - median) * (account.log_median - median))
            for account in self.accounts
        )
        going = fsum(account.probability * (1 - account.cancelled_share) for account in self.accounts)
        return median, sqrt(square), going


def open_works(every: Sequence[Works], on: date) -> list[Works]:
    return [works for works in every if works.open_homes and works.planned_on < on]


class Evidence(NamedTuple):
    """Esperienza dei lavori: of completed works how many, the sum of their log ratios and of the squares of those.

    `waiting` are works still open, as (log ratio of the time gone by to the time declared, how many).
    """

    completed: int
    log_ratios: float
    squares: float
    waiting: tuple[tuple[float, int], ...]


def learn_slippage(every: Sequence[Works], on: date) -> Slippage:
    """The posterior from all works planned before a day."""
    known = [works for works in every if works.planned_on < on]
    done = [works.log_ratio(works.completed_on) for works in known if works.completed_on is not None]
    opened = tuple([(works.log_ratio(on), 1) for works in known if works.completed_on is None])
    return slippage_after(Evidence(len(done), fsum(done), fsum(ratio * ratio for ratio in done), opened))


def slippage_after(evidence: Evidence) -> Slippage:
    """The posterior on the grid; the share of cancelled works by its mean given the others."""
    completed, ratios, squares, waiting = evidence
    scored = []
    for median in LOG_MEDIANS:
        off = (median - PRIOR_LOG_MEDIAN) / PRIOR_SD_OF_MEDIAN
        for spread, prior in SPREADS:
            done = -(squares - 2 * median * ratios + completed * median * median) / (2 * spread * spread)
            done -= completed * log(spread)
            lasting = [(1 - normal_cdf((ratio - median) / spread), count) for ratio, count in waiting]
            for cancelled in CANCELLED_SHARES:
                going = 1 - cancelled
                score = log(prior) - off * off / 2 + done + log(going) * completed
                score += fsum(count * log(cancelled + going * still) for still, count in lasting)
                scored.append((score, median, spread, cancelled))
    best = max(score for score, *_ in scored)
    weighed = [(exp(score - best), median, spread, cancelled) for score, median, spread, cancelled in scored]
    total = fsum(weight for weight, *_ in weighed)
    accounts = []
    for (median, spread), group in groupby(weighed, key=lambda row: row[1:3]):
        rows = list(group)
        weight = fsum(row[0] for row in rows)
        if weight > NEGLIGIBLE * total:
            share = fsum(row[0] * row[3] for row in rows) / weight
            accounts.append(Account(median, spread, share, weight / total))
    return Slippage(tuple(accounts))


def _all_or_none(works: Works, chance: float) -> Distribution:
    if chance <= 0:
        return NOTHING
    return normalised(0, [1 - chance, *[0.0] * (works.open_homes - 1), chance])
