"""Every reason for which the registry takes no notice of a report: what, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from shared.events.units import Report, ReportRetracted, Unit, UnitRegistered, UnitStatus

LABELS: dict[UnitStatus, tuple[str, str]] = {
    UnitStatus.OCCUPIED: ("assegnato e occupato", "let and occupied"),
    UnitStatus.OCCUPIED_WITHOUT_TITLE: ("occupato senza titolo", "occupied without title"),
    UnitStatus.FREE_ASSIGNABLE: ("libero e assegnabile", "free and assignable"),
    UnitStatus.FREE_STATE_OF_FACT: ("libero nello stato di fatto", "free in the state of fact"),
    UnitStatus.IN_NOTICE: ("in avviso pubblico", "in a public notice"),
    UnitStatus.RESERVED_SAT: ("riservato ai servizi transitori", "reserved for transitional services"),
    UnitStatus.OCCUPIED_SAT: ("occupato come servizio transitorio", "occupied as a transitional service"),
    UnitStatus.UNINHABITABLE: ("inagibile", "uninhabitable"),
    UnitStatus.IN_WORKS: ("in lavori", "under works"),
    UnitStatus.IN_CONSTRUCTION: ("in costruzione", "under construction"),
    UnitStatus.IN_DISPOSAL_PLAN: ("nel programma di alienazione", "in the disposal programme"),
    UnitStatus.VALORISED: ("valorizzato", "valorised"),
    UnitStatus.SOLD: ("alienato", "sold"),
    UnitStatus.BARTERED: ("permutato", "bartered"),
    UnitStatus.DEMOLISHED: ("demolito", "demolished"),
}
"""Italian and English name of each state."""


class Refusal(Exception):
    """Segnalazione respinta: a stable rule code, and the reason in Italian and English."""

    def __init__(self, rule: str, reason_it: str, reason_en: str) -> None:
        super().__init__(rule, reason_it, reason_en)
        self.rule = rule
        self.reason_it = reason_it
        self.reason_en = reason_en

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason_en}"


def unknown_unit(report: Report) -> Refusal:
    return Refusal(
        "unknown-unit",
        f"L’alloggio {report.unit_id} non è iscritto in anagrafe, quindi «{report.name()}» non può avere effetto. "
        "Controllare l’identificativo oppure iscrivere prima l’alloggio con «unit-registered».",
        f"Unit {report.unit_id} is not in the registry, so '{report.name()}' cannot take effect. "
        "Check the identifier, or register the unit first with 'unit-registered'.",
    )


def already_registered(report: Report) -> Refusal:
    return Refusal(
        "already-registered",
        f"L’alloggio {report.unit_id} è già iscritto in anagrafe. Per rettificarne i dati inviare «unit-corrected»; "
        "se si tratta di un altro alloggio, usare il suo identificativo.",
        f"Unit {report.unit_id} is already in the registry. To amend its data send 'unit-corrected'; "
        "if this is another unit, use its own identifier.",
    )


def forbidden_actor(unit_id: str, organisation: str) -> Refusal:
    return Refusal(
        "forbidden-actor",
        f"L’ente {organisation} non è proprietario né gestore dell’alloggio {unit_id} e non può segnalarne i fatti. "
        "Deve segnalarli il proprietario o il gestore; se la gestione è cambiata, il proprietario aggiorni il gestore "
        "con «unit-corrected».",
        f"Organisation {organisation} neither owns nor manages unit {unit_id} and cannot report on it. "
        "Its owner or manager must report; if the management has changed, the owner updates the manager "
        "with 'unit-corrected'.",
    )


def outside_municipality(report: UnitRegistered, organisation: str) -> Refusal:
    return Refusal(
        "outside-municipality",
        f"L’ente {organisation} iscrive solo alloggi del proprio Comune; l’alloggio {report.unit_id} è nel Comune "
        f"{report.municipality}. Controllare il codice ISTAT oppure far iscrivere l’alloggio all’altro ente che ne è "
        "proprietario o gestore.",
        f"Organisation {organisation} registers only units of its own municipality; unit {report.unit_id} is in "
        f"municipality {report.municipality}. Check the ISTAT code, or let the other body that owns or manages the "
        "unit register it.",
    )


def manager_not_by_owner(unit: Unit, organisation: str) -> Refusal:
    return Refusal(
        "only-owner-changes-manager",
        f"L’ente {organisation} gestisce l’alloggio {unit.unit_id} ma non ne è proprietario: il gestore può essere "
        f"cambiato solo dal proprietario ({unit.owner}), che deve inviare la rettifica.",
        f"Organisation {organisation} manages unit {unit.unit_id} but does not own it: only the owner ({unit.owner}) "
        "can change the manager and must send the correction.",
    )


def illegal_transition(report: Report, status: UnitStatus, legal_from: Iterable[UnitStatus]) -> Refusal:
    return Refusal(
        "illegal-transition",
        f"Il {_day(report.effective_on)} l’alloggio {report.unit_id} risulta {_it(status)}: «{report.name()}» non è "
        f"ammesso. È ammesso se l’alloggio è: {_each(0, legal_from)}. Segnalare prima il passaggio mancante, oppure "
        "correggere la data di effetto o l’identificativo.",
        f"On {report.effective_on} unit {report.unit_id} is {_en(status)}: '{report.name()}' is not allowed. "
        f"It is allowed when the unit is: {_each(1, legal_from)}. Report the missing step first, or correct the "
        "effective date or the identifier.",
    )


def illegal_first_state(report: UnitRegistered, legal: Iterable[UnitStatus]) -> Refusal:
    return Refusal(
        "illegal-first-state",
        f"L’alloggio {report.unit_id} non può essere iscritto come {_it(report.status)}, perché non si saprebbe da "
        f"quale stato proviene. Iscriverlo in uno di questi stati: {_each(0, legal)}; poi segnalare il passaggio.",
        f"Unit {report.unit_id} cannot be registered as {_en(report.status)}, because the state it came from would be "
        f"unknown. Register it in one of these states: {_each(1, legal)}; then report the step from there.",
    )


def works_missing(report: UnitRegistered) -> Refusal:
    return Refusal(
        "works-missing",
        f"L’alloggio {report.unit_id} è iscritto come {_it(report.status)} senza i lavori. Indicare in «works» "
        "programma, tipo di intervento e fine prevista.",
        f"Unit {report.unit_id} is registered as {_en(report.status)} without its works. Give programme, kind and "
        "expected end in 'works'.",
    )


def no_works_to_reschedule(report: Report) -> Refusal:
    return Refusal(
        "no-works-to-reschedule",
        f"L’alloggio {report.unit_id} non ha lavori programmati o in corso, quindi non c’è una fine prevista da "
        "spostare. Segnalare prima i lavori con «works-scheduled» o «works-started».",
        f"Unit {report.unit_id} has no scheduled or running works, so there is no expected end to move. "
        "Report the works first with 'works-scheduled' or 'works-started'.",
    )


def state_of_fact_needs_works(report: Report) -> Refusal:
    return Refusal(
        "state-of-fact-needs-works",
        f"L’alloggio {report.unit_id} è libero nello stato di fatto: per metterlo in avviso servono l’elenco dei "
        "lavori e il loro costo (R.R. 4/2017, art. 10). Compilare «works_list» e «works_cost».",
        f"Unit {report.unit_id} is free in the state of fact: a notice needs the list of works and their cost "
        "(R.R. 4/2017, art. 10). Fill in 'works_list' and 'works_cost'.",
    )


def no_inspection_pending(report: Report) -> Refusal:
    return Refusal(
        "no-inspection-pending",
        f"L’alloggio {report.unit_id} non è in attesa di sopralluogo: il suo stato è già accertato. Se è cambiato, "
        "segnalare il fatto che lo ha cambiato (lavori, inagibilità).",
        f"Unit {report.unit_id} is not waiting for an inspection: its state is already established. If it changed, "
        "report what changed it (works, uninhabitability).",
    )


def sat_ends_before_start(report: Report, ends_on: date) -> Refusal:
    return Refusal(
        "sat-ends-before-start",
        f"L’assegnazione transitoria dell’alloggio {report.unit_id} finirebbe il {_day(ends_on)}, non dopo l’inizio "
        f"({_day(report.effective_on)}). Correggere una delle due date.",
        f"The transitional assignment of unit {report.unit_id} would end on {ends_on}, not after its start "
        f"({report.effective_on}). Correct one of the two dates.",
    )


def nothing_to_correct(report: Report) -> Refusal:
    return Refusal(
        "nothing-to-correct",
        f"La rettifica dell’alloggio {report.unit_id} non contiene dati rettificabili. Indicare almeno un dato; Comune "
        "e proprietario non si rettificano.",
        f"The correction of unit {report.unit_id} holds nothing that can be corrected. Give at least one field; "
        "municipality and owner cannot be corrected.",
    )


def effective_in_the_future(report: Report, received_on: date) -> Refusal:
    return Refusal(
        "effective-in-the-future",
        f"«{report.name()}» per l’alloggio {report.unit_id} ha effetto dal {_day(report.effective_on)}, ma è stato "
        f"ricevuto il {_day(received_on)}: si segnalano fatti avvenuti. Correggere la data o inviarlo quando avviene.",
        f"'{report.name()}' for unit {report.unit_id} takes effect on {report.effective_on}, but was received on "
        f"{received_on}: reports are about facts that happened. Correct the date, or send it when it happens.",
    )


def before_registration(report: Report, registered_on: date) -> Refusal:
    return Refusal(
        "before-registration",
        f"«{report.name()}» per l’alloggio {report.unit_id} ha effetto dal {_day(report.effective_on)}, prima "
        f"dell’iscrizione in anagrafe ({_day(registered_on)}): dello stato precedente non si sa nulla. Correggere la "
        "data di effetto.",
        f"'{report.name()}' for unit {report.unit_id} takes effect on {report.effective_on}, before the unit entered "
        f"the registry ({registered_on}): nothing is known of its earlier state. Correct the effective date.",
    )


def contradicts_later_report(report: Report, later: Report, later_id: UUID, why: Refusal) -> Refusal:
    return Refusal(
        "contradicts-later-report",
        f"«{report.name()}» con effetto dal {_day(report.effective_on)} renderebbe inammissibile «{later.name()}» del "
        f"{_day(later.effective_on)} (segnalazione {later_id}), già accolto. {why.reason_it}",
        f"'{report.name()}' effective {report.effective_on} would make '{later.name()}' of {later.effective_on} "
        f"(report {later_id}), already accepted, illegal. {why.reason_en}",
    )


def registration_stays(report: ReportRetracted) -> Refusal:
    return Refusal(
        "registration-stays",
        f"L’iscrizione dell’alloggio {report.unit_id} non si può ritirare: rettificarne i dati con «unit-corrected».",
        f"The registration of unit {report.unit_id} cannot be retracted: amend its data with 'unit-corrected'.",
    )


def nothing_to_retract(report: ReportRetracted) -> Refusal:
    return Refusal(
        "nothing-to-retract",
        f"L’alloggio {report.unit_id} non ha una segnalazione {report.retracts} da ritirare: non esiste, è stata "
        "respinta o è già stata ritirata. Controllare l’identificativo ricevuto all’invio.",
        f"Unit {report.unit_id} has no report {report.retracts} to retract: it does not exist, was refused or has been "
        "retracted already. Check the identifier received when it was sent.",
    )


def retracts_another_day(report: ReportRetracted, target: Report) -> Refusal:
    own, named = target.effective_on, report.effective_on
    return Refusal(
        "retracts-another-day",
        f"Per l’alloggio {report.unit_id} la segnalazione {report.retracts} («{target.name()}») vale dal {_day(own)}, "
        f"non dal {_day(named)}: indicare lo stesso giorno in «effective_on».",
        f"Report {report.retracts} ('{target.name()}') of unit {report.unit_id} is effective from {own}, not from "
        f"{named}: give the same day as 'effective_on'.",
    )


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _it(status: UnitStatus) -> str:
    return f"{LABELS[status][0]} ({status})"


def _en(status: UnitStatus) -> str:
    return f"{LABELS[status][1]} ({status})"


def _each(language: int, statuses: Iterable[UnitStatus]) -> str:
    return ", ".join(f"{LABELS[s][language]} ({s})" for s in sorted(statuses))
