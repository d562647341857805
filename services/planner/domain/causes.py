"""Why a plan moved: each event in the words the plan's readers need."""

from __future__ import annotations

from services.planner.domain.publication import EMERGENCY_KINDS
from shared.civil_time import civil_day
from shared.events import (
    AdoptionChosen,
    Audience,
    Cause,
    ContestAnswered,
    ContestSettled,
    DayBegan,
    EmergencyCaseClosed,
    EmergencyCaseOpened,
    EmergencyCaseUpdated,
    FigureContested,
    HoldAccepted,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReturned,
    Message,
    ObjectiveSet,
    ObjectiveWithdrawn,
    SectionWritten,
    SubmissionDefaulted,
    SubmissionReceived,
    UnitChanged,
)


def cause_of(message: Message) -> Cause:
    """The cause that this event is; raises TypeError for an event that no plan depends on."""
    event, envelope = message.event, message.envelope
    organisation = envelope.organisation
    match event:
        case UnitChanged():
            kind, subject, on = event.report, event.unit_id, event.effective_on
            municipality, organisation = event.after.municipality, event.organisation
        case EmergencyCaseOpened() | EmergencyCaseUpdated():
            kind, subject, on = event.name(), event.case_ref, civil_day(envelope.time)
            municipality = event.municipality
        case EmergencyCaseClosed():
            kind, subject, on = event.name(), event.case_ref, event.closed_on
            municipality = event.municipality
        case SubmissionReceived():
            kind, subject, on = event.name(), f"{event.owner}-{event.cycle_year}", event.received_on
            municipality, organisation = event.municipality, event.owner
        case SubmissionDefaulted():
            kind, subject, on = event.name(), f"{event.owner}-{event.cycle_year}", event.recorded_on
            municipality = event.municipality
        case HoldPlaced() | HoldAccepted() | HoldDeclined() | HoldExpired() | HoldReturned():
            kind, subject, on = event.name(), event.unit_id, event.on
            municipality, organisation = event.municipality, event.organisation
        case AdoptionChosen():
            kind, subject, on = event.name(), f"{event.owner}-{event.municipality}-{event.year}", event.on
            municipality, organisation = event.municipality, event.organisation
        case ObjectiveSet() | ObjectiveWithdrawn() | FigureContested() | ContestAnswered() | ContestSettled():
            kind, subject, on = event.name(), event.figure, event.on
            municipality, organisation = event.municipality, event.organisation
        case SectionWritten():
            kind, subject, on = event.name(), event.section, event.on
            municipality, organisation = event.municipality, event.organisation
        case DayBegan():
            kind, subject, on = event.name(), event.ambito, event.on
            municipality = event.municipality
        case _:
            raise TypeError(f"no plan depends on {event.TYPE}")
    return Cause(
        event_id=envelope.id,
        kind=kind,
        subject=subject,
        municipality=municipality,
        organisation=organisation,
        on=on,
        audience=Audience.MUNICIPALITY if kind.startswith(EMERGENCY_KINDS) else Audience.EVERYBODY,
    )
