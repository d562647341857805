"""Ciò che tutti possono leggere: what the public page may tell of a plan, and what would give a household away.

Emergency cases are few, and everybody in a village knows who they are. In public they are told as the ambito's total
only, in steps of `STEP`; no case reference, no municipality that has one, no deadline of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from services.planner.domain.emergency.actions import ActionKind
from services.planner.domain.narrative.figures import HOUSEHOLD_STEP
from services.planner.domain.plan import FigureKey, Plan
from shared.events import Cause, FigureChange, MunicipalityChange, PlanRecomputed
from shared.wording import and_others, because, began, is_day, moved

STEP: Final = HOUSEHOLD_STEP
"""Households are told in steps of so many: none of fewer than three is told from three or four, nor from none."""
FEW: Final = f"meno di {STEP}"
FIGURES_TOLD: Final = 2
MUNICIPALITIES_TOLD: Final = 4

OF_CASES: Final = ("open_cases", "emergency_actions")
_BOUNDS: Final = ("_low", "_high")
OF_NEED: Final = ("need_", "coverage", "pressure")
"""Counts of households, and what they would follow from: few of them give a household away."""
_TOLD_LAST: Final = ("assignable_mean", "turnover_mean", "occupied", "stock_total")
"""What moves as a consequence; the group that the home came into is told before."""
_TOLD: Final = {
    ActionKind.RESERVE_AS_SAT: "Riservare alloggi ai servizi abitativi transitori ({article}).",
    ActionKind.OFFER_TO_CASE: "Offrire alloggi disponibili ai casi di emergenza aperti ({article}).",
    ActionKind.ASK_OWNER_FOR_HOME: "Chiedere agli enti di rendere assegnabili altri alloggi ({article}).",
    ActionKind.ACTIVATE_LEASE: "Prendere in locazione alloggi per i casi di emergenza aperti ({article}).",
    ActionKind.OPEN_ARREARS_FUND: "Attivare il fondo per la morosità incolpevole ({article}).",
    ActionKind.END_SAT: "",
}
EMERGENCY_KINDS: Final = ("emergency-case-", "hold-")
"""How the names of events begin that tell of an emergency case or a home held for one."""
EMERGENCY_NEWS: Final = "Emergenza abitativa: aggiornati i casi aperti e le azioni proposte nell’ambito."


def is_few(count: int) -> bool:
    """Whether the count does not fill a step; whether it is zero is not told either."""
    return count < STEP


def step_of(count: int) -> int:
    """Where the step begins that the count lies in."""
    return count // STEP * STEP


def step_it(count: int) -> str:
    """`meno di 5`, `da 5 a 9`."""
    first = step_of(count)
    return FEW if is_few(count) else f"da {first} a {first + STEP - 1}"


def is_of_households(figure: str) -> bool:
    """Whether a municipality's figure counts households, or they would follow from it."""
    return figure in OF_CASES or figure.startswith(OF_NEED)


def open_cases(plan: Plan) -> int:
    return plan.figures[FigureKey(None, None, "open_cases", None)]


def public_actions(plan: Plan) -> tuple[str, ...]:
    """What kinds of action are proposed, without the cases that they are for and without the homes.

    A case is offered the nearest home: where that stands says where the case is, and how many homes are named how many
    cases there are. None while there are few cases: what is proposed would tell that there are any.
    """
    if is_few(open_cases(plan)):
        return (f"Con {FEW} casi aperti le azioni non si pubblicano.",)
    kinds = {action.kind: action.article for action in plan.actions}
    told = [_TOLD[kind].format(article=kinds[kind]) for kind in ActionKind if kind in kinds]
    return tuple(filter(None, told)) or ("Nessuna azione proposta.",)


def news(event: PlanRecomputed, names: Mapping[str, str]) -> tuple[str, ...]:
    """What a version brought to the ambito: where something was reported, not where forecasts moved with it.

    A day that began is reported everywhere.
    """
    days = [cause.on for cause in event.causes if is_day(cause)]
    reported = {cause.municipality for cause in event.causes if not is_emergency(cause)}
    touched = [change for change in event.changes if days or change.municipality in reported]
    told = [line for change in touched for line in _line(change, names)]
    if len(told) > MUNICIPALITIES_TOLD:
        why = f"perché {began(days[-1])}" if days else "dopo molte comunicazioni ricevute insieme"
        told = [f"Aggiornati i numeri di {len(told)} comuni, {why}."]
    if any(is_emergency(cause) for cause in event.causes):
        told.append(EMERGENCY_NEWS)
    return tuple(told)


def news_of(municipality: str, event: PlanRecomputed, names: Mapping[str, str]) -> tuple[str, ...]:
    """What a version brought to one municipality, its forecasts that moved with the others' included."""
    return tuple(
        line for change in event.changes if change.municipality == municipality for line in _line(change, names)
    )


def _line(change: MunicipalityChange, names: Mapping[str, str]) -> Iterator[str]:
    """`Soresina: alloggi liberi assegnabili da 5 a 6, perché …`; nothing when no figure for everybody moved."""
    figures, why = sorted(filter(_is_told, change.figures), key=_place_in_line), because_of(change, names)
    if figures and why:
        told = (f"{one.label_it[0].lower()}{one.label_it[1:]} {moved(one)}" for one in figures[:FIGURES_TOLD])
        yield f"{change.name}: {', '.join(told)}, {why}."


def because_of(change: MunicipalityChange, names: Mapping[str, str]) -> str | None:
    """`perché … e per altre 3 comunicazioni`; None where only what happened to emergency cases moved it."""
    causes = [cause for cause in change.causes if not is_emergency(cause)]
    if not causes:
        return None
    hidden = len(change.causes) - len(causes)
    rest = max(change.cause_count, len(change.causes)) - hidden - 1
    return because(causes[0], change.municipality, names) + (f" {and_others(rest)}" if rest else "")


def _place_in_line(figure: FigureChange) -> tuple[int, bool]:
    """Before the consequences; of two groups the one that grew first."""
    last = _TOLD_LAST.index(figure.figure) + 1 if figure.figure in _TOLD_LAST else 0
    return last, (figure.after or 0) < (figure.before or 0)


def _is_told(figure: FigureChange) -> bool:
    """Of all owners, now or over the triennium, and not a band's end."""
    of_all = figure.owner is None and figure.year is None
    return of_all and not is_of_households(figure.figure) and not figure.figure.endswith(_BOUNDS)


def is_emergency(cause: Cause) -> bool:
    """Whether the event tells of an emergency case or a home held for one."""
    return cause.kind.startswith(EMERGENCY_KINDS)
