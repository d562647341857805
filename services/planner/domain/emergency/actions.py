"""Linee d'azione per l'emergenza abitativa (L.R. 16/2016, art. 23 c. 13): each kind of action, in words.

An action proposes; the owner and the municipality decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.planner.domain.cases import Case
from services.planner.domain.emergency.placing import Placement, Refusal
from services.planner.domain.homes import Home
from services.planner.domain.rules import Rules
from shared.events.units import UnitStatus
from shared.wording import organisation_name

NAMED_AT_MOST = 5
"""Homes or cases that a sentence names one by one."""


class ActionKind(StrEnum):
    """Azione proposta."""

    RESERVE_AS_SAT = "RESERVE_AS_SAT"
    OFFER_TO_CASE = "OFFER_TO_CASE"
    ASK_OWNER_FOR_HOME = "ASK_OWNER_FOR_HOME"
    ACTIVATE_LEASE = "ACTIVATE_LEASE"
    OPEN_ARREARS_FUND = "OPEN_ARREARS_FUND"
    END_SAT = "END_SAT"


PARAMETERS = {
    ActionKind.RESERVE_AS_SAT: "sat_set_aside_share",
    ActionKind.OFFER_TO_CASE: "sat_set_aside_share",
    ActionKind.ASK_OWNER_FOR_HOME: "sat_set_aside_share",
    ActionKind.ACTIVATE_LEASE: "emergency_lease",
    ActionKind.OPEN_ARREARS_FUND: "arrears_fund",
    ActionKind.END_SAT: "sat_duration",
}
"""The legal parameter whose article each kind of action stands on; its source says if that was read or is assumed."""


@dataclass(frozen=True, slots=True)
class Action:
    """A proposal, why, and by when; `owner` is who acts, `municipality` where: the home's, or the case's.

    `causes` are the events that last changed the case, the home and its hold. Without a home or a case that part is
    empty.
    """

    id: str
    kind: ActionKind
    unit_id: str
    case_ref: str
    owner: str
    municipality: str
    causes: tuple[str, ...]
    effect_it: str
    article: str
    deadline_on: date | None


@dataclass(frozen=True, slots=True)
class Wording:
    """How actions are written: with the law's articles, and the municipalities' `names` by code."""

    rules: Rules
    names: Mapping[str, str]

    def offer(self, case: Case, placement: Placement) -> Action:
        reference, unit_id, home = placement.case_ref, placement.unit_id, placement.home
        effect_it = (
            f"Il caso {self._told(reference, case)} trova sistemazione nell’alloggio {unit_id} "
            f"a {self._name(home.municipality)}."
        )
        where = case.municipality
        return self._for_home(ActionKind.OFFER_TO_CASE, reference, case, unit_id, home, where, effect_it)

    def reserve(self, reference: str, case: Case, unit_id: str, home: Home, hold_cause: str = "") -> Action:
        """Set the home aside; `hold_cause` is the event that promised it to the case, if one did."""
        is_promised = (
            f"è prenotato per il caso {reference}" if hold_cause else f"può essere offerto al caso {reference}"
        )
        effect_it = (
            f"L’alloggio {unit_id} a {self._name(home.municipality)}, riservato ai servizi abitativi transitori, "
            f"{is_promised} di {self._name(case.municipality)}."
        )
        where, kind = home.municipality, ActionKind.RESERVE_AS_SAT
        return self._for_home(kind, reference, case, unit_id, home, where, effect_it, hold_cause)

    def ask(self, case: Case, placement: Placement, refusal: Refusal) -> Action:
        """Chiedere all'ente proprietario di rendere assegnabile un alloggio."""
        reference, unit_id, home = placement.case_ref, placement.unit_id, placement.home
        is_now = "nello stato di fatto"
        if home.status is UnitStatus.IN_WORKS and home.works_end_on is not None:
            is_now = f"con lavori fino al {day_it(home.works_end_on)}"
        whose = organisation_name(home.owner, self.names)
        effect_it = (
            f"Se {whose} rende assegnabile l’alloggio {unit_id} a {self._name(home.municipality)}, {is_now}, "
            f"trova sistemazione il caso {self._told(reference, case)}. {why_it(refusal)}"
        )
        where, kind = home.municipality, ActionKind.ASK_OWNER_FOR_HOME
        return self._for_home(kind, reference, case, unit_id, home, where, effect_it)

    def lease(self, reference: str, case: Case, refusal: Refusal) -> Action:
        """Attivare una locazione: there is no public home to ask for either."""
        effect_it = (
            f"Un alloggio preso in locazione dà sistemazione al caso {self._told(reference, case)}. {why_it(refusal)}"
        )
        return self._for_case(ActionKind.ACTIVATE_LEASE, reference, case, effect_it)

    def open_fund(self, reference: str, case: Case) -> Action:
        """Attivare il fondo per la morosità incolpevole."""
        effect_it = (
            f"Con un contributo per la morosità incolpevole il nucleo del caso {self._told(reference, case)} "
            "può conservare l’alloggio in cui abita."
        )
        return self._for_case(ActionKind.OPEN_ARREARS_FUND, reference, case, effect_it)

    def end_sat(self, unit_id: str, home: Home) -> Action:
        """Concludere o rinnovare un'assegnazione transitoria scaduta."""
        assert home.sat_ends_on is not None
        effect_it = (
            f"Conclusa l’assegnazione transitoria, scaduta il {day_it(home.sat_ends_on)}, "
            f"l’alloggio {unit_id} a {self._name(home.municipality)} torna disponibile; altrimenti va rinnovata."
        )
        kind = ActionKind.END_SAT
        return Action(
            id=f"{kind.value}/{unit_id}/",
            kind=kind,
            unit_id=unit_id,
            case_ref="",
            owner=home.owner,
            municipality=home.municipality,
            causes=(home.cause,),
            effect_it=effect_it,
            article=self._article(kind),
            deadline_on=home.sat_ends_on,
        )

    def _for_home(
        self,
        kind: ActionKind,
        reference: str,
        case: Case,
        unit_id: str,
        home: Home,
        where: str,
        effect_it: str,
        hold_cause: str = "",
    ) -> Action:
        return Action(
            id=f"{kind.value}/{unit_id}/{reference}",
            kind=kind,
            unit_id=unit_id,
            case_ref=reference,
            owner=home.owner,
            municipality=where,
            causes=(case.cause, home.cause, *([hold_cause] if hold_cause else [])),
            effect_it=effect_it,
            article=self._article(kind),
            deadline_on=case.deadline_on,
        )

    def _for_case(self, kind: ActionKind, reference: str, case: Case, effect_it: str) -> Action:
        return Action(
            id=f"{kind.value}//{reference}",
            kind=kind,
            unit_id="",
            case_ref=reference,
            owner=f"comune-{case.municipality}",
            municipality=case.municipality,
            causes=(case.cause,),
            effect_it=effect_it,
            article=self._article(kind),
            deadline_on=case.deadline_on,
        )

    def _article(self, kind: ActionKind) -> str:
        return self.rules.sources[PARAMETERS[kind]].article

    def _name(self, municipality: str) -> str:
        return self.names.get(municipality, municipality)

    def _told(self, reference: str, case: Case) -> str:
        people = "1 persona" if case.household_size == 1 else f"{case.household_size} persone"
        return f"{reference} di {self._name(case.municipality)} ({people}, classe di urgenza {case.urgency_class})"


def why_it(refusal: Refusal) -> str:
    """The Hall set in one sentence, and the cap where it matters."""
    count = len(refusal.case_refs)
    capped = refusal.capped_owners
    if count == 0 and not capped:
        return "Nessun alloggio disponibile è adatto al caso."
    told = []
    if count == 1:
        told.append(
            f"L’unico alloggio che si potrebbe liberare per il caso{listed(refusal.unit_ids)} va al caso che lo "
            f"precede{listed(refusal.case_refs)}."
        )
    elif count:
        told.append(
            f"I {count} alloggi che si potrebbero liberare per il caso{listed(refusal.unit_ids)} vanno ai "
            f"{count} casi che lo precedono{listed(refusal.case_refs)}."
        )
    if capped:
        told.append(f"Altri alloggi adatti superano il limite di riserva di {', '.join(capped)}.")
    return " ".join(told)


def listed(names: Sequence[str]) -> str:
    """` (A, B)`, or nothing when there are too many to name."""
    return f" ({', '.join(names)})" if len(names) <= NAMED_AT_MOST else ""


def day_it(on: date) -> str:
    """`3/11/2026`."""
    return f"{on.day}/{on.month}/{on.year}"
