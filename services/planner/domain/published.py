"""Piani annuali pubblicati: what a printed plan says, passed through the plan's own sums (domain.md §2).

A file holds cases; each has rows (who, metric, value) and the sums and ratios that its source states. Real plans have
gaps and inconsistencies: they are told, with both numbers, and never mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from services.planner.domain.annual import (
    COLUMNS,
    SUMMANDS,
    Aggregation,
    Amount,
    AnnualScope,
    ScopeProblem,
    Total,
    aggregate,
)

ALIASES: Final = {
    "units_free": "free_now",
    "units_turnover_in_year": "turnover_expected",
    "turnover": "turnover_expected",
    "units_assignable_in_year": "assignable_total",
    "assignable": "assignable_total",
    "units_conferred_by_private": "conferred_by_private",
    "units_assigned_previous_year": "assigned_previous_year",
}
"""What sources call the columns, besides the columns' own names."""
UNSTATED: Final = "unstated"
ALL_OWNERS: Final = ("", "all", "tutti")
WHOLE: Final = re.compile(r"(?i)ambito|totale?|total")
TOTALS: Final = (ScopeProblem.TOTAL_AMONG_PARTS, ScopeProblem.ALL_OWNERS_BESIDE_ONE)
"""A number of these scopes is not added: it is a total that the source prints, to be compared with its parts."""
RATIO_TOLERANCE: Final = Decimal(1) / 2
"""Percentages are printed as whole numbers: half a point either way."""


class PublishedFault(ValueError):
    """A file of published plans that cannot be read: where, and why."""


class PublishedRow(BaseModel):
    """One printed number: whose, of what, how many."""

    model_config = ConfigDict(frozen=True)

    ente: str
    metric: str
    value: Decimal | None
    owner: str | None = None
    basis: str = ""


class PublishedCheck(BaseModel):
    """A sum or ratio that the source states."""

    model_config = ConfigDict(frozen=True)

    op: str
    metric: str = ""
    label: str = ""
    parts: tuple[Decimal, ...] = ()
    expected: Decimal | None = None
    num: Decimal | None = None
    den: Decimal | None = None
    expected_pct: Decimal | None = None
    tol: Decimal = Decimal(0)
    tol_pct: Decimal = RATIO_TOLERANCE


class PublishedCase(BaseModel):
    """One published plan."""

    model_config = ConfigDict(frozen=True)

    id: str
    year: Annotated[int, BeforeValidator(lambda year: year[:4] if isinstance(year, str) else year)]
    """Of "2021-2023" the first."""
    title: str = ""
    rows: tuple[PublishedRow, ...] = ()
    checks: tuple[PublishedCheck, ...] = ()


class PublishedFile(BaseModel):
    """A file of published plans."""

    model_config = ConfigDict(frozen=True)

    cases: tuple[PublishedCase, ...] = Field(min_length=1)


class FindingKind(StrEnum):
    """What was compared."""

    SOURCE_CHECK = "SOURCE_CHECK"
    COLUMN_TOTAL = "COLUMN_TOTAL"
    PRINTED_TOTAL = "PRINTED_TOTAL"
    ROW_SUM = "ROW_SUM"
    SCOPE = "SCOPE"
    NOT_CHECKED = "NOT_CHECKED"


class Finding(NamedTuple):
    """One comparison: None as `printed` is "the source does not say it", as `computed` "it cannot be computed"."""

    case: str
    kind: FindingKind
    what: str
    printed: Decimal | None
    computed: Decimal | None
    tolerance: Decimal = Decimal(0)
    note: str = ""

    @property
    def difference(self) -> Decimal | None:
        return None if self.printed is None or self.computed is None else self.computed - self.printed

    @property
    def holds(self) -> bool | None:
        """None where there is nothing to compare."""
        if self.kind in (FindingKind.NOT_CHECKED, FindingKind.SCOPE):
            return None if self.kind is FindingKind.NOT_CHECKED else False
        return self.difference is not None and abs(self.difference) <= self.tolerance


