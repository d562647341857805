"""Rules V1, V4, V5, V6 and V9 of an owner's yearly declaration (R.R. 4/2017, art. 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules
from shared.events import AnnualColumns, IstatCode, OwnerKind, Value
from shared.events.base import LongText
from shared.problem_texts import Text


class Confirmations(Value):
    """Conferme motivate: why an implausible value is right nevertheless, by the value's field."""

    turnover_expected: LongText | None = None


class Declaration(Value):
    """Dichiarazione annuale: what an owner sends for one municipality and cycle year; `nil` declares nothing."""

    cycle_year: Annotated[int, Field(ge=2017, le=2100)]
    municipality: IstatCode
    nil: bool = False
    columns: AnnualColumns | None = None
    confirmations: Confirmations = Confirmations()


def declaration_faults(declaration: Declaration, kind: OwnerKind, rules: CycleRules) -> Iterator[Fault]:
    """Every broken rule; nothing for a declaration that can be accepted."""
    columns = declaration.columns
    if declaration.nil != (columns is None):
        yield _nil_or_columns(declaration.nil)
    elif columns is not None:
        yield from _turnover_faults(columns, declaration.confirmations, rules)
        yield from _total_faults(columns)
        yield from _indigence_faults(columns, kind, rules)
        yield from _extra_category_faults(columns)


def _nil_or_columns(nil: bool) -> Fault:
    if nil:
        rule = Text("Con «nil» non si inviano colonne.", "With 'nil' no columns are sent.")
        remedy = Text("Togliere «columns», oppure «nil».", "Remove 'columns', or 'nil'.")
    else:
        rule = Text("Mancano le colonne da a a k.", "Columns a to k are missing.")
        remedy = Text(
            'Inviare «columns», oppure "nil": true se non c\'è nulla da dichiarare.',
            "Send 'columns', or \"nil\": true if there is nothing to declare.",
        )
    return Fault("V1", "/columns", None, rule, remedy)


def _turnover_faults(columns: AnnualColumns, confirmations: Confirmations, rules: CycleRules) -> Iterator[Fault]:
    turnover = columns.turnover_expected
    stock = columns.stock_sap + columns.stock_sas + columns.stock_sat
    limit = rules.plausible_turnover_share.value
    if turnover > stock:
        rule = Text(
            f"Il turnover atteso ({turnover}) supera il patrimonio (a = {stock}).",
            f"The expected turnover ({turnover}) exceeds the stock (a = {stock}).",
        )
        remedy = Text("Correggere il turnover o il patrimonio.", "Correct the turnover or the stock.")
    elif turnover > limit * stock and confirmations.turnover_expected is None:
        rule = Text(
            f"Un turnover di {turnover} alloggi su {stock} supera il {limit:.0%}: non è plausibile senza conferma.",
            f"A turnover of {turnover} homes out of {stock} is above {limit:.0%}: not plausible unless confirmed.",
        )
        remedy = Text(
            "Correggere il valore, oppure motivarlo in /confirmations/turnover_expected.",
            "Correct the value, or give the reason in /confirmations/turnover_expected.",
        )
    else:
        return
    yield Fault("V4", "/columns/turnover_expected", str(turnover), rule, remedy)


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


def _indigence_faults(columns: AnnualColumns, kind: OwnerKind, rules: CycleRules) -> Iterator[Fault]:
    share, least = columns.indigence_share, rules.indigence_share
    if share is None or share == least.value or (share > least.value and kind is OwnerKind.MUNICIPALITY):
        return
    if share < least.value:
        rule = Text(
            f"La quota per nuclei indigenti non può essere inferiore al {least.value:.0%} ({least.article}).",
            f"The share for indigent households may not be below {least.value:.0%} ({least.article}).",
        )
    else:
        rule = Text(
            f"Solo i Comuni possono superare la quota del {least.value:.0%} ({least.article}).",
            f"Only municipalities may go above the share of {least.value:.0%} ({least.article}).",
        )
    remedy = Text(f"Indicare {least.value}.", f"Give {least.value}.")
    yield Fault("V6", "/columns/indigence_share", str(share), rule, remedy)


def _extra_category_faults(columns: AnnualColumns) -> Iterator[Fault]:
    if columns.extra_category_share and not (columns.extra_category_reason or "").strip():
        yield Fault(
            "V9",
            "/columns/extra_category_reason",
            None,
            Text("Una categoria aggiuntiva va motivata.", "An extra category needs a reason."),
            Text("Scrivere la motivazione.", "Write the reason."),
        )
