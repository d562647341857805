"""The steps of an edition as data: which follows which, and which acts, day and reason each one carries.

A step that was taken stays: what follows from it are only further steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from shared.events.lifecycle import Act, EditionKind, Office, Organ, PlanStatus
from shared.problem_texts import Text

TRANSITIONS: Final[Mapping[PlanStatus, tuple[PlanStatus, ...]]] = {
    PlanStatus.COLLECTING: (PlanStatus.PROPOSED,),
    PlanStatus.PROPOSED: (PlanStatus.SUBMITTED_TO_ASSEMBLY,),
    PlanStatus.SUBMITTED_TO_ASSEMBLY: (PlanStatus.APPROVED, PlanStatus.RETURNED),
    PlanStatus.RETURNED: (PlanStatus.PROPOSED,),
    PlanStatus.APPROVED: (PlanStatus.TRANSMITTED_TO_REGION,),
    PlanStatus.TRANSMITTED_TO_REGION: (PlanStatus.PUBLISHED,),
    PlanStatus.PUBLISHED: (PlanStatus.SUPERSEDED,),
    PlanStatus.SUPERSEDED: (),
}


class Carried(NamedTuple):
    """Contenuto obbligatorio di un passo: whose acts it `needs`, whose it may name, and whether it tells a reason."""

    needs: frozenset[Organ] = frozenset()
    may_name: frozenset[Organ] = frozenset()
    has_reason: bool = False


_ASSEMBLY = frozenset({Organ.ASSEMBLY_OF_MAYORS})
_EXECUTIVE, _OFFICE = frozenset({Organ.MUNICIPAL_EXECUTIVE}), frozenset({Organ.LEAD_OFFICE})
CARRIED: Final[Mapping[PlanStatus, Carried]] = {
    PlanStatus.SUBMITTED_TO_ASSEMBLY: Carried(may_name=_EXECUTIVE | _OFFICE),
    PlanStatus.APPROVED: Carried(_ASSEMBLY, _ASSEMBLY | _EXECUTIVE),
    PlanStatus.RETURNED: Carried(may_name=_ASSEMBLY, has_reason=True),
    # The executive may act after the assembly's day: its act is named with the first step that knows it.
    PlanStatus.TRANSMITTED_TO_REGION: Carried(may_name=_EXECUTIVE | _OFFICE),
    PlanStatus.PUBLISHED: Carried(may_name=_EXECUTIVE | _OFFICE),
}
"""The steps that an office takes one by one; a plan is proposed as a whole, and superseded by the next one approved."""


class StatusStep(NamedTuple):
    """Passo del piano: what an office records, on which day it was done, and by which acts."""

    status: PlanStatus
    on: date
    office: Office
    acts: tuple[Act, ...] = ()
    reason: str | None = None


class EditionStanding(NamedTuple):
    """Edizione del piano: its number in the triennium, and how and since when it stands."""

    number: int
    kind: EditionKind
    status: PlanStatus
    on: date


ASSEMBLYS_OFFICES: Final = frozenset({Office.ASSEMBLY_SECRETARIAT})
LEADS_OFFICES: Final = frozenset(Office) - ASSEMBLYS_OFFICES


class StepFault(NamedTuple):
    """What is wrong with a step: a JSON pointer to it, the value there, the rule and how to mend it."""

    field: str
    value: str | None
    rule: Text
    remedy: Text


class OutOfTurn(ValueError):
    """A step that does not follow from how the edition stands."""

    def __init__(self, standing: EditionStanding) -> None:
        super().__init__(f"edition {standing.number} is {standing.status}")
        self.standing = standing


def offices_of(status: PlanStatus) -> frozenset[Office]:
    """Whose step it is: the vote is the assembly's, everything else the lead municipality's."""
    return ASSEMBLYS_OFFICES if status in (PlanStatus.APPROVED, PlanStatus.RETURNED) else LEADS_OFFICES


def office_faults(status: PlanStatus, office: Office) -> Iterator[StepFault]:
    allowed = offices_of(status)
    if office not in allowed:
        yield StepFault("/office", office, _OTHERS_STEP, _OTHERS_STEP_REMEDY.filled(allowed=", ".join(sorted(allowed))))


def check_turn(standing: EditionStanding, status: PlanStatus) -> None:
    """Raises `OutOfTurn`."""
    if status not in TRANSITIONS[standing.status]:
        raise OutOfTurn(standing)


def edition_to_propose(last: EditionStanding | None) -> int:
    """The number under which a plan is proposed now: an edition that was returned again, else the next one.

    Raises:
        OutOfTurn: the last edition is still on its way; the next one has to wait until it is published.
    """
    if last is None:
        return 1
    if PlanStatus.PROPOSED in TRANSITIONS[last.status]:
        return last.number
    if PlanStatus.SUPERSEDED in TRANSITIONS[last.status]:
        return last.number + 1
    raise OutOfTurn(last)


def next_steps(last: EditionStanding | None) -> tuple[PlanStatus, ...]:
    """What may be recorded now of an ambito's last edition: of one that is published, that the next is proposed."""
    if last is None or last.status is PlanStatus.PUBLISHED:
        return (PlanStatus.PROPOSED,)
    return TRANSITIONS[last.status]


