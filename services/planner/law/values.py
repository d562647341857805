"""A legal parameter's value over time: its form, its periods, and what to say when a file breaks either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

Value = str | tuple[str | None, ...] | None
Unit = Literal["share", "EUR", "EUR/year", "years", "months", "times", "m2", "inhabitants", "month-day", "code"]


class RulesFault(ValueError):
    """A rules file that cannot be used: where, which parameter, why, and how to mend it."""

    def __init__(self, file: str, line: int, key: str, why: str, remedy: str) -> None:
        super().__init__(f"{file}, line {line}, {key}: {why}; {remedy}")
        self.file, self.line, self.key, self.why, self.remedy = file, line, key, why, remedy


class DatedValue(BaseModel):
    """One value of a parameter from `valid_from` to `valid_to`, both included; `None` is an open end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Value
    unit: Unit
    valid_from: date | None
    valid_to: date | None
    article: str
    gazette: str | None
    status: Literal["read", "assumed"]

    @model_validator(mode="after")
    def in_its_units_form(self) -> Self:
        matches, form = FORMS.get(self.unit, WHOLE)
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        for value in values:
            if value is not None and not matches(value):
                raise ValueError(f"{value!r} is not {form}, as the unit {self.unit!r} asks")
        return self

    def holds_on(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


History = tuple[DatedValue, ...]
"""A parameter's values, oldest first."""


def _is_share(text: str) -> bool:
    return re.fullmatch(r"[01](\.[0-9]{1,4})?", text) is not None and Decimal(text) <= 1


def _is_month_day(text: str) -> bool:
    try:
        return re.fullmatch(r"[0-9]{2}-[0-9]{2}", text) is not None and date.fromisoformat(f"2001-{text}") is not None
    except ValueError:
        return False


WHOLE: tuple[Callable[[str], bool], str] = (lambda text: text.isascii() and text.isdigit(), 'a whole number ("36")')
FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "share": (_is_share, 'a share between 0 and 1 ("0.20")'),
    "month-day": (_is_month_day, 'a day of every year ("10-31")'),
    "code": (lambda text: re.fullmatch(r"[A-Z_]+", text) is not None, 'a code in capitals ("EVER_REGISTERED")'),
}
"""How a value of each unit is written; the others are whole numbers."""


def check_periods(name: str, history: History) -> None:
    """Every day has exactly one value: each period begins the day after the one before it ended."""
    if not history or history[0].valid_from is not None or history[-1].valid_to is not None:
        raise ValueError(f"{name}: the first period must be open at its start and the last at its end")
    for earlier, later in pairwise(history):
        if (
            earlier.valid_to is None
            or later.valid_from is None
            or later.valid_from.toordinal() != earlier.valid_to.toordinal() + 1
        ):
            raise ValueError(f"{name}: {earlier.valid_to} is not the day before {later.valid_from}")
        if (later.valid_to or date.max) < later.valid_from:
            raise ValueError(f"{name}: the period from {later.valid_from} ends before it begins, on {later.valid_to}")
