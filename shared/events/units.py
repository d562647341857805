"""Homes: what owners report (claims) and what the registry states (facts). R.R. 4/2017, anagrafe regionale."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import Field

from shared.events.base import (
    AmbitoCode,
    Event,
    IstatCode,
    LongText,
    OrganisationId,
    Reference,
    ShortText,
    UnitId,
    Value,
    plain,
)


class OwnerKind(StrEnum):
    """Ente proprietario (R.R. 4/2017, art. 2): who owns a home and declares its figures."""

    MUNICIPALITY = "MUNICIPALITY"
    ALER = "ALER"
    ACCREDITED_OPERATOR = "ACCREDITED_OPERATOR"


class ServiceType(StrEnum):
    """Servizi abitativi pubblici, sociali, transitori (L.R. 16/2016)."""

    SAP = "SAP"
    SAS = "SAS"
    SAT = "SAT"


class UnitStatus(StrEnum):
    """Stato dell'alloggio (unità abitativa) nell'anagrafe."""

    OCCUPIED = "OCCUPIED"
    OCCUPIED_WITHOUT_TITLE = "OCCUPIED_WITHOUT_TITLE"
    FREE_ASSIGNABLE = "FREE_ASSIGNABLE"
    FREE_STATE_OF_FACT = "FREE_STATE_OF_FACT"
    IN_NOTICE = "IN_NOTICE"
    RESERVED_SAT = "RESERVED_SAT"
    OCCUPIED_SAT = "OCCUPIED_SAT"
    UNINHABITABLE = "UNINHABITABLE"
    IN_WORKS = "IN_WORKS"
    IN_CONSTRUCTION = "IN_CONSTRUCTION"
    IN_DISPOSAL_PLAN = "IN_DISPOSAL_PLAN"
    VALORISED = "VALORISED"
    SOLD = "SOLD"
    BARTERED = "BARTERED"
    DEMOLISHED = "DEMOLISHED"


class InspectionOutcome(StrEnum):
    """Esito del sopralluogo: in which state a home came back."""

    ASSIGNABLE = "ASSIGNABLE"
    STATE_OF_FACT = "STATE_OF_FACT"
    UNINHABITABLE = "UNINHABITABLE"


class WorksKind(StrEnum):
    """Tipo di intervento: new building, renovation, recovery, maintenance."""

    NEW_BUILD = "NEW_BUILD"
    RENOVATION = "RENOVATION"
    RECOVERY = "RECOVERY"
    EXTRAORDINARY_MAINTENANCE = "EXTRAORDINARY_MAINTENANCE"
    ORDINARY_MAINTENANCE = "ORDINARY_MAINTENANCE"


Euro = Annotated[Decimal, Field(ge=0, le=100_000_000, decimal_places=2)]
SquareMetres = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]


class Works(Value):
    """Lavori programmati o in corso: programme, kind, cost (EUR, VAT included), expected end."""

    programme: Reference
    kind: WorksKind
    expected_end_on: date
    cost: Euro | None = None


class WorksTerm(Value):
    """Termine dei lavori: when they were planned, and the end declared then; later dates leave it as it is."""

    kind: WorksKind
    planned_on: date
    declared_end_on: date


class Unit(Value):
    """Unità abitativa: the registry's whole record of a home. It never holds tenant data."""

    unit_id: UnitId
    municipality: IstatCode
    owner: OrganisationId
    owner_kind: OwnerKind
    manager: OrganisationId
    service_type: ServiceType
    net_area_m2: SquareMetres
    rooms: Annotated[int, Field(ge=1, le=50)]
    accessible: bool
    address: ShortText | None = None
    status: UnitStatus
    since: date
    previous_status: UnitStatus | None = None
    pending_inspection: bool = False
    works: Works | None = None
    sat_ends_on: date | None = None
    works_term: WorksTerm | None = None


class Report(Event):
    """A claim by an owner about one home, true from `effective_on`."""

    unit_id: UnitId
    effective_on: date


class UnitRegistered(Report, topic="owner-reports"):
    """Alloggio iscritto in anagrafe, with its first state."""

    municipality: IstatCode
    owner: OrganisationId
    owner_kind: OwnerKind
    manager: OrganisationId
    service_type: ServiceType
    net_area_m2: SquareMetres
    rooms: Annotated[int, Field(ge=1, le=50)]
    accessible: bool
    address: ShortText | None = None
    status: UnitStatus
    works: Works | None = None


class UnitVacated(Report, topic="owner-reports"):
    """Alloggio rilasciato dall'assegnatario; without an outcome it waits for an inspection."""

    outcome: InspectionOutcome | None = None


class UnitInspected(Report, topic="owner-reports"):
    """Sopralluogo eseguito on a home vacated without an outcome."""

    outcome: InspectionOutcome


class TitleLost(Report, topic="owner-reports"):
    """Decadenza dal titolo: the household stays without a title."""


class UnitOccupiedWithoutTitle(Report, topic="owner-reports"):
    """Occupazione senza titolo (abusiva): the home leaves the supply at once."""


class UnitReleased(Report, topic="owner-reports"):
    """Sgombero o rilascio of a home occupied without title."""

    outcome: InspectionOutcome


