"""What is decided about the plan's proposals: holds on homes for emergency cases, values that the plan adopts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.base import AmbitoCode, Event, IstatCode, LongText, OrganisationId, Reference, UnitId


class DeclineReason(StrEnum):
    """Motivo della rinuncia: a code, so that nothing is written about a household."""

    HOUSEHOLD_DECLINED = "HOUSEHOLD_DECLINED"
    HOME_UNSUITABLE = "HOME_UNSUITABLE"
    OTHER_SOLUTION = "OTHER_SOLUTION"
    MISTAKE = "MISTAKE"
    OTHER = "OTHER"


class _HoldStep(Event, topic="plan-decisions"):
    """One step of a hold; `revision` numbers the steps of the home without a gap, `municipality` is the case's.

    `organisation` decided it; a hold that expired was decided by nobody.
    """

    hold_id: UUID
    unit_id: UnitId
    case_ref: Reference
    municipality: IstatCode
    revision: Annotated[int, Field(ge=1)]
    on: date
    expires_at: datetime
    organisation: OrganisationId | None = None


class HoldPlaced(_HoldStep):
    """Alloggio prenotato for a case until `expires_at`."""


class HoldAccepted(_HoldStep):
    """Prenotazione accettata: the home is the household's, and is never proposed to anybody else."""


class HoldDeclined(_HoldStep):
    """Prenotazione non accettata."""

    reason: DeclineReason


class HoldExpired(_HoldStep):
    """Prenotazione scaduta."""


class HoldReturned(_HoldStep):
    """Alloggio restituito: a placement has ended, and the home can be proposed again."""


class AdoptedQuantity(StrEnum):
    """Grandezza adottata: what owners declare and the model forecasts."""

    TURNOVER = "TURNOVER"
    ASSIGNABLE = "ASSIGNABLE"


class AdoptionBasis(StrEnum):
    """Fonte del valore adottato; `RULE` takes a choice back: declared where submitted, else the model."""

    DECLARED = "DECLARED"
    MODEL = "MODEL"
    RULE = "RULE"


class AdoptionChosen(Event, topic="plan-decisions"):
    """Scelta motivata del valore adottato, of one owner's homes in a municipality and year.

    `revision` numbers the choices of this cell without a gap: the last one holds.
    """

    choice_id: UUID
    ambito: AmbitoCode
    municipality: IstatCode
    owner: OrganisationId
    year: Annotated[int, Field(ge=2017, le=2100)]
    quantity: AdoptedQuantity
    basis: AdoptionBasis
    reason: LongText
    revision: Annotated[int, Field(ge=1)]
    on: date
    organisation: OrganisationId
