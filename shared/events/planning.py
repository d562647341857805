"""What owners submit for the three-year plan beside the annual columns; None is "not answered", empty is "none"."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.events.base import LongText, Reference, ShortText, Value
from shared.events.units import Euro, WorksKind

Count = Annotated[int, Field(ge=0, le=1_000_000)]
SomeUnits = Annotated[int, Field(ge=1, le=100_000)]
Year = Annotated[int, Field(ge=2017, le=2103)]
FieldPointer = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_]+)+$", max_length=100)]

HOUSEHOLD_SIZES = 6
"""Sizes of a household as need is split by them: one to five people, and six or more."""


class ProgrammeKind(StrEnum):
    """Tipo di intervento programmato: every kind of works, and the purchase of homes."""

    NEW_BUILD = WorksKind.NEW_BUILD
    RENOVATION = WorksKind.RENOVATION
    RECOVERY = WorksKind.RECOVERY
    EXTRAORDINARY_MAINTENANCE = WorksKind.EXTRAORDINARY_MAINTENANCE
    ORDINARY_MAINTENANCE = WorksKind.ORDINARY_MAINTENANCE
    PURCHASE = "PURCHASE"


class DisposalKind(StrEnum):
    """Forma di alienazione o valorizzazione (L.R. 16/2016, art. 28)."""

    SOLD = "SOLD"
    BARTERED = "BARTERED"
    VALORISED = "VALORISED"


class YearForecast(Value):
    """Offerta prevista in un anno del triennio: homes that become assignable, by the channels of columns b to f."""

    year: Year
    turnover_expected: Count = 0
    works_assignable: Count = 0
    new_build_assignable: Count = 0
    as_is_assignable: Count = 0
    conferred_by_private: Count = 0


class Programme(Value):
    """Intervento programmato: works or a purchase, with its homes, cost (EUR, VAT included) and expected end."""

    programme_id: Reference
    kind: ProgrammeKind
    units: SomeUnits
    cost_eur: Euro
    expected_completion_on: date
    financed: bool


class Disposal(Value):
    """Programma di alienazione o valorizzazione (L.R. 16/2016, art. 28), with the act that approved it."""

    programme_id: Reference
    kind: DisposalKind
    units: SomeUnits
    expected_on: date
    expected_proceeds_eur: Euro
    act_reference: ShortText


class HousingNeed(Value):
    """Dati sul fabbisogno abitativo (R.R. 4/2017, art. 3 c. 2 lett. c): households of a municipality, only counted.

    A count of None is not known. A household may be in several counts; `linked_total` counts each in need once, where
    the municipality can link them. `by_household_size` splits that total, or without it `admitted_unsatisfied`.
    """

    applications_submitted: Count | None = None
    households_admitted: Count | None = None
    admitted_unsatisfied: Count | None = None
    newly_admitted: Count | None = None
    left_without_assignment: Count | None = None
    indigent_applicants: Count | None = None
    eviction_orders: Count | None = None
    eviction_executions: Count | None = None
    homeless_or_temporary: Count | None = None
    uninhabitable_home: Count | None = None
    overcrowded: Count | None = None
    barriers: Count | None = None
    waiting_households: Count | None = None
    rent_support_applications: Count | None = None
    linked_total: Count | None = None
    by_household_size: (
        Annotated[tuple[Count, ...], Field(min_length=HOUSEHOLD_SIZES, max_length=HOUSEHOLD_SIZES)] | None
    ) = None


class AccessMeasure(Value):
    """Misura per l'accesso e la permanenza (L.R. 16/2016, titolo V): its budget (EUR), households, rule of origin."""

    name: ShortText
    budget_eur: Euro
    households: Count
    rule_of_origin: ShortText


class Strategy(Value):
    """Strategia e obiettivo: in words, and where it can be measured the figure that it aims at and its target."""

    objective: LongText
    figure: ShortText | None = None
    target: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    deadline_on: date | None = None
    responsible_office: ShortText | None = None


class Confirmation(Value):
    """Conferma motivata: why the implausible value of `field` (a JSON pointer) is right nevertheless."""

    field: FieldPointer
    reason: LongText


class ThreeYearData(Value):
    """Dati per la programmazione triennale: each part may be missing, which makes the submission incomplete."""

    forecast: Annotated[tuple[YearForecast, ...], Field(max_length=3)] | None = None
    programmes: Annotated[tuple[Programme, ...], Field(max_length=500)] | None = None
    disposals: Annotated[tuple[Disposal, ...], Field(max_length=200)] | None = None
    need: HousingNeed | None = None
    measures: Annotated[tuple[AccessMeasure, ...], Field(max_length=50)] | None = None
    strategies: Annotated[tuple[Strategy, ...], Field(max_length=50)] | None = None
    services: Annotated[tuple[ShortText, ...], Field(max_length=50)] | None = None
    criticalities: Annotated[tuple[ShortText, ...], Field(max_length=50)] | None = None
    confirmations: Annotated[tuple[Confirmation, ...], Field(max_length=100)] = ()
