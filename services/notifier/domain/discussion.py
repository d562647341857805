"""How a notice says that a number was contested, how that went on, and that somebody replied to a comment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.events import (
    CommentReplied,
    ContestAnswered,
    ContestedCell,
    ContestOutcome,
    ContestSettled,
    FigureContested,
)
from shared.territory import municipality_organisation
from shared.wording import amount, day, is_elided, organisation_name

Contest = FigureContested | ContestAnswered | ContestSettled
Discussion = Contest | CommentReplied
EVENTS: Final[Mapping[str, type[Discussion]]] = {
    f"plan.{event.name()}": event for event in (FigureContested, ContestAnswered, ContestSettled, CommentReplied)
}
"""By the kind of the notice."""
OUTCOMES: Final = {
    ContestOutcome.CORRECTED: "numero contestato e corretto",
    ContestOutcome.CONFIRMED: "numero contestato e confermato",
    ContestOutcome.WITHDRAWN: "contestazione ritirata",
    ContestOutcome.EXPIRED: "contestazione scaduta",
}


def kind_of(event: Discussion) -> str:
    return f"plan.{event.name()}"


def told_to(event: Discussion, lead: str | None) -> tuple[str, ...]:
    """Each once: who has to answer and who leads, from then on who contested too; of a thread the others in it.

    `lead` is the ISTAT code of the lead municipality, None of a territory that is not installed.
    """
    if isinstance(event, CommentReplied):
        return tuple(sorted(set(event.to)))
    leads = {municipality_organisation(lead)} if lead else set()
    contester = set() if isinstance(event, FigureContested) else {event.contester}
    return tuple(sorted({event.owner} | contester | leads))


def subject(event: Discussion, names: Mapping[str, str]) -> str:
    """`Cremona: numero contestato e corretto`."""
    place = names.get(event.municipality, event.municipality)
    match event:
        case CommentReplied():
            return f"{place}: " + ("una vostra discussione è chiusa" if event.resolved else "risposta a un commento")
        case ContestSettled():
            return f"{place}: {OUTCOMES[event.outcome]}"
        case ContestAnswered():
            return f"{place}: risposta a una contestazione"
        case _:
            return f"{place}: un numero è contestato"


def lines(event: Discussion, names: Mapping[str, str]) -> tuple[str, ...]:
    """What happened, to which number, and what may be done until when."""
    if isinstance(event, CommentReplied):
        done = "ha chiuso la discussione" if event.resolved else "ha risposto nella discussione"
        who = organisation_name(event.organisation, names)
        return (
            f"{_upper(who)} {done} su: {event.label_it}.",
            "Il testo si legge nella pagina del numero o della sezione.",
        )
    value = amount(event.measure, event.value)
    first = f"{event.label_it}: il valore contestato è {value}."
    match event:
        case FigureContested():
            return first, *_contested(event, names)
        case ContestAnswered():
            who = organisation_name(event.organisation or event.owner, names)
            return first, f"{_upper(who)} ha risposto: {event.answer}", _until(event)
        case _:
            return first, *_settled(event, names)


def _contested(event: FigureContested, names: Mapping[str, str]) -> tuple[str, ...]:
    said = [f"{_upper(organisation_name(event.contester, names))} lo contesta: {event.reason}"]
    if event.expected is not None:
        said.append(f"Secondo chi contesta è {amount(event.measure, event.expected)}.")
    who = organisation_name(event.owner, names)
    if event.cell is not None:
        said.append(
            f"Fino {_to(event)} {who} può correggere il solo dato dichiarato {cell_name(event.cell)}, "
            "oppure rispondere."
        )
    else:
        said.append(
            f"Conta alloggi dell’anagrafe: fino {_to(event)} {who} può correggerlo con una segnalazione "
            "sull’alloggio, oppure rispondere."
        )
    return tuple(said)


def _settled(event: ContestSettled, names: Mapping[str, str]) -> tuple[str, ...]:
    match event.outcome:
        case ContestOutcome.CORRECTED:
            said = [f"È stato corretto: ora il numero è {amount(event.measure, event.new_value)}."]
            if event.cell is not None and event.new_cell_value is not None:
                cell = f"Il dato dichiarato {cell_name(event.cell)} passa"
                said.append(f"{cell} da {event.cell.value} a {event.new_cell_value}.")
            return tuple(said)
        case ContestOutcome.EXPIRED:
            return (f"Il termine {_of(event)} è passato senza correzione: il numero resta com’è.",)
        case _:
            who = organisation_name(event.organisation or event.owner, names)
            done = "lo conferma" if event.outcome is ContestOutcome.CONFIRMED else "ritira la contestazione"
            return (f"{_upper(who)} {done}: {event.answer}",)


def _to(event: Contest) -> str:
    """`all’8 dicembre 2026`, `al 9 dicembre 2026`."""
    return ("all’" if is_elided(event.deadline_on) else "al ") + day(event.deadline_on)


def _of(event: Contest) -> str:
    return ("dell’" if is_elided(event.deadline_on) else "del ") + day(event.deadline_on)


def _until(event: Contest) -> str:
    return f"La contestazione resta aperta fino {_to(event)}."


def cell_name(cell: ContestedCell) -> str:
    """`«columns/free_now» del ciclo 2025`: as the form and the API call it."""
    return f"«{cell.path}» del ciclo {cell.cycle_year}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