class NoticePublished(Report, topic="owner-reports"):
    """Alloggio inserito in avviso pubblico; in the state of fact with works list and cost (R.R. 4/2017, art. 10)."""

    notice: Reference
    works_list: LongText | None = None
    works_cost: Euro | None = None


class NoticeClosed(Report, topic="owner-reports"):
    """Avviso chiuso senza assegnazione."""


class UnitAssigned(Report, topic="owner-reports"):
    """Alloggio assegnato."""


class UnitReservedForSat(Report, topic="owner-reports"):
    """Alloggio riservato ai servizi abitativi transitori (L.R. 16/2016, art. 23 c. 13)."""


class SatAssigned(Report, topic="owner-reports"):
    """Alloggio SAT assegnato, until `ends_on`."""

    ends_on: date


class SatEnded(Report, topic="owner-reports"):
    """Fine dell'assegnazione transitoria."""


class WorksScheduled(Report, topic="owner-reports"):
    """Lavori programmati: the home keeps its state."""

    works: Works


class WorksStarted(Report, topic="owner-reports"):
    """Lavori avviati."""

    works: Works


class WorksRescheduled(Report, topic="owner-reports"):
    """Nuova data di fine lavori prevista."""

    expected_end_on: date


class WorksCompleted(Report, topic="owner-reports"):
    """Lavori conclusi: the home can be assigned."""


class DeclaredUninhabitable(Report, topic="owner-reports"):
    """Inagibilità dichiarata."""


class DisposalApproved(Report, topic="owner-reports"):
    """Alloggio inserito nel programma di alienazione (L.R. 16/2016, art. 28)."""

    programme: Reference


class DisposalWithdrawn(Report, topic="owner-reports"):
    """Alloggio tolto dal programma di alienazione."""


class UnitSold(Report, topic="owner-reports"):
    """Alloggio alienato."""


class UnitBartered(Report, topic="owner-reports"):
    """Alloggio permutato."""


class Valorised(Report, topic="owner-reports"):
    """Alloggio valorizzato (L.R. 16/2016, art. 28): out of the supply for a time."""


class ValorisationEnded(Report, topic="owner-reports"):
    """Fine della valorizzazione."""


class UnitDemolished(Report, topic="owner-reports"):
    """Alloggio demolito."""


class UnitCorrected(Report, topic="owner-reports"):
    """Rettifica dei dati anagrafici of a home; absent fields stay as they are."""

    manager: OrganisationId | None = None
    service_type: ServiceType | None = None
    net_area_m2: SquareMetres | None = None
    rooms: Annotated[int, Field(ge=1, le=50)] | None = None
    accessible: bool | None = None
    address: ShortText | None = None


class ReportRetracted(Report, topic="owner-reports"):
    """Segnalazione ritirata: it was never true. `effective_on` is the retracted report's own day."""

    retracts: UUID
    reason: LongText


class Transition(Value):
    """One change of state on the true-time axis; `report` is the kind of report that made it.

    `net_area_m2` is the home's area then, so that a correction takes back what was said of it; facts from before it was
    told have None. `works_term` is that of the works that ended with it.
    """

    report: ShortText
    on: date
    before: UnitStatus | None
    after: UnitStatus
    net_area_m2: SquareMetres | None = None
    works_term: WorksTerm | None = None


def ended_term(before: Unit | None, after: Unit) -> WorksTerm | None:
    """The term of works that a change of state ended."""
    return before.works_term if before is not None and after.works is None else None


class Moment(Value):
    """The home as one report left it on the true-time axis."""

    report: ShortText
    report_id: UUID
    on: date
    unit: Unit


class UnitChanged(Event, topic="units"):
    """The registry's fact: the home before and after, and how the past of the home changed.

    `transitions` became true and `withdrawn` ceased to be true: an ordinary report asserts one and withdraws none; a
    correction withdraws those after its effective date and asserts them anew. Adding the first and subtracting the
    second keeps any sum over transitions right. A correction also tells `course`: the home after each report that
    stands, in true order, so that who keeps the facts knows what was true on any day.
    """

    unit_id: UnitId
    ambito: AmbitoCode
    sequence: Annotated[int, Field(ge=1)]
    report: ShortText
    report_id: UUID
    organisation: OrganisationId
    effective_on: date
    before: Unit | None
    after: Unit
    transitions: tuple[Transition, ...]
    withdrawn: tuple[Transition, ...] = ()
    course: tuple[Moment, ...] = ()

    def write_around(self, before: bytes | None, after: bytes) -> bytes:
        """What `write` says, in half its time: both homes are at hand as JSON."""
        homes = {"before": orjson.Fragment(before or b"null"), "after": orjson.Fragment(after)}
        return orjson.dumps(self.__dict__ | homes, default=plain)


class ReportRefused(Event, topic="units"):
    """A report that took no effect, and why: rule (a stable code) and a sentence in Italian and English."""

    unit_id: UnitId
    report: ShortText
    report_id: UUID
    organisation: OrganisationId
    rule: ShortText
    reason_it: LongText
    reason_en: LongText
