"""What becomes of a proposed plan: the steps of its editions, with the acts of who decided them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.events.base import AmbitoCode, Event, LongText, OrganisationId, Value
from shared.events.plans import Sha256

ActNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z./ -]{0,39}$", max_length=40)]
"""As it stands on the act: `12`, `45/2026`."""
FirstYear = Annotated[int, Field(ge=2017, le=2100)]


class PlanStatus(StrEnum):
    """Stato del piano."""

    COLLECTING = "COLLECTING"
    PROPOSED = "PROPOSED"
    SUBMITTED_TO_ASSEMBLY = "SUBMITTED_TO_ASSEMBLY"
    APPROVED = "APPROVED"
    RETURNED = "RETURNED"
    TRANSMITTED_TO_REGION = "TRANSMITTED_TO_REGION"
    PUBLISHED = "PUBLISHED"
    SUPERSEDED = "SUPERSEDED"


class EditionKind(StrEnum):
    """Tipo di edizione del piano; the yearly update is that of R.R. 4/2017, art. 4."""

    TRIENNIAL = "TRIENNIAL"
    YEARLY_UPDATE = "YEARLY_UPDATE"
    AMENDMENT = "AMENDMENT"


class Organ(StrEnum):
    """Organo che adotta l'atto."""

    ASSEMBLY_OF_MAYORS = "ASSEMBLY_OF_MAYORS"
    MUNICIPAL_EXECUTIVE = "MUNICIPAL_EXECUTIVE"
    LEAD_OFFICE = "LEAD_OFFICE"


class ActKind(StrEnum):
    """Tipo di atto."""

    RESOLUTION = "RESOLUTION"
    DETERMINATION = "DETERMINATION"
    MINUTES = "MINUTES"
    NOTE = "NOTE"


class Office(StrEnum):
    """Ufficio che compie il passo: a code, so that nobody's name is ever written."""

    MAYOR = "MAYOR"
    HOUSING_OFFICE = "HOUSING_OFFICE"
    AREA_PLAN_OFFICE = "AREA_PLAN_OFFICE"
    ASSEMBLY_SECRETARIAT = "ASSEMBLY_SECRETARIAT"
    GENERAL_SECRETARIAT = "GENERAL_SECRETARIAT"


class Act(Value):
    """Atto amministrativo: which kind, number and day, and whose."""

    organ: Organ
    kind: ActKind
    number: ActNumber
    on: date


class PlanStatusChanged(Event, topic="plans"):
    """Stato del piano cambiato: an edition went from `before` to `status`, and what it is frozen as.

    Editions are numbered for each ambito and triennium, each one's steps without a gap. `version`, `plan_hash`,
    `rules_on` and `log_head` say which plan was proposed; `document_hash` is that of its document, marked with this
    step and its acts. An edition that is superseded names the acts that approved the next one. `audit_head` is the seal
    of the audit of sign-ins when the step was recorded.
    """

    ambito: AmbitoCode
    first_year: FirstYear
    edition: Annotated[int, Field(ge=1)]
    kind: EditionKind
    step: Annotated[int, Field(ge=1)]
    before: PlanStatus
    status: PlanStatus
    on: date
    office: Office
    organisation: OrganisationId
    acts: tuple[Act, ...]
    reason: LongText | None = None
    version: Annotated[int, Field(ge=1)]
    plan_hash: Sha256
    rules_on: date
    log_head: Sha256
    document_hash: Sha256
    audit_head: Sha256 | None = None
