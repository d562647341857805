"""Linee d'azione per l'accesso e la permanenza nell'abitazione (L.R. 16/2016, titolo V): measures, money, households.

Each measure has a budget, households reached and the rule it comes from; a municipality's and the ambito's totals are
sums of their measures. Those that pay the regional solidarity contribution (R.R. 11/2019) are held against its limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from services.planner.domain.checks.faults import Check, RowKey, Severity, counted
from services.planner.domain.formulas import Formula
from services.planner.domain.rules import Rules
from shared.problem_texts import Text

Scope = tuple[str | None, int | None]
"""(municipality, year); None is the whole ambito, and all years."""


class AccessAim(StrEnum):
    """Finalità della misura."""

    ACCESS = "ACCESS"
    KEEPING = "KEEPING"


class Contribution(StrEnum):
    """Contributo regionale di solidarietà (R.R. 11/2019, art. 3, art. 5)."""

    INDIGENT = "INDIGENT"
    DIFFICULTY = "DIFFICULTY"


FORMULAS = {
    "access_budget": Formula(
        "access_budget",
        "Risorse per l'accesso e la permanenza: somma dei budget delle misure, dell'ambito o del comune.",
        "L.R. 16/2016, titolo V",
    ),
    "access_households": Formula(
        "access_households",
        "Nuclei raggiunti: somma delle misure; un nucleo raggiunto da due misure conta due volte.",
        "L.R. 16/2016, titolo V",
    ),
    "households_affordable": Formula(
        "households_affordable",
        "Nuclei ai quali il budget basta per il contributo intero di un anno.",
        "R.R. 11/2019, art. 3, art. 5",
        ("solidarity_indigent", "solidarity_difficulty"),
    ),
}
CONTRIBUTION_PARAMETERS = {
    Contribution.INDIGENT: "solidarity_indigent",
    Contribution.DIFFICULTY: "solidarity_difficulty",
}


class AccessMeasure(NamedTuple):
    """Misura per l'accesso o la permanenza: `municipality` is None for one of the whole ambito.

    `budget_eur` is of the year; `contribution` says that it pays the solidarity contribution, by which rule.
    """

    id: str
    title_it: str
    aim: AccessAim
    municipality: str | None
    year: int
    budget_eur: Decimal
    households: int
    rule: str
    contribution: Contribution | None = None


class AccessTotal(NamedTuple):
    """Totale delle misure: of a municipality or the ambito, of a year or all; `measures` are the identifiers summed.

    A household that two measures reach is counted in both: `households` are benefits, not families.
    """

    municipality: str | None
    year: int | None
    budget_eur: Decimal
    households: int
    measures: tuple[str, ...]


def access_totals(measures: Iterable[AccessMeasure]) -> tuple[AccessTotal, ...]:
    """Totals of each municipality and of the ambito, of each year and all; the ambito's own measures count only there.

    Raises:
        ValueError: two measures have the same identifier, or a budget or a number of households is negative.
    """
    ordered = sorted(measures, key=lambda measure: measure.id)
    _check(ordered)
    groups: dict[Scope, list[AccessMeasure]] = defaultdict(list)
    for measure in ordered:
        for municipality in {measure.municipality, None}:
            for year in (measure.year, None):
                groups[municipality, year].append(measure)
    return tuple(
        AccessTotal(
            municipality,
            year,
            sum((measure.budget_eur for measure in found), Decimal(0)),
            sum(measure.households for measure in found),
            tuple(measure.id for measure in found),
        )
        for (municipality, year), found in sorted(groups.items(), key=lambda group: _place(group[0]))
    )


def yearly_limit_eur(contribution: Contribution, rules: Rules) -> Decimal:
    """The most a household is given in a year (R.R. 11/2019, art. 3, art. 5)."""
    if contribution is Contribution.INDIGENT:
        return Decimal(rules.access.solidarity_indigent_eur_year)
    return Decimal(rules.access.solidarity_difficulty_eur_year)


def households_affordable(measure: AccessMeasure, rules: Rules) -> int | None:
    """Households that the budget pays the whole contribution of a year: floor(budget / limit); None without one."""
    if measure.contribution is None:
        return None
    return int(measure.budget_eur // yearly_limit_eur(measure.contribution, rules))


def contribution_checks(measure: AccessMeasure, owner: str, rules: Rules) -> Iterator[Check]:
    """The contribution of a household is at most the limit: so is the budget over the households reached.

    A budget without households is no fault: it may not have been spent yet.
    """
    if measure.contribution is None or not measure.households:
        return
    limit = yearly_limit_eur(measure.contribution, rules)
    most = limit * measure.households
    if measure.budget_eur > most:
        parameter = CONTRIBUTION_PARAMETERS[measure.contribution]
        article, reached = rules.sources[parameter].article, counted(measure.households, "household")
        yield Check(
            "solidarity-contribution",
            Severity.IMPLAUSIBLE,
            RowKey(owner, measure.municipality, measure.year),
            "budget_eur",
            str(measure.budget_eur),
            Text(
                f"{_euro(measure.budget_eur)} per {reached.it} superano il contributo massimo: "
                f"{_euro(limit)} all'anno per nucleo, in tutto {_euro(most)} ({article}).",
                f"EUR {measure.budget_eur:,.2f} for {reached.en} are above the highest contribution: "
                f"EUR {limit:,.2f} a year for a household, EUR {most:,.2f} in all ({article}).",
            ),
            Text(
                "Correggere il budget o i nuclei raggiunti, oppure motivare.",
                "Correct the budget or the households reached, or give the reason.",
            ),
            (parameter,),
        )


def _check(measures: list[AccessMeasure]) -> None:
    for before, measure in pairwise(measures):
        if before.id == measure.id:
            raise ValueError(f"two measures have the identifier {measure.id}")
    for measure in measures:
        if measure.budget_eur < 0 or measure.households < 0:
            raise ValueError(f"measure {measure.id}: a budget and a number of households are never negative")


def _place(scope: Scope) -> tuple[str, int]:
    return scope[0] or "", scope[1] or 0


def _euro(amount: Decimal) -> str:
    """`1.850,00 euro`."""
    return f"{amount:,.2f} euro".translate(str.maketrans(",.", ".,"))
