"""What a municipality declares about the need on its territory, and whether its numbers agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

SIZE_CLASSES = (1, 2, 3, 4, 5, 6)
"""People of a household; the last class is open."""
NO_YEARS: Mapping[int, int] = MappingProxyType({})


class Component(StrEnum):
    """Componente del fabbisogno: what the need is made of; each can be switched off, and then is shown as such."""

    ADMITTED_UNSATISFIED = "ADMITTED_UNSATISFIED"
    EVICTION_ORDERS = "EVICTION_ORDERS"
    EVICTION_EXECUTIONS = "EVICTION_EXECUTIONS"
    HOMELESS_OR_TEMPORARY = "HOMELESS_OR_TEMPORARY"
    UNINHABITABLE_HOME = "UNINHABITABLE_HOME"
    OVERCROWDED = "OVERCROWDED"
    BARRIERS = "BARRIERS"
    NEWLY_ADMITTED = "NEWLY_ADMITTED"
    LEFT_WITHOUT_ASSIGNMENT = "LEFT_WITHOUT_ASSIGNMENT"


EVERY_COMPONENT = frozenset(Component)
FLOWS = frozenset({Component.NEWLY_ADMITTED, Component.LEFT_WITHOUT_ASSIGNMENT})
BACKLOG = tuple(component for component in Component if component not in FLOWS)


class DeclaredNeed(NamedTuple):
    """Dati sul fabbisogno dichiarati dal comune: households, only counted; None is "not declared".

    A household may be in several counts: `linked_total` counts each in need once, where the municipality can link them.
    `by_household_size` divides that total among `SIZE_CLASSES`, or without it `admitted_unsatisfied`.
    """

    admitted_unsatisfied: int | None = None
    eviction_orders: int | None = None
    eviction_executions: int | None = None
    homeless_or_temporary: int | None = None
    uninhabitable_home: int | None = None
    overcrowded: int | None = None
    barriers: int | None = None
    linked_total: int | None = None
    by_household_size: tuple[int, ...] | None = None
    newly_admitted: Mapping[int, int] = NO_YEARS
    left_without_assignment: Mapping[int, int] = NO_YEARS
    applications_submitted: int | None = None
    households_admitted: int | None = None
    indigent_applicants: int | None = None
    waiting_households: int | None = None
    rent_support_applications: int | None = None

    @property
    def counts(self) -> dict[Component, int | None]:
        """What is in need now, by component."""
        return {
            Component.ADMITTED_UNSATISFIED: self.admitted_unsatisfied,
            Component.EVICTION_ORDERS: self.eviction_orders,
            Component.EVICTION_EXECUTIONS: self.eviction_executions,
            Component.HOMELESS_OR_TEMPORARY: self.homeless_or_temporary,
            Component.UNINHABITABLE_HOME: self.uninhabitable_home,
            Component.OVERCROWDED: self.overcrowded,
            Component.BARRIERS: self.barriers,
        }

    @property
    def divided_total(self) -> int | None:
        """The total that `by_household_size` divides."""
        return self.admitted_unsatisfied if self.linked_total is None else self.linked_total

    @property
    def is_empty(self) -> bool:
        return all(value is None or value == NO_YEARS for value in self)


SHOWN_TOTALS = (
    *("applications_submitted", "households_admitted", "indigent_applicants"),
    *("waiting_households", "rent_support_applications", "eviction_orders", "eviction_executions"),
)


class DeclaredTotal(NamedTuple):
    """Totale dichiarato: a sum over the municipalities that declared the field, by ISTAT code; nothing is estimated."""

    field: str
    by_municipality: tuple[tuple[str, int], ...]

    @property
    def households(self) -> int:
        return sum(count for _, count in self.by_municipality)


def declared_totals(declared: Mapping[str, DeclaredNeed]) -> tuple[DeclaredTotal, ...]:
    """What municipalities say of applications, waiting lists, rent support and evictions, side by side and never mixed.

    Applications submitted and households admitted differ by four times in real plans.
    """
    found = []
    for field in SHOWN_TOTALS:
        counts = {name: getattr(need, field) for name, need in sorted(declared.items())}
        found.append(DeclaredTotal(field, tuple((name, count) for name, count in counts.items() if count is not None)))
    return tuple(found)


class NeedFault(NamedTuple):
    """Incongruenza nei dati sul fabbisogno: a field that contradicts another, with both numbers.

    The field counts as not declared until it is mended; everything else that the municipality said is used.
    """

    municipality: str
    field: str
    declared: int
    other: int
    text_it: str


def mended(municipality: str, need: DeclaredNeed) -> tuple[DeclaredNeed, tuple[NeedFault, ...]]:
    """The declaration without the fields that contradict others, and why each was left out."""
    faults: list[NeedFault] = []

    def fault(field: str, declared: int, other: int, text_it: str) -> None:
        faults.append(NeedFault(municipality, field, declared, other, text_it))

    counts = [count for count in need.counts.values() if count is not None]
    linked, largest = need.linked_total, max(counts, default=0)
    if linked is not None and linked < largest:
        said = f"il totale senza ripetizioni è {linked}, ma una sola componente ne conta {largest}"
        fault("linked_total", linked, largest, said)
    elif linked is not None and len(counts) == len(BACKLOG) and linked > sum(counts):
        said = f"il totale senza ripetizioni è {linked}, ma le componenti sommano a {sum(counts)}"
        fault("linked_total", linked, sum(counts), said)
    split, divided = need.by_household_size, need.divided_total
    if split is not None and (len(split) != len(SIZE_CLASSES) or sum(split) != divided):
        said = f"le {len(split)} classi di ampiezza sommano a {sum(split)}, ma il totale è {divided or 0}"
        fault("by_household_size", sum(split), divided or 0, said)
    applications = need.applications_submitted
    if applications is not None:
        for field, count in (
            ("households_admitted", need.households_admitted),
            ("indigent_applicants", need.indigent_applicants),
        ):
            if count is not None and count > applications:
                fault(field, count, applications, f"{count} su {applications} domande presentate")
    return without({found.field for found in faults}, need), tuple(faults)


def without(fields: set[str], need: DeclaredNeed) -> DeclaredNeed:
    """The declaration with these fields undeclared; a division goes with the total that it divides."""
    kept: dict[str, Any] = {name: None if name in fields else value for name, value in need._asdict().items()}
    if "linked_total" in fields:
        kept["by_household_size"] = None
    return DeclaredNeed(**kept)
