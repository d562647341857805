"""What the causes of a difference between two plans are called, many alike together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.planner.domain.drift import PROGRAM, RULES, TIME, Reason
from services.planner.domain.publication import EMERGENCY_KINDS
from shared.pages.formats import number

_KINDS: Final = {
    TIME: "Il passare dei giorni",
    RULES: "Altre regole",
    PROGRAM: "Il programma calcola in altro modo",
    "unit-registered": "Alloggi iscritti in anagrafe",
    "unit-vacated": "Alloggi rilasciati",
    "unit-inspected": "Sopralluoghi",
    "title-lost": "Decadenze dal titolo",
    "unit-occupied-without-title": "Occupazioni senza titolo",
    "unit-released": "Rilasci di alloggi occupati senza titolo",
    "notice-published": "Alloggi messi in avviso",
    "notice-closed": "Avvisi chiusi senza assegnazione",
    "unit-assigned": "Assegnazioni",
    "unit-reserved-for-sat": "Riserve ai servizi transitori",
    "sat-assigned": "Assegnazioni transitorie",
    "sat-ended": "Fini di assegnazioni transitorie",
    "works-scheduled": "Lavori programmati",
    "works-started": "Lavori avviati",
    "works-rescheduled": "Lavori spostati",
    "works-completed": "Lavori conclusi",
    "declared-uninhabitable": "Inagibilità",
    "disposal-approved": "Alloggi messi in alienazione",
    "disposal-withdrawn": "Alloggi tolti dall’alienazione",
    "unit-sold": "Vendite",
    "unit-bartered": "Permute",
    "valorised": "Valorizzazioni",
    "valorisation-ended": "Fini di valorizzazioni",
    "unit-demolished": "Demolizioni",
    "unit-corrected": "Rettifiche dei dati",
    "report-retracted": "Segnalazioni ritirate",
    "submission-received": "Dichiarazioni annuali",
    "submission-defaulted": "Inadempienze registrate",
    "adoption-chosen": "Scelte del valore adottato",
    "objective-set": "Obiettivi fissati",
    "objective-withdrawn": "Obiettivi ritirati",
    "section-written": "Testi riscritti",
    "figure-contested": "Numeri contestati",
    "contest-answered": "Risposte alle contestazioni",
    "contest-settled": "Contestazioni chiuse",
    "vacancies": "Ipotesi: alloggi che si liberano",
    "works-moved": "Ipotesi: lavori spostati",
    "cases": "Ipotesi: nuovi casi di emergenza",
}
EMERGENCY: Final = "Emergenza abitativa: casi e prenotazioni"


def reason_it(reason: Reason, names: Mapping[str, str]) -> str:
    """`Alloggi rilasciati, Soresina (3 comunicazioni)`; of cases neither where nor how many."""
    if reason.kind.startswith(EMERGENCY_KINDS):
        return EMERGENCY
    label = _KINDS.get(reason.kind, reason.kind)
    place = f", {names.get(reason.municipality, reason.municipality)}" if reason.municipality else ""
    count = 0 if reason.kind == TIME else len(reason.events)
    if not count:
        return label + place
    return f"{label}{place} ({'1 comunicazione' if count == 1 else f'{number(count)} comunicazioni'})"
