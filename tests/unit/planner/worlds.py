"""Small worlds for the planner's tests: messages, and a registry that keeps each home's true timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from services.planner.domain.state import PlanState, fold
from services.planner.law import rules_on
from shared.events.base import Envelope, Event, Message
from shared.events.decisions import (
    AdoptedQuantity,
    AdoptionBasis,
    AdoptionChosen,
    DayBegan,
    DeclineReason,
    HoldDeclined,
    ObjectiveSet,
    ObjectiveWithdrawn,
    SectionWritten,
)
from shared.events.lifecycle import Office
from shared.events.submissions import AnnualColumns, EmergencyCaseClosed, EmergencyCaseOpened, SubmissionReceived
from shared.events.units import (
    OwnerKind,
    ServiceType,
    Transition,
    Unit,
    UnitChanged,
    UnitStatus,
    Works,
    WorksKind,
    WorksTerm,
)

AMBITO = "cremonese"
CREMONA, CASTELVERDE = "019036", "019025"
NAMES = {CREMONA: "Cremona", CASTELVERDE: "Castelverde"}
RULES = rules_on(date(2026, 1, 1))
START = date(2026, 1, 1)


def empty() -> PlanState:
    return PlanState(AMBITO, RULES.bands)


def folded(messages: list[Message]) -> PlanState:
    state = empty()
    for message in messages:
        fold(state, message)
    return state


def message(event: Event, number: int) -> Message:
    identifier = UUID(int=number)
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(Envelope(identifier, "urn:test", time, "subject", AMBITO, correlation_id=identifier), event)


def case_opened(
    reference: str,
    number: int,
    *,
    municipality: str = CREMONA,
    people: int = 2,
    accessible: bool = False,
    urgency: int = 1,
    since: date = START,
    deadline: date | None = None,
    arrears: bool = False,
) -> Message:
    return message(
        EmergencyCaseOpened(
            case_ref=reference,
            municipality=municipality,
            household_size=people,
            accessible=accessible,
            urgency_class=urgency,
            waiting_since=since,
            deadline_on=deadline,
            blameless_arrears=arrears,
        ),
        number,
    )


def case_closed(reference: str, number: int) -> Message:
    return message(
        EmergencyCaseClosed(case_ref=reference, municipality=CREMONA, closed_on=START, reason="sistemato"), number
    )


def hold_step(step: Callable[..., Event], unit_id: str, case_ref: str, revision: int, number: int) -> Message:
    """A step of a hold that runs for the first days of the year."""
    return message(
        step(
            hold_id=UUID(int=77),
            unit_id=unit_id,
            case_ref=case_ref,
            municipality=CREMONA,
            revision=revision,
            on=START,
            expires_at=datetime(2026, 1, 4, tzinfo=UTC),
            **({"reason": DeclineReason.HOME_UNSUITABLE} if step is HoldDeclined else {}),
        ),
        number,
    )


def objective_step(
    step: type[ObjectiveSet] | type[ObjectiveWithdrawn], revision: int, number: int, *, figure: str = "", goal: int = 1
) -> Message:
    """A step of the objective that six homes be free by the end of 2028."""
    return message(
        step(
            objective_id=UUID(int=goal),
            ambito=AMBITO,
            municipality=CREMONA,
            revision=revision,
            text="sei alloggi liberi",
            owner="aler",
            figure=figure or f"{CREMONA}:-:free_assignable:-",
            baseline=2,
            starts_on=START,
            target=6,
            due_on=date(2028, 12, 31),
            reason="delibera",
            on=START,
            organisation="comune-019036",
        ),
        number,
    )


def section_written(section: str, revision: int, markdown: str, number: int, *, first_year: int = 2026) -> Message:
    return message(
        SectionWritten(
            ambito=AMBITO,
            municipality=CREMONA,
            first_year=first_year,
            section=section,
            revision=revision,
            markdown=markdown,
            organisation="comune-019036",
            office=Office.HOUSING_OFFICE,
            on=START,
        ),
        number,
    )


def day_began(on: date, number: int) -> Message:
    return message(DayBegan(ambito=AMBITO, municipality=CREMONA, on=on), number)


def submission(revision: int, assignable: int, number: int, *, year: int = 2026, owner: str = "aler") -> Message:
    columns = AnnualColumns(stock_sap=40, free_now=assignable, assignable_total=assignable)
    return message(
        SubmissionReceived(
            submission_id=UUID(int=number),
            ambito=AMBITO,
            cycle_year=year,
            owner=owner,
            owner_kind=OwnerKind.ALER,
            municipality=CREMONA,
            revision=revision,
            nil=False,
            columns=columns,
            received_on=START,
            late=False,
        ),
        number,
    )


@dataclass(slots=True)
class TestRegistry:
    """What the registry would publish: ordinary reports append to a home's timeline, earlier ones rewrite it."""

    __test__ = False
    units: dict[str, Unit] = field(default_factory=dict)
    timelines: dict[str, list[Transition]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)

    def register(
        self,
        unit_id: str,
        status: UnitStatus,
        on: date = START,
        *,
        municipality: str = CREMONA,
        owner: str = "aler",
        area: int = 60,
        accessible: bool = False,
        works_end_on: date | None = None,
        sat_ends_on: date | None = None,
    ) -> None:
        self._publish(
            Unit(
                unit_id=unit_id,
                municipality=municipality,
                owner=owner,
                owner_kind=OwnerKind.ALER,
                manager=owner,
                service_type=ServiceType.SAP,
                net_area_m2=Decimal(area),
                rooms=3,
                accessible=accessible,
                status=status,
                since=on,
                works=works(works_end_on),
                sat_ends_on=sat_ends_on,
                works_term=term(on, works_end_on),
            ),
            on,
            "unit-registered",
            (Transition(report="unit-registered", on=on, before=None, after=status),),
            (),
        )

    def report(
        self,
        unit_id: str,
        kind: str,
        status: UnitStatus,
        on: date,
        *,
        pending: bool = False,
        end_on: date | None = None,
    ) -> None:
        """A report true on `on`; what the home did after that day is withdrawn and asserted anew behind it."""
        timeline = self.timelines[unit_id]
        kept = [transition for transition in timeline if transition.on <= on]
        later = [transition for transition in timeline if transition.on > on]
        held = self.units[unit_id]
        ended = held.works_term if kind == "works-completed" else None
        asserted = [Transition(report=kind, on=on, before=kept[-1].after, after=status, works_term=ended)]
        for old in later:
            asserted.append(old.model_copy(update={"before": asserted[-1].after}))
        changed = {
            "status": asserted[-1].after,
            "previous_status": asserted[-1].before if asserted[-1].after is UnitStatus.IN_DISPOSAL_PLAN else None,
            "since": asserted[-1].on,
            "pending_inspection": pending,
            "works": works(end_on),
            "works_term": term(on, end_on) if held.works is None else held.works_term if end_on else None,
        }
        unit = held.model_copy(update=changed)
        self._publish(unit, on, kind, tuple(asserted), tuple(later))

    def retract(self, unit_id: str) -> None:
        """The latest change of a home never happened."""
        gone, left = self.timelines[unit_id][-1], self.timelines[unit_id][-2]
        unit = self.units[unit_id].model_copy(update={"status": left.after, "since": left.on})
        self._publish(unit, gone.on, "unit-corrected", (), (gone,))

    def _publish(
        self, after: Unit, on: date, kind: str, asserted: tuple[Transition, ...], withdrawn: tuple[Transition, ...]
    ) -> None:
        unit_id, number = after.unit_id, len(self.sent) + 1
        sequence = self.sequences.get(unit_id, 0) + 1
        event = UnitChanged(
            unit_id=unit_id,
            ambito=AMBITO,
            sequence=sequence,
            report=kind,
            report_id=UUID(int=number),
            organisation=after.owner,
            effective_on=on,
            before=self.units.get(unit_id),
            after=after,
            transitions=asserted,
            withdrawn=withdrawn,
        )
        self.units[unit_id], self.sequences[unit_id] = after, sequence
        kept = self.timelines.get(unit_id, [])
        self.timelines[unit_id] = [*kept[: len(kept) - len(withdrawn)], *asserted]  # what is withdrawn is the latest
        self.sent.append(message(event, number))


def works(end_on: date | None) -> Works | None:
    return (
        None
        if end_on is None
        else Works.model_validate({"programme": "P-1", "kind": "RENOVATION", "expected_end_on": end_on}, strict=False)
    )


def term(planned_on: date, end_on: date | None) -> WorksTerm | None:
    if end_on is None:
        return None
    return WorksTerm(kind=WorksKind.RENOVATION, planned_on=planned_on, declared_end_on=end_on)


def chosen(revision: int, basis: str, number: int = 0) -> Message:
    """A step of the choice what ALER's assignable homes in Cremona are in 2027."""
    return message(
        AdoptionChosen(
            choice_id=UUID(int=950 + revision),
            ambito=AMBITO,
            municipality=CREMONA,
            owner="aler",
            year=2027,
            quantity=AdoptedQuantity.ASSIGNABLE,
            basis=AdoptionBasis(basis),
            reason="dichiarazione riferita a tutto il patrimonio",
            revision=revision,
            on=START,
            organisation="comune-019036",
        ),
        number or 950 + revision,
    )
