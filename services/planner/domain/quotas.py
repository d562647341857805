"""Quote delle unità dell'anno (R.R. 4/2017, art. 4 c. 3, art. 13 c. 3; L.R. 16/2016, art. 23 c. 13): who comes first.

Of the homes an owner can assign in a year some are for indigent households (the share rounded up), some may be for the
forces, the local police and the categories of art. 14 (each rounded down, "up to"), some for transitional services.
When homes are few they are given in this order, never more than there are (planner.md §6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import NamedTuple

from services.planner.domain.formulas import Formula
from services.planner.domain.rules import QuotaRules
from shared.events.submissions import AnnualColumns, SubmissionReceived
from shared.events.units import OwnerKind

LOCAL_POLICE = "LOCAL_POLICE"
NONE = Decimal(0)


class QuotaKind(StrEnum):
    """Quota delle unità dell'anno, in the order in which homes are given."""

    INDIGENCE = "INDIGENCE"
    FORCES = "FORCES"
    LOCAL_POLICE = "LOCAL_POLICE"
    CATEGORIES = "CATEGORIES"
    SAT = "SAT"


FORMULAS = {
    QuotaKind.INDIGENCE: Formula(
        "quota_indigence",
        "Quota per nuclei indigenti: la quota degli alloggi assegnabili dell’ente (ALER: del comune), per eccesso.",
        "R.R. 4/2017, art. 13 c. 3",
        ("indigence_share",),
    ),
    QuotaKind.FORCES: Formula(
        "quota_forces",
        "Quota per le forze: la quota scelta degli alloggi assegnabili, per difetto, tra quelli che restano.",
        "R.R. 4/2017, art. 4 c. 3",
        ("forces_share",),
    ),
    QuotaKind.LOCAL_POLICE: Formula(
        "quota_local_police",
        "Quota per la polizia locale, entro quella per le forze: per difetto, tra gli alloggi che restano.",
        "R.R. 4/2017, art. 4 c. 3",
        ("forces_share", "forces_categories"),
    ),
    QuotaKind.CATEGORIES: Formula(
        "quota_categories",
        "Quota per le categorie dell’art. 14: la quota scelta, per difetto, tra gli alloggi che restano.",
        "R.R. 4/2017, art. 4 c. 3",
        ("owner_categories_share",),
    ),
    QuotaKind.SAT: Formula(
        "quota_sat",
        "Alloggi per i servizi abitativi transitori: quelli indicati dall’ente, al più quelli che restano.",
        "L.R. 16/2016, art. 23 c. 13",
        ("sat_set_aside_share", "sat_baseline"),
    ),
}
"""How each quota is made; its operands are `Division.available` and the quota's `share` and `wanted`."""


class OwnerYear(NamedTuple):
    """Unità dell'anno di un ente proprietario in un comune: homes that can be assigned, and the shares it chose.

    A share of None was not chosen: for indigent households the law's own, for the others nothing.
    """

    owner: str
    kind: OwnerKind
    municipality: str
    available: int
    indigence_share: Decimal | None = None
    forces_share: Decimal | None = None
    local_police_share: Decimal | None = None
    categories_share: Decimal | None = None
    sat_units: int = 0

    @classmethod
    def of(cls, row: SubmissionReceived) -> OwnerYear:
        """As it was declared; nothing to declare is no home."""
        columns = row.columns or AnnualColumns()
        return cls(
            row.owner,
            row.owner_kind,
            row.municipality,
            columns.assignable_total,
            columns.indigence_share,
            columns.forces_share,
            columns.local_police_share,
            columns.extra_category_share,
            columns.sat_units,
        )


class Quota(NamedTuple):
    """Una quota: `share` as applied (None: a number of homes), homes `wanted` by it and homes `granted`."""

    kind: QuotaKind
    share: Decimal | None
    wanted: int
    granted: int


class Division(NamedTuple):
    """Ripartizione delle unità dell'anno di un ente: `municipality` is None for all its homes in the ambito together.

    The quotas and `ordinary`, the homes left for everybody, always add up to `available`.
    """

    owner: str
    municipality: str | None
    available: int
    quotas: tuple[Quota, ...]
    ordinary: int

    def granted(self, kind: QuotaKind) -> int:
        return next(quota.granted for quota in self.quotas if quota.kind is kind)


def divide(year: OwnerYear, rules: QuotaRules) -> Division:
    """The homes of one owner by quota; a share above the law's is applied as the law's (V7, V8 tell the owner)."""
    left, quotas = year.available, []
    for kind, share, wanted in _wanted(year, rules):
        granted = min(wanted, left)
        left -= granted
        quotas.append(Quota(kind, share, wanted, granted))
    return Division(year.owner, year.municipality, year.available, tuple(quotas), left)


def divide_by_owner(years: Iterable[OwnerYear], rules: QuotaRules) -> tuple[Division, ...]:
    """Each owner's homes by quota: ALER's in each municipality, any other owner's together (R.R. 4/2017, art. 13 c. 3).

    Of an owner's rows the first by municipality has its shares.
    """
    groups: dict[tuple[str, str | None], list[OwnerYear]] = defaultdict(list)
    for year in sorted(years, key=lambda year: (year.owner, year.municipality)):
        groups[year.owner, year.municipality if year.kind is OwnerKind.ALER else None].append(year)
    divisions = []
    for (_, municipality), rows in groups.items():
        whole = rows[0]._replace(
            available=sum(row.available for row in rows), sat_units=sum(row.sat_units for row in rows)
        )
        divisions.append(divide(whole, rules)._replace(municipality=municipality))
    return tuple(divisions)


def admitted_shares(year: OwnerYear, rules: QuotaRules) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Shares for indigence, forces, local police and categories as the law admits them on the rule set's day.

    Indigence: at least the law's, more only for municipalities. The local police shares the forces' ceiling, and only
    once the law counts it among them.
    """
    indigence = rules.indigence_share
    if year.kind is OwnerKind.MUNICIPALITY and year.indigence_share is not None:
        indigence = max(indigence, year.indigence_share)
    ceiling = rules.forces_share or NONE
    forces = min(year.forces_share or NONE, ceiling)
    police = NONE
    if LOCAL_POLICE in rules.forces_categories:
        police = min(year.local_police_share or NONE, ceiling - forces)
    return indigence, forces, police, min(year.categories_share or NONE, rules.owner_categories_share or NONE)


def indigence_units(available: int, share: Decimal) -> int:
    """Homes for indigent households: "non inferiore al", so rounded up (R.R. 4/2017, art. 13 c. 3)."""
    return int((share * available).to_integral_value(ROUND_CEILING))


def units_up_to(available: int, share: Decimal) -> int:
    """Homes of an "up to" share: rounded down."""
    return int((share * available).to_integral_value(ROUND_FLOOR))


def _wanted(year: OwnerYear, rules: QuotaRules) -> tuple[tuple[QuotaKind, Decimal | None, int], ...]:
    indigence, forces, police, categories = admitted_shares(year, rules)
    homes = year.available
    return (
        (QuotaKind.INDIGENCE, indigence, indigence_units(homes, indigence)),
        (QuotaKind.FORCES, forces, units_up_to(homes, forces)),
        (QuotaKind.LOCAL_POLICE, police, units_up_to(homes, police)),
        (QuotaKind.CATEGORIES, categories, units_up_to(homes, categories)),
        (QuotaKind.SAT, None, year.sat_units),
    )
