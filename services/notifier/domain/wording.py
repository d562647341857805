"""How a notice (avviso) says in plain Italian what moved in the plan, and because of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shared.events import Cause, FigureChange, MunicipalityChange, PlanStatusChanged
from shared.lifecycle_wording import STATUSES, step_sentence, years_of
from shared.wording import and_others, because, day, is_day, moved

REASONS_TOLD: Final = 5


def subject(change: MunicipalityChange) -> str:
    """`Crema: cambiano 3 numeri del piano`."""
    count = len(change.figures)
    return f"{change.name}: " + ("cambia 1 numero del piano" if count == 1 else f"cambiano {count} numeri del piano")


def lines(change: MunicipalityChange, names: Mapping[str, str]) -> tuple[str, ...]:
    """One line for each figure, then one for each of the first causes; `names` are municipalities by ISTAT code."""
    told = [figure_line(figure) for figure in change.figures]
    told += [reason(cause, change.municipality, names) for cause in change.causes[:REASONS_TOLD]]
    if (rest := max(change.cause_count, len(change.causes)) - REASONS_TOLD) > 0:
        told.append(and_others(rest))
    return tuple(told)


def figure_line(figure: FigureChange) -> str:
    """`Alloggi assegnabili nel 2027: da 9,0 a 10,0`."""
    return f"{figure_name(figure)}: {moved(figure)}"


def figure_name(figure: FigureChange) -> str:
    """Only its owner is told of an owner's figure."""
    return figure.label_it if figure.owner is None else f"{figure.label_it} (di vostra proprietà)"


def reason(cause: Cause, municipality: str, names: Mapping[str, str]) -> str:
    """`perché ALER ha comunicato il rilascio dell'alloggio SIM-1 (23 novembre 2026)`."""
    why = because(cause, municipality, names)
    return why if is_day(cause) else f"{why} ({day(cause.on)})"


def step_subject(step: PlanStatusChanged) -> str:
    """`Piano 2026–2028, edizione 1: approvato`."""
    return f"Piano {years_of(step)}, edizione {step.edition}: {STATUSES[step.status]}"


def step_lines(step: PlanStatusChanged) -> tuple[str, ...]:
    """What was decided, by which acts, and how to know the document that it is about."""
    return step_sentence(step), f"Impronta del documento (SHA-256): {step.document_hash}"


def paused(host: str, days: int) -> tuple[str, tuple[str, ...]]:
    """Subject and lines of the warning that an endpoint is paused."""
    return f"Notifiche sospese verso {host}", (
        f"L’indirizzo {host} non accetta notifiche da {days} giorni: l’invio è sospeso, gli avvisi restano qui.",
        "Quando l’indirizzo funziona di nuovo, riattivare l’iscrizione: gli avvisi in attesa saranno inviati.",
    )


def disabled(host: str) -> tuple[str, tuple[str, ...]]:
    """Subject and lines of the warning that an endpoint has said goodbye (410 Gone)."""
    return f"Notifiche chiuse verso {host}", (
        f"L’indirizzo {host} ha risposto di non voler più ricevere notifiche (410): l’iscrizione è disattivata.",
        "Gli avvisi restano qui. Se non era voluto, riattivare l’iscrizione e ripetere gli invii.",
    )


def text(said: Iterable[str]) -> str:
    return "\n".join(said)
