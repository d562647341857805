"""How a step of a plan's edition is told in plain Italian: the same sentence in the document and in a notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.events.lifecycle import Act, ActKind, EditionKind, Office, Organ, PlanStatus, PlanStatusChanged
from shared.wording import day

OFFICES: Final = {
    Office.MAYOR: "il Sindaco del Comune capofila",
    Office.HOUSING_OFFICE: "l’ufficio casa del Comune capofila",
    Office.AREA_PLAN_OFFICE: "l’ufficio di piano",
    Office.ASSEMBLY_SECRETARIAT: "la segreteria dell’Assemblea dei Sindaci",
    Office.GENERAL_SECRETARIAT: "la segreteria generale del Comune capofila",
}
ORGANS: Final = {
    Organ.ASSEMBLY_OF_MAYORS: "Assemblea dei Sindaci",
    Organ.MUNICIPAL_EXECUTIVE: "Giunta comunale",
    Organ.LEAD_OFFICE: "ufficio del Comune capofila",
}
ACTS: Final = {
    ActKind.RESOLUTION: "deliberazione",
    ActKind.DETERMINATION: "determinazione",
    ActKind.MINUTES: "verbale",
    ActKind.NOTE: "nota",
}
KINDS: Final = {
    EditionKind.TRIENNIAL: "il Piano {}",
    EditionKind.YEARLY_UPDATE: "l’aggiornamento annuale del Piano {}",
    EditionKind.AMENDMENT: "la modifica del Piano {}",
}
STATUSES: Final = {
    PlanStatus.COLLECTING: "in raccolta dati",
    PlanStatus.PROPOSED: "proposto, non approvato",
    PlanStatus.SUBMITTED_TO_ASSEMBLY: "all’esame dell’Assemblea dei Sindaci, non approvato",
    PlanStatus.APPROVED: "approvato",
    PlanStatus.RETURNED: "rinviato, non approvato",
    PlanStatus.TRANSMITTED_TO_REGION: "approvato e trasmesso alla Regione",
    PlanStatus.PUBLISHED: "approvato e pubblicato",
    PlanStatus.SUPERSEDED: "superato da un’edizione successiva",
}
_STEPS: Final = {
    PlanStatus.PROPOSED: "{office} ha proposto {plan} il {on}{acts}.",
    PlanStatus.SUBMITTED_TO_ASSEMBLY: "{office} ha sottoposto {plan} all’Assemblea dei Sindaci il {on}{acts}.",
    PlanStatus.APPROVED: "L’Assemblea dei Sindaci ha approvato {plan} il {on}{acts}.",
    PlanStatus.RETURNED: "L’Assemblea dei Sindaci ha rinviato {plan} il {on}{acts}: {reason}",
    PlanStatus.TRANSMITTED_TO_REGION: "{office} ha trasmesso {plan} alla Regione il {on}{acts}.",
    PlanStatus.PUBLISHED: "{office} ha pubblicato {plan} il {on}{acts}.",
    PlanStatus.SUPERSEDED: "Dal {on} l’edizione {edition} del Piano {years} è superata dall’edizione {next}{acts}.",
}


def step_sentence(step: PlanStatusChanged) -> str:
    """`L'Assemblea dei Sindaci ha approvato il Piano 2026–2028 il 5 dicembre 2026 (Assemblea dei Sindaci, ...).`"""
    office = OFFICES[step.office]
    return _STEPS[step.status].format(
        office=office[0].upper() + office[1:],
        plan=KINDS[step.kind].format(years_of(step)),
        years=years_of(step),
        on=day(step.on),
        acts=f" ({acts_named(step.acts)})" if step.acts else "",
        reason=step.reason,
        edition=step.edition,
        next=step.edition + 1,
    )


def years_of(step: PlanStatusChanged) -> str:
    """`2026–2028`."""
    return f"{step.first_year}–{step.first_year + 2}"


def acts_named(acts: Sequence[Act]) -> str:
    """`Assemblea dei Sindaci, deliberazione n. 12 del 5 dicembre 2026; Giunta comunale, ...`."""
    return "; ".join(f"{ORGANS[act.organ]}, {ACTS[act.kind]} n. {act.number} del {day(act.on)}" for act in acts)
