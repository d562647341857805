"""How the plan's readers are told, in plain Italian, what moved and because of what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.events import Cause, DayBegan, FigureChange, Measure
from shared.territory import other_organisations

KINDS: Final = {
    "unit-registered": "l’iscrizione in anagrafe dell’alloggio {}",
    "unit-vacated": "il rilascio dell’alloggio {}",
    "unit-inspected": "il sopralluogo nell’alloggio {}",
    "title-lost": "la decadenza dal titolo per l’alloggio {}",
    "unit-occupied-without-title": "l’occupazione senza titolo dell’alloggio {}",
    "unit-released": "il rilascio dell’alloggio {}, che era occupato senza titolo",
    "notice-published": "l’inserimento in avviso pubblico dell’alloggio {}",
    "notice-closed": "la chiusura senza assegnazione dell’avviso per l’alloggio {}",
    "unit-assigned": "l’assegnazione dell’alloggio {}",
    "unit-reserved-for-sat": "la riserva ai servizi abitativi transitori dell’alloggio {}",
    "sat-assigned": "l’assegnazione transitoria dell’alloggio {}",
    "sat-ended": "la fine dell’assegnazione transitoria dell’alloggio {}",
    "works-scheduled": "la programmazione di lavori nell’alloggio {}",
    "works-started": "l’avvio dei lavori nell’alloggio {}",
    "works-rescheduled": "la nuova data di fine lavori dell’alloggio {}",
    "works-completed": "la conclusione dei lavori nell’alloggio {}",
    "declared-uninhabitable": "l’inagibilità dell’alloggio {}",
    "disposal-approved": "l’inserimento nel programma di alienazione dell’alloggio {}",
    "disposal-withdrawn": "l’uscita dal programma di alienazione dell’alloggio {}",
    "unit-sold": "la vendita dell’alloggio {}",
    "unit-bartered": "la permuta dell’alloggio {}",
    "valorised": "la valorizzazione dell’alloggio {}",
    "valorisation-ended": "la fine della valorizzazione dell’alloggio {}",
    "unit-demolished": "la demolizione dell’alloggio {}",
    "unit-corrected": "la rettifica dei dati dell’alloggio {}",
    "report-retracted": "il ritiro di una segnalazione sull’alloggio {}",
    "submission-received": "la dichiarazione annuale {}",
    "submission-defaulted": "la mancata trasmissione della dichiarazione annuale {}",
    "emergency-case-opened": "l’apertura del caso di emergenza abitativa {}",
    "emergency-case-updated": "l’aggiornamento del caso di emergenza abitativa {}",
    "emergency-case-closed": "la chiusura del caso di emergenza abitativa {}",
    "adoption-chosen": "la scelta del valore adottato per {}",
    "objective-set": "l’obiettivo misurato da {}",
    "objective-withdrawn": "il ritiro dell’obiettivo misurato da {}",
    "section-written": "una nuova stesura del testo «{}»",
    "figure-contested": "la contestazione di {}",
    "contest-answered": "la risposta alla contestazione di {}",
    "contest-settled": "l’esito della contestazione di {}",
    "hold-placed": "la prenotazione dell’alloggio {} per un caso di emergenza",
    "hold-accepted": "l’assegnazione a un caso di emergenza dell’alloggio prenotato {}",
    "hold-declined": "la rinuncia all’alloggio prenotato {}",
    "hold-expired": "la scadenza della prenotazione dell’alloggio {}",
    "hold-returned": "la restituzione dell’alloggio {} da parte di un caso di emergenza",
}
"""What each kind of event is called after "ha comunicato"; `{}` is what the event is about."""
OTHER_KIND: Final = "un fatto che riguarda {}"

_MONTHS: Final = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)
_ELIDED: Final = (8, 11)
"""Days whose names begin with a vowel: l'otto, l'undici."""
_MUNICIPALITY: Final = re.compile(r"comune-([0-9]{6})")
_SEPARATORS: Final = str.maketrans(",.", ".,")


def because(cause: Cause, municipality: str, names: Mapping[str, str]) -> str:
    """`perché ALER ha comunicato il rilascio dell'alloggio SIM-1`, told to readers of `municipality`."""
    if is_day(cause):
        return f"perché {began(cause.on)}"
    what = KINDS.get(cause.kind, OTHER_KIND).format(cause.subject)
    if cause.municipality != municipality:
        what += f" a {names.get(cause.municipality, cause.municipality)}"
    if cause.organisation is None:
        return f"perché è stata ricevuta la comunicazione: {what}"
    return f"perché {organisation_name(cause.organisation, names)} ha comunicato {what}"


def is_day(cause: Cause) -> bool:
    """Whether nothing was reported, and only time has passed."""
    return cause.kind == DayBegan.name()


def began(on: date) -> str:
    """`è cominciato il 24 novembre 2026`, `è cominciato l'8 novembre 2026`."""
    article = "l’" if is_elided(on) else "il "
    return f"è cominciato {article}{day(on)}"


def is_elided(on: date) -> bool:
    """Whether the article before the day loses its vowel."""
    return on.day in _ELIDED


def day(on: date) -> str:
    """`24 novembre 2026`, `1º dicembre 2026`."""
    return f"{'1º' if on.day == 1 else on.day} {_MONTHS[on.month - 1]} {on.year}"


def organisation_name(organisation: str, names: Mapping[str, str]) -> str:
    """`il Comune di Soresina` for `comune-019098`, `ALER` for `aler-bcm`; one that is not known by its code."""
    if organisation in other_organisations():
        return other_organisations()[organisation].short
    municipality = _MUNICIPALITY.fullmatch(organisation)
    name = names.get(municipality[1]) if municipality else None
    return f"il Comune di {name}" if name else organisation


def and_others(count: int) -> str:
    """The causes that are not told one by one: `e per altre 3 comunicazioni`."""
    return "e per un’altra comunicazione" if count == 1 else f"e per altre {count} comunicazioni"


def moved(figure: FigureChange) -> str:
    """`da 9,0 a 10,0`."""
    return f"da {amount(figure.measure, figure.before)} a {amount(figure.measure, figure.after)}"


def amount(measure: Measure, value: int | None) -> str:
    """A figure's integer as it is read: `1.204`, or `9,0` for 9000 thousandths, half up."""
    if value is None:
        return "nessun dato"
    if measure is Measure.COUNT:
        return f"{value:,}".translate(_SEPARATORS)
    tenths = (Decimal(value) / 1000).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{tenths:,}".translate(_SEPARATORS)