def kinds_to_propose(last: EditionStanding | None) -> frozenset[EditionKind]:
    """A triennium begins with its triennial plan; later ones update or amend it, and one returned stays what it was."""
    if last is None:
        return frozenset({EditionKind.TRIENNIAL})
    if last.status is PlanStatus.RETURNED:
        return frozenset({last.kind})
    return frozenset({EditionKind.YEARLY_UPDATE, EditionKind.AMENDMENT})


def kind_faults(last: EditionStanding | None, kind: EditionKind) -> Iterator[StepFault]:
    allowed = kinds_to_propose(last)
    if kind not in allowed:
        yield StepFault("/kind", kind, _KIND, _KIND_REMEDY.filled(allowed=", ".join(sorted(allowed))))


def step_faults(step: StatusStep, since: date, today: date) -> Iterator[StepFault]:
    """Everything wrong with a step of an edition that has stood as it stands since a day."""
    carried = CARRIED[step.status]
    yield from office_faults(step.status, step.office)
    if not since <= step.on <= today:
        bounds = {"since": f"{since:%d/%m/%Y}", "today": f"{today:%d/%m/%Y}"}
        yield StepFault("/on", step.on.isoformat(), _DAY.filled(**bounds), _DAY_REMEDY)
    for place, act in enumerate(step.acts):
        if act.organ not in carried.may_name:
            yield StepFault(f"/acts/{place}/organ", act.organ, _STRANGE_ACT, _STRANGE_ACT_REMEDY)
        if act.on > today:
            yield StepFault(f"/acts/{place}/on", act.on.isoformat(), _FUTURE_ACT, _FUTURE_ACT_REMEDY)
    for organ in sorted(carried.needs - {act.organ for act in step.acts}):
        yield StepFault("/acts", None, _NO_ACT[organ], _NO_ACT_REMEDY)
    if carried.has_reason and not step.reason:
        yield StepFault("/reason", None, _NO_REASON, _NO_REASON_REMEDY)
    if step.reason and not carried.has_reason:
        yield StepFault("/reason", step.reason, _NEEDLESS_REASON, _NEEDLESS_REASON_REMEDY)


_OTHERS_STEP = Text("Questo passo è di un altro ufficio.", "This step is another office’s.")
_OTHERS_STEP_REMEDY = Text("Indicare: {allowed}.", "Give: {allowed}.")
_KIND = Text(
    "Il triennio comincia con il piano triennale; poi ci sono aggiornamenti annuali e modifiche, e un’edizione "
    "rinviata resta del suo tipo.",
    "A triennium begins with its triennial plan; then come yearly updates and amendments, and an edition that was "
    "returned stays what it was.",
)
_KIND_REMEDY = Text("Indicare: {allowed}.", "Give: {allowed}.")
_DAY = Text(
    "Il giorno deve essere tra quello del passo precedente ({since}) e oggi ({today}).",
    "The day must lie between that of the step before ({since}) and today ({today}).",
)
_DAY_REMEDY = Text("Indicare il giorno in cui è avvenuto.", "Give the day on which it was done.")
_STRANGE_ACT = Text("Questo passo non porta atti di questo organo.", "This step carries no acts of this organ.")
_STRANGE_ACT_REMEDY = Text("Togliere l’atto o correggere l’organo.", "Remove the act or correct the organ.")
_FUTURE_ACT = Text("La data dell’atto è nel futuro.", "The act is dated in the future.")
_FUTURE_ACT_REMEDY = Text("Indicare la data che l’atto porta.", "Give the date that the act bears.")
_NO_ACT = {
    Organ.ASSEMBLY_OF_MAYORS: Text("Manca l’atto dell’Assemblea dei Sindaci.", "The assembly’s act is missing."),
    Organ.MUNICIPAL_EXECUTIVE: Text("Manca l’atto della Giunta comunale.", "The executive’s act is missing."),
    Organ.LEAD_OFFICE: Text("Manca l’atto dell’ufficio.", "The office’s act is missing."),
}
_NO_ACT_REMEDY = Text("Aggiungere tipo, numero e data dell’atto.", "Add the act’s kind, number and date.")
_NO_REASON = Text("Manca il motivo del rinvio.", "The reason for the return is missing.")
_NO_REASON_REMEDY = Text("Scrivere che cosa ha chiesto l’Assemblea.", "Write what the assembly asked for.")
_NEEDLESS_REASON = Text("Solo un rinvio porta un motivo.", "Only a return carries a reason.")
_NEEDLESS_REASON_REMEDY = Text("Togliere il motivo.", "Remove the reason.")
