"""Yearly declarations of owners (R.R. 4/2017, art. 5) and open emergency cases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.base import (
    AmbitoCode,
    Event,
    IstatCode,
    LongText,
    OrganisationId,
    Reference,
    ShortText,
    Value,
)
from shared.events.planning import Count, ThreeYearData
from shared.events.units import OwnerKind

CycleYear = Annotated[int, Field(ge=2017, le=2100)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]


class AnnualColumns(Value):
    """Colonne a-k del piano annuale (comunicazione regionale 45 del 2 aprile 2019)."""

    stock_sap: Count = 0
    stock_sas: Count = 0
    stock_sat: Count = 0
    as_is_assignable: Count = 0
    under_renovation_assignable: Count = 0
    new_build_assignable: Count = 0
    free_now: Count = 0
    turnover_expected: Count = 0
    conferred_by_private: Count = 0
    assignable_total: Count = 0
    indigence_share: Share | None = None
    forces_share: Share | None = None
    local_police_share: Share | None = None
    extra_category_share: Share | None = None
    extra_category_reason: LongText | None = None
    sat_units: Count = 0
    assigned_previous_year: Count = 0


class SubmissionReceived(Event, ThreeYearData, topic="submissions"):
    """Dati di programmazione trasmessi: one owner's year in one municipality; a later revision supersedes.

    One that corrects a contested cell names the contest.
    """

    submission_id: UUID
    ambito: AmbitoCode
    cycle_year: CycleYear
    owner: OrganisationId
    owner_kind: OwnerKind
    municipality: IstatCode
    revision: Annotated[int, Field(ge=1)]
    nil: bool
    columns: AnnualColumns | None
    received_on: date
    late: bool
    contest_id: UUID | None = None


class SubmissionDefaulted(Event, topic="submissions"):
    """Inadempienza: put on record by the lead municipality; a row that comes later ends it."""

    default_id: UUID
    ambito: AmbitoCode
    cycle_year: CycleYear
    owner: OrganisationId
    owner_kind: OwnerKind
    municipality: IstatCode
    recorded_on: date
    reason: LongText


class EmergencyCaseOpened(Event, topic="emergency-cases"):
    """Caso di emergenza abitativa aperto: an opaque reference, never a household."""

    case_ref: Reference
    municipality: IstatCode
    household_size: Annotated[int, Field(ge=1, le=20)]
    accessible: bool
    urgency_class: Annotated[int, Field(ge=1, le=9)]
    waiting_since: date
    deadline_on: date | None = None
    blameless_arrears: bool = False


class EmergencyCaseUpdated(Event, topic="emergency-cases"):
    """Caso aggiornato: the whole case as it is now."""

    case_ref: Reference
    municipality: IstatCode
    household_size: Annotated[int, Field(ge=1, le=20)]
    accessible: bool
    urgency_class: Annotated[int, Field(ge=1, le=9)]
    waiting_since: date
    deadline_on: date | None = None
    blameless_arrears: bool = False


class EmergencyCaseClosed(Event, topic="emergency-cases"):
    """Caso chiuso."""

    case_ref: Reference
    municipality: IstatCode
    closed_on: date
    reason: ShortText
