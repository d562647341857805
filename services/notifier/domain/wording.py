"""How a notice (avviso) says in plain Italian what moved in the plan, and because of what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.events import Cause, FigureChange, Measure, MunicipalityChange

REASONS_TOLD: Final = 5
KINDS: Final = {
    "unit-registered": "l'iscrizione in anagrafe dell'alloggio {}",
    "unit-vacated": "il rilascio dell'alloggio {}",
    "unit-inspected": "il sopralluogo nell'alloggio {}",
    "title-lost": "la decadenza dal titolo per l'alloggio {}",
    "unit-occupied-without-title": "l'occupazione senza titolo dell'alloggio {}",
    "unit-released": "il rilascio dell'alloggio {}, che era occupato senza titolo",
    "notice-published": "l'inserimento in avviso pubblico dell'alloggio {}",
    "notice-closed": "la chiusura senza assegnazione dell'avviso per l'alloggio {}",
    "unit-assigned": "l'assegnazione dell'alloggio {}",
    "unit-reserved-for-sat": "la riserva ai servizi abitativi transitori dell'alloggio {}",
    "sat-assigned": "l'assegnazione transitoria dell'alloggio {}",
    "sat-ended": "la fine dell'assegnazione transitoria dell'alloggio {}",
    "works-scheduled": "la programmazione di lavori nell'alloggio {}",
    "works-started": "l'avvio dei lavori nell'alloggio {}",
    "works-rescheduled": "la nuova data di fine lavori dell'alloggio {}",
    "works-completed": "la conclusione dei lavori nell'alloggio {}",
    "declared-uninhabitable": "l'inagibilità dell'alloggio {}",
    "disposal-approved": "l'inserimento nel programma di alienazione dell'alloggio {}",
    "disposal-withdrawn": "l'uscita dal programma di alienazione dell'alloggio {}",
    "unit-sold": "la vendita dell'alloggio {}",
    "unit-bartered": "la permuta dell'alloggio {}",
    "valorised": "la valorizzazione dell'alloggio {}",
    "valorisation-ended": "la fine della valorizzazione dell'alloggio {}",
    "unit-demolished": "la demolizione dell'alloggio {}",
    "unit-corrected": "la rettifica dei dati dell'alloggio {}",
    "submission-received": "la dichiarazione annuale {}",
    "emergency-case-opened": "l'apertura del caso di emergenza abitativa {}",
    "emergency-case-updated": "l'aggiornamento del caso di emergenza abitativa {}",
    "emergency-case-closed": "la chiusura del caso di emergenza abitativa {}",
}
"""What each kind of event is called after "ha comunicato"; `{}` is what the event is about."""
OTHER_KIND: Final = "un fatto che riguarda {}"

_MUNICIPALITY: Final = re.compile(r"comune-([0-9]{6})")
_SEPARATORS: Final = str.maketrans(",.", ".,")
_MONTHS: Final = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)


def subject(change: MunicipalityChange) -> str:
    """`Crema: cambiano 3 numeri del piano`."""
    count = len(change.figures)
    return f"{change.name}: " + ("cambia 1 numero del piano" if count == 1 else f"cambiano {count} numeri del piano")


def lines(change: MunicipalityChange, names: Mapping[str, str]) -> tuple[str, ...]:
    """One line for each figure, then one for each of the first causes; `names` are municipalities by ISTAT code."""
    told = [figure_line(figure) for figure in change.figures]
    told += [reason(cause, change.municipality, names) for cause in change.causes[:REASONS_TOLD]]
    if (rest := max(change.cause_count, len(change.causes)) - REASONS_TOLD) > 0:
        told.append("e per un'altra comunicazione" if rest == 1 else f"e per altre {rest} comunicazioni")
    return tuple(told)


def figure_line(figure: FigureChange) -> str:
    """`Alloggi assegnabili nel 2027: da 9,0 a 10,0`."""
    before, after = amount(figure.measure, figure.before), amount(figure.measure, figure.after)
    return f"{figure_name(figure)}: da {before} a {after}"


def figure_name(figure: FigureChange) -> str:
    """Only its owner is told of an owner's figure."""
    return figure.label_it if figure.owner is None else f"{figure.label_it} (di vostra proprietà)"


def reason(cause: Cause, municipality: str, names: Mapping[str, str]) -> str:
    """`perché aler-bcm ha comunicato il rilascio dell'alloggio SIM-1 (unit-vacated, 23 novembre 2026)`."""
    what = KINDS.get(cause.kind, OTHER_KIND).format(cause.subject)
    if cause.municipality != municipality:
        what += f" a {names.get(cause.municipality, cause.municipality)}"
    who = "è stata ricevuta la comunicazione:" if cause.organisation is None else f"{_who(cause, names)} ha comunicato"
    return f"perché {who} {what} ({cause.kind}, {_day(cause.on)})"


def amount(measure: Measure, value: int | None) -> str:
    """A figure's integer as it is read: `1.204`, or `9,0` for 9000 thousandths, half up."""
    if value is None:
        return "nessun dato"
    if measure is Measure.COUNT:
        return f"{value:,}".translate(_SEPARATORS)
    tenths = (Decimal(value) / 1000).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{tenths:,}".translate(_SEPARATORS)


def paused(host: str, days: int) -> tuple[str, tuple[str, ...]]:
    """Subject and lines of the warning that an endpoint is paused."""
    return f"Notifiche sospese verso {host}", (
        f"L'indirizzo {host} non accetta notifiche da {days} giorni: l'invio è sospeso, gli avvisi restano qui.",
        "Quando l'indirizzo funziona di nuovo, riattivare l'iscrizione: gli avvisi in attesa saranno inviati.",
    )


def disabled(host: str) -> tuple[str, tuple[str, ...]]:
    """Subject and lines of the warning that an endpoint has said goodbye (410 Gone)."""
    return f"Notifiche chiuse verso {host}", (
        f"L'indirizzo {host} ha risposto di non voler più ricevere notifiche (410): l'iscrizione è disattivata.",
        "Gli avvisi restano qui. Se non era voluto, riattivare l'iscrizione e ripetere gli invii.",
    )


def text(said: Iterable[str]) -> str:
    return "\n".join(said)


def _who(cause: Cause, names: Mapping[str, str]) -> str:
    organisation = cause.organisation or ""
    municipality = _MUNICIPALITY.fullmatch(organisation)
    name = names.get(municipality[1]) if municipality else None
    return f"il Comune di {name}" if name else organisation


def _day(on: date) -> str:
    return f"{'1º' if on.day == 1 else on.day} {_MONTHS[on.month - 1]} {on.year}"
