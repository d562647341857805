"""Contributo regionale di solidarietà (R.R. 11/2019): what declared measures give a household, against its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from services.planner.domain.checks.faults import Check, RowKey, Severity, counted
from services.planner.domain.rules import Rules
from shared.events.planning import AccessMeasure
from shared.problem_texts import Text

CODE: Final = "V19"
LIMITS: Final = ("solidarity_indigent", "solidarity_difficulty")
"""Parameters that say the most a household is given in a year; a measure names the article of one as its origin."""


def contribution_checks(row: RowKey, measures: Sequence[AccessMeasure], rules: Rules) -> Iterator[Check]:
    """V19: the budget of a contribution is at most its limit for each household reached.

    A budget without households is no fault: it may not have been spent yet.
    """
    for place, measure in enumerate(measures):
        parameter = limit_of(measure, rules)
        if parameter is None or not measure.households:
            continue
        limit = Decimal(str(rules.sources[parameter].value))
        most = limit * measure.households
        if measure.budget_eur > most:
            yield _above(row, place, measure, (limit, most), parameter, rules)


def limit_of(measure: AccessMeasure, rules: Rules) -> str | None:
    """The parameter whose article the measure names; None for one that pays no such contribution."""
    origin = measure.rule_of_origin.strip().casefold()
    return next((name for name in LIMITS if rules.sources[name].article.casefold() == origin), None)


def _above(
    row: RowKey, place: int, measure: AccessMeasure, limits: tuple[Decimal, Decimal], parameter: str, rules: Rules
) -> Check:
    (limit, most), article = limits, rules.sources[parameter].article
    reached = counted(measure.households, "household")
    return Check(
        CODE,
        Severity.IMPLAUSIBLE,
        row,
        f"measures.{place}.budget_eur",
        str(measure.budget_eur),
        Text(
            f"{_euro(measure.budget_eur)} per {reached.it} superano il contributo massimo: "
            f"{_euro(limit)} all’anno per nucleo, in tutto {_euro(most)} ({article}).",
            f"EUR {measure.budget_eur:,.2f} for {reached.en} are above the highest contribution: "
            f"EUR {limit:,.2f} a year for a household, EUR {most:,.2f} in all ({article}).",
        ),
        Text(
            "Correggere il budget o i nuclei raggiunti, oppure motivare.",
            "Correct the budget or the households reached, or give the reason.",
        ),
        (parameter,),
    )


def _euro(amount: Decimal) -> str:
    """`1.850,00 euro`."""
    return f"{amount:,.2f} euro".translate(str.maketrans(",.", ".,"))
