"""Parameters of the checks as dated data: value, first day, article. `assumed` is a working assumption, not law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """One value of a parameter; `valid_from` None is "already so in the oldest text read"."""

    value: T
    valid_from: date | None
    article: str
    status: Literal["read", "assumed"]


@dataclass(frozen=True, slots=True)
class DayOfYear:
    month: int
    day: int


SUBMISSION_DEADLINE = (Dated(DayOfYear(10, 31), None, "R.R. 4/2017, art. 5(1)", "read"),)
"""Termine per la trasmissione dei dati, in the cycle year."""

INDIGENCE_SHARE = (Dated(Decimal("0.20"), None, "R.R. 4/2017, art. 13(3)", "read"),)
"""Quota per nuclei in condizioni di indigenza: the least; only municipalities may go above."""

FORCES_SHARE: tuple[Dated[Decimal | None], ...] = (
    Dated(None, None, "R.R. 4/2017, art. 4(3)", "read"),
    Dated(Decimal("0.10"), date(2019, 3, 12), "R.R. 4/2017, art. 4(3)d bis", "read"),
    Dated(Decimal("0.20"), date(2025, 3, 10), "R.R. 4/2017, art. 4(3)d bis, come modificato dal R.R. 2/2025", "read"),
)
"""Quota per forze di polizia e Vigili del fuoco: the most; None before there was one."""

FORCES_CATEGORIES: tuple[Dated[tuple[str, ...]], ...] = (
    Dated((), None, "R.R. 4/2017, art. 4(3)", "read"),
    Dated(("POLICE", "FIRE_BRIGADE"), date(2019, 3, 12), "R.R. 4/2017, art. 4(3)d bis", "read"),
    Dated(
        ("POLICE", "FIRE_BRIGADE", "ARMED_FORCES", "LOCAL_POLICE"),
        date(2025, 3, 10),
        "R.R. 4/2017, art. 4(3)d bis, come modificato dal R.R. 2/2025",
        "read",
    ),
)
"""Whom that share is for; those of the local police are declared apart, under the one ceiling."""

OWNER_CATEGORIES_SHARE: tuple[Dated[Decimal | None], ...] = (
    Dated(None, None, "R.R. 4/2017, art. 4(3)", "read"),
    Dated(Decimal("0.20"), date(2025, 3, 10), "R.R. 4/2017, art. 4(3)c bis, introdotto dal R.R. 2/2025", "read"),
)
"""Quota per le categorie dell'art. 14 scelte dall'ente: the most; None before there was one."""

DISPOSAL_TOTAL_SHARE = (Dated(Decimal("0.15"), None, "L.R. 16/2016, art. 28(2)", "read"),)
"""Alienazione e valorizzazione insieme: the most, of the stock."""

DISPOSAL_SOLD_SHARE = (Dated(Decimal("0.05"), None, "L.R. 16/2016, art. 28(2)", "read"),)
"""Of it, sold or bartered."""

DISPOSAL_VILLAGE_SHARE: tuple[Dated[Decimal | None], ...] = (
    Dated(None, None, "L.R. 16/2016, art. 28(2)", "read"),
    Dated(Decimal("0.50"), date(2017, 12, 28), "L.R. 16/2016, art. 28(2 bis)", "read"),
)
"""The ceiling of municipalities up to `DISPOSAL_VILLAGE_MAX_INHABITANTS`."""

DISPOSAL_VILLAGE_MAX_INHABITANTS = (Dated(5000, None, "L.R. 16/2016, art. 28(2 bis)", "read"),)

DISPOSAL_TOWN_SHARE: tuple[Dated[Decimal | None], ...] = (
    Dated(None, None, "L.R. 16/2016, art. 28(2)", "read"),
    Dated(Decimal("0.30"), date(2017, 12, 28), "L.R. 16/2016, art. 28(2 bis)", "read"),
)
"""The ceiling of larger municipalities, up to `DISPOSAL_TOWN_MAX_INHABITANTS`."""

DISPOSAL_TOWN_MAX_INHABITANTS = (Dated(10_000, None, "L.R. 16/2016, art. 28(2 bis)", "read"),)

PLAUSIBLE_TURNOVER_SHARE = (Dated(Decimal("0.15"), None, "soglia di plausibilità del prodotto", "assumed"),)
"""Turnover of a year over the stock, above which the owner is asked to confirm."""

YEARS = 3


def in_force(history: Sequence[Dated[T]], on: date) -> Dated[T]:
    """The value of that day; `history` is in the order of `valid_from`."""
    return next(dated for dated in reversed(history) if dated.valid_from is None or dated.valid_from <= on)


@dataclass(frozen=True, slots=True)
class DisposalCap:
    """The largest share of its stock that an owner may dispose of in all, and of it sell or barter."""

    total_share: Decimal
    sold_share: Decimal
    article: str


@dataclass(frozen=True, slots=True)
class CycleRules:
    """The parameters of one cycle year, as they are in force on the day its data are due."""

    deadline_on: date
    years: tuple[int, ...]
    """The triennium: the calendar years that follow the cycle year."""
    indigence_share: Dated[Decimal]
    forces_share: Dated[Decimal | None]
    forces_categories: Dated[tuple[str, ...]]
    owner_categories_share: Dated[Decimal | None]
    plausible_turnover_share: Dated[Decimal]

    @classmethod
    def of(cls, cycle_year: int) -> CycleRules:
        deadline = in_force(SUBMISSION_DEADLINE, date(cycle_year, 1, 1)).value
        due_on = date(cycle_year, deadline.month, deadline.day)
        return cls(
            deadline_on=due_on,
            years=tuple(range(cycle_year + 1, cycle_year + 1 + YEARS)),
            indigence_share=in_force(INDIGENCE_SHARE, due_on),
            forces_share=in_force(FORCES_SHARE, due_on),
            forces_categories=in_force(FORCES_CATEGORIES, due_on),
            owner_categories_share=in_force(OWNER_CATEGORIES_SHARE, due_on),
            plausible_turnover_share=in_force(PLAUSIBLE_TURNOVER_SHARE, due_on),
        )

    def disposal_cap(self, inhabitants: int | None) -> DisposalCap:
        """Of a municipality with so many inhabitants, None if they are not known.

        The share of small municipalities is in derogation of both: of the whole, and of the part that may be sold.
        """
        on = self.deadline_on
        for share, most in (
            (DISPOSAL_VILLAGE_SHARE, DISPOSAL_VILLAGE_MAX_INHABITANTS),
            (DISPOSAL_TOWN_SHARE, DISPOSAL_TOWN_MAX_INHABITANTS),
        ):
            raised = in_force(share, on)
            if raised.value is not None and inhabitants is not None and inhabitants <= in_force(most, on).value:
                return DisposalCap(raised.value, raised.value, raised.article)
        total, sold = in_force(DISPOSAL_TOTAL_SHARE, on), in_force(DISPOSAL_SOLD_SHARE, on)
        return DisposalCap(total.value, sold.value, total.article)

    def holds(self, day: date) -> bool:
        """Whether the day lies in the triennium."""
        return day.year in self.years
