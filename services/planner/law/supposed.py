"""Regole ipotizzate: the law of a day with some of its numbers changed, to ask what the plan would be under it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from services.planner.domain.rules import Rules
from services.planner.law import parameters, rules_on
from services.planner.law.overlay import Overlay
from services.planner.law.values import DatedValue, Value
from shared.problem_texts import Text


class Bounds(NamedTuple):
    """Limiti di un'ipotesi: the least and the most that a parameter may be supposed to be."""

    least: int
    most: int


_SHARE, _PEOPLE = Bounds(0, 1), Bounds(0, 100_000)
ADJUSTABLE: Final[Mapping[str, Bounds]] = {
    "indigence_share": _SHARE,
    "forces_share": _SHARE,
    "owner_categories_share": _SHARE,
    "sat_set_aside_share": _SHARE,
    "disposal_total_share": _SHARE,
    "disposal_sold_share": _SHARE,
    "disposal_village_share": _SHARE,
    "disposal_village_max_inhabitants": _PEOPLE,
    "disposal_town_share": _SHARE,
    "disposal_town_max_inhabitants": _PEOPLE,
    "backlog_clearance": Bounds(1, 50),
}
"""The parameters that move a figure, a quota or a cap, and are one number."""
DECIMALS: Final = 4


class SupposedRule(NamedTuple):
    """Parametro ipotizzato: a share of one, or a whole number."""

    parameter: str
    value: Decimal


class SupposedLaw(NamedTuple):
    """Regole ipotizzate: those of a day (None: of the plan's own), and the numbers that take the place of theirs."""

    on: date | None = None
    values: tuple[SupposedRule, ...] = ()

    def __bool__(self) -> bool:
        return self.on is not None or bool(self.values)

    def rules(self, own: date) -> Rules:
        """The rule set that is supposed of a plan whose own is that of the day `own`."""
        on = self.on or own
        present = rules_on(on).sources
        changed = [rule for rule in self.values if not _is(present[rule.parameter].value, rule.value)]
        periods = {rule.parameter: (_for_ever(parameters()[rule.parameter][-1], rule),) for rule in changed}
        return rules_on(on, Overlay("", periods, ()) if periods else None)


def fault_of(rule: SupposedRule) -> Text | None:
    """Why the parameter cannot be supposed to be that; None if it can."""
    if (bounds := ADJUSTABLE.get(rule.parameter)) is None:
        known = ", ".join(ADJUSTABLE)
        return Text(
            f"Non si può cambiare la regola «{rule.parameter}», ma solo: {known}.",
            f"The rule {rule.parameter!r} cannot be changed; these can: {known}.",
        )
    least, most = bounds
    decimals = DECIMALS if is_share(rule.parameter) else 0
    if not least <= rule.value <= most or rule.value != round(rule.value, decimals):
        return Text(
            f"Il valore va da {least} a {most}, con al massimo {decimals} decimali.",
            f"The value lies between {least} and {most}, with at most {decimals} decimals.",
        )
    return None


def is_share(parameter: str) -> bool:
    return ADJUSTABLE[parameter] is _SHARE


def _is(present: Value, supposed: Decimal) -> bool:
    return isinstance(present, str) and Decimal(present) == supposed


def _for_ever(present: DatedValue, rule: SupposedRule) -> DatedValue:
    """The value at all times; an assumption, whatever the article says."""
    value = f"{rule.value.normalize():f}"
    return present.model_copy(update={"value": value, "valid_from": None, "valid_to": None, "status": "assumed"})