def read_published(text: str, file: str) -> tuple[PublishedCase, ...]:
    """The plans of a file.

    Raises:
        PublishedFault: not JSON, or a case, row or check lacks a field or has a wrong one.
    """
    try:
        return TypeAdapter(PublishedFile).validate_json(text).cases
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        raise PublishedFault(f"{file}: {place or 'file'}: {first['msg']}") from None


def check_published(case: PublishedCase) -> tuple[Finding, ...]:
    """Every comparison of a plan: its own checks, its columns' totals, the totals it prints, and g = b+c+d+e+f."""
    amounts = amounts_of(case)
    sums = aggregate(amounts, case.year)
    return (
        *(_source_check(case, check) for check in case.checks),
        *_column_totals(case, sums),
        *_printed_totals(case, sums),
        *_row_sums(case, amounts, sums),
        *_not_checked(case),
    )


def amounts_of(case: PublishedCase) -> tuple[Amount, ...]:
    """The rows that count homes of a column; an owner left unstated is the only one that has a total there."""
    found = [
        Amount(column, AnnualScope(*_whose(row), None, case.year), int(row.value))
        for row in case.rows
        if (column := column_of(row.metric)) and row.value is not None and row.value == int(row.value)
    ]
    owners: dict[str | None, set[str]] = {}
    for column, scope, _ in found:
        if column == "assignable_total" and scope.owner is not None:
            owners.setdefault(scope.territory, set()).add(scope.owner)
    return tuple(_stated(amount, owners.get(amount.scope.territory, set())) for amount in found)


def column_of(metric: str) -> str | None:
    """The column that a source's metric is; None for what is no column of homes."""
    name = ALIASES.get(metric, metric)
    return name if name in COLUMNS else None


def _stated(amount: Amount, owners: set[str]) -> Amount:
    if amount.scope.owner != UNSTATED or len(owners) != 1:
        return amount
    return amount._replace(scope=amount.scope._replace(owner=next(iter(owners))))


def _whose(row: PublishedRow) -> tuple[str | None, str | None]:
    """(territory, owner): `ALER in Cremona`, `Comune di Cremona`, `ALER (ambito)`, `comuni`, `ambito`."""
    name = row.ente.strip()
    said = (row.owner or "").strip().lower()
    owner = None if said in ALL_OWNERS else said
    if WHOLE.fullmatch(name):
        return None, owner
    if place := re.fullmatch(r"(?i)aler (?:in|a) (.+)", name):
        return place[1], owner or "aler"
    if place := re.fullmatch(r"(?i)comune di (.+)", name):
        return place[1], owner or "comune"
    if re.match(r"(?i)aler\b", name):
        return None, owner or "aler"
    if name.lower() == "comuni":
        return None, owner or "comune"
    return name, owner


def _source_check(case: PublishedCase, check: PublishedCheck) -> Finding:
    what = check.label or check.metric
    if check.op in ("sum", "difference") and check.expected is not None and check.parts:
        first, rest = check.parts[0], sum(check.parts[1:], Decimal(0))
        computed = first + rest if check.op == "sum" else first - rest
        return Finding(case.id, FindingKind.SOURCE_CHECK, what, check.expected, computed, check.tol)
    if check.op == "ratio" and check.expected_pct is not None and check.num is not None and check.den:
        percent = (100 * check.num / check.den).quantize(Decimal("0.001"))
        return Finding(case.id, FindingKind.SOURCE_CHECK, f"{what}, %", check.expected_pct, percent, check.tol_pct)
    note = f"the check {check.op!r} is incomplete or not known"
    return Finding(case.id, FindingKind.NOT_CHECKED, what, check.expected, None, note=note)


def _column_totals(case: PublishedCase, sums: Aggregation) -> Iterator[Finding]:
    """The rows of a column, added up, against the sum that the source states for it."""
    for check in case.checks:
        column = column_of(check.metric)
        if check.op == "sum" and column and check.expected is not None:
            computed, note = _computed(case, sums.total(column))
            yield Finding(case.id, FindingKind.COLUMN_TOTAL, check.metric, check.expected, computed, check.tol, note)


