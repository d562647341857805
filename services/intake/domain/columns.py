"""Rules V4 and V5 of the annual columns: turnover against the stock, and the declared total."""

from __future__ import annotations

from collections.abc import Iterator

from services.intake.domain.faults import Fault, implausible
from services.intake.domain.parameters import CycleRules
from shared.events import AnnualColumns
from shared.problem_texts import Text


def stock_of(columns: AnnualColumns) -> int:
    """Consistenza del patrimonio: column a, of all service types."""
    return columns.stock_sap + columns.stock_sas + columns.stock_sat


def column_faults(columns: AnnualColumns, rules: CycleRules) -> Iterator[Fault]:
    where = Text("Colonna e: ", "Column e: ")
    yield from turnover_faults(columns.turnover_expected, stock_of(columns), "/columns/turnover_expected", where, rules)
    yield from _total_faults(columns)


def turnover_faults(turnover: int, stock: int, field: str, where: Text, rules: CycleRules) -> Iterator[Fault]:
    """V4 of the turnover of one year."""
    limit = rules.plausible_turnover_share.value
    if turnover > stock:
        yield Fault(
            "V4",
            field,
            str(turnover),
            Text(
                f"{where.it}il turnover atteso ({turnover}) supera il patrimonio (a = {stock}).",
                f"{where.en}the expected turnover ({turnover}) exceeds the stock (a = {stock}).",
            ),
            Text("Correggere il turnover o il patrimonio.", "Correct the turnover or the stock."),
        )
    elif turnover > limit * stock:
        rule = Text(
            f"{where.it}un turnover di {turnover} alloggi su {stock} supera il {limit:.0%}: non è plausibile senza "
            "conferma.",
            f"{where.en}a turnover of {turnover} homes out of {stock} is above {limit:.0%}: not plausible unless "
            "confirmed.",
        )
        yield implausible("V4", field, turnover, rule)


def _total_faults(columns: AnnualColumns) -> Iterator[Fault]:
    parts = (
        columns.as_is_assignable,
        columns.under_renovation_assignable,
        columns.new_build_assignable,
        columns.free_now + columns.turnover_expected,
        columns.conferred_by_private,
    )
    declared, total = columns.assignable_total, sum(parts)
    if declared != total:
        addition = " + ".join(map(str, parts))
        yield Fault(
            "V5",
            "/columns/assignable_total",
            str(declared),
            Text(
                f"Il totale dichiarato g = {declared} non è la somma b + c + d + e + f = {addition} = {total}.",
                f"The declared total g = {declared} is not the sum b + c + d + e + f = {addition} = {total}.",
            ),
            Text(f"Indicare {total}, o correggere gli addendi.", f"Give {total}, or correct the parts."),
        )
