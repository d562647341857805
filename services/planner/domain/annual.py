"""Piano annuale dell'offerta (R.R. 4/2017, art. 4): columns a-k summed over owners and municipalities, scope by scope.

The errors found in published plans are errors of scope: a home counted with its municipality and again with the ambito,
all owners beside one of them, another year, another service. So every number has its scope, a sum is taken over parts
of one kind only, and what does not belong is named (domain.md §2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from shared.problem_texts import Text


class AnnualColumn(NamedTuple):
    """Colonna del piano annuale (comunicazione regionale 45 del 2 aprile 2019)."""

    letter: str
    label: Text


COLUMNS: Final = {
    "stock_sap": AnnualColumn("a", Text("alloggi SAP in patrimonio", "public homes in stock")),
    "stock_sas": AnnualColumn("a", Text("alloggi SAS in patrimonio", "social homes in stock")),
    "stock_sat": AnnualColumn("a", Text("alloggi SAT in patrimonio", "transitional homes in stock")),
    "as_is_assignable": AnnualColumn("b", Text("assegnabili nello stato di fatto", "assignable as they are")),
    "under_renovation_assignable": AnnualColumn("c", Text("assegnabili dopo i lavori", "assignable after works")),
    "new_build_assignable": AnnualColumn("d", Text("assegnabili di nuova costruzione", "assignable, newly built")),
    "free_now": AnnualColumn("e", Text("già liberi", "free already")),
    "turnover_expected": AnnualColumn("e", Text("che si liberano nell’anno", "becoming free in the year")),
    "free_plus_turnover": AnnualColumn("e", Text("liberi o che si liberano", "free or becoming free")),
    "conferred_by_private": AnnualColumn("f", Text("conferiti da privati", "conferred by private parties")),
    "assignable_total": AnnualColumn("g", Text("assegnabili in totale", "assignable in all")),
    "sat_units": AnnualColumn("j", Text("destinati ai servizi transitori", "set aside for transitional services")),
    "assigned_previous_year": AnnualColumn("k", Text("assegnati l’anno prima", "assigned in the year before")),
}
"""The columns that count homes. Published plans may print e as one number."""
SHARES: Final = {
    "indigence_share": AnnualColumn("h", Text("quota per nuclei indigenti", "share for indigent households")),
    "forces_share": AnnualColumn("i", Text("quota per le forze", "share for the forces")),
    "local_police_share": AnnualColumn("i", Text("quota per la polizia locale", "share for the local police")),
    "extra_category_share": AnnualColumn("i", Text("quota per le categorie dell’ente", "share of the owner’s choice")),
}
"""The columns that are chosen and not summed, as shares of the year's homes."""


class ColumnSource(StrEnum):
    """Fonte di una colonna: how the plan itself knows it, beside what the owner declares."""

    COUNTED = "COUNTED"
    FORECAST = "FORECAST"
    LAW = "LAW"
    DECLARED_ONLY = "DECLARED_ONLY"


SOURCES: Final = {
    "stock_sap": ColumnSource.COUNTED,
    "stock_sas": ColumnSource.COUNTED,
    "stock_sat": ColumnSource.COUNTED,
    "as_is_assignable": ColumnSource.DECLARED_ONLY,
    "under_renovation_assignable": ColumnSource.FORECAST,
    "new_build_assignable": ColumnSource.FORECAST,
    "free_now": ColumnSource.FORECAST,
    "turnover_expected": ColumnSource.FORECAST,
    "conferred_by_private": ColumnSource.DECLARED_ONLY,
    "assignable_total": ColumnSource.FORECAST,
    "indigence_share": ColumnSource.LAW,
    "forces_share": ColumnSource.DECLARED_ONLY,
    "local_police_share": ColumnSource.DECLARED_ONLY,
    "extra_category_share": ColumnSource.DECLARED_ONLY,
    "sat_units": ColumnSource.COUNTED,
    "assigned_previous_year": ColumnSource.COUNTED,
}
"""The columns a-k that owners declare, in their order. No event tells what is assignable as it is or comes from private
parties, nor which shares an owner will choose."""
SUMMANDS: Final = (
    "as_is_assignable",
    "under_renovation_assignable",
    "new_build_assignable",
    "free_now",
    "turnover_expected",
    "conferred_by_private",
)
"""Columns b to f: what g is the sum of."""


class AnnualScope(NamedTuple):
    """Di chi e di che cosa è un numero: None is "all", of territory (the ambito), owner, or service type."""

    territory: str | None
    owner: str | None
    service: str | None
    year: int

    def told(self) -> Text:
        """`Crema, comune, ogni servizio, 2019`."""
        where = self.territory or "ambito"
        return Text(
            f"{where}, {self.owner or 'tutti gli enti'}, {self.service or 'ogni servizio'}, {self.year}",
            f"{where}, {self.owner or 'all owners'}, {self.service or 'all services'}, {self.year}",
        )


class Amount(NamedTuple):
    """Un numero del piano annuale con il suo ambito di riferimento."""

    column: str
    scope: AnnualScope
    value: int


class ScopeProblem(StrEnum):
    """Errore di ambito di riferimento: why a number may not be added to the others."""

    COUNTED_TWICE = "COUNTED_TWICE"
    TOTAL_AMONG_PARTS = "TOTAL_AMONG_PARTS"
    ALL_OWNERS_BESIDE_ONE = "ALL_OWNERS_BESIDE_ONE"
    ALL_SERVICES_BESIDE_ONE = "ALL_SERVICES_BESIDE_ONE"
    OTHER_YEAR = "OTHER_YEAR"
    NOT_IN_AMBITO = "NOT_IN_AMBITO"


