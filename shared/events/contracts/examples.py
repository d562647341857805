"""One example of every event, made from fixed values: what the golden records and the AsyncAPI document show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar, get_args
from uuid import UUID

from shared.events.base import SOURCE, Envelope, Event, Message, Value, derived
from shared.events.contests import ContestOutcome
from shared.events.decisions import AdoptedQuantity, AdoptionBasis, DeclineReason
from shared.events.lifecycle import ActKind, EditionKind, Office, Organ, PlanStatus
from shared.events.planning import DisposalKind, ProgrammeKind
from shared.events.plans import Audience, Measure
from shared.events.topics import declared
from shared.events.units import (
    InspectionOutcome,
    OwnerKind,
    ServiceType,
    Transition,
    Unit,
    UnitChanged,
    UnitStatus,
    WorksKind,
)

V = TypeVar("V", bound=Value)

AMBITO = "cremonese"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CLAIMS = ("owner-reports", "submissions", "emergency-cases", "plan-decisions")
"""Topics whose records say who claims; what is on the others was caused by another event."""

DECISIONS = ("plan-status-changed",)
"""Events on other topics that nothing but somebody's decision has caused."""

VALUES: Mapping[str, Any] = {
    "Act.kind": ActKind.RESOLUTION,
    "Act.number": "12",
    "Act.organ": Organ.ASSEMBLY_OF_MAYORS,
    "AdoptionChosen.basis": AdoptionBasis.MODEL,
    "AdoptionChosen.quantity": AdoptedQuantity.TURNOVER,
    "AdoptionChosen.reason": "l'ente ha dichiarato gli alloggi di due anni insieme",
    "AdoptionChosen.revision": 1,
    **{
        f"{step}.{name}": value
        for step in ("ObjectiveSet", "ObjectiveWithdrawn")
        for name, value in {
            "due_on": date(2028, 12, 31),
            "figure": "019036:-:needing_works:-",
            "reason": "delibera del Consiglio comunale",
            "revision": 1 if step == "ObjectiveSet" else 2,
            "starts_on": date(2026, 3, 1),
            "text": "dimezzare gli alloggi da recuperare",
        }.items()
    },
    **{
        f"{step}.{name}": value
        for step in ("FigureContested", "ContestAnswered", "ContestSettled")
        for name, value in {
            "answer": "l'alloggio è stato contato due volte",
            "contested_on": date(2026, 3, 1),
            "deadline_on": date(2026, 3, 16),
            "expected": 4,
            "figure": "019036:aler-di-prova:column_free_now_declared:2026",
            "label_it": "Colonna e: già liberi, 2026, dichiarato",
            "new_cell_value": 4,
            "new_value": 4,
            "outcome": ContestOutcome.CORRECTED,
            "owner": "aler-di-prova",
            "reason": "il Comune ne ha visti quattro",
            "revision": 1 if step == "FigureContested" else 2,
            "value": 5,
        }.items()
    },
    "ContestedCell.path": "columns/free_now",
    "ContestedCell.value": 5,
    "CommentReplied.label_it": "Alloggi inagibili, da recuperare",
    "CommentReplied.number": 2,
    "CommentReplied.place": "019036:-:needing_works:-",
    "CommentReplied.resolved": False,
    "CommentReplied.to": ("comune-019026",),
    "contester": "comune-019036",
    **{
        f"PlanStatusChanged.{name}": value
        for name, value in {
            "audit_head": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            "before": PlanStatus.SUBMITTED_TO_ASSEMBLY,
            "document_hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "edition": 1,
            "first_year": 2026,
            "kind": EditionKind.TRIENNIAL,
            "log_head": "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
            "office": Office.ASSEMBLY_SECRETARIAT,
            "plan_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "reason": None,
            "rules_on": date(2026, 3, 1),
            "status": PlanStatus.APPROVED,
            "step": 3,
        }.items()
    },
    **{
        f"SectionWritten.{name}": value
        for name, value in {
            "first_year": 2026,
            "markdown": "Nel triennio saranno assegnabili {{supply.total}} alloggi.",
            "note": "prima stesura",
            "office": Office.HOUSING_OFFICE,
            "organisation": "comune-019036",
            "revision": 1,
            "section": "strategie",
        }.items()
    },
    "accessible": False,
    "act_reference": "delibera di Giunta n. 12 del 2026",
    "address": "indirizzo omesso nell'esempio",
    "admitted_unsatisfied": 58,
    "after": 12,
    "ambito": AMBITO,
    "applications_submitted": 240,
    "as_is_assignable": 2,
    "assignable_total": 15,
    "assigned_previous_year": 6,
    "attempts": 3,
    "audience": Audience.EVERYBODY,
    "barriers": 4,
    "baseline": 80,
    "before": 13,
    "blameless_arrears": False,
    "budget_eur": Decimal("60000.00"),
    "by_household_size": (40, 24, 18, 12, 6, 3),
    "cause_count": 1,
    "case_ref": "EM-2026-0042",
    "channel": "WEBHOOK",
    "closed_on": date(2026, 3, 1),
    "conferred_by_private": 1,
    "cost": Decimal("25000.00"),
    "cost_eur": Decimal("180000.00"),
    "criticalities": ("alloggi sfitti in attesa di lavori",),
    "cycle_year": 2026,
    "deadline_on": date(2026, 4, 30),
    "effective_on": date(2026, 3, 1),
    "ends_on": date(2027, 2, 28),
    "eviction_executions": 9,
    "eviction_orders": 21,
    "expected_completion_on": date(2028, 5, 31),
    "expected_on": date(2027, 9, 30),
    "expected_proceeds_eur": Decimal("85000.00"),
    "error": "429 Too Many Requests",
    "expires_at": datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
    "expected_end_on": date(2027, 6, 30),
    "extra_category_reason": "nuovi nuclei con minori",
    "declared_end_on": date(2027, 3, 31),
    "extra_category_share": Decimal("0.1"),
    "field": "/columns/turnover_expected",
    "figure_count": 1,
    "figure": "free_assignable",
    "financed": True,
    "forces_share": Decimal("0.1"),
    "free_now": 4,
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "homeless_or_temporary": 11,
    "household_size": 3,
    "households": 30,
    "households_admitted": 96,
    "indigence_share": Decimal("0.2"),
    "indigent_applicants": 57,
    "kind": WorksKind.RENOVATION,
    "label_it": "Alloggi liberi assegnabili",
    "late": False,
    "left_without_assignment": 14,
    "linked_total": 103,
    "local_police_share": Decimal("0.05"),
    "manager": "aler-di-prova",
    "measure": Measure.COUNT,
    "municipality": "019036",
    "name": "Cremona",
    "net_area_m2": Decimal("57.20"),
    "new_build_assignable": 0,
    "newly_admitted": 31,
    "nil": False,
    "notice": "AVVISO-2026-1",
    "objective": "ridurre gli alloggi sfitti in attesa di lavori",
    "on": date(2026, 3, 1),
    "organisation": "comune-019036",
    "outcome": InspectionOutcome.STATE_OF_FACT,
    "overcrowded": 17,
    "owner": "comune-019036",
    "owner_kind": OwnerKind.MUNICIPALITY,
    "pending_inspection": False,
    "previous_status": UnitStatus.FREE_STATE_OF_FACT,
    "programme": "PROGRAMMA-2026-7",
    "programme_id": "PROGRAMMA-2026-7",
    "reason": "sistemazione trovata",
    "reason_en": "Unit CR-000123 is already in the registry.",
    "reason_it": "L'alloggio CR-000123 è già iscritto in anagrafe.",
    "planned_on": date(2025, 12, 1),
    "received_on": date(2026, 3, 2),
    "recorded_on": date(2026, 11, 10),
    "reference_on": date(2026, 3, 1),
    "rent_support_applications": 75,
    "report": "disposal-approved",
    "HoldDeclined.reason": DeclineReason.HOME_UNSUITABLE,
    "ReportRefused.report": "unit-registered",
    "responsible_office": "Settore Politiche sociali",
    "revision": 2,
    "rooms": 3,
    "rule": "already-registered",
    "rule_of_origin": "R.R. 11/2019, art. 3",
    "sat_ends_on": None,
    "sat_units": 1,
    "sequence": 7,
    "service_type": ServiceType.SAP,
    "services": ("sportello casa",),
    "since": date(2026, 3, 1),
    "status": UnitStatus.FREE_STATE_OF_FACT,
    "stock_sap": 120,
    "stock_sas": 8,
    "stock_sat": 2,
    "subject": "CR-000123",
    "target": 40,
    "Cause.kind": "disposal-approved",
    "Disposal.kind": DisposalKind.SOLD,
    "Programme.kind": ProgrammeKind.RECOVERY,
    "Transition.after": UnitStatus.IN_DISPOSAL_PLAN,
    "Transition.before": UnitStatus.FREE_STATE_OF_FACT,
    "Transition.works_term": None,
    "turnover_expected": 5,
    "under_renovation_assignable": 3,
    "uninhabitable_home": 6,
    "unit_id": "CR-000123",
    "units": 6,
    "Unit.status": UnitStatus.IN_DISPOSAL_PLAN,
    "urgency_class": 2,
    "version": 41,
    "waiting_since": date(2025, 11, 17),
    "waiting_households": 88,
    "works_cost": Decimal("6500.00"),
    "works_assignable": 6,
    "works_list": "sostituzione della caldaia",
    "AccessMeasure.name": "contributo regionale di solidarietà",
    "year": 2027,
}
"""Values by field name, or by `Class.field` where that field is meant otherwise. Identifiers are derived."""


