"""Passi dell'iter: what becomes of an edition, recorded with its acts by whom the step belongs to.

Each step is an operation of its own, so that the table of roles says who may take it: the assembly's secretary records
the vote, the lead municipality everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Final, Literal, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import AmbitoPath, own
from services.planner.api.lifecycle import Arrived, EditionPath, FirstYear, PlanEdition, created, present_year
from services.planner.api.steps import EditionId, take
from services.planner.domain.lifecycle.transitions import StatusStep
from shared.arrivals import Arrival, Shape, once, read_value
from shared.events import Act, Office, PlanStatus
from shared.events.base import LongText
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.sign_in import audit_head
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["editions"], responses=problems(404))
OPERATIONS: Final[Mapping[PlanStatus, str]] = {
    PlanStatus.PROPOSED: "edition_propose",
    PlanStatus.SUBMITTED_TO_ASSEMBLY: "edition_submit",
    PlanStatus.APPROVED: "edition_vote",
    PlanStatus.RETURNED: "edition_vote",
    PlanStatus.TRANSMITTED_TO_REGION: "edition_transmit",
    PlanStatus.PUBLISHED: "edition_publish",
}
"""What takes an edition to each status that it does not reach by itself."""
RECORDED: Final = responses({201: (PlanEdition, "Registrato")}, 409)
EXAMPLE: Final = {"on": "2026-12-05", "office": "HOUSING_OFFICE"}


class NewStep(Shape):
    """A step that was taken: on which day, by which office, with which acts; a return tells its reason."""

    on: date
    office: Office
    acts: Annotated[tuple[Act, ...], Field(max_length=10)] = ()
    reason: LongText | None = None


class NewVote(NewStep):
    """Voto dell'Assemblea: what the mayors decided."""

    status: Literal[PlanStatus.APPROVED, PlanStatus.RETURNED]


class StepAsked(NamedTuple):
    """Of which edition a step is asked for, by whom, and how the audit of sign-ins is sealed then."""

    edition: EditionId
    arrival: Arrival
    audit_head: str


async def asked(
    request: Request, ambito: AmbitoPath, number: EditionPath, arrival: Arrived, first_year: FirstYear = None
) -> StepAsked:
    own(arrival.who, ambito)
    edition = EditionId(ambito, first_year or present_year(request), number)
    return StepAsked(edition, arrival, await audit_head(request))


Asked = Annotated[StepAsked, Depends(asked)]


BODIES: Final = (NewStep, NewVote)
"""Read strictly."""


@router.post(
    "/{ambito}/editions/{edition}/submission",
    status_code=201,
    operation_id="edition_submit",
    summary="Registrare che il piano è sottoposto all’Assemblea",
    description="Nulla di ciò che è congelato cambia.",
    responses=RECORDED,
    openapi_extra=body("NewStep", "Il passo, con i suoi atti", sottoposto=EXAMPLE),
    response_class=Response,
)
async def submit(db: Db, asked: Asked) -> Response:
    return await _recorded(db, asked, PlanStatus.SUBMITTED_TO_ASSEMBLY)


@router.post(
    "/{ambito}/editions/{edition}/vote",
    status_code=201,
    operation_id="edition_vote",
    summary="Registrare il voto dell’Assemblea dei Sindaci",
    description="Approvato, con la data della seduta e l’atto, o rinviato, con il motivo. L’approvazione di "
    "un’edizione supera quella precedente.",
    responses=RECORDED,
    openapi_extra=body(
        "NewVote",
        "Il voto, con i suoi atti",
        approvazione={
            "status": "APPROVED",
            "on": "2026-12-05",
            "office": "ASSEMBLY_SECRETARIAT",
            "acts": [{"organ": "ASSEMBLY_OF_MAYORS", "kind": "RESOLUTION", "number": "12", "on": "2026-12-05"}],
        },
        rinvio={
            "status": "RETURNED",
            "on": "2026-12-05",
            "office": "ASSEMBLY_SECRETARIAT",
            "reason": "rivedere le strategie della parte quinta",
        },
    ),
    response_class=Response,
)
async def vote(db: Db, asked: Asked) -> Response:
    return await once(db, asked.arrival, partial(_voted, asked))


@router.post(
    "/{ambito}/editions/{edition}/transmission",
    status_code=201,
    operation_id="edition_transmit",
    summary="Registrare che il piano approvato è trasmesso alla Regione",
    description="Con l’atto della Giunta o la nota di trasmissione, se ci sono.",
    responses=RECORDED,
    openapi_extra=body("NewStep", "Il passo, con i suoi atti", trasmesso=EXAMPLE),
    response_class=Response,
)
async def transmit(db: Db, asked: Asked) -> Response:
    return await _recorded(db, asked, PlanStatus.TRANSMITTED_TO_REGION)


@router.post(
    "/{ambito}/editions/{edition}/publication",
    status_code=201,
    operation_id="edition_publish",
    summary="Registrare che il piano è pubblicato",
    description="Da allora chiunque legge l’edizione e ne scarica i documenti.",
    responses=RECORDED,
    openapi_extra=body("NewStep", "Il passo, con i suoi atti", pubblicato=EXAMPLE),
    response_class=Response,
)
async def publish(db: Db, asked: Asked) -> Response:
    return await _recorded(db, asked, PlanStatus.PUBLISHED)


async def _recorded(db: Db, asked: StepAsked, status: PlanStatus) -> Response:
    return await once(db, asked.arrival, partial(_step, asked, status))


async def _step(asked: StepAsked, status: PlanStatus, arrival: Arrival, session: AsyncSession) -> Answer:
    wanted = read_value(NewStep, arrival.document)
    return created(await take(session, arrival, asked.edition, StatusStep(status, **dict(wanted)), asked.audit_head))


async def _voted(asked: StepAsked, arrival: Arrival, session: AsyncSession) -> Answer:
    wanted = read_value(NewVote, arrival.document)
    return created(await take(session, arrival, asked.edition, StatusStep(**dict(wanted)), asked.audit_head))
