"""What is decided about the plan: holds for emergencies, adopted values, objectives, texts; and its days."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.base import AmbitoCode, Event, IstatCode, LongText, OrganisationId, Reference, UnitId
from shared.events.lifecycle import FirstYear, Office

FIGURE_ID = r"^(-|[0-9]{6}):(-|[a-z0-9][a-z0-9-]{0,63}):[a-z0-9_]{1,60}:(-|[0-9]{4})$"
FigureId = Annotated[str, StringConstraints(pattern=FIGURE_ID, max_length=150)]
"""A figure of the plan: municipality, owner, name and year, each `-` for all."""
FigureValue = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""In the figure's own integers: a count, or thousandths."""
SectionCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,63}$", max_length=64)]
"""A section of the plan's texts, by its address."""
TEXT_LIMIT = 10_000
"""Characters of a section's text: some four pages."""


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


class _ObjectiveStep(Event, topic="plan-decisions"):
    """One step of an objective: from `baseline` on `starts_on` to `target` by `due_on`, in the figure's integers.

    `owner` answers for it, `organisation` decided the step. `municipality` is the figure's; where the figure is the
    whole ambito's, it is the lead municipality.
    """

    objective_id: UUID
    ambito: AmbitoCode
    municipality: IstatCode
    revision: Annotated[int, Field(ge=1)]
    text: LongText
    owner: OrganisationId
    figure: FigureId
    baseline: FigureValue
    starts_on: date
    target: FigureValue
    due_on: date
    reason: LongText
    on: date
    organisation: OrganisationId


class ObjectiveSet(_ObjectiveStep):
    """Obiettivo fissato: the plan shows beside it what its figure is now."""


class ObjectiveWithdrawn(_ObjectiveStep):
    """Obiettivo ritirato: the plan does not pursue it any more."""


class SectionWritten(Event, topic="plan-decisions"):
    """Testo di una sezione del piano: what was written of it in Markdown, for the triennium that begins in that year.

    `revision` numbers the texts of the section without a gap: the last one holds, an empty one says nothing. The
    author is an organisation and its office, never a person. `municipality` is the one that leads the ambito.
    """

    ambito: AmbitoCode
    municipality: IstatCode
    first_year: FirstYear
    section: SectionCode
    revision: Annotated[int, Field(ge=1)]
    markdown: Annotated[str, StringConstraints(max_length=TEXT_LIMIT)]
    organisation: OrganisationId
    office: Office
    on: date
    note: LongText | None = None


class DayBegan(Event, topic="plan-decisions"):
    """Giorno cominciato (in Italia): the plan speaks of this day from now on, whether or not anything happens on it.

    `municipality` is the lead municipality, which keeps the plan of the ambito.
    """

    ambito: AmbitoCode
    municipality: IstatCode
    on: date