def example_message(cls: type[Event]) -> Message:
    """An example of the event in the envelope its writer gives it."""
    event = unit_changed() if cls is UnitChanged else example(cls)
    is_claim = cls.TOPIC in CLAIMS or cls.NAME in DECISIONS
    identifier = example_id(f"{cls.TYPE}/id")
    return Message(
        Envelope(
            id=identifier,
            source=SOURCE + declared()[cls.TOPIC].writers[0],
            time=AT,
            subject=_subject(event),
            ambito=AMBITO,
            correlation_id=identifier if is_claim else example_id(f"{cls.TYPE}/correlation"),
            causation_id=None if is_claim else example_id(f"{cls.TYPE}/causation"),
            organisation=VALUES["organisation"] if is_claim else None,
            sequence=getattr(event, "sequence", None),
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        event,
    )


def example(cls: type[V]) -> V:
    """An example with every field filled; raises LookupError for a field that has no example value yet."""
    return cls(**{name: _value(cls, name, field.annotation) for name, field in cls.model_fields.items()})


def example_id(name: str) -> UUID:
    return derived(f"example/{name}")


def _value(cls: type[Value], name: str, annotation: Any) -> Any:
    own = f"{cls.__name__}.{name}"
    if own in VALUES:
        return VALUES[own]
    if (part := _part(annotation)) is not None:
        return (example(part),) if "tuple" in str(annotation) else example(part)
    if name in VALUES:
        return VALUES[name]
    if "UUID" in str(annotation):
        return example_id(own)
    raise LookupError(f"give {own} an example value in shared/events/contracts/examples.py")


def _part(annotation: Any) -> type[Value] | None:
    """The class of values in `Works | None`, `tuple[Cause, ...]` or `Works`."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return annotation
    return next(filter(None, map(_part, get_args(annotation))), None)


def unit_changed() -> UnitChanged:
    """A home that enters the disposal programme: before and after must agree with the transition."""
    after = example(Unit)
    free = {"status": UnitStatus.FREE_STATE_OF_FACT, "previous_status": None, "since": date(2025, 10, 8)}
    return UnitChanged(
        unit_id=after.unit_id,
        ambito=AMBITO,
        sequence=VALUES["sequence"],
        report=VALUES["report"],
        report_id=example_id("pianovivo.disposal-approved.v1/id"),
        organisation=after.owner,
        effective_on=after.since,
        before=after.model_copy(update=free),
        after=after,
        transitions=(example(Transition),),
    )


def _subject(event: Event) -> str:
    if event.name() in ("submission-received", "submission-defaulted"):
        return "/".join(str(VALUES[name]) for name in ("municipality", "owner", "cycle_year"))
    names = ("contest_id", "thread", "hold_id", "unit_id", "case_ref", "notice_id", "ambito")
    named = (getattr(event, name, None) for name in names)
    return str(next(filter(None, named)))