def _printed_totals(case: PublishedCase, sums: Aggregation) -> Iterator[Finding]:
    """Totals among the rows against the sum of their parts, and rows that could not be added."""
    for fault in sums.faults:
        column, scope, value = fault.amount
        what = f"{column} ({scope.told().en})"
        if fault.problem not in TOTALS:
            yield Finding(case.id, FindingKind.SCOPE, what, Decimal(value), None, note=fault.told().en)
            continue
        computed, note = _computed(case, sums.total(column, scope.territory, scope.owner))
        yield Finding(case.id, FindingKind.PRINTED_TOTAL, what, Decimal(value), computed, note=note)


def _computed(case: PublishedCase, total: Total | None) -> tuple[Decimal | None, str]:
    """A sum and what is to be known of it: one with a value inferred from the total proves nothing."""
    if total is None:
        return None, "no part of it is published"
    inferred = {(column_of(row.metric), *_whose(row)) for row in case.rows if "INFERRED" in row.basis}
    is_circular = any((part.column, part.scope.territory, part.scope.owner) in inferred for part in total.parts)
    return Decimal(total.value), "has a value inferred, not printed" if is_circular else ""


def _row_sums(case: PublishedCase, amounts: Sequence[Amount], sums: Aggregation) -> Iterator[Finding]:
    """g = b + c + d + e + f for whoever has a total, and for those that should have one (V5)."""
    printed = _stated_totals(case) | {
        amount.scope: amount.value for amount in amounts if amount.column == "assignable_total"
    }
    parts = _parts(amounts)
    if not printed or not parts:
        return
    scopes = printed.keys() | {
        scope for scope in parts if scope.territory is not None and scope._replace(territory=None) not in printed
    }
    for scope in sorted(scopes, key=lambda scope: (scope.territory or "", scope.owner or "")):
        found = parts.get(scope, {})
        if scope.territory is None or scope.owner is None:
            found = _summed(sums, scope)
        if not found:
            continue
        absent = sorted({COLUMNS[column].letter for column in SUMMANDS} - {COLUMNS[column].letter for column in found})
        note = f"not published: columns {', '.join(absent)}" if absent else ""
        value = Decimal(printed[scope]) if scope in printed else None
        what = f"g ({scope.told().en})"
        yield Finding(case.id, FindingKind.ROW_SUM, what, value, Decimal(sum(found.values())), note=note)


def _stated_totals(case: PublishedCase) -> dict[AnnualScope, int]:
    """The ambito's g where only a check of the source's states it."""
    stated = [
        int(check.expected)
        for check in case.checks
        if check.op == "sum" and column_of(check.metric) == "assignable_total" and check.expected is not None
    ]
    return {AnnualScope(None, None, None, case.year): stated[0]} if len(stated) == 1 else {}


def _parts(amounts: Sequence[Amount]) -> Mapping[AnnualScope, dict[str, int]]:
    """Columns b to f of each scope; e as one number takes the place of its two."""
    parts: dict[AnnualScope, dict[str, int]] = {}
    for column, scope, value in amounts:
        if column in (*SUMMANDS, "free_plus_turnover"):
            parts.setdefault(scope, {})[column] = value
    return {scope: _one_e(found) for scope, found in parts.items()}


def _summed(sums: Aggregation, scope: AnnualScope) -> dict[str, int]:
    totals = (sums.total(column, scope.territory, scope.owner) for column in (*SUMMANDS, "free_plus_turnover"))
    return _one_e({total.column: total.value for total in totals if total is not None})


def _one_e(found: dict[str, int]) -> dict[str, int]:
    if "free_plus_turnover" not in found:
        return found
    return {column: value for column, value in found.items() if column not in ("free_now", "turnover_expected")}


def _not_checked(case: PublishedCase) -> Iterator[Finding]:
    for row in case.rows:
        if column_of(row.metric) is None or row.value is None or row.value != int(row.value):
            note = "no column of the annual plan that counts homes"
            yield Finding(case.id, FindingKind.NOT_CHECKED, f"{row.metric} ({row.ente})", row.value, None, note=note)