PROBLEMS: Final = {
    ScopeProblem.COUNTED_TWICE: Text("lo stesso numero compare due volte", "the same number is there twice"),
    ScopeProblem.TOTAL_AMONG_PARTS: Text(
        "è un totale dell’ambito tra i comuni", "a total of the ambito among its parts"
    ),
    ScopeProblem.ALL_OWNERS_BESIDE_ONE: Text(
        "è di tutti gli enti, accanto a uno di essi", "all owners beside one of them"
    ),
    ScopeProblem.ALL_SERVICES_BESIDE_ONE: Text("è di ogni servizio, accanto a uno", "all services beside one of them"),
    ScopeProblem.OTHER_YEAR: Text("è di un altro anno", "it is of another year"),
    ScopeProblem.NOT_IN_AMBITO: Text("il comune non è dell’ambito", "the municipality is not of the ambito"),
}


class ScopeFault(NamedTuple):
    """Un numero che non si può sommare agli altri, e perché."""

    amount: Amount
    problem: ScopeProblem

    def told(self) -> Text:
        column = COLUMNS[self.amount.column].label
        why, scope = PROBLEMS[self.problem], self.amount.scope.told()
        return Text(
            f"{column.it} = {self.amount.value} ({scope.it}): {why.it}; il numero non è sommato.",
            f"{column.en} = {self.amount.value} ({scope.en}): {why.en}; the number is not added.",
        )


class Total(NamedTuple):
    """Somma di una colonna: its parts are the amounts added, in the order of their scopes (planner.md §7)."""

    column: str
    scope: AnnualScope
    value: int
    parts: tuple[Amount, ...]


class Aggregation(NamedTuple):
    """Somme delle colonne a-k: of the ambito, of each territory and of each owner, and what could not be added."""

    totals: tuple[Total, ...]
    faults: tuple[ScopeFault, ...]

    def total(self, column: str, territory: str | None = None, owner: str | None = None) -> Total | None:
        """The sum; None when nothing of the column is there, which is not zero."""
        wanted = column, territory, owner
        return next((t for t in self.totals if (t.column, t.scope.territory, t.scope.owner) == wanted), None)


def aggregate(amounts: Iterable[Amount], year: int, territories: Sequence[str] | None = None) -> Aggregation:
    """Every column summed over owners and territories, for the ambito, each territory and each owner.

    `territories` are the ambito's municipalities, if they are known. An amount that would count a home twice or of
    another year is left out and named; the outcome does not depend on the order of the amounts.
    """
    ordered = sorted(amounts, key=_place)
    faults = dict(_problems(ordered, year, territories))
    parts: dict[tuple[str, str | None, str | None], list[Amount]] = defaultdict(list)
    for at, amount in enumerate(ordered):
        if at not in faults:
            scope = amount.scope
            for territory, owner in {(None, None), (scope.territory, None), (None, scope.owner)}:
                parts[amount.column, territory, owner].append(amount)
    totals = [
        Total(column, AnnualScope(territory, owner, None, year), sum(part.value for part in found), tuple(found))
        for (column, territory, owner), found in parts.items()
    ]
    return Aggregation(
        tuple(sorted(totals, key=lambda total: (total.column, *_scope_place(total.scope)))),
        tuple(ScopeFault(ordered[at], problem) for at, problem in sorted(faults.items())),
    )


def _problems(
    amounts: Sequence[Amount], year: int, territories: Sequence[str] | None
) -> Iterator[tuple[int, ScopeProblem]]:
    """Which amounts may not be added, by their place in the list."""
    seen: set[tuple[str, AnnualScope]] = set()
    in_column: dict[str, list[AnnualScope]] = defaultdict(list)
    in_territory: dict[tuple[str, str | None], list[AnnualScope]] = defaultdict(list)
    for column, scope, _ in amounts:
        if scope.year == year:
            in_column[column].append(scope)
            in_territory[column, scope.territory].append(scope)
    for at, (column, scope, _) in enumerate(amounts):
        others = in_territory[column, scope.territory]
        if scope.year != year:
            yield at, ScopeProblem.OTHER_YEAR
        elif territories is not None and scope.territory is not None and scope.territory not in territories:
            yield at, ScopeProblem.NOT_IN_AMBITO
        elif (column, scope) in seen:
            yield at, ScopeProblem.COUNTED_TWICE
        elif scope.territory is None and any(_is_within(other, scope) for other in in_column[column]):
            yield at, ScopeProblem.TOTAL_AMONG_PARTS
        elif scope.owner is None and any(other.owner is not None and _share_service(other, scope) for other in others):
            yield at, ScopeProblem.ALL_OWNERS_BESIDE_ONE
        elif scope.service is None and any(
            other.service is not None and _share_owner(other, scope) for other in others
        ):
            yield at, ScopeProblem.ALL_SERVICES_BESIDE_ONE
        seen.add((column, scope))


def _is_within(part: AnnualScope, total: AnnualScope) -> bool:
    """A part of the ambito that the ambito's number counts too: of one territory, of the same owner or of any."""
    return part.territory is not None and total.owner in (None, part.owner) and total.service in (None, part.service)


def _share_service(one: AnnualScope, other: AnnualScope) -> bool:
    return None in (one.service, other.service) or one.service == other.service


def _share_owner(one: AnnualScope, other: AnnualScope) -> bool:
    return None in (one.owner, other.owner) or one.owner == other.owner


def _place(amount: Amount) -> tuple[str | int, ...]:
    return (amount.column, *_scope_place(amount.scope), amount.value)


def _scope_place(scope: AnnualScope) -> tuple[str | int, ...]:
    return scope.territory or "", scope.owner or "", scope.service or "", scope.year
